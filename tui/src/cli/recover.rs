//! `tacenda join --recover`: from the words of a sheet and the server to a device that has
//! everything, in place of those that are lost.
//!
//! Nothing is kept on the way. Whoever is stopped begins again with the words: what was taken by
//! the practice log stays, and the device of the earlier try is one of those that are revoked.

use super::begin::{self, NewVault};
use super::behind;
use super::connect::Driven;
use super::pair::{self, keys_of};
use crate::device::chance::OsRandom;
use crate::device::courier::enrol::EnrolError;
use crate::device::courier::recover::{Found, Opened, Proposed, RecoverError, Recovery};
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError};
use crate::link::{Line, Target, Trouble};
use crate::message::Secret;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::PracticeHead;
use tacenda_shared::id::{DevInc, DeviceId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::recovery::{RecoveryError, RecoverySheet};
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General, KdfCost};
use tacenda_shared::keys::words;
use tacenda_shared::log::OwnHead;
use tacenda_shared::practice::AuditKind;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::device::{JoinError, Joined, Joining, Lane, Transmit};
use tacenda_shared::sync::{Message, Recover, RefusalCode, RowKey};
use zeroize::Zeroizing;

/// How often the practice log may move while the sheet signs its entries.
const TRIES: usize = 8;
/// Rows in one request.
const ROWS_AT_ONCE: usize = 1024;
const NOTHING_CHANGED: &str = "Nothing has been changed.";

/// What a person is shown and asked.
pub trait Dialogue {
    /// Says how far it is.
    fn say(&mut self, line: &str);
    /// Is that all, and which of the devices stay? `None` is no: nothing is changed then.
    fn is_that_all(&mut self, found: &Found) -> Option<BTreeSet<DeviceId>>;
}

/// A link on which a sheet speaks.
pub trait SheetLink {
    /// Returns the key that the server has proven to hold.
    fn server(&self) -> Option<VerifyingKey>;
    /// Carries a message, and brings all of its answers.
    fn carry(&mut self, lane: Lane, message: &Message) -> Result<Vec<Message>, Notice>;
}

impl SheetLink for Line {
    fn server(&self) -> Option<VerifyingKey> {
        self.server_key()
    }

    fn carry(&mut self, lane: Lane, message: &Message) -> Result<Vec<Message>, Notice> {
        match lane {
            Lane::Control => Ok(vec![self.say(message)?]),
            _ => Ok(self.ask(message)?),
        }
    }
}

/// What a device is set up with.
pub struct NewDevice<'a> {
    /// Where its practice will lie. There must be none.
    pub home: &'a Home,
    /// `host:port` of the server.
    pub server: String,
    /// The words.
    pub sheet: RecoverySheet,
    /// What it shall be called.
    pub name: String,
    /// The passphrase that it shall have.
    pub passphrase: &'a Secret,
    /// What one try at the passphrase shall cost.
    pub cost: KdfCost,
}

/// Recovers the practice of a sheet: asks, revokes the devices that do not stay, adds this one,
/// and fetches everything.
pub fn recover(
    new: NewDevice<'_>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<Device, Notice> {
    let NewDevice { home, server, sheet, name, passphrase, cost } = new;
    let typed = Passphrase::from_text(&passphrase.0)
        .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
    begin::clear(home)?;
    let newcomer = Newcomer::new(name.clone());
    let secret = begin::device_secret();
    let vault = NewVault::begin(&name, (&typed, &secret), cost, &newcomer.keys.hedge)?;
    let seed = Zeroizing::new(*newcomer.keys.tls.seed());
    let target = Target { addresses: vec![server], pin: None, seed };
    let mut open = || Line::open(&target).map_err(Notice::from);
    let Admitted { joined, general, opened, mut link } =
        admit(sheet, newcomer, &mut open, dialogue, now)?;
    dialogue.say("This computer belongs to your practice now.");
    let (enrolment, rows) = keys_of(&mut link, joined, &general)?;
    drop(link);
    let second = opened.second();
    let mut device = begin::settle(home, &enrolment, general, rows, vault, second, now())?;
    dialogue.say("Fetching your practice.");
    let mut driven = Driven::start(&mut device, now)?;
    driven.until_current(&mut |line| dialogue.say(line))?;
    driven.until(&mut |line| dialogue.say(line), |device| !device.is_rekeying())?;
    if let Some(second) = second {
        behind::settle(&mut driven, second, &mut |line| dialogue.say(line))?;
    }
    drop(driven);
    device.audit(AuditKind::Recover, now()).map_err(|error| Notice::from(&error))?;
    device.close_behind();
    Ok(device)
}

/// The device that takes the place of the others, before the practice knows it.
pub struct Newcomer {
    keys: DeviceSecrets,
    device: DeviceId,
    name: String,
}

impl Newcomer {
    /// Draws the keys of a device with this name.
    pub fn new(name: String) -> Self {
        let keys = DeviceSecrets::generate(&mut OsRandom);
        Self { keys, device: DeviceId::random(&mut OsRandom), name }
    }

    /// Returns the key with which it speaks on links.
    pub fn tls(&self) -> VerifyingKey {
        self.keys.tls.verifying()
    }
}

/// A device that the practice log has taken in, before it has anything on its disk.
pub struct Admitted<L> {
    /// The practice log.
    pub joined: Joined,
    /// For the vault.
    pub general: General,
    /// What the words have opened.
    pub opened: Opened,
    /// The link of the sheet, which may fetch the rows.
    pub link: L,
}

/// Does everything that the sheet signs: first the devices that do not stay are revoked, then the
/// new one comes in. `open` opens a link; each look at the practice log has its own.
pub fn admit<L: SheetLink>(
    mut sheet: RecoverySheet,
    newcomer: Newcomer,
    open: &mut dyn FnMut() -> Result<L, Notice>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<Admitted<L>, Notice> {
    // What the person has said yes to: which devices stay, in a practice log that ends there.
    let mut answer: Option<(BTreeSet<DeviceId>, PracticeHead)> = None;
    for _ in 0..TRIES {
        let mut link = open()?;
        let mut looked = look(&mut link, sheet, &newcomer.tls(), now)?;
        let state = looked.opened.state();
        let head = state.head();
        if let Some((_, confirmed)) = &answer
            && state.head_at(confirmed.seq) != Some(*confirmed)
        {
            return Err(of(&RecoverError::AnotherLog));
        }
        let keep = match answer.take() {
            Some((keep, confirmed)) if confirmed == head => keep,
            // What has come since, nobody has said yes to.
            Some(_) | None => {
                let found = looked.opened.found(&looked.heads);
                let keep = dialogue.is_that_all(&found).ok_or_else(stopped)?;
                // The answer may have taken long, and devices go on while somebody thinks.
                looked.heads = heads(&mut link, &looked.opened)?;
                keep
            }
        };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &newcomer.keys.hedge, random: &mut random };
        let Looked { mut joining, opened, heads } = looked;
        let revocation = opened.revocation(&keep, &heads, &mut hedge, now());
        answer = Some((keep.clone(), head));
        if let Some(revocation) = revocation.map_err(|error| of(&error))? {
            let signed = revocation.0.head();
            if append(&mut link, &mut joining, revocation)?.is_some() {
                answer = Some((keep, signed));
            }
            sheet = opened.into_sheet();
            continue;
        }
        let who = (newcomer.device, newcomer.name.as_str());
        let admission = opened.admission(&newcomer.keys, who, &mut hedge, now());
        let admission = admission.map_err(|error| of(&error))?;
        if let Some(joined) = append(&mut link, &mut joining, admission)? {
            let general = newcomer.settle(&opened);
            return Ok(Admitted { joined, general, opened, link });
        }
        sheet = opened.into_sheet();
    }
    Err(Notice::new(
        "Your practice is being changed from elsewhere all the time.",
        "What was revoked stays revoked; this computer has nothing yet.",
        "Run `tacenda join --recover` again.",
    ))
}

impl Newcomer {
    fn settle(self, opened: &Opened) -> General {
        General {
            practice: opened.state().practice(),
            member: opened.member(),
            device: self.device,
            dev_inc: DevInc::new(1),
            keys: self.keys,
            extra: Extra::default(),
        }
    }
}

/// One look at the practice log.
struct Looked {
    joining: Joining,
    opened: Opened,
    heads: BTreeMap<DeviceId, OwnHead>,
}

fn look(
    link: &mut dyn SheetLink,
    sheet: RecoverySheet,
    tls: &VerifyingKey,
    now: fn() -> Timestamp,
) -> Result<Looked, Notice> {
    // Whoever answers learns nothing that would help it to speak to another server in our name.
    let server = link.server().ok_or(Trouble::AnotherServer)?;
    let word = Recover::sign(&sheet.sign(), tls, &server, now());
    let mut joining = Joining::with_sheet(word);
    let joined = drive(link, &mut joining)?.ok_or(Trouble::Ended)?;
    let recovery = Recovery::new(sheet, &joined, &server).map_err(|error| of(&error))?;
    let rows = rows(link, &recovery.rows())?;
    let opened = recovery.open(rows).map_err(|error| of(&error))?;
    let heads = heads(link, &opened)?;
    Ok(Looked { joining, opened, heads })
}

/// Carries messages until the practice log is here; `None` if somebody else was first.
fn drive(link: &mut dyn SheetLink, joining: &mut Joining) -> Result<Option<Joined>, Notice> {
    while let Some(Transmit { lane, message }) = joining.poll_transmit() {
        for answer in link.carry(lane, &message)? {
            match joining.handle_message(lane, answer) {
                Ok(None) => {}
                Ok(Some(joined)) => return Ok(Some(joined)),
                Err(JoinError::Refused(refusal)) if refusal.code == RefusalCode::Conflict => {
                    return Ok(None);
                }
                Err(JoinError::Refused(refusal)) => return Err(refused(refusal.code)),
                Err(_) => return Err(of(&RecoverError::Log)),
            }
        }
    }
    Err(Trouble::Ended.into())
}

fn append(
    link: &mut dyn SheetLink,
    joining: &mut Joining,
    (entry, rows): Proposed,
) -> Result<Option<Joined>, Notice> {
    joining.append_entry(entry, rows);
    drive(link, joining)
}

/// Fetches rows, in the order asked.
fn rows(link: &mut dyn SheetLink, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>, Notice> {
    let mut rows = Vec::new();
    for some in keys.chunks(ROWS_AT_ONCE) {
        for answer in link.carry(Lane::Request(0), &Message::RowsGet(some.to_vec()))? {
            match answer {
                Message::Rows(part) => rows.extend(part),
                Message::Refused(refusal) => return Err(refused(refusal.code)),
                _ => return Err(Trouble::Garbled.into()),
            }
        }
    }
    Ok(rows)
}

/// Asks how far each device has come. An honest server takes nothing more from them for a moment,
/// so that nothing is cut off that it has acknowledged.
fn heads(link: &mut dyn SheetLink, opened: &Opened) -> Result<BTreeMap<DeviceId, OwnHead>, Notice> {
    let devices: Vec<_> = opened.state().devices_of(opened.member()).collect();
    let mut found = BTreeMap::new();
    for answer in link.carry(Lane::Request(0), &Message::DeviceHead(devices))? {
        match answer {
            Message::DeviceHeads(heads) => found.extend(opened.heads(&heads)),
            Message::Refused(refusal) => return Err(refused(refusal.code)),
            _ => return Err(Trouble::Garbled.into()),
        }
    }
    Ok(found)
}

/// Reads the words as they were typed.
pub fn read_words(text: &str) -> Result<RecoverySheet, Notice> {
    RecoverySheet::parse(text).map_err(|error| {
        let (happened, next) = match error {
            RecoveryError::UnknownWord { place } => {
                let typed = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
                let near = typed.clone().nth(place - 1).map(words::suggestions);
                let near = near.filter(|near| !near.is_empty());
                let next = near.map_or_else(
                    || format!("Look at word {place} on your sheet."),
                    |near| format!("Look at word {place} on your sheet: {}?", near.join(", ")),
                );
                (format!("Word {place} is not a word of any sheet."), next)
            }
            RecoveryError::Count { found } => (
                format!("Those are {found} words; a sheet has 24."),
                "Type all 24, in their order.".to_owned(),
            ),
            RecoveryError::Checksum => (
                "Each word is one that sheets have, but together they are no sheet.".to_owned(),
                "Two of them are swapped, or one stands for another: compare each with the paper."
                    .to_owned(),
            ),
        };
        Notice::new(happened, NOTHING_CHANGED, next)
    })
}

fn stopped() -> Notice {
    Notice::new(
        "You said that something is missing.",
        "Nothing has been changed: your devices are still those of the practice.",
        "Ask whoever runs your server whether its disk was restored from a copy, and look for a \
         device that still opens your practice.",
    )
}

fn refused(code: RefusalCode) -> Notice {
    match code {
        RefusalCode::UnknownPractice => Notice::new(
            "This server has no practice to which these words belong.",
            NOTHING_CHANGED,
            "Look at the server's address. A sheet that was replaced opens nothing any more.",
        ),
        RefusalCode::BadSignature => Notice::new(
            "The clocks of this computer and of the server differ by more than ten minutes.",
            NOTHING_CHANGED,
            "Set the clock of this computer, then try again.",
        ),
        other => pair::refused(other),
    }
}

/// Says why the words bring nothing back.
pub fn of(error: &RecoverError) -> Notice {
    let next = match error {
        RecoverError::AnotherServer => {
            "Somebody stands between you and your server. Try another network."
        }
        RecoverError::NotAMember => {
            "A sheet that was replaced opens nothing any more: look for the newer one."
        }
        RecoverError::AnotherLog => {
            "Your server shows two histories of your practice. Ask whoever runs it, and sign nothing \
             more until that is explained."
        }
        RecoverError::Missing | RecoverError::Log | RecoverError::Unproven => {
            "Ask whoever runs your server to restore its folder from a backup."
        }
        RecoverError::Rule(_) | RecoverError::Keyring(_) => {
            "Update Tacenda; if this stays, keep the sheet and ask for help."
        }
        RecoverError::Enrol(EnrolError::Device(_)) => "Look whether this computer's disk is full.",
        RecoverError::Enrol(_) => "Run `tacenda join --recover` again.",
    };
    Notice::new(
        format!("The practice cannot be recovered: {error}."),
        "Nothing has been taken away from what the server keeps.",
        next,
    )
}
