//! One message of each type, as it goes over the link.

use super::cases::hex;
use super::log::Traffic;
use super::world::World;
use serde_json::{Value, json};
use tacenda_shared::envelope::Carried;
use tacenda_shared::id::{
    CompartmentId, DevSeq, DeviceId, Global, Position, PracticeSeq, ServerEpoch,
};
use tacenda_shared::log::{LogHead, ShortReceipt};
use tacenda_shared::membership::LostRange;
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::{
    DeliveredEntry, Entries, Limits, Message, Outcome, PracticeReceipt, Recover, RefillState,
    Refusal, RefusalCode, Row, RowKey, Seen, SignedHead, runs_of,
};

/// Every message, framed.
pub(super) fn cases(world: &mut World, traffic: &Traffic) -> Vec<Value> {
    let mut messages = opening(world);
    messages.extend(appending(world, traffic));
    messages.extend(pulling(world, traffic));
    messages.extend(beside(world, traffic));
    let practice = world.state.practice().to_string();
    let case = |message: &Message| {
        json!({"check": "message", "type": message.number(), "frame": hex(&message.frame()),
            "practice": practice})
    };
    messages.iter().map(case).collect()
}

fn opening(world: &mut World) -> Vec<Message> {
    let (practice, device, time) = (world.state.practice(), world.general.device, world.now());
    let tls = world.general.keys.tls.verifying();
    let sheet = SigningKey::random(&mut world.random);
    let recover = Recover::sign(&sheet, &tls, &world.server.verifying(), time);
    let head = Some(world.state.head());
    vec![
        Message::Hello { practice, device, versions: (1, 2) },
        Message::Welcome {
            version: 1,
            server_epoch: world.server_epoch(),
            g: Global::new(9),
            practice_head: world.state.head(),
            own: world.own(),
            limits: Limits { group_bytes: 1 << 18, bytes_per_minute: 1 << 24, bulk: true },
            refilling: true,
            time,
        },
        Message::Found { token: b"token".to_vec(), entries: vec![world.entries[0].encode()] },
        Message::Taken,
        Message::Refused(Refusal { code: RefusalCode::Conflict, head }),
        Message::Recover(recover),
    ]
}

fn entry_receipt(world: &World) -> PracticeReceipt {
    PracticeReceipt::sign(world.state.practice(), world.state.head(), world.now(), &world.server)
}

fn row(world: &World) -> Row {
    let (name, row) = &world.rows[0];
    Row { key: RowKey(name.encode()), bytes: row.as_bytes().to_vec() }
}

fn appending(world: &World, traffic: &Traffic) -> Vec<Message> {
    let entry = world.entries[1].encode();
    let short = traffic.receipts.iter().zip(&traffic.carried);
    let short = short.map(|(one, of)| ShortReceipt::of(one, of.header(), of.hash()));
    let [placed, .., without] = short.collect::<Vec<_>>()[..] else { panic!("too few receipts") };
    let [.., refused] = traffic.receipts[..] else { panic!("too few receipts") };
    let last = Carried::Stub(traffic.carried[0].to_stub()).encode();
    let code = RefusalCode::Stale;
    let receipt = entry_receipt(world);
    let delivered = DeliveredEntry { entry: entry.clone(), receipt };
    vec![
        Message::Push {
            runs: runs_of(world.state.practice(), &traffic.carried),
            rows: vec![row(world)],
        },
        Message::Pushed(vec![
            Outcome::Placed(placed),
            Outcome::Refused { code, receipt: without },
            Outcome::Rejected { code, have: world.own() },
        ]),
        Message::PracticeAppend { entry, rows: vec![row(world)] },
        Message::PracticeAppended(receipt),
        Message::PracticePull { from: PracticeSeq::new(2) },
        Message::PracticeEntries { entries: vec![delivered], more: true },
        Message::DeviceHead(vec![world.general.device, world.second.device]),
        Message::DeviceHeads(vec![
            SignedHead { receipt: refused, last: None },
            SignedHead { receipt: refused, last: Some(last) },
        ]),
    ]
}

fn pulling(world: &World, traffic: &Traffic) -> Vec<Message> {
    let log = traffic.carried[0].header().compartment;
    let head = LogHead::EMPTY.after(log, traffic.carried[0].hash());
    let (g, position) = (Global::new(12), Position::new(3));
    let runs = runs_of(world.state.practice(), &traffic.carried[..3]);
    let entries = traffic.carried.iter().map(|one| (position, one.encode())).collect();
    vec![
        Message::Changes { since: g },
        Message::Changed { g, logs: vec![(log, head)], more: false },
        Message::PullMany(vec![(log, position)]),
        Message::PullEntries(vec![(log, position)]),
        Message::Packed { log, after: position, head, envelope: vec![1, 2, 3] },
        Message::Entries(Entries { log, after: Position::ZERO, runs, head, g }),
        Message::WantFull { log, positions: vec![position] },
        Message::Full { log, entries },
        Message::OwnChain { device: world.general.device, after: world.own(), to: DevSeq::new(9) },
        Message::OwnHashes(traffic.carried.iter().map(Carried::hash).collect()),
    ]
}

fn beside(world: &mut World, traffic: &Traffic) -> Vec<Message> {
    let log = traffic.carried[0].header().compartment;
    let Carried::Whole(envelope) = &traffic.carried[0] else { panic!("it was not erased") };
    let bytes = envelope.encode();
    let device: DeviceId = world.second.device;
    let head = LogHead::EMPTY.after(log, envelope.hash());
    let seen = Seen::sign(device, log, head, world.now(), &world.second.sign);
    let other = CompartmentId::random(&mut world.random);
    let runs = runs_of(world.state.practice(), &traffic.carried[..1]);
    let stretch = Entries { log, after: Position::ZERO, runs, head, g: Global::ZERO };
    let delivered =
        DeliveredEntry { entry: world.entries[1].encode(), receipt: entry_receipt(world) };
    vec![
        Message::RowsPut(vec![row(world)]),
        Message::RowsGet(vec![row(world).key]),
        Message::Rows(vec![Some(row(world).bytes), None]),
        Message::ObjectPut(bytes.clone()),
        Message::ObjectsGet(vec![log, other]),
        Message::Objects(vec![bytes.clone()]),
        Message::Fill(vec![stretch.clone(), stretch]),
        Message::Filled(vec![(log, head)]),
        Message::FillPractice(vec![delivered]),
        Message::FillRefused(vec![bytes.clone()]),
        Message::Given(vec![(log, Position::new(7))]),
        Message::Refill(RefillState {
            server_epoch: ServerEpoch::new(3),
            lost: vec![LostRange { log, from: Position::new(4), to: Position::new(6) }],
            missing: vec![device],
        }),
        Message::Bring {
            runs: runs_of(world.state.practice(), &traffic.carried),
            rows: vec![row(world)],
        },
        Message::MailboxPut { mailbox: 7, number: 0, mail: b"a message".to_vec() },
        Message::MailboxGet { mailbox: 7, from: 1 },
        Message::Mail(vec![b"a message".to_vec(), Vec::new()]),
        Message::Ephemeral(bytes),
        Message::Seen(seen),
        Message::Behind,
    ]
}
