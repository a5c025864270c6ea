//! Bits that rot, files that go: reported, never handed out, never cut.

use super::*;

#[test]
fn an_unfinished_tail_is_cut_and_reported_and_the_next_cut_loses_nothing() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"kept");
    drop(journal);
    let name = fs.names()[0].clone();
    let mut bytes = fs.contents(&name).unwrap();
    let end = bytes.len() as u64;
    bytes.extend([0xee; 700]);
    fs.put(&name, &bytes);

    let (mut journal, frames, opened) = open(fs.clone(), config(1 << 20));
    append(&mut journal, b"after");
    drop(journal);
    let (_, again, second) = open(fs, config(1 << 20));

    assert_eq!(opened.torn, Some(Torn { segment: 1, offset: end, bytes: 700 }));
    assert_eq!(payloads(&frames), [b"kept"]);
    assert_eq!(payloads(&again), [b"kept".as_slice(), b"after"]);
    assert_eq!((second.torn, second.damage), (None, Vec::new()));
}

#[test]
fn a_flipped_byte_anywhere_is_reported_and_never_handed_out() {
    for marked in [true, false] {
        let (fs, frames) = sample(marked);
        let names = fs.names();
        let last_group = frames.iter().map(|frame| frame.location).nth_back(1).unwrap();
        for name in &names {
            let good = fs.contents(name).unwrap();
            let is_last = Some(name) == names.last();
            for place in 0..good.len() {
                let mut bad = good.clone();
                bad[place] ^= 1 << (place % 8);
                fs.put(name, &bad);

                let (journal, found, opened) = open(fs.clone(), config(SAMPLE));

                assert!(found.iter().all(|frame| frames.contains(frame)), "{name} {place}");
                let torn_place = is_last
                    && (marked && place >= good.len() - FRAME_OVERHEAD
                        || !marked && place as u64 >= last_group.offset);
                if torn_place {
                    assert!(opened.torn.is_some() && opened.damage.is_empty());
                    fs.put(name, &good);
                    continue;
                }
                assert!(journal.is_read_only(), "{name} {place}");
                assert!(!opened.damage.is_empty() && opened.torn.is_none());
                assert_eq!(fs.contents(name).unwrap(), bad, "nothing is cut");
                for frame in &frames {
                    match journal.read(frame.location) {
                        Ok(read) => assert_eq!(read, *frame),
                        Err(ReadError::Damaged { .. } | ReadError::Nowhere) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                fs.put(name, &good);
            }
        }
    }
}

#[test]
fn damage_names_its_place_and_frames_behind_it_are_still_handed_out() {
    let (fs, frames) = sample(true);
    let victim = &frames[4];
    let name = format!("{:016x}.seg", victim.location.segment);
    let mut bytes = fs.contents(&name).unwrap();
    bytes[index(victim.location.offset) + 30] ^= 1;
    fs.put(&name, &bytes);

    let (mut journal, found, opened) = open(fs, config(SAMPLE));

    let Location { segment, offset } = victim.location;
    assert_eq!(opened.damage, [Damage { segment, offset, cause: DamageCause::Frame }]);
    let whole: Vec<Frame> =
        frames.iter().filter(|frame| frame.group != victim.group).cloned().collect();
    assert_eq!(found, whole);
    assert!(matches!(journal.append(&[(1, b"no")]), Err(AppendError::ReadOnly)));
    assert!(matches!(journal.mark(), Err(AppendError::ReadOnly)));
    assert!(journal.close().is_ok());
}

#[test]
fn lost_swapped_cut_and_older_segments_are_damage() {
    let (fs, _) = sample(true);
    let names = fs.names();
    let all: Vec<Vec<u8>> = names.iter().map(|name| fs.contents(name).unwrap()).collect();
    let restore = || names.iter().zip(&all).for_each(|(name, bytes)| fs.put(name, bytes));
    let is_damaged = || !open(fs.clone(), config(SAMPLE)).2.damage.is_empty();

    for missing in 0..names.len() - 1 {
        fs.lose(&names[missing]);
        assert!(is_damaged(), "lost {missing}");
        restore();
        fs.put(&names[missing], &all[missing + 1]);
        assert!(is_damaged(), "swapped {missing}");
        restore();
        for length in [0, 64, 65, 200, all[missing].len() - 1] {
            fs.put(&names[missing], &all[missing][..length]);
            assert!(is_damaged(), "cut {missing} at {length}");
            restore();
        }
    }
    assert!(!is_damaged());
}

#[test]
fn a_payload_that_looks_like_frames_never_becomes_one() {
    let guess = SegmentId([0; 16]);
    let mut payload = Writer::new();
    for group in 2..60 {
        let mut item = Writer::new();
        write_frame(&mut item, guess, (Lsn::new(group), group), FrameKind::any(1), b"forged");
        write_commit(&mut item, guess, (Lsn::new(group), group), 1);
        write_frame(&mut item, guess, (Lsn::new(group), group), FrameKind::MARK, b"");
        payload.fixed(item.as_slice());
    }
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"kept");
    let torn = append(&mut journal, payload.as_slice());
    drop(journal);
    let name = fs.names()[0].clone();
    let mut bytes = fs.contents(&name).unwrap();
    bytes[index(torn.offset) + 3] ^= 1;
    fs.put(&name, &bytes);

    let (_, frames, opened) = open(fs, config(1 << 20));

    assert_eq!(payloads(&frames), [b"kept"]);
    assert_eq!(opened.torn.map(|torn| torn.offset), Some(torn.offset));
    assert_eq!(opened.damage, []);
}

#[test]
fn verify_finds_what_changed_since_the_journal_was_opened() {
    let (fs, _) = sample(true);
    let (mut journal, ..) = open(fs.clone(), config(SAMPLE));
    append(&mut journal, b"active");
    assert_eq!(journal.verify(), []);
    for segment in journal.segments() {
        let name = format!("{:016x}.seg", segment.number);
        let good = fs.contents(&name).unwrap();
        assert_eq!(segment.bytes, good.len() as u64);
        for place in [0, 50, 70, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 4;
            fs.put(&name, &bad);
            assert_eq!(journal.verify().first().map(|d| d.segment), Some(segment.number));
        }
        fs.lose(&name);
        assert_eq!(journal.verify()[0].cause, DamageCause::Unreadable);
        fs.put(&name, &good);
    }
    assert!(journal.segments().iter().rev().skip(1).all(|segment| segment.is_sealed));
}

#[test]
fn a_group_that_is_missing_under_a_mark_is_damage() {
    let (fs, frames) = sample(true);
    let name = fs.names().pop().unwrap();
    let mut bytes = fs.contents(&name).unwrap();
    let last_group = index(frames[frames.len() - 2].location.offset);
    let mark = bytes.len() - FRAME_OVERHEAD;
    bytes.drain(last_group..mark);
    fs.put(&name, &bytes);

    let (journal, found, opened) = open(fs.clone(), config(SAMPLE));

    assert_eq!(found.len(), frames.len() - 2);
    assert!(journal.is_read_only() && opened.torn.is_none());
    assert_eq!(fs.contents(&name).unwrap(), bytes);
}

#[test]
fn bytes_behind_a_footer_are_damage() {
    let (fs, frames) = sample(true);
    let (mut journal, ..) = open(fs.clone(), config(SAMPLE));
    journal.seal_active().unwrap();
    drop(journal);
    let name = fs.names().pop().unwrap();
    let mut bytes = fs.contents(&name).unwrap();
    bytes.push(0);
    fs.put(&name, &bytes);

    let (journal, found, opened) = open(fs.clone(), config(SAMPLE));

    assert_eq!(found, frames);
    assert!(journal.is_read_only() && opened.torn.is_none());
    assert_eq!(fs.contents(&name).unwrap(), bytes);
}

#[test]
fn a_segment_that_the_disk_does_not_give_is_damage_until_it_does() {
    let (fs, frames) = sample(true);
    let reads = {
        let before = fs.operations().len();
        drop(open(fs.clone(), config(SAMPLE)));
        fs.operations().split_off(before)
    };
    for (after, operation) in reads.iter().enumerate() {
        if *operation != Operation::Read {
            continue;
        }
        fs.plan(Fault { after: after as u64, failure: Failure::Input, sticky: false });
        let (journal, _, opened) = open(fs.clone(), config(SAMPLE));
        assert!(opened.damage.iter().any(|damage| damage.cause == DamageCause::Unreadable));
        assert!(journal.is_read_only());
    }
    let (journal, found, opened) = open(fs, config(SAMPLE));
    assert_eq!(found, frames);
    assert!(!journal.is_read_only() && opened.damage.is_empty());
}
