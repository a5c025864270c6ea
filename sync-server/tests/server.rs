//! Real processes over loopback: what honest devices get, what strangers and liars get, and what
//! is still there after the power went.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by stopping"
)]

mod client;
mod practice;
mod process;

use client::{Client, Incoming, Manner, code_of, connect, soon};
use practice::{LOG, Practice};
use process::{Home, Process, command, complaint};
use rustls::crypto::aws_lc_rs as provider;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tacenda_shared::id::{Position, PracticeSeq, Timestamp};
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use tacenda_shared::sync::{Message, Outcome, Recover, RefusalCode};

const REFUSED: u64 = 1;
const SILENT: u64 = 2;
const GARBLED: u64 = 3;
const REVOKED: u64 = 4;
const STOPPING: u64 = 5;

/// Asks something without saying who one is.
async fn ask_as_stranger(process: &Process, messages: &[Message]) -> Vec<Message> {
    let key = SigningKey::from_seed([77; 32]);
    let (_endpoint, connection) = connect(process, &key, &Manner::honest(process)).await.unwrap();
    let (mut send, receive) = connection.open_bi().await.unwrap();
    let mut incoming = Incoming::of(receive);
    let mut answers = Vec::new();
    for message in messages {
        send.write_all(&message.frame()).await.unwrap();
        answers.extend(incoming.next().await);
    }
    answers
}

/// A practice on this server, with the log begun by the first device.
async fn founded(process: &Process, seed: u64) -> Practice {
    let (mut practice, token) = process.invited(seed);
    let answers = ask_as_stranger(process, &[practice.founding(&token)]).await;
    assert_eq!(answers, [Message::Taken]);
    let client = Client::welcome(process, &practice, 0).await;
    let genesis = practice.genesis(0);
    assert_placed(&client.ask(&practice.push(&[genesis])).await);
    practice
}

/// Adds what all files below a folder hold.
fn files_below(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, bytes);
        } else if path.is_file() {
            bytes.extend(fs::read(path).unwrap());
        }
    }
}

fn assert_placed(answer: &[Message]) {
    let [Message::Pushed(outcomes)] = answer else { panic!("{answer:?}") };
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Placed(_))), "{outcomes:?}");
}

fn refusal_of(answer: &[Message]) -> RefusalCode {
    match answer {
        [Message::Refused(why)] => why.code,
        other => panic!("{other:?}"),
    }
}

async fn pulled(client: &Client, practice: &Practice) -> u64 {
    let mut position = 0;
    for message in client.ask(&practice.pull(0)).await {
        let Message::Entries(entries) = message else { panic!("{message:?}") };
        assert_eq!((entries.log, entries.after), (LOG, Position::new(position)));
        position = entries.head.position.get();
    }
    position
}

#[tokio::test]
async fn what_one_device_pushes_the_other_sees_at_once_and_can_pull() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let mut practice = founded(&process, 1).await;
    let (first, second) = (
        Client::welcome(&process, &practice, 0).await,
        Client::welcome(&process, &practice, 1).await,
    );
    let delta = practice.delta(0, 200);
    assert_placed(&first.ask(&practice.push(&[delta])).await);

    let mut live = second.live().await;
    let seen = live.next().await;
    assert!(
        matches!(seen, Some(Message::Entries(ref entries))
        if entries.head.position == Position::new(2)),
        "{seen:?}"
    );
    let presence = practice.ephemeral(0);
    assert_eq!(first.ask(&presence).await, [Message::Taken]);
    assert_eq!(live.next().await, Some(presence));
    assert_eq!(pulled(&second, &practice).await, 2);
}

#[tokio::test]
async fn only_the_key_of_the_device_opens_the_door() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let practice = founded(&process, 1).await;
    let stolen_name = SigningKey::from_seed([66; 32]);

    let manner = Manner::honest(&process);
    let (client, answer) = Client::greet_so(&process, &practice, 0, &stolen_name, &manner).await;
    assert_eq!(refusal_of(&[answer]), RefusalCode::NotADevice);
    assert_eq!(client.ended().await, REFUSED);
    let elsewhere = Practice::found(9, VerifyingKey::from_bytes(process.pin));
    let (client, answer) = Client::greet(&process, &elsewhere, 0).await;
    assert_eq!(refusal_of(&[answer]), RefusalCode::UnknownPractice);
    assert_eq!(client.ended().await, REFUSED);

    let log = process.log();
    assert!(log.contains("warn event=failure source=127.0.0.1 cause=NOT_A_DEVICE"), "{log}");
}

#[tokio::test]
async fn another_protocol_another_exchange_and_another_server_are_not_spoken_to() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let key = SigningKey::from_seed([1; 32]);
    let honest = Manner::honest(&process);

    let alpn = Manner { alpn: b"h3".to_vec(), ..honest.clone() };
    assert!(connect(&process, &key, &alpn).await.is_err());
    let mut classical = provider::default_provider();
    classical.kx_groups = vec![provider::kx_group::X25519];
    let exchange = Manner { provider: classical, ..honest.clone() };
    assert!(connect(&process, &key, &exchange).await.is_err());
    let impostor = Manner { pin: [3; 32], ..honest.clone() };
    assert!(connect(&process, &key, &impostor).await.is_err());
    assert!(connect(&process, &key, &honest).await.is_ok());
}

#[tokio::test]
async fn whoever_does_not_say_who_it_is_is_let_go() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let key = SigningKey::from_seed([1; 32]);
    let manner = Manner::honest(&process);
    let (_silent, silent) = connect(&process, &key, &manner).await.unwrap();
    let (_dripping, dripping) = connect(&process, &key, &manner).await.unwrap();
    let (mut send, _receive) = dripping.open_bi().await.unwrap();
    send.write_all(&[0, 0]).await.unwrap();

    assert_eq!(code_of(&silent).await, SILENT);
    assert_eq!(code_of(&dripping).await, SILENT);
}

#[tokio::test]
async fn a_stranger_that_sends_garbage_or_too_much_is_cut_off() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let key = SigningKey::from_seed([1; 32]);
    let huge = u32::MAX.to_be_bytes().to_vec();
    let above = [&(48 * 1024 + 1_u32).to_be_bytes()[..], &[1; 64]].concat();
    let garbage = [&8_u32.to_be_bytes()[..], &[0xee; 8]].concat();
    for bytes in [huge, above, garbage] {
        let manner = Manner::honest(&process);
        let (_endpoint, connection) = connect(&process, &key, &manner).await.unwrap();
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(&bytes).await.unwrap();
        assert_eq!(code_of(&connection).await, GARBLED);
    }
    let premature = ask_as_stranger(&process, &[Message::DeviceHead(vec![])]).await;
    assert_eq!(refusal_of(&premature), RefusalCode::Malformed);
}

#[tokio::test]
async fn garbage_of_a_device_costs_its_request_and_not_its_link() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let practice = founded(&process, 1).await;
    let client = Client::welcome(&process, &practice, 0).await;

    let garbage = [&8_u32.to_be_bytes()[..], &[0xee; 8]].concat();
    assert_eq!(refusal_of(&client.ask_bytes(&garbage).await), RefusalCode::Malformed);
    let huge = (2_u32 << 20).to_be_bytes();
    assert_eq!(refusal_of(&client.ask_bytes(&huge).await), RefusalCode::TooLarge);
    let again = practice.hello(0);
    assert_eq!(refusal_of(&client.ask(&again).await), RefusalCode::Unsupported);
    assert_eq!(pulled(&client, &practice).await, 1);
}

#[tokio::test]
async fn a_device_that_does_not_read_is_told_to_ask_and_misses_nothing() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let mut practice = founded(&process, 1).await;
    let first = Client::welcome(&process, &practice, 0).await;
    let slow = Manner { window: 16 * 1024, ..Manner::honest(&process) };
    let key = SigningKey::from_seed(*practice.devices[1].tls.seed());
    let (second, _welcome) = Client::greet_so(&process, &practice, 1, &key, &slow).await;

    // More than the link, its send buffer and the queue behind it hold.
    for _ in 0..12 {
        let delta = practice.delta(0, 200_000);
        assert_placed(&first.ask(&practice.push(&[delta])).await);
    }

    let mut live = second.live().await;
    let mut last = live.next().await;
    while matches!(last, Some(Message::Entries(_))) {
        last = live.next().await;
    }
    assert_eq!(last, Some(Message::Behind));
    assert_eq!(pulled(&second, &practice).await, 13);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_every_kill() {
    let home = Home::new();
    let folder = home.init();
    let mut process = Process::start(&folder);
    let mut practice = founded(&process, 1).await;
    let mut acknowledged = 1;
    for _round in 0..4 {
        let client = Client::welcome(&process, &practice, 0).await;
        for _ in 0..3 {
            let delta = practice.delta(0, 300);
            assert_placed(&client.ask(&practice.push(&[delta])).await);
            acknowledged += 1;
        }
        process.kill();
        process = Process::start(&folder);
        let other = Client::welcome(&process, &practice, 1).await;
        assert_eq!(pulled(&other, &practice).await, acknowledged);
    }
    drop(process);

    let verified = command("verify").arg(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(0), "{text}");
    assert!(text.contains("2 entries, 13 envelopes"), "{text}");
}

/// Who is in which note, and what they have seen, is passed on to those who are there.
#[tokio::test]
async fn presence_is_relayed_and_leaves_nothing_in_the_folder() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let mut practice = founded(&process, 1).await;
    let first = Client::welcome(&process, &practice, 0).await;
    let second = Client::welcome(&process, &practice, 1).await;
    let delta = practice.delta(0, 200);
    assert_placed(&first.ask(&practice.push(&[delta])).await);
    // A stream is there once something was sent on it.
    let mut live = second.live().await;
    assert!(matches!(live.next().await, Some(Message::Entries(_))));

    let mut told = Vec::new();
    for _ in 0..20 {
        let word = practice.ephemeral(0);
        assert_eq!(first.ask(&word).await, [Message::Taken]);
        assert_eq!(live.next().await, Some(word.clone()));
        let Message::Ephemeral(bytes) = word else { panic!("{word:?}") };
        told.push(bytes);
    }
    process.kill();

    let mut kept = Vec::new();
    files_below(&folder, &mut kept);
    assert!(kept.len() > 1000);
    for word in told {
        let signature = &word[word.len() - 32..];
        assert!(!kept.windows(signature.len()).any(|window| window == signature));
    }
}

#[tokio::test]
async fn a_link_to_a_server_that_was_killed_ends_once_the_next_one_is_spoken_to() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let practice = founded(&process, 1).await;
    let client = Client::welcome(&process, &practice, 0).await;
    let address = process.address.to_string();
    process.kill();
    let _process = Process::start_at(&folder, &address);

    let closed = client.speak_until_closed().await;

    assert_eq!(closed, quinn::ConnectionError::Reset);
}

#[tokio::test]
async fn a_lost_index_is_no_loss() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let practice = founded(&process, 1).await;
    process.kill();
    fs::remove_dir_all(folder.join("index")).unwrap();
    fs::create_dir(folder.join("index")).unwrap();
    fs::write(folder.join("index/db"), b"not what sled wrote").unwrap();

    let process = Process::start(&folder);

    let client = Client::welcome(&process, &practice, 1).await;
    assert_eq!(pulled(&client, &practice).await, 1);
}

#[tokio::test]
async fn a_revoked_device_is_cut_off_at_once_and_stays_out() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let mut practice = founded(&process, 1).await;
    let first = Client::welcome(&process, &practice, 0).await;
    let second = Client::welcome(&process, &practice, 1).await;

    let answer = first.ask(&practice.revoke_second()).await;

    assert!(matches!(answer[..], [Message::PracticeAppended(_)]), "{answer:?}");
    assert_eq!(second.ended().await, REVOKED);
    let (_, answer) = Client::greet(&process, &practice, 1).await;
    assert_eq!(refusal_of(&[answer]), RefusalCode::NotADevice);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_says_so_and_leaves_in_order() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let mut practice = founded(&process, 1).await;
    let client = Client::welcome(&process, &practice, 0).await;
    let delta = practice.delta(0, 200);
    assert_placed(&client.ask(&practice.push(&[delta])).await);

    process.terminate();

    assert_eq!(client.ended().await, STOPPING);
    assert!(soon(async { process.wait() }).await == Some(0));
    let process = Process::start(&folder);
    let client = Client::welcome(&process, &practice, 1).await;
    assert_eq!(pulled(&client, &practice).await, 2);
}

#[tokio::test]
async fn two_strangers_exchange_letters_for_a_pairing() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let put = |number, byte| Message::MailboxPut { mailbox: 9, number, mail: vec![byte; 100] };
    let read = Message::MailboxGet { mailbox: 9, from: 0 };

    assert_eq!(ask_as_stranger(&process, &[put(0, 1)]).await, [Message::Taken]);
    let answers = ask_as_stranger(&process, &[read, put(1, 2), put(1, 3)]).await;

    assert_eq!(answers[..2], [Message::Mail(vec![vec![1; 100]]), Message::Taken]);
    assert_eq!(refusal_of(&answers[2..]), RefusalCode::MailboxFull);
}

#[tokio::test]
async fn a_stranger_uses_few_mailboxes_on_a_link() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let put = |mailbox| Message::MailboxPut { mailbox, number: 0, mail: vec![1; 100] };

    let answers = ask_as_stranger(&process, &[put(1), put(2), put(3)]).await;

    assert_eq!(answers[..2], [Message::Taken, Message::Taken]);
    assert_eq!(refusal_of(&answers[2..]), RefusalCode::TooOften);
    assert_eq!(ask_as_stranger(&process, &[put(4)]).await, [Message::Taken]);
}

#[tokio::test]
async fn an_invite_brings_one_practice_and_a_guess_brings_none() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let (first, token) = process.invited(1);
    let second = Practice::found(2, VerifyingKey::from_bytes(process.pin));

    let guess = ask_as_stranger(&process, &[first.founding(&[0; 16])]).await;
    assert_eq!(refusal_of(&guess), RefusalCode::Admission);
    assert_eq!(ask_as_stranger(&process, &[first.founding(&token)]).await, [Message::Taken]);
    let used = ask_as_stranger(&process, &[second.founding(&token)]).await;
    assert_eq!(refusal_of(&used), RefusalCode::Admission);
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_so() {
    let home = Home::new();
    let folder = home.init();
    let config = fs::read_to_string(folder.join("server.toml")).unwrap();
    let slow = config.replace("requests_per_second = 50", "requests_per_second = 1");
    fs::write(folder.join("server.toml"), slow).unwrap();
    let process = Process::start(&folder);
    let practice = founded(&process, 1).await;
    let one = Client::welcome(&process, &practice, 0).await;
    let two = Client::welcome(&process, &practice, 0).await;
    let ask = Message::DeviceHead(vec![]);

    // Two at once are allowed: to the device, not to each of its links.
    let answers = tokio::join!(one.ask(&ask), one.ask(&ask), two.ask(&ask), two.ask(&ask));

    let answers = [answers.0, answers.1, answers.2, answers.3];
    let refused = answers.iter().filter(|answer| matches!(answer[..], [Message::Refused(_)]));
    assert!(refused.count() >= 1, "{answers:?}");
}

#[tokio::test]
async fn a_backup_of_a_running_server_serves_the_same() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let practice = founded(&process, 1).await;
    let copy = home.path().join("copy");

    for _twice in 0..2 {
        let made = command("backup").arg(&process.folder).arg("--to").arg(&copy).output().unwrap();
        assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    }
    process.kill();

    let process = Process::start(&copy);
    let client = Client::welcome(&process, &practice, 1).await;
    assert_eq!(pulled(&client, &practice).await, 1);
    let manifest = fs::read_to_string(copy.join("MANIFEST")).unwrap();
    assert!(manifest.contains("  server.key\n") && manifest.contains(".seg\n"), "{manifest}");
}

#[tokio::test]
async fn verify_names_what_was_changed_and_keeps_its_hands_off() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let practice = founded(&process, 1).await;
    process.terminate();
    assert_eq!(process.wait(), Some(0));
    let segments = folder.join("practices").join(practice.id.to_string());
    let segment = fs::read_dir(segments).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();

    let verified = command("verify").arg(&folder).output().unwrap();

    assert_eq!(verified.status.code(), Some(1));
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(text.contains("wrong: damaged place"), "{text}");
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

#[tokio::test]
async fn the_log_names_nobody_and_weighs_nothing() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let mut practice = founded(&process, 1).await;
    let client = Client::welcome(&process, &practice, 0).await;
    let delta = practice.delta(0, 54_321);
    assert_placed(&client.ask(&practice.push(&[delta])).await);
    drop(client);
    let (_, answer) = Client::greet(&process, &practice, 1).await;
    assert!(matches!(answer, Message::Welcome { .. }));

    let log = process.log();

    assert!(log.contains("event=link_opened"), "{log}");
    let ids = [practice.id.to_string(), practice.devices[0].id.to_string(), LOG.to_string()];
    for line in log.lines() {
        let (_time, text) = line.split_once(' ').unwrap();
        assert!(ids.iter().all(|id| !text.contains(&id[..8])), "{text}");
        assert!(!text.contains("127.0.0.1") && !text.contains("54321"), "{text}");
    }
}

/// Bytes of one hostile message: as long as a message may be.
const HOSTILE: usize = 1 << 20;
/// What hostile bytes may cost beyond what an honest device costs, in KiB.
const MEMORY_KIB: u64 = 64 * 1024;

/// A message of this type that claims as much as its bytes can claim.
fn hostile(number: u8, fill: u8) -> Vec<u8> {
    let mut frame = u32::try_from(HOSTILE).unwrap().to_be_bytes().to_vec();
    frame.push(number);
    frame.resize(4 + HOSTILE, fill);
    frame
}

#[tokio::test]
async fn a_megabyte_of_hostile_bytes_costs_little_before_and_after_hello() {
    let home = Home::new();
    let folder = home.init();
    let config = fs::read_to_string(folder.join("server.toml")).unwrap();
    // However fast the machine is, every message is to be read.
    let open = config.replace("requests_per_second = 50", "requests_per_second = 1000");
    fs::write(folder.join("server.toml"), open).unwrap();
    let process = Process::start(&folder);
    let mut practice = founded(&process, 1).await;
    let client = Client::welcome(&process, &practice, 0).await;
    let honest_from = process.ticks();
    for _ in 0..4 {
        let deltas: Vec<_> = (0..8).map(|_| practice.delta(0, 24_000)).collect();
        assert_placed(&client.ask(&practice.push(&deltas)).await);
    }
    let honest_ticks = process.ticks() - honest_from;
    let (peak, from) = (process.peak_kib(), process.ticks());

    // A stranger, whatever it claims to say.
    for fill in [0, 1, 0x7f, 0xff] {
        let manner = Manner::honest(&process);
        let key = SigningKey::from_seed([1; 32]);
        // After too many failures nobody is let in for a while; that is no cost either.
        let Ok((_endpoint, connection)) = connect(&process, &key, &manner).await else { continue };
        let Ok((mut send, _receive)) = soon(connection.open_bi()).await else { continue };
        let _cut_off = soon(send.write_all(&hostile(1, fill))).await;
        soon(connection.closed()).await;
    }
    // A device whose key was stolen, with every type of message there is and is not.
    let mut refused = 0;
    for number in 0..80 {
        for fill in [1, 0xff] {
            // What is not answered is a request that was cut off.
            let answer = client.ask_bytes(&hostile(number, fill)).await;
            refused += usize::from(matches!(answer[..], [Message::Refused(_)]));
        }
    }

    let (cost, ticks) = (process.peak_kib() - peak, process.ticks() - from);
    println!(
        "164 MB of hostile bytes: {cost} KiB more, {ticks} ticks (0.8 MB honest: {honest_ticks})"
    );
    assert!(refused > 100, "{refused} refusals");
    assert!(cost <= MEMORY_KIB, "{cost} KiB");
    // Two hundred times as many bytes; an honest byte is checked, journalled and signed for.
    assert!(ticks <= 400 * honest_ticks.max(1), "{ticks} ticks, {honest_ticks} for honest bytes");
    let delta = practice.delta(0, 300);
    assert_placed(&client.ask(&practice.push(&[delta])).await);
}

#[tokio::test]
async fn noise_on_the_port_disturbs_nobody() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let practice = founded(&process, 1).await;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for size in 0..2000_usize {
        let byte = u8::try_from(size % 256).unwrap();
        // A full buffer of the receiver is part of the noise.
        let _lost = socket.send_to(&vec![byte | 0xc0; 1 + size % 1400], process.address);
    }

    let client = Client::welcome(&process, &practice, 0).await;

    assert_eq!(pulled(&client, &practice).await, 1);
}

#[tokio::test]
async fn the_recovery_sheet_opens_the_practice_log_and_nothing_else() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let practice = founded(&process, 1).await;
    let (key, manner) = (SigningKey::from_seed([8; 32]), Manner::honest(&process));
    let pin = VerifyingKey::from_bytes(process.pin);
    let word = |key: &SigningKey| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap());
        Message::Recover(Recover::sign(&practice.sheet, &key.verifying(), &pin, now))
    };

    let (client, answer) = Client::begin(&process, &word(&key), &key, &manner).await;
    assert!(matches!(answer, Message::Welcome { .. }), "{answer:?}");
    let entries = client.ask(&Message::PracticePull { from: PracticeSeq::ZERO }).await;
    assert!(matches!(&entries[..], [Message::PracticeEntries { entries, more: false }]
        if entries.len() == 2));
    assert_eq!(refusal_of(&client.ask(&practice.pull(0)).await), RefusalCode::NotPermitted);

    // The word of one link is worth nothing on another.
    let thief = SigningKey::from_seed([9; 32]);
    let (client, answer) = Client::begin(&process, &word(&key), &thief, &manner).await;
    assert_eq!(refusal_of(&[answer]), RefusalCode::BadSignature);
    assert_eq!(client.ended().await, REFUSED);
}

#[tokio::test]
async fn a_crowd_of_silent_strangers_keeps_no_device_out_and_costs_little_memory() {
    let home = Home::new();
    let folder = home.init();
    let config = fs::read_to_string(folder.join("server.toml")).unwrap();
    let open = config.replace("connections_per_source = 32", "connections_per_source = 1000");
    fs::write(folder.join("server.toml"), open).unwrap();
    let process = Process::start(&folder);
    let mut practice = founded(&process, 1).await;
    let key = SigningKey::from_seed([1; 32]);
    let manner = Manner::honest(&process);
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let (endpoint, connection) = connect(&process, &key, &manner).await.unwrap();
        if let Ok((mut send, receive)) = connection.open_bi().await {
            // A long message that never comes.
            let _cut_off = send.write_all(&[0, 0, 64, 0, 1]).await;
            crowd.push((endpoint, connection, send, receive));
        }
    }
    let resident = process.resident_kib();

    let client = Client::welcome(&process, &practice, 0).await;
    for _ in 0..20 {
        let delta = practice.delta(0, 300);
        assert_placed(&client.ask(&practice.push(&[delta])).await);
    }

    assert_eq!(pulled(&client, &practice).await, 21);
    println!("{resident} KiB resident with {} silent links", crowd.len());
    assert!(resident < 256 * 1024, "{resident} KiB");
}

#[tokio::test]
async fn a_crash_leaves_no_core_file_with_the_key() {
    let home = Home::new();
    let process = Process::start(&home.init());
    let limits = process.proc("limits");
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(line.split_whitespace().nth(4), Some("0"), "{line}");
}

#[tokio::test]
async fn whoever_looks_at_the_disk_finds_no_file_open_to_others() {
    let home = Home::new();
    let folder = home.init();
    let process = Process::start(&folder);
    let _practice = founded(&process, 1).await;
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{:?}", entry.path());
            folders.extend(metadata.is_dir().then(|| entry.path()));
        }
    }
}
