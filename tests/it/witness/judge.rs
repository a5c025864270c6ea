//! The program's own verdict on a case: the same JSON that the witness gets, read with the public
//! functions of the library. `Err` says what does not hold.

use super::cases::hex;
use serde_json::Value;
use std::collections::BTreeMap;
use tacenda_shared::codec::Reader;
use tacenda_shared::envelope::{self, Carried, Context, Envelope, Kind, pad_length, restore};
use tacenda_shared::id::{CompartmentId, DevInc, DeviceId, PracticeId};
use tacenda_shared::journal::Vouched;
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{self, RingKey, Row, RowName, SecondSecret, SheetName, SlotKey};
use tacenda_shared::keys::vault::Vault;
use tacenda_shared::keys::wrap::{self, SharedKey, Wrap, WrapAction, WrapInfo};
use tacenda_shared::log::{
    Checkpoint, LogHead, OwnHead, Placement, Receipt, ShortReceipt, ring_digest,
};
use tacenda_shared::membership::{Entry, Recipient, State};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::Record;
use tacenda_shared::random::Seeded;
use tacenda_shared::seal::{self, SecretKey};
use tacenda_shared::suite::{self, Hash, Signature, SigningKey, VerifyingKey};
use tacenda_shared::sync::{Entries, FrameBuffer, MAX_MESSAGE, Message, PracticeReceipt};
use tacenda_tui::device::rows::Rows;
use tacenda_tui::device::store::Store;

/// What does not hold.
pub(super) type Verdict = Result<(), String>;

/// The digits at `key`, as bytes; nothing where there is none.
fn bytes(case: &Value, key: &str) -> Vec<u8> {
    unhex(case[key].as_str().unwrap_or_default())
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn fixed<const N: usize>(case: &Value, key: &str) -> [u8; N] {
    bytes(case, key).try_into().unwrap()
}

fn verifying(case: &Value, key: &str) -> VerifyingKey {
    VerifyingKey::from_bytes(fixed(case, key))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn same<T: PartialEq>(found: &T, expected: &T, what: &str) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what} is not what was expected")) }
}

fn holds(is: bool, what: &str) -> Verdict {
    same(&is, &true, what)
}

fn said<E: std::fmt::Debug>(error: E) -> String {
    format!("{error:?}")
}

/// Judges one case.
pub(super) fn judge(case: &Value) -> Verdict {
    match case["check"].as_str().unwrap() {
        "checkpoint" => checkpoint(case),
        "compartment" => compartment(case),
        "content" => content(case),
        "envelope" => one_envelope(case),
        "journal" => journal(case),
        "log" => log(case),
        "message" => message(case),
        "padding" => padding(case),
        "practice" => practice(case),
        "practice receipt" => practice_receipt(case),
        "primitive" => primitive(case),
        "record" => record(case),
        "row" => row(case),
        "run" => run(case),
        "safe" => whole_safe(case),
        "seen" => seen(case),
        "sheet" => sheet(case),
        "vault" => vault(case),
        "wrap" => one_wrap(case),
        other => Err(format!("no check is called {other}")),
    }
}

fn primitive(case: &Value) -> Verdict {
    let label = case["label"].as_str().unwrap();
    let fields: Vec<Vec<u8>> = texts(&case["fields"]).into_iter().map(unhex).collect();
    let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
    let (key, salt): ([u8; 32], _) = (fixed(case, "key"), bytes(case, "salt"));
    let out = match case["op"].as_str().unwrap() {
        "hash" => suite::hash(label, &fields).to_string(),
        "mac" => hex(&suite::mac(&key, label, &fields)),
        "derive" => hex(&suite::derive(&key, &salt, label, &fields)),
        "commitment" => SecretKey::from_bytes(key).commitment().to_string(),
        "public key" => hex(SigningKey::from_seed(key).verifying().as_bytes()),
        "signature" => {
            let signature = Signature::from_bytes(fixed(case, "signature"));
            let good = verifying(case, "key").verify(label, &fields, &signature);
            holds(good, "the signature")?;
            String::new()
        }
        "open" => {
            let salt = salt.try_into().unwrap();
            hex(&seal::open(&key, label, fields[0], &salt, fields[1]).map_err(said)?)
        }
        // Salts and fresh secrets are only ever drawn; the case was made by drawing them.
        _ => case["out"].as_str().unwrap().to_owned(),
    };
    same(&out.as_str(), &case["out"].as_str().unwrap(), "the result")
}

fn padding(case: &Value) -> Verdict {
    for one in case["lengths"].as_array().unwrap() {
        let [kind, length, padded] = [0, 1, 2].map(|index| one[index].as_u64().unwrap() as usize);
        let kind = Kind::from_number(kind as u8).unwrap();
        same(&pad_length(kind, length), &padded, "a padded length")?;
    }
    Ok(())
}

fn content(case: &Value) -> Verdict {
    let (plaintext, body) = (bytes(case, "plaintext"), bytes(case, "body"));
    let kind = Kind::from_number(case["kind"].as_u64().unwrap() as u8).unwrap();
    same(&plaintext.len(), &pad_length(kind, 10 + body.len()), "the padding")?;
    let padding = plaintext.get(10 + body.len()..).unwrap_or_default();
    holds(plaintext[10..].starts_with(&body) && padding.iter().all(|b| *b == 0), "the frame")
}

fn one_envelope(case: &Value) -> Verdict {
    let envelope = Envelope::decode(&bytes(case, "bytes")).map_err(said)?;
    holds(envelope.is_signed_by(&verifying(case, "author_key")), "the signature")?;
    same(&envelope.hash().to_string().as_str(), &case["hash"].as_str().unwrap(), "the hash")?;
    if !envelope.header.kind.is_sealed() {
        return holds(envelope.control().map_err(said)?.is_some(), "the body");
    }
    let content = envelope::open(&envelope, &bytes(case, "key")).map_err(said)?;
    same(&u64::from(content.compression), &case["compression"].as_u64().unwrap(), "compression")?;
    same(&content.body, &bytes(case, "body"), "the body")
}

fn log(case: &Value) -> Verdict {
    let practice = PracticeId::parse(case["practice"].as_str().unwrap()).unwrap();
    let id = CompartmentId::parse(case["log"].as_str().unwrap()).unwrap();
    let server = verifying(case, "server_key");
    let mut heads = vec![LogHead::EMPTY];
    let mut owns: BTreeMap<DeviceId, OwnHead> = BTreeMap::new();
    for item in case["entries"].as_array().unwrap() {
        let carried = Carried::decode(&bytes(item, "carried")).map_err(said)?;
        let header = carried.header();
        let author = header.author.to_string();
        let known = case["authors"].get(&author).is_some();
        holds(known && header.practice == practice && header.compartment == id, "the place")?;
        let key = verifying(&case["authors"], &author);
        holds(carried.is_signed_by(&key), "the signature")?;
        let own = owns.entry(header.author).or_insert(OwnHead::start(DevInc::new(1)));
        holds(own.continues_with(header), "the own chain")?;
        *own = OwnHead::after(header, carried.hash());
        let receipt = bytes(item, "receipt");
        let mut reader = Reader::new(&receipt);
        let receipt = Receipt::read(&mut reader).map_err(said)?;
        reader.finish().map_err(said)?;
        let about = receipt.is_signed_by(&server) && receipt.is_about(header, carried.hash());
        holds(about, "the receipt")?;
        let short = bytes(item, "short");
        let mut reader = Reader::new(&short);
        let short = ShortReceipt::read(&mut reader).map_err(said)?;
        reader.finish().map_err(said)?;
        let restored = short.restore(header, carried.hash()).map_err(said)?;
        same(&restored, &receipt, "the receipt from its short form")?;
        let placement = if item["placed"].as_bool().unwrap() {
            let seen = heads.iter().find(|head| head.position == header.seen_pos);
            same(&seen.map(|head| head.chain), &Some(header.seen_chain), "what was seen")?;
            let head = heads.last().copied().unwrap().after(id, carried.hash());
            heads.push(head);
            Some(Placement { log: id, head })
        } else {
            None
        };
        same(&receipt.body.placement, &placement, "the placement")?;
    }
    let head = heads.last().unwrap();
    same(&head.chain.to_string().as_str(), &case["head"][1].as_str().unwrap(), "the head")
}

fn message(case: &Value) -> Verdict {
    let frame = bytes(case, "frame");
    let mut buffer = FrameBuffer::new(MAX_MESSAGE);
    buffer.push(&frame);
    let message = buffer.next_message().map_err(said)?.ok_or("the frame is not whole")?;
    same(&u64::from(message.number()), &case["type"].as_u64().unwrap(), "the type")?;
    same(&message.frame(), &frame, "the frame")?;
    let practice = PracticeId::parse(case["practice"].as_str().unwrap()).unwrap();
    let whole = |bytes: &Vec<u8>| Envelope::decode(bytes).map(drop).map_err(said);
    match &message {
        Message::Push { runs, .. }
        | Message::Bring { runs, .. }
        | Message::Entries(Entries { runs, .. }) => {
            runs.iter().flat_map(|run| run.restore(practice)).try_for_each(|one| one.map(drop))
        }
        Message::Full { entries, .. } => {
            entries.iter().try_for_each(|(_, bytes)| Carried::decode(bytes).map(drop))
        }
        Message::ObjectPut(bytes) => return whole(bytes),
        Message::Objects(all) | Message::FillRefused(all) => return all.iter().try_for_each(whole),
        _ => Ok(()),
    }
    .map_err(said)
}

fn run(case: &Value) -> Verdict {
    let practice = PracticeId::parse(case["practice"].as_str().unwrap()).unwrap();
    let log = CompartmentId::parse(case["log"].as_str().unwrap()).unwrap();
    let author = DeviceId::parse(case["author"].as_str().unwrap()).unwrap();
    let mut context = Context::new(practice, log, author);
    for (short, full) in texts(&case["short"]).into_iter().zip(texts(&case["full"])) {
        let carried = restore(&mut context, &unhex(short)).map_err(said)?;
        holds(carried.is_signed_by(&verifying(case, "author_key")), "the signature")?;
        same(&hex(&carried.encode()).as_str(), &full, "the full form")?;
    }
    Ok(())
}

fn practice(case: &Value) -> Verdict {
    let entries: Result<Vec<Entry>, _> =
        texts(&case["entries"]).into_iter().map(|entry| Entry::decode(&unhex(entry))).collect();
    let entries = entries.map_err(said)?;
    let timed = entries.iter().map(|entry| (entry, entry.time));
    let replayed = State::replay(timed).map_err(said)?;
    same(&replayed.stopped, &None, "where replay stopped")?;
    let head = replayed.state.head().hash.to_string();
    same(&head.as_str(), &case["head"][1].as_str().unwrap(), "the head")?;
    let id = replayed.state.practice().to_string();
    same(&id.as_str(), &case["id"].as_str().unwrap(), "the id")
}

fn checkpoint(case: &Value) -> Verdict {
    let checkpoint = Checkpoint::decode(&bytes(case, "bytes")).map_err(said)?;
    let ids = texts(&case["ids"]).into_iter().filter_map(CompartmentId::parse).collect();
    same(&checkpoint.ring_digest, &ring_digest(&ids), "the digest")?;
    same(&checkpoint.counter, &case["counter"].as_u64().unwrap(), "the counter")
}

fn practice_receipt(case: &Value) -> Verdict {
    let data = bytes(case, "bytes");
    let mut reader = Reader::new(&data);
    let receipt = PracticeReceipt::read(&mut reader).map_err(said)?;
    reader.finish().map_err(said)?;
    let practice = PracticeId::parse(case["practice"].as_str().unwrap()).unwrap();
    holds(receipt.is_signed_by(practice, &verifying(case, "server_key")), "the signature")
}

fn seen(case: &Value) -> Verdict {
    let mut message = vec![61];
    message.extend(bytes(case, "bytes"));
    let Message::Seen(seen) = Message::decode(&message).map_err(said)? else {
        return Err("another message".to_owned());
    };
    holds(seen.is_signed_by(&verifying(case, "device_key")), "the signature")
}

fn row(case: &Value) -> Verdict {
    let name = RowName::decode(&bytes(case, "name")).map_err(said)?;
    let row = Row::from_bytes(fixed(case, "row"));
    let commitment = Hash::from_bytes(fixed(case, "commitment"));
    // Behind step-up two keys lie above: the second secret, then the member's.
    let above = bytes(case, "above");
    let (above, further) = above.split_first_chunk::<32>().ok_or("no key above")?;
    let above = SecretKey::from_bytes(*above);
    let opened = match name {
        RowName::Safe(name) => {
            let member_key = KemKey::from_seed(*above.expose());
            safe::open_ring(&member_key, &name, &commitment, &row).map(|k| hex(k.secret().expose()))
        }
        RowName::SecondSafe(name) => {
            let second = SecondSecret::from_secret(above);
            let member_key = KemKey::from_seed(further.try_into().map_err(said)?);
            let key = safe::open_second_ring(&second, &member_key, &name, &commitment, &row);
            key.map(|key| hex(key.secret().expose()))
        }
        RowName::Slot(name) => {
            let ring = RingKey::from_secret(above);
            safe::open_slot(&ring, &name, &commitment, &row).map(|k| hex(k.secret().expose()))
        }
        RowName::Draft(name) => {
            let slot = SlotKey::from_secret(above);
            safe::open_draft(&slot, &name, &commitment, &row).map(|k| hex(k.secret().expose()))
        }
        RowName::Sheet(name) => {
            let sheet = RecoverySheet::from_entropy(above);
            let own = SheetName::of(name.member, &sheet.sign().verifying());
            holds(name == own && commitment == Hash::ZERO, "the name")?;
            sheet.open_second(name.member, &row).map(|second| hex(second.secret().expose()))
        }
    };
    same(&opened.map_err(said)?.as_str(), &case["out"].as_str().unwrap(), "the key")
}

fn whole_safe(case: &Value) -> Verdict {
    let mut rows = Vec::new();
    for pair in case["rows"].as_array().unwrap() {
        let name = RowName::decode(&unhex(pair[0].as_str().unwrap())).map_err(said)?;
        let row = unhex(pair[1].as_str().unwrap()).try_into().map_err(|_| "no row".to_owned())?;
        rows.push((name, Row::from_bytes(row)));
    }
    let hash = safe::hash_rows(&rows).to_string();
    same(&hash.as_str(), &case["hash"].as_str().unwrap(), "the hash of a safe")
}

fn record(case: &Value) -> Verdict {
    let record = Record::decode(&bytes(case, "bytes")).map_err(said)?;
    record.verify(&verifying(case, "author_key")).map_err(said)?;
    same(&record.digest().to_string().as_str(), &case["digest"].as_str().unwrap(), "the digest")?;
    same(&record.body().is_some(), &case["has_body"].as_bool().unwrap(), "the body")
}

fn compartment(case: &Value) -> Verdict {
    let data = bytes(case, "bytes");
    let name = CompartmentName::decode(&data).map_err(said)?;
    same(&name.encode(), &data, "the name")
}

fn sheet(case: &Value) -> Verdict {
    let words = texts(&case["words"]).join(" ");
    let sheet = RecoverySheet::parse(&words).map_err(said)?;
    same(&sheet.sign().verifying(), &verifying(case, "sig"), "the signing key")?;
    same(&hex(sheet.kem().seed()).as_str(), &case["kem_seed"].as_str().unwrap(), "the KEM seed")
}

fn vault(case: &Value) -> Verdict {
    let header = Vault::read_header(&bytes(case, "bytes")).map_err(said)?;
    same(&hex(&header.vault_id).as_str(), &case["vault_id"].as_str().unwrap(), "the id")
}

fn one_wrap(case: &Value) -> Verdict {
    let frame = bytes(case, "frame");
    let practice = PracticeId::parse(case["practice"].as_str().unwrap()).unwrap();
    let (info, wrapped) = wrap_frame(practice, &frame).ok_or("the wrap does not read")?;
    let key = KemKey::from_seed(fixed(case, "kem_seed"));
    let opened = match case["second"].as_str() {
        None => wrap::unwrap(&key, &info, &wrapped),
        Some(_) => {
            let second = SecretKey::from_bytes(fixed(case, "second"));
            let (psk, id) = SecondSecret::from_secret(second).for_wraps();
            wrap::unwrap_shared(&key, SharedKey { key: &psk, id: &id }, &info, &wrapped)
        }
    };
    let opened = opened.map_err(said)?;
    same(&hex(&opened).as_str(), &case["out"].as_str().unwrap(), "what is wrapped")
}

/// A wrap with what it is bound to, as a device keeps it.
pub(super) fn wrap_frame(practice: PracticeId, frame: &[u8]) -> Option<(WrapInfo, Wrap)> {
    let mut reader = Reader::new(frame);
    let number = reader.u8().ok()?;
    let action = (number == WrapAction::Found as u8).then_some(WrapAction::Found)?;
    let (subject, version) = (reader.fixed().ok()?, reader.u32().ok()?);
    let recipient = Recipient::read(&mut reader).ok()?;
    let wrapped = Wrap::from_bytes(reader.bytes(1 << 20).ok()?.to_vec()).ok()?;
    reader.finish().ok()?;
    Some((WrapInfo { practice, action, subject, version, recipient }, wrapped))
}

fn journal(case: &Value) -> Verdict {
    let files = SimulatedFs::new(1);
    for segment in texts(&case["segments"]).into_iter().map(unhex) {
        // The file's name is the number in its header.
        files.put(&format!("{}.seg", hex(&segment[16..24])), &segment);
    }
    let local = SecretKey::from_bytes(fixed(case, "local"));
    let mut random = Seeded::new(1);
    if bytes(case, "class") == b"tac-rows" {
        let key = local.derive("tac/row-frame-key/v1", &[]);
        let rows = Rows::open(files.clone(), key, &mut random).map_err(said)?;
        holds(!rows.is_read_only(), "the key tables")?;
        // A torn tail is cut in silence: only the files show it.
        let left: Vec<_> = files.names().iter().filter_map(|name| files.contents(name)).collect();
        let given: Vec<_> = texts(&case["segments"]).into_iter().map(unhex).collect();
        same(&left, &given, "the files")?;
        return table(&rows, case);
    }
    let key = local.derive("tac/frame-key/v1", &[]);
    let (store, opened) =
        Store::open(files, *b"tac-devi", key, &Vouched::default(), &mut random).map_err(said)?;
    let whole = opened.torn.is_none() && opened.damage.is_empty() && !store.is_read_only();
    holds(whole, "the journal")?;
    let count = |name| texts(&case["frames"]).into_iter().filter(|frame| *frame == name).count();
    let locations = store.locations();
    same(&locations.entries().len(), &count("entry"), "the number of entries")?;
    same(&locations.wraps().len(), &count("wrap"), "the number of wraps")?;
    same(&locations.compartments().count(), &count("compartment"), "the compartments")
}

fn table(rows: &Rows<SimulatedFs>, case: &Value) -> Verdict {
    let mut expected: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    for change in case["frames"].as_array().unwrap() {
        let name = unhex(change[0].as_str().unwrap());
        expected.insert(name, change[1].as_str().map(unhex));
    }
    for (name, row) in expected {
        let name = RowName::decode(&name).map_err(said)?;
        let found = rows.row(&name).map(|row| row.as_bytes().to_vec());
        same(&found, &row, "a row")?;
    }
    Ok(())
}
