//! Copying the link of a video room: what is asked for, when, and what becomes of it.

use super::*;
use crate::message::Clip;
use std::sync::Arc;
use tacenda_shared::id::{CompartmentId, DevInc, DeviceId, PracticeId};
use tacenda_shared::practice::change::Author;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::{Modality, Purpose, RemoteSetting};
use tacenda_shared::practice::release::{self, Item, Released, Way};
use tacenda_shared::practice::{Context, Pen, Practice, Shelf, ShelfError};
use tacenda_shared::random::{Random, Seeded};
use tacenda_shared::suite::{Signature, SigningKey};

const TEMPLATE: &str = "https://video.example.org/{room}";

/// Today, on an appointment by video whose room has a link.
fn with(policy: Option<&str>) -> Driver {
    let mut sample = Sample::new();
    sample.change(1, |row| row.slot.modality = Modality::Video);
    let said = [(RemoteSetting::Link, Some(TEMPLATE)), (RemoteSetting::Copying, policy)];
    for (setting, text) in said {
        let text = text.map(|text| ((sample::clinician(), setting), text.to_owned()));
        sample.index.remote.extend(text);
    }
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver
}

fn asked(driver: &Driver) -> usize {
    let asked =
        |effect: &&Effect| matches!(effect, Effect::CopyLink(id) if *id == sample::appointment(1));
    driver.effects.iter().filter(asked).count()
}

/// What became of the clipboard, in order: `put`, `blank`, and where the lock and the end came.
fn clips(driver: &Driver) -> Vec<&'static str> {
    let word = |effect: &Effect| match effect {
        Effect::Clipboard(Clip::Put(_)) => Some("put"),
        Effect::Clipboard(Clip::Overwrite) => Some("blank"),
        Effect::Lock => Some("lock"),
        Effect::Quit => Some("quit"),
        _ => None,
    };
    driver.effects.iter().filter_map(word).collect()
}

/// Nothing is stored, and nobody asks who writes.
struct Nobody(SigningKey);

impl Shelf for Nobody {
    fn document(&mut self, _: &CompartmentName, _: ObjectId) -> Result<Vec<Vec<u8>>, ShelfError> {
        Ok(Vec::new())
    }

    fn record(&mut self, _: &CompartmentName, _: RecordId) -> Result<Vec<u8>, ShelfError> {
        Err(ShelfError::Missing)
    }
}

impl Pen for Nobody {
    fn author(&self) -> Author {
        let (member, device) = (sample::clinician(), DeviceId::from_bytes([1; 16]));
        Author { member, device, incarnation: DevInc::new(1) }
    }

    fn practice(&self) -> PracticeId {
        PracticeId::from_bytes([1; 16])
    }

    fn log(&mut self, _: &CompartmentName) -> CompartmentId {
        CompartmentId::from_bytes([1; 16])
    }

    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        self.0.sign(label, fields)
    }
}

/// What the gate gives for a link.
fn released() -> Released {
    let random: &mut dyn Random = &mut Seeded::new(1);
    let key = SigningKey::random(random);
    let (mut shelf, mut pen) = (Nobody(key), Nobody(SigningKey::random(random)));
    let now = sample::now().time;
    let cx = &mut Context { now, random, shelf: &mut shelf, pen: &mut pen };
    let compartment = CompartmentName::Series(sample::clinician());
    let item = Item { compartment, bytes: b"https://video.example.org/room".to_vec() };
    let (way, why) = (Way::Clipboard, Purpose::Disclosure);
    release::emit(&mut Practice::new(), vec![item], way, why, cx).released
}

fn copied(driver: &mut Driver) -> &mut Driver {
    driver.keys("yy").device(DeviceEvent::Copied(Ok(released())))
}

#[test]
fn a_link_is_copied_by_policy_and_nothing_until_it_is_allowed() {
    for policy in [None, Some("never"), Some("sometimes")] {
        let mut driver = with(policy);
        let screen = driver.keys("yy").screen();
        assert!(screen.contains("copying is off (g y on Today allows it)"), "{screen}");
        assert!(screen.contains("Video room"), "the link is still there to be typed: {screen}");
        assert_eq!(asked(&driver), 0);
    }
    let mut driver = with(Some("ask"));
    let screen = driver.keys("yy").screen();
    assert!(screen.contains("Other programs can read the clipboard"), "{screen}");
    assert_eq!(asked(&driver), 0, "a warning first");
    driver.keys("y");
    assert_eq!(asked(&driver), 1);
    let mut driver = with(Some("always"));
    driver.keys("yy");
    assert_eq!(asked(&driver), 1);
    assert!(!driver.screen().contains("Video room"), "{}", driver.screen());
    // A terminal that would take the sequence for text gets none.
    let mut driver = with(Some("always"));
    driver.model.look.clipboard = false;
    let screen = driver.keys("yy").screen();
    assert!(screen.contains("takes nothing into a clipboard"), "{screen}");
    assert_eq!(asked(&driver), 0);
}

#[test]
fn what_was_copied_is_there_for_half_a_minute() {
    let mut driver = with(Some("always"));
    copied(&mut driver);
    assert_eq!(clips(&driver), ["put"]);
    let screen = driver.screen();
    assert!(screen.contains("until 09:41:30, or a lock"), "{screen}");
    assert!(driver.effects.iter().any(|effect| {
        matches!(effect, Effect::Wake(at) if *at == sample::now().time.plus_millis(30_000))
    }));
    driver.wait(29_999);
    assert_eq!(clips(&driver), ["put"]);
    driver.wait(1);
    assert_eq!(clips(&driver), ["put", "blank"]);
    assert!(driver.screen().contains("A blank has taken the place"), "{}", driver.screen());
    driver.wait(60_000);
    assert_eq!(clips(&driver), ["put", "blank"], "once");
    // A clock that is set back keeps it there no longer.
    let mut driver = with(Some("always"));
    copied(&mut driver);
    driver.wait(-3_600_000);
    assert_eq!(clips(&driver), ["put", "blank"]);
}

#[test]
fn no_lock_and_no_end_leaves_a_link_in_the_clipboard() {
    let mut driver = with(Some("always"));
    copied(&mut driver).key(Key::ctrl('l'));
    assert_eq!(clips(&driver), ["put", "blank", "lock"]);
    let mut driver = with(Some("always"));
    copied(&mut driver).code(KeyCode::F(10));
    assert_eq!(clips(&driver), ["put", "blank", "quit"]);
    let mut driver = with(Some("always"));
    copied(&mut driver).send(Msg::Leave);
    assert_eq!(clips(&driver), ["put", "blank", "lock"]);
    // What comes back from the gate after a lock is not copied any more.
    let mut driver = with(Some("always"));
    driver.keys("yy").key(Key::ctrl('l')).device(DeviceEvent::Copied(Ok(released())));
    assert_eq!(clips(&driver), ["lock"]);
    // What is refused is said, and nothing is copied.
    let mut driver = with(Some("always"));
    let refused = Notice::new("It was not copied.", "All is safe.", "Type it.");
    driver.keys("yy").device(DeviceEvent::Copied(Err(refused)));
    assert!(driver.screen().contains("It was not copied."), "{}", driver.screen());
    assert!(clips(&driver).is_empty());
}

#[test]
fn who_is_at_the_keyboard_says_whether_links_are_copied() {
    let mut driver = with(Some("always"));
    let screen = driver.keys("gy").screen();
    assert!(screen.contains("always: y in the box of a link copies it   (as it is)"), "{screen}");
    driver.keys("j⏎");
    let ask = Edit::SetRemote {
        member: sample::clinician(),
        setting: RemoteSetting::Copying,
        text: "ask".to_owned(),
    };
    assert_eq!(driver.edits(), [&ask]);
}
