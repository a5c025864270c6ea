//! Power cuts and errors: what was acknowledged is there, whatever happened.

use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "how long to look is the runner's to say")]
fn every_acknowledged_group_survives_every_power_cut() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let states = number("TACENDA_CRASH_STATES", 3000);
    let seed = number("TACENDA_CRASH_SEED", 1);

    let exploration = explore(seed, states);

    println!(
        "crash states explored from seed {seed}: {} in {} lives with {} acknowledged groups",
        exploration.states, exploration.lives, exploration.acknowledged
    );
    assert_eq!(exploration.violations, Vec::<String>::new());
    assert!(exploration.states >= states);
}

#[test]
fn no_error_at_any_operation_loses_an_acknowledged_group() {
    let mut exploration = Exploration::default();
    let failures = [Failure::Input, Failure::Full, Failure::Interrupted, Failure::Short];
    for seed in [3] {
        for after in 0..operations_of_life(seed) {
            for failure in failures {
                for sticky in [false, true] {
                    let fault = Fault { after, failure, sticky };
                    explore_life(seed, Some(fault), 60, &mut exploration);
                }
            }
        }
    }

    println!("crash states after an error at every operation: {}", exploration.states);
    assert_eq!(exploration.violations, Vec::<String>::new());
}

#[test]
fn halves_of_two_attempts_at_one_group_never_pass_for_a_whole() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"before");
    drop(journal);
    let name = fs.names()[0].clone();
    let before = fs.contents(&name).unwrap();
    let attempt = |payload: &[u8; 60]| {
        fs.put(&name, &before);
        let (mut journal, ..) = open(fs.clone(), config(1 << 20));
        journal.append(&[(1, payload), (2, payload)]).unwrap();
        fs.contents(&name).unwrap()
    };
    let (one, other) = (attempt(&[1; 60]), attempt(&[2; 60]));
    let second_frame = before.len() + FRAME_OVERHEAD + 60;
    fs.put(&name, &[&one[..second_frame], &other[second_frame..]].concat());

    let (_, frames, opened) = open(fs, config(1 << 20));

    assert_eq!(payloads(&frames), [b"before"]);
    assert!(opened.torn.is_some() && opened.damage.is_empty());
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_the_journal_is_opened_again() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"first");
    fs.plan(Fault { after: 1, failure: Failure::Input, sticky: false });

    let failed = journal.append(&[(1, b"doubtful")]);
    let syncs = |fs: &SimulatedFs| {
        fs.operations().iter().filter(|done| **done == Operation::SyncData).count()
    };
    let after_failure = syncs(&fs);
    let next = journal.append(&[(1, b"refused")]);
    let mark = journal.mark();

    assert!(matches!(failed, Err(AppendError::Failed(_))));
    assert!(matches!(next, Err(AppendError::Poisoned)));
    assert!(matches!(mark, Err(AppendError::Poisoned)));
    assert!(journal.is_poisoned() && !journal.is_read_only());
    assert_eq!(syncs(&fs), after_failure, "a sync is never tried twice");
    drop(journal);
    let (mut journal, frames, _) = open(fs, config(1 << 20));
    assert_eq!(frames[0].payload, b"first");
    append(&mut journal, b"again");
}

#[test]
fn a_full_disk_refuses_a_group_whole_and_takes_it_when_there_is_room() {
    let (fs, mut journal) = open_plain(400);
    append(&mut journal, b"before");
    for room in 0..300 {
        fs.set_space(Some(fs.used() + room));
        let before = fs.used();
        match journal.append(&[(1, &[1; 120]), (1, &[2; 120])]) {
            Err(AppendError::Full) => assert!(fs.used() <= before + 64 + 77),
            Ok(_) => assert!(room > 240),
            Err(error) => panic!("{error}"),
        }
        fs.set_space(None);
    }
    append(&mut journal, b"after");
    drop(journal);

    let (journal, frames, opened) = open(fs, config(400));

    assert_eq!(frames.first().unwrap().payload, b"before");
    assert_eq!(frames.last().unwrap().payload, b"after");
    assert!(!journal.is_read_only() && opened.torn.is_none());
}

#[test]
fn a_full_disk_does_not_keep_a_journal_from_opening() {
    for new_segment_on_open in [false, true] {
        let (fs, frames) = sample(false);
        fs.set_space(Some(0));
        let config = Config { new_segment_on_open, ..config(SAMPLE) };

        let (mut journal, found, _) = open(fs.clone(), config);

        assert_eq!(found, frames);
        assert!(matches!(journal.append(&[(1, b"more")]), Err(AppendError::Full)));
        fs.set_space(None);
        append(&mut journal, b"more");
    }
}

#[test]
fn a_power_cut_in_a_collection_leaves_the_old_segments_or_the_new_one() {
    let (fs, mut journal) = open_plain(500);
    for number in 0..12_u8 {
        append(&mut journal, &[number; 80]);
    }
    journal.mark().unwrap();
    fs.record_cuts();
    fs.note(1);
    let done = journal.collect(&mut |frame| frame.payload[0] % 3 == 0).unwrap();
    assert!(done.freed > 0);
    drop(journal);
    let mut random = Seeded::new(9);
    let mut lengths = BTreeSet::new();

    for cut in fs.take_cuts() {
        for _ in 0..60 {
            let survivor = cut.survivor(&mut random);
            let (journal, frames, opened) = open(survivor.clone(), config(500));
            assert_eq!(opened.damage, []);
            let live = frames.iter().filter(|frame| frame.payload[0] % 3 == 0).count();
            assert_eq!(live, 4);
            assert_eq!(journal.bytes(), survivor.used(), "nothing is left over");
            lengths.insert(frames.len());
        }
    }

    assert_eq!(lengths.len(), 2, "the old ones or the new one: {lengths:?}");
}

#[test]
fn equal_seeds_explore_equal_lives() {
    assert_eq!(explore(77, 60), explore(77, 60));
    let mut random = Seeded::new(1);
    let (one, two): ([u8; 16], [u8; 16]) =
        ((&mut random as &mut dyn Random).bytes(), (&mut random as &mut dyn Random).bytes());
    assert_ne!(one, two);
}

#[test]
fn a_footer_whose_sync_failed_is_on_the_disk_before_a_segment_follows() {
    for seed in 0..40 {
        let fs = SimulatedFs::new(seed);
        let (mut journal, ..) = open(fs.clone(), config(1 << 20));
        append(&mut journal, b"before");
        fs.plan(Fault { after: 1, failure: Failure::Input, sticky: false });
        assert!(matches!(journal.seal_active(), Err(AppendError::Failed(_))));
        drop(journal);
        let (mut journal, ..) = open(fs.clone(), config(1 << 20));
        fs.record_cuts();
        append(&mut journal, b"after");
        let cut = fs.take_cuts().pop().unwrap();

        let (_, frames, opened) = open(cut.survivor(&mut Seeded::new(seed)), config(1 << 20));

        assert_eq!(payloads(&frames), [b"before".as_slice(), b"after"]);
        assert_eq!(opened.damage, []);
    }
}

#[test]
fn a_failed_write_ends_appending_too() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"first");
    fs.plan(Fault { after: 0, failure: Failure::Input, sticky: false });

    assert!(matches!(journal.append(&[(1, b"lost")]), Err(AppendError::Failed(_))));
    assert!(matches!(journal.append(&[(1, b"refused")]), Err(AppendError::Poisoned)));
    assert!(matches!(journal.close(), Err(AppendError::Poisoned)));

    let (_, frames, opened) = open(fs, config(1 << 20));
    assert_eq!(payloads(&frames), [b"first"]);
    assert!(opened.torn.is_some());
}

#[test]
fn the_rest_of_a_refused_group_never_stands_behind_what_is_written_in_its_place() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"kept");
    let room = fs.used();
    let mut random = Seeded::new(5);
    fs.record_cuts();
    for _ in 0..8 {
        fs.set_space(Some(room + 900));
        let refused = journal.append(&[(1, &[1; 400]), (1, &[2; 800])]);
        assert!(matches!(refused, Err(AppendError::Full)));
        fs.set_space(None);
    }
    journal.mark().unwrap();
    fs.set_space(Some(room + 900));
    assert!(matches!(journal.append(&[(1, &[3; 1000])]), Err(AppendError::Full)));
    fs.set_space(None);
    journal.seal_active().unwrap();

    for cut in fs.take_cuts() {
        for _ in 0..60 {
            let (_, frames, opened) = open(cut.survivor(&mut random), config(1 << 20));
            assert_eq!(payloads(&frames), [b"kept"]);
            assert_eq!(opened.damage, []);
        }
    }
}

#[test]
fn a_cut_whose_sync_failed_is_made_again() {
    for seed in 0..40 {
        let fs = SimulatedFs::new(seed);
        let (mut journal, ..) = open(fs.clone(), config(1 << 20));
        append(&mut journal, b"kept");
        drop(journal);
        let name = fs.names()[0].clone();
        let torn = [&fs.contents(&name).unwrap()[..], &[0xee; 700]].concat();
        fs.put(&name, &torn);
        let cut = fs.operations().len();
        drop(open(fs.clone(), config(1 << 20)));
        let steps = fs.operations().split_off(cut);
        let sync = steps.iter().position(|step| *step == Operation::SyncData).unwrap();
        fs.put(&name, &torn);
        fs.plan(Fault { after: sync as u64, failure: Failure::Input, sticky: false });
        let failed = Journal::open::<Infallible>(
            fs.clone(),
            config(1 << 20),
            &mut Seeded::new(1),
            &mut |_| Ok(()),
        );
        assert!(matches!(failed.err(), Some(OpenError::Disk(_))));

        let (mut journal, ..) = open(fs.clone(), config(1 << 20));
        fs.record_cuts();
        journal.seal_active().unwrap();
        let cut = fs.take_cuts().pop().unwrap();

        let (_, frames, opened) = open(cut.survivor(&mut Seeded::new(seed)), config(1 << 20));
        assert_eq!(payloads(&frames), [b"kept"]);
        assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    }
}
