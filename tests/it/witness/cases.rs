//! The cases that both sides judge: bytes, the keys to them, and what must come out, as JSON.

use super::judge::wrap_frame;
use super::log;
use super::messages;
use super::world::{UNBORN, World};
use serde_json::{Value, json};
use tacenda_shared::codec::Writer;
use tacenda_shared::envelope::{Kind, pad_length};
use tacenda_shared::id::{
    ClientId, CompartmentId, ObjectId, PracticeId, RingEpoch, RingId, SlotGeneration,
};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::journal::{Location, Vouched};
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{
    self, DraftKey, DraftName, RowName, SafeName, SecondSecret, SlotKey, SlotName,
};
use tacenda_shared::keys::vault::{Factors, KdfCost, Vault, VaultSetup};
use tacenda_shared::keys::wrap::{self, SharedKey};
use tacenda_shared::log::LogHead;
use tacenda_shared::membership::Recipient;
use tacenda_shared::practice::compartment::{CompartmentName, Quarter};
use tacenda_shared::practice::edit::{Part, Splice};
use tacenda_shared::random::Random;
use tacenda_shared::seal::{self, Hedge, SecretKey};
use tacenda_shared::suite::{self, Hash, SigningKey};
use tacenda_shared::sync::{PracticeReceipt, Seen};
use tacenda_tui::device::courier::frames::MailFrame;
use tacenda_tui::device::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use tacenda_tui::device::rows::{RowChange, Rows};
use tacenda_tui::device::store::Store;
use tacenda_tui::device::typed;

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn draw<const N: usize>(world: &mut World) -> [u8; N] {
    let random: &mut dyn Random = &mut world.random;
    random.bytes()
}

/// Everything that a practice writes, from one seed.
pub(super) fn all(seed: u64) -> Vec<Value> {
    let mut world = World::new(seed);
    let mut cases = primitives(&mut world);
    cases.extend(paddings());
    cases.push(sheet(&mut world));
    cases.extend(names(&mut world));
    cases.extend(rows(&mut world));
    cases.extend(wraps(&world));
    cases.push(vault(&mut world));
    let (of_log, traffic) = log::cases(&mut world);
    cases.extend(of_log);
    cases.extend(messages::cases(&mut world, &traffic));
    cases.extend(journals(&mut world, traffic.mail));
    cases.extend(receipts(&mut world));
    world.live_on();
    cases.push(json!({
        "check": "practice",
        "id": world.state.practice().to_string(),
        "head": [world.state.head().seq.get(), world.state.head().hash.to_string()],
        "entries": world.entries.iter().map(|entry| hex(&entry.encode())).collect::<Vec<_>>(),
    }));
    cases.push(sheet_row(&mut world));
    cases
}

fn primitives(world: &mut World) -> Vec<Value> {
    let (key, salt, random): ([u8; 32], [u8; 24], [u8; 32]) =
        (draw(world), draw(world), draw(world));
    let fields: [&[u8]; 3] = [b"", b"two", &[7; 100]];
    let fielded = fields.map(hex);
    let label = "tac/witness/v1";
    let signer = SigningKey::from_seed(key);
    let signature = signer.sign(label, &fields);
    let secret = SecretKey::from_bytes(key);
    let primitive = |op: &str, out: String| {
        json!({"check": "primitive", "op": op, "label": label, "key": hex(&key),
            "salt": hex(&salt), "fields": fielded, "out": out})
    };
    let mut cases = vec![
        primitive("hash", suite::hash(label, &fields).to_string()),
        primitive("mac", hex(&suite::mac(&key, label, &fields))),
        primitive("derive", hex(&suite::derive(&key, &salt, label, &fields))),
        primitive("commitment", secret.commitment().to_string()),
        primitive("public key", hex(signer.verifying().as_bytes())),
    ];
    cases.push(json!({"check": "primitive", "op": "signature", "label": label,
        "key": hex(signer.verifying().as_bytes()), "fields": fielded,
        "signature": hex(signature.as_bytes()), "out": ""}));
    cases.extend(sealing(&secret, random));
    cases
}

fn sealing(hedge_key: &SecretKey, random: [u8; 32]) -> Vec<Value> {
    let (label, context, plain) = ("tac/witness/v1", b"a context", b"what is sealed");
    let mut chance = Fixed(random);
    let mut hedge = Hedge { key: hedge_key, random: &mut chance };
    let secret = hedge.secret(label, context);
    let salt = seal::salt_for(&mut hedge, context, plain);
    let key = hedge_key.expose().as_slice();
    let sealed = seal::seal_with_salt(key, label, context, salt, plain).unwrap();
    vec![
        json!({"check": "primitive", "op": "secret", "label": label, "key": hex(key),
            "fields": [hex(&random), hex(context)], "out": hex(secret.expose())}),
        json!({"check": "primitive", "op": "salt", "label": label, "key": hex(key),
            "fields": [hex(&random), hex(context), hex(plain)], "out": hex(&salt)}),
        json!({"check": "primitive", "op": "open", "label": label, "key": hex(key),
            "salt": hex(&salt), "fields": [hex(context), hex(&sealed.ciphertext)],
            "out": hex(plain)}),
    ]
}

/// Chance that says the same again and again.
struct Fixed([u8; 32]);

impl Random for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        out.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
    }
}

fn paddings() -> Vec<Value> {
    let kinds =
        [Kind::Delta, Kind::Record, Kind::Kept, Kind::Snapshot, Kind::Pack, Kind::Checkpoint];
    let lengths = [10, 64, 65, 192, 193, 513, 1000, 4097, 70_000, 900_000];
    let each = kinds.into_iter().flat_map(|kind| {
        lengths.map(|length| json!([kind.number(), length, pad_length(kind, length)]))
    });
    vec![json!({"check": "padding", "lengths": each.collect::<Vec<_>>()})]
}

fn sheet(world: &mut World) -> Value {
    let entropy = draw(world);
    let sheet = RecoverySheet::from_entropy(SecretKey::from_bytes(entropy));
    json!({"check": "sheet", "entropy": hex(&entropy), "words": sheet.words(),
        "sig": hex(sheet.sign().verifying().as_bytes()), "kem_seed": hex(sheet.kem().seed())})
}

fn names(world: &mut World) -> Vec<Value> {
    let (client, member) = (ClientId::random(&mut world.random), world.general.member);
    let quarter = Quarter { year: 2026, quarter: 4 };
    let names = [
        CompartmentName::Practice,
        CompartmentName::Calendar { clinician: member, quarter },
        CompartmentName::Series(member),
        CompartmentName::Contact(client),
        CompartmentName::Identity(client),
        CompartmentName::Chart(client),
        CompartmentName::Psychotherapy { client, author: member },
        CompartmentName::SubstanceUse(client),
        CompartmentName::Journal(client),
        CompartmentName::Billing(client),
        CompartmentName::Group(ObjectId::random(&mut world.random)),
        CompartmentName::Audit(member),
        CompartmentName::Personal(member),
        CompartmentName::Unknown { kind: 900, subject: b"later".to_vec() },
    ];
    let case = |name: &CompartmentName| {
        let bytes = name.encode();
        json!({"check": "compartment", "bytes": hex(&bytes),
            "name": [name.kind(), hex(&bytes[6..])]})
    };
    names.iter().map(case).collect()
}

fn rows(world: &mut World) -> Vec<Value> {
    let mut cases: Vec<Value> =
        world.rows.iter().filter_map(|(name, row)| safe_row(world, name, row)).collect();
    let pairs: Vec<_> =
        world.rows.iter().map(|(name, row)| [hex(&name.encode()), hex(row.as_bytes())]).collect();
    let hash = safe::hash_rows(&world.rows).to_string();
    cases.push(json!({"check": "safe", "rows": pairs, "hash": hash}));
    let ring = safe::RingKey::from_secret(SecretKey::from_bytes(draw(world)));
    let compartment = CompartmentId::random(&mut world.random);
    let generation = SlotGeneration::new(3);
    let ring_id = RingId::random(&mut world.random);
    let name = SlotName { ring: ring_id, epoch: RingEpoch::new(2), compartment, generation };
    let draft = ObjectId::random(&mut world.random);
    let draft_name = DraftName { compartment, generation, draft };
    let mut hedge = world.hedge();
    let slot = SlotKey::generate(&mut hedge, compartment.as_bytes());
    let key = DraftKey::generate(&mut hedge, draft.as_bytes());
    let row = safe::seal_slot(&ring, &name, &slot, &mut hedge).unwrap();
    let draft_row = safe::seal_draft(&slot, &draft_name, &key, &mut hedge).unwrap();
    cases.push(row_case(&RowName::Slot(name), &row, ring.secret(), slot.secret()));
    cases.push(row_case(&RowName::Draft(draft_name), &draft_row, slot.secret(), key.secret()));
    cases
}

fn row_case(name: &RowName, row: &safe::Row, above: &SecretKey, secret: &SecretKey) -> Value {
    json!({"check": "row", "name": hex(&name.encode()), "row": hex(row.as_bytes()),
        "above": hex(above.expose()), "commitment": secret.commitment().to_string(),
        "out": hex(secret.expose())})
}

fn safe_row(world: &World, name: &RowName, row: &safe::Row) -> Option<Value> {
    let commitment = |name: &SafeName| world.state.commitment(name.ring, name.epoch).unwrap();
    match name {
        RowName::Safe(at) => {
            let key = safe::open_ring(&world.member_key, at, &commitment(at), row).unwrap();
            let above = SecretKey::from_bytes(*world.member_key.seed());
            Some(row_case(name, row, &above, key.secret()))
        }
        RowName::SecondSafe(at) => {
            let second = &world.second_secret;
            let member_key = &world.member_key;
            let key = safe::open_second_ring(second, member_key, at, &commitment(at), row);
            let mut case = row_case(name, row, second.secret(), key.unwrap().secret());
            let above = [second.secret().expose().as_slice(), member_key.seed()].concat();
            case["above"] = hex(&above).into();
            Some(case)
        }
        RowName::Slot(_) | RowName::Draft(_) | RowName::Sheet(_) => None,
    }
}

/// The second secret, sealed for a sheet.
fn sheet_row(world: &mut World) -> Value {
    let entropy = SecretKey::from_bytes(draw(world));
    let sheet = RecoverySheet::from_entropy(SecretKey::from_bytes(*entropy.expose()));
    let second = SecondSecret::from_secret(SecretKey::from_bytes(draw(world)));
    let member = world.general.member;
    let (name, row) = sheet.seal_second(member, &second, &mut world.hedge()).unwrap();
    let mut case = row_case(&RowName::Sheet(name), &row, &entropy, second.secret());
    case["commitment"] = Hash::ZERO.to_string().into();
    case
}

/// Every wrap that founding made, opened by whom it is for.
fn wraps(world: &World) -> Vec<Value> {
    let practice = PracticeId::from_bytes(UNBORN);
    let frames = world.frames.iter().filter_map(|frame| match frame {
        DeviceFrame::Wrap(bytes) => Some(bytes),
        _ => None,
    });
    let case = |frame: &Vec<u8>| {
        let (info, wrapped) = wrap_frame(practice, frame).unwrap();
        let seed = match info.recipient {
            Recipient::Device(_) => *world.general.keys.kem.seed(),
            Recipient::Recovery(_) => *world.sheet.kem().seed(),
            _ => *world.member_key.seed(),
        };
        let mut case = json!({"check": "wrap", "frame": hex(frame),
            "practice": practice.to_string(), "kem_seed": hex(&seed),
            "hash": wrapped.hash().to_string()});
        case["out"] = match wrap::unwrap(&KemKey::from_seed(seed), &info, &wrapped) {
            Ok(opened) => hex(&opened).into(),
            Err(_) => {
                let second = &world.second_secret;
                case["second"] = hex(second.secret().expose()).into();
                let (key, id) = second.for_wraps();
                let shared = SharedKey { key: &key, id: &id };
                let key = KemKey::from_seed(seed);
                hex(&wrap::unwrap_shared(&key, shared, &info, &wrapped).unwrap()).into()
            }
        };
        case
    };
    frames.map(case).collect()
}

/// A device's two journals: two unlocks each, so that one segment is closed and one is not. The
/// index, a cache whose bytes may change with every version, is left out.
fn journals(world: &mut World, mail: Vec<MailFrame>) -> Vec<Value> {
    let local = SecretKey::from_bytes(*world.general.keys.local.expose());
    let mut frames = device_frames(world);
    frames.extend(mail.into_iter().map(DeviceFrame::Mail));
    let (files, key) = (SimulatedFs::new(1), || local.derive("tac/frame-key/v1", &[]));
    for part in frames.chunks(frames.len() / 2 + 1) {
        let (mut store, _) =
            Store::open(files.clone(), *b"tac-devi", key(), &Vouched::default(), &mut world.random)
                .unwrap();
        store.append(part, &mut world.hedge()).unwrap();
        store.close().unwrap();
    }
    let kinds: Vec<&str> = frames.iter().map(frame_name).collect();
    let content = json!({"check": "journal", "class": hex(b"tac-devi"),
        "local": hex(local.expose()), "segments": segments(&files), "frames": kinds});

    let files = SimulatedFs::new(1);
    let changes = row_changes(world);
    for part in changes.chunks(5) {
        let key = local.derive("tac/row-frame-key/v1", &[]);
        let mut rows = Rows::open(files.clone(), key, &mut world.random).unwrap();
        rows.change(part, &mut world.hedge()).unwrap();
        rows.close().unwrap();
    }
    let found: Vec<Value> = changes.iter().map(written_change).collect();
    let rows = json!({"check": "journal", "class": hex(b"tac-rows"),
        "local": hex(local.expose()), "segments": segments(&files), "frames": found});
    vec![content, rows]
}

fn segments(files: &SimulatedFs) -> Vec<String> {
    files.names().iter().map(|name| hex(&files.contents(name).unwrap())).collect()
}

fn frame_name(frame: &DeviceFrame) -> &'static str {
    match frame {
        DeviceFrame::Checkpoint { .. } => "checkpoint",
        DeviceFrame::Compartment(_) => "compartment",
        DeviceFrame::Content { .. } => "content",
        DeviceFrame::Entry(_) => "entry",
        DeviceFrame::Keystrokes { .. } => "keystrokes",
        DeviceFrame::Mail(mail) => mail_name(mail),
        DeviceFrame::Segment { .. } => "segment",
        DeviceFrame::Unknown { .. } => "newer",
        DeviceFrame::Wrap(_) => "wrap",
    }
}

fn mail_name(frame: &MailFrame) -> &'static str {
    match frame {
        MailFrame::Annulled(_) => "annulled",
        MailFrame::Aside(_) => "aside",
        MailFrame::Cursor(_) => "cursor",
        MailFrame::Entered { .. } => "entered",
        MailFrame::EnteredAgain { .. } => "entered again",
        MailFrame::EnteredOwn { .. } => "entered own",
        MailFrame::EntryReceipt(_) => "entry receipt",
        MailFrame::Erased { .. } => "erased",
        MailFrame::Incarnated(_) => "incarnated",
        MailFrame::Judged { .. } => "judged",
        MailFrame::Noted { .. } => "noted",
        MailFrame::Packed { .. } => "packed",
        MailFrame::Rebased { .. } => "rebased",
        MailFrame::Resumed { .. } => "resumed",
        MailFrame::Rewound { .. } => "rewound",
        MailFrame::Sent { .. } => "sent",
        MailFrame::Settled { .. } => "settled",
        MailFrame::Shelved { .. } => "shelved",
        MailFrame::Skipped(_) => "skipped",
        MailFrame::Unshelved { .. } => "unshelved",
    }
}

fn device_frames(world: &mut World) -> Vec<DeviceFrame> {
    let mut frames: Vec<DeviceFrame> = world.frames.clone();
    let id = CompartmentId::random(&mut world.random);
    let (draft, client) =
        (ObjectId::random(&mut world.random), ClientId::random(&mut world.random));
    let rings: Vec<RingId> = world.state.rings().keys().copied().take(2).collect();
    let mut hedge = world.hedge();
    let slot = SlotKey::generate(&mut hedge, id.as_bytes());
    let key = DraftKey::generate(&mut hedge, draft.as_bytes());
    let name = CompartmentName::Chart(client);
    let generation = SlotGeneration::new(1);
    let commitment = slot.commitment();
    frames.push(DeviceFrame::Compartment(Compartment { id, name, generation, commitment, rings }));
    let local = safe::local_key(&slot, None);
    let kind = ContentKind::Draft(draft);
    let content = key.commitment();
    let label = "tac/content/v1";
    let context = kind.context(id);
    let sealed =
        seal::seal(local.expose(), label, &context, content.as_bytes(), &mut hedge).unwrap();
    let anew = Some(Location { segment: 2, offset: 640 });
    for (origin, instead_of) in [Origin::Here, Origin::Elsewhere]
        .into_iter()
        .flat_map(|origin| [(origin, None), (origin, anew)])
    {
        let sealed = sealed.clone();
        frames.push(DeviceFrame::Content {
            compartment: id,
            kind,
            generation,
            sealed,
            origin,
            instead_of,
        });
    }
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "ä".to_owned() };
    let mut context = Writer::new();
    context.fixed(b"keystrokes").fixed(id.as_bytes()).fixed(draft.as_bytes());
    let typed = typed::encode(&[splice]);
    let local = safe::local_key(&slot, Some(&key));
    let context = context.as_slice();
    let sealed = seal::seal(local.expose(), label, context, &typed, &mut hedge).unwrap();
    frames.push(DeviceFrame::Keystrokes { compartment: id, draft, generation, sealed });
    frames.push(DeviceFrame::Unknown { kind: 99, bytes: b"later".to_vec() });
    frames
}

fn row_changes(world: &World) -> Vec<RowChange> {
    let mut changes: Vec<_> =
        world.rows.iter().map(|(name, row)| RowChange::Put(*name, *row)).collect();
    changes.push(RowChange::Delete(world.rows[2].0));
    changes
}

fn written_change(change: &RowChange) -> Value {
    match change {
        RowChange::Put(name, row) => json!([hex(&name.encode()), hex(row.as_bytes())]),
        RowChange::Delete(name) => json!([hex(&name.encode()), null]),
    }
}

fn vault(world: &mut World) -> Value {
    let passphrase = Passphrase::from_text("six words that nobody would guess").unwrap();
    let secret = SecretKey::from_bytes(draw(world));
    let factors = Factors { passphrase: &passphrase, device_secret: Some(&secret) };
    let setup = VaultSetup { cost: KdfCost::FLOOR, device_name: "Laptop A".to_owned() };
    let second = Some(world.second_secret.secret());
    let bytes = Vault::create(&setup, &world.general, second, factors, &mut world.random).unwrap();
    let header = Vault::read_header(&bytes).unwrap();
    let cost = header.cost;
    json!({"check": "vault", "bytes": hex(&bytes), "vault_id": hex(&header.vault_id),
        "cost": [1, cost.memory_kib(), cost.passes(), cost.lanes()],
        "device_name": header.device_name, "sections": [1, 3]})
}

fn receipts(world: &mut World) -> Vec<Value> {
    let (practice, head, now) = (world.state.practice(), world.state.head(), world.now());
    let receipt = PracticeReceipt::sign(practice, head, now, &world.server);
    let mut bytes = Writer::new();
    receipt.write(&mut bytes);
    let log = CompartmentId::random(&mut world.random);
    let head = LogHead::EMPTY.after(log, Hash::from_bytes(draw(world)));
    let device = world.second.device;
    let seen = Seen::sign(device, log, head, now, &world.second.sign);
    vec![
        json!({"check": "practice receipt", "practice": practice.to_string(),
            "bytes": hex(bytes.as_slice()), "server_key": hex(world.server.verifying().as_bytes()),
            "hash": world.state.head().hash.to_string()}),
        json!({"check": "seen", "device": device.to_string(), "bytes": hex(&seen_bytes(&seen)),
            "device_key": hex(world.second.sign.verifying().as_bytes())}),
    ]
}

fn seen_bytes(seen: &Seen) -> Vec<u8> {
    // The message's frame: length4, type1, then the fields.
    let frame = tacenda_shared::sync::Message::Seen(*seen).frame();
    frame[5..].to_vec()
}
