//! Opening from the newest frame back: the same frames, the same words for the same harm, and
//! much less to read.

use super::*;

/// Opens from the newest frame back, as far as `enough` frames.
fn newest(
    fs: &SimulatedFs,
    config: Config,
    vouched: &Vouched,
    enough: usize,
) -> Option<(Plain, Vec<Frame>, Opened)> {
    let mut frames = Vec::new();
    let mut visit = |frame: FrameRef<'_>| {
        frames.push(frame.to_frame());
        let wanted = if frames.len() < enough { Wanted::Older } else { Wanted::Enough };
        Ok::<_, Infallible>(wanted)
    };
    let mut random = Seeded::new(1);
    let opened =
        Journal::open_newest_first(fs.clone(), config, &mut random, vouched, &mut visit).unwrap();
    match opened {
        NewestFirst::Doubtful(_) => None,
        NewestFirst::Opened(journal, opened) => Some((*journal, frames, opened)),
    }
}

fn vouch(fs: &SimulatedFs) -> Vouched {
    Vouched::look(fs, &|| false).unwrap()
}

#[test]
fn all_frames_come_newest_first_and_the_journal_goes_on_as_after_any_opening() {
    for marked in [true, false] {
        let (fs, frames) = sample(marked);

        let (mut journal, back, opened) =
            newest(&fs, config(SAMPLE), &Vouched::default(), usize::MAX).unwrap();

        let forward: Vec<Frame> = back.into_iter().rev().collect();
        assert_eq!(forward, frames);
        assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
        assert!(!journal.has_unchecked());
        let place = append(&mut journal, b"more");
        assert_eq!(journal.read(place).unwrap().lsn, frames.last().unwrap().lsn.next());
        assert_eq!(journal.verify(), []);
        drop(journal);
        assert_eq!(open(fs, config(SAMPLE)).1.len(), frames.len() + 1);
    }
}

#[test]
fn what_is_covered_is_not_read_and_is_checked_later() {
    let (fs, mut journal) = open_plain(10_000);
    for number in 0..200_u8 {
        append(&mut journal, &[number; 900]);
    }
    journal.close().unwrap();

    let (mut journal, frames, opened) =
        newest(&fs, config(10_000), &Vouched::default(), 1).unwrap();

    assert_eq!((frames.len(), opened.frames), (1, 1));
    assert!(journal.has_unchecked());
    let mut checked = 0;
    while let Some(damage) = journal.check_next() {
        assert_eq!(damage, []);
        checked += 1;
    }
    assert!(checked > 10);
    assert!(!journal.has_unchecked() && !journal.is_read_only());
}

#[test]
fn what_was_vouched_for_is_not_checked_again() {
    let (fs, frames) = sample(true);

    let vouched = vouch(&fs);
    let (mut journal, ..) = newest(&fs, config(SAMPLE), &vouched, 1).unwrap();

    assert!(!journal.has_unchecked());
    assert_eq!(journal.check_next(), None);
    assert_eq!(journal.read(frames[0].location).unwrap(), frames[0]);
    let none = Vouched::look(&fs, &|| true).unwrap();
    assert!(newest(&fs, config(SAMPLE), &none, 1).unwrap().0.has_unchecked());
}

#[test]
fn a_flipped_byte_anywhere_is_found_when_opening_or_by_the_check_that_follows() {
    let (fs, frames) = sample(true);
    for name in fs.names() {
        let good = fs.contents(&name).unwrap();
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1 << (place % 8);
            fs.put(&name, &bad);
            let vouched = vouch(&fs);

            let opened = newest(&fs, config(SAMPLE), &vouched, 1);

            if let Some((mut journal, newest, opened)) = opened {
                assert!(newest.iter().all(|frame| frames.contains(frame)), "{name} {place}");
                let mut damage = Vec::new();
                while let Some(found) = journal.check_next() {
                    damage.extend(found);
                }
                let is_torn = opened.torn.is_some();
                assert!(is_torn || !damage.is_empty(), "{name} {place}");
                assert_eq!(journal.is_read_only(), !damage.is_empty());
                if journal.is_read_only() {
                    let refused = journal.append(&[(1, b"no")]);
                    assert!(matches!(refused, Err(AppendError::ReadOnly)));
                    assert_eq!(fs.contents(&name).unwrap(), bad, "nothing is cut");
                    let (_, _, whole) = open(fs.clone(), config(SAMPLE));
                    assert_eq!(damage, whole.damage, "the same words");
                }
            }
            fs.put(&name, &good);
        }
    }
}

#[test]
fn a_damaged_frame_that_is_read_makes_the_journal_read_only_before_the_check_reaches_it() {
    let (fs, frames) = sample(true);
    let victim = &frames[2];
    let name = format!("{:016x}.seg", victim.location.segment);
    let mut bytes = fs.contents(&name).unwrap();
    bytes[index(victim.location.offset) + 30] ^= 1;
    fs.put(&name, &bytes);

    let (mut journal, ..) = newest(&fs, config(SAMPLE), &Vouched::default(), 1).unwrap();
    append(&mut journal, b"before anybody looked");
    assert!(matches!(journal.read(victim.location), Err(ReadError::Damaged { .. })));

    assert!(journal.is_read_only());
    assert!(matches!(journal.append(&[(1, b"no")]), Err(AppendError::ReadOnly)));
    assert!(matches!(journal.seal_active(), Err(AppendError::ReadOnly)));
    assert!(journal.close().is_ok());
}

#[test]
fn lost_swapped_and_cut_segments_are_never_opened_this_way() {
    let (fs, _) = sample(true);
    let names = fs.names();
    let all: Vec<Vec<u8>> = names.iter().map(|name| fs.contents(name).unwrap()).collect();
    let restore = || names.iter().zip(&all).for_each(|(name, bytes)| fs.put(name, bytes));
    let opens = || newest(&fs, config(SAMPLE), &vouch(&fs), 1).is_some();

    for missing in 0..names.len() - 1 {
        fs.lose(&names[missing]);
        assert!(!opens(), "lost {missing}");
        restore();
        fs.put(&names[missing], &all[missing + 1]);
        assert!(!opens(), "swapped {missing}");
        restore();
        for length in [0, 64, 65, 200, all[missing].len() - 1] {
            fs.put(&names[missing], &all[missing][..length]);
            assert!(!opens(), "cut {missing} at {length}");
            restore();
        }
    }
    assert!(opens());
}

#[test]
fn after_every_power_cut_both_ways_of_opening_find_the_same() {
    let (fs, mut journal) = open_plain(500);
    fs.record_cuts();
    for number in 0..14_u8 {
        append(&mut journal, &[number; 80]);
        if number % 5 == 4 {
            journal.mark().unwrap();
        }
    }
    journal.seal_active().unwrap();
    while journal.collect(&mut |frame| frame.payload[0] % 3 == 0).unwrap().freed > 0 {}
    append(&mut journal, b"after");
    drop(journal);
    let mut compared = 0;
    for (seed, cut) in (0..).zip(fs.take_cuts()) {
        for again in 0..20 {
            let seed = seed * 20 + again;
            let one = cut.survivor(&mut Seeded::new(seed));
            let other = cut.survivor(&mut Seeded::new(seed));
            let (_, forward, whole) = open(one, config(500));
            let vouched = vouch(&other);
            let Some((_, back, opened)) = newest(&other, config(500), &vouched, usize::MAX) else {
                continue;
            };
            compared += 1;
            assert_eq!(back.into_iter().rev().collect::<Vec<_>>(), forward);
            assert_eq!(opened, whole);
        }
    }
    assert!(compared > 500, "{compared}");
}
