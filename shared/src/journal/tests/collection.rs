//! Room is given back, and nothing that is live goes with it.

use super::*;

#[test]
fn collection_keeps_live_frames_as_they_are_and_says_where_they_went() {
    let (fs, mut journal) = open_plain(2000);
    let mut places = BTreeMap::new();
    for number in 0..120_u8 {
        places.insert(number, append(&mut journal, &[number; 60]));
    }
    let before: BTreeMap<u8, Frame> =
        places.iter().map(|(number, place)| (*number, journal.read(*place).unwrap())).collect();
    let size = journal.bytes();
    let is_live = |frame: &FrameRef<'_>| frame.payload[0].is_multiple_of(5);

    let mut freed = 0;
    loop {
        let done = journal.collect(&mut |frame| is_live(frame)).unwrap();
        if done.moved.is_empty() && done.freed == 0 {
            break;
        }
        freed += done.freed;
        assert_eq!(done.left, 0);
        for (from, to) in done.moved {
            let number = *places.iter().find(|(_, place)| **place == from).unwrap().0;
            places.insert(number, to);
        }
    }

    assert_eq!(journal.bytes(), size - freed);
    assert_eq!(journal.bytes(), fs.used());
    assert!(freed > size / 2);
    for number in (0..120_u8).filter(|number| number % 5 == 0) {
        let frame = journal.read(places[&number]).unwrap();
        let old = &before[&number];
        assert_eq!((frame.lsn, frame.group, frame.kind), (old.lsn, old.group, old.kind));
        assert_eq!(frame.payload, old.payload);
    }
    append(&mut journal, &[1; 60]);
    drop(journal);
    let (_, frames, opened) = open(fs, config(2000));
    assert_eq!(opened.damage, []);
    assert_eq!(frames.last().unwrap().lsn, Lsn::new(121));
    let live = frames.iter().filter(|frame| frame.payload[0] % 5 == 0).count();
    assert_eq!(live, 24);
    assert!(frames.len() < 60);
}

#[test]
fn an_erased_frame_is_gone_from_the_folder_however_live_its_segment_is() {
    let (fs, mut journal) = open_plain(4000);
    for number in 0..60_u8 {
        append(&mut journal, &[&[number; 40][..], b"SECRET"].concat());
    }
    let is_in_folder = |number: u8| {
        let needle = [number; 40];
        fs.names().iter().any(|name| {
            fs.contents(name).unwrap().windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(is_in_folder(3) && is_in_folder(59));
    journal.seal_active().unwrap();

    loop {
        let done = journal.collect(&mut |frame| match frame.payload[0] {
            3 | 59 => Fate::Erased,
            _ => Fate::Live,
        });
        let done = done.unwrap();
        if done.moved.is_empty() && done.freed == 0 {
            break;
        }
    }

    assert!(!is_in_folder(3) && !is_in_folder(59));
    drop(journal);
    let (_, frames, opened) = open(fs, config(4000));
    assert_eq!((frames.len(), opened.damage), (58, Vec::new()));
}

#[test]
fn a_harmed_collection_does_not_replace_what_is_still_there() {
    let (fs, mut journal) = open_plain(500);
    for number in 0..12_u8 {
        append(&mut journal, &[number; 80]);
    }
    journal.mark().unwrap();
    let old: Vec<(String, Vec<u8>)> =
        fs.names().into_iter().map(|name| (name.clone(), fs.contents(&name).unwrap())).collect();
    journal.collect(&mut |frame| frame.payload[0] % 3 == 0).unwrap();
    drop(journal);
    let new = fs.names().into_iter().find(|name| old.iter().all(|(old, _)| old != name)).unwrap();
    old.iter().for_each(|(name, bytes)| fs.put(name, bytes));
    let mut bytes = fs.contents(&new).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs.put(&new, &bytes);

    let (journal, frames, opened) = open(fs.clone(), config(500));

    assert_eq!(frames.len(), 12);
    assert!(journal.is_read_only() && !opened.damage.is_empty());
    assert_eq!(fs.names().len(), old.len() + 1);
}

#[test]
fn a_collection_that_finds_no_room_changes_nothing() {
    let (fs, frames) = sample(true);
    let (mut journal, ..) = open(fs.clone(), config(SAMPLE));
    fs.set_space(Some(fs.used() + 10));

    let full = journal.collect(&mut |frame| frame.payload[0] % 4 == 0);

    assert!(matches!(full, Err(CollectError::Write(AppendError::Full))));
    fs.set_space(None);
    append(&mut journal, b"still takes");
    drop(journal);
    let (_, found, _) = open(fs, config(SAMPLE));
    assert_eq!(found[..frames.len()], frames);
}

#[test]
fn a_replaced_file_that_could_not_be_removed_does_not_come_back() {
    let (fs, mut journal) = open_plain(2000);
    let fill = |journal: &mut Plain, from: u8| {
        for number in from..from + 48 {
            append(journal, &[number; 80]);
        }
        journal.seal_active().unwrap();
    };
    fill(&mut journal, 0);
    let size = fs.used();
    let after = fs.operations().len();
    journal.collect(&mut |frame| frame.payload[0].is_multiple_of(4)).unwrap();
    let steps = fs.operations().split_off(after);
    let removals = steps.iter().enumerate();
    let removals: Vec<usize> = removals
        .filter(|(_, step)| matches!(step, Operation::Remove(_)))
        .map(|(place, _)| place)
        .collect();
    assert!(removals.len() > 1 && fs.used() < size / 2);

    for removal in removals {
        let (fs, mut journal) = open_plain(2000);
        fill(&mut journal, 0);
        fs.plan(Fault { after: removal as u64, failure: Failure::Input, sticky: false });
        let done = journal.collect(&mut |frame| frame.payload[0].is_multiple_of(4)).unwrap();
        assert_eq!(done.left, 1);
        fill(&mut journal, 48);
        fs.record_cuts();
        fs.note(0);
        // This one replaces the segment whose manifest named the file.
        let done = journal.collect(&mut |frame| match frame.payload[0] {
            4 => Fate::Erased,
            number => number.is_multiple_of(8).into(),
        });
        assert_eq!(done.unwrap().left, 0);
        let mut random = Seeded::new(removal as u64);
        for cut in fs.take_cuts() {
            for _ in 0..40 {
                let (_, frames, opened) = open(cut.survivor(&mut random), config(2000));
                assert_eq!(opened.damage, []);
                let live = frames.iter().filter(|frame| frame.payload[0].is_multiple_of(8));
                assert_eq!(live.count(), 12);
            }
        }
    }
}

#[test]
fn dead_segments_go_whole_and_a_power_cut_leaves_the_old_ones_or_none() {
    let (fs, mut journal) = open_plain(20_000);
    let mut places = Vec::new();
    for number in 0..40_u8 {
        places.push(append(&mut journal, &[number; 5_000]));
    }
    journal.seal_active().unwrap();
    let live = places[25];
    fs.record_cuts();
    let dead = |number: u64| number != live.segment;

    let freed = journal.retire_dead(&dead).unwrap();

    assert!(freed > 170_000, "{freed}");
    assert_eq!(journal.bytes(), fs.used());
    assert_eq!(journal.read(live).unwrap().payload, [25; 5_000]);
    assert!(matches!(journal.read(places[0]), Err(ReadError::Nowhere)));
    assert_eq!(journal.retire_dead(&dead).unwrap(), 0, "what is left is not worth it");
    let next = append(&mut journal, b"next");
    assert_eq!(journal.read(next).unwrap().lsn, Lsn::new(41));
    let mut random = Seeded::new(4);
    for cut in fs.take_cuts() {
        for _ in 0..10 {
            let (journal, frames, opened) = open(cut.survivor(&mut random), config(20_000));
            assert_eq!((opened.damage, journal.is_read_only()), (Vec::new(), false));
            assert!(frames.iter().any(|frame| frame.location == live));
        }
    }
}

#[test]
fn a_segment_that_nobody_has_checked_is_never_retired() {
    let (fs, mut journal) = open_plain(10_000);
    for number in 0..40_u8 {
        append(&mut journal, &[number; 5_000]);
    }
    journal.close().unwrap();
    let mut enough = |_: FrameRef<'_>| Ok::<_, Infallible>(Wanted::Enough);
    let opened = Journal::open_newest_first(
        fs,
        config(10_000),
        &mut Seeded::new(1),
        &Vouched::default(),
        &mut enough,
    );
    let NewestFirst::Opened(mut journal, _) = opened.unwrap() else { panic!("sound") };

    assert_eq!(journal.retire_dead(&|_| true).unwrap(), 0);
    while journal.check_next().is_some() {}
    assert!(journal.retire_dead(&|_| true).unwrap() > 150_000);
}
