//! The link of a video room in a real terminal's clipboard: the bytes that are written, and when.

use super::*;
use jiff::civil::DateTime;
use tacenda_shared::id::AppointmentId;
use tacenda_shared::practice::edit::{
    AppointmentKind, Modality, NewAppointment, RemoteSetting, Slot,
};
use tacenda_shared::practice::remote::link;

const TEMPLATE: &str = "https://video.example.org/{room}?a=b&c=d";
const BLANK: &str = "\x1b]52;c;IA==\x07";

/// A practice with one appointment by video, late today, whose link may be copied by this policy.
fn with_video(name: &str, policy: &str) -> Scene {
    Scene::founded(PROGRAM, &folder(name), |device, now| {
        let client = add_client(device, CODE, NAME, now);
        let member = device.member();
        for (setting, text) in [(RemoteSetting::Link, TEMPLATE), (RemoteSetting::Copying, policy)] {
            let text = text.to_owned();
            device.apply(Edit::SetRemote { member, setting, text }, now).expect("a setting");
        }
        let zone = device.index().zone.clone();
        let instant = jiff::Timestamp::from_millisecond(now.as_millis()).expect("a moment");
        let local: DateTime = instant.in_tz(&zone).expect("a zone").datetime();
        let start = local.date().at(23, 0, 0, 0);
        let slot = Slot {
            start,
            zone,
            minutes: 50,
            clinician: member,
            room: None,
            modality: Modality::Video,
        };
        let booked = NewAppointment {
            id: appointment(),
            clients: vec![client],
            kind: AppointmentKind::Individual,
            slot,
            memo: None,
        };
        device.apply(Edit::Book(booked), now).expect("an appointment");
    })
}

fn appointment() -> AppointmentId {
    AppointmentId::from_bytes([9; 16])
}

/// The sequence that puts the link into the clipboard, made without the program's own code.
fn sequence() -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let link = link(TEMPLATE, appointment()).expect("a link");
    let bits: String = link.bytes().map(|byte| format!("{byte:08b}")).collect();
    let mut text = String::new();
    for six in bits.as_bytes().chunks(6) {
        let six = format!("{:0<6}", std::str::from_utf8(six).expect("digits"));
        text.push(char::from(letters[usize::from_str_radix(&six, 2).expect("a number")]));
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("\x1b]52;c;{text}\x07")
}

/// Unlocked, with the focus on the appointment, and its link on the screen.
fn at_the_link(scene: &Scene) -> Pty {
    let mut pty = scene.unlocked();
    pty.expect(CODE).keys("\x1b[F");
    pty.expect_screen("the focus on the appointment", |screen| {
        screen.contents().lines().any(|line| line.starts_with('>') && line.contains(CODE))
    });
    pty.keys("y").expect("https://video.example.org/");
    pty
}

#[test]
fn a_link_is_written_into_the_clipboard_once_and_a_lock_does_not_leave_it_there() {
    let scene = with_video("clipboard-always", "always");
    let mut pty = at_the_link(&scene);
    pty.keys("y").expect_raw(&sequence()).expect("Copied into the terminal's clipboard");
    pty.keys(CTRL_L).expect("(locked)");
    let raw = pty.take_raw();
    assert_eq!(raw.matches("\x1b]52;").count(), 2, "{raw:?}");
    assert_eq!(raw.matches(&sequence()).count(), 1);
    let (put, blank) = (raw.find(&sequence()).unwrap(), raw.find(BLANK).expect("a blank"));
    assert!(put < blank, "the blank comes last");
    // No sequence is wrapped, and nothing asks for what is in the clipboard.
    assert!(!raw.contains("\x1bPtmux") && !raw.contains("52;c;?"));
}

#[test]
fn the_end_of_the_program_takes_a_link_out_of_the_clipboard() {
    let scene = with_video("clipboard-end", "ask");
    let mut pty = at_the_link(&scene);
    pty.keys("y").expect("Other programs can read the clipboard");
    assert!(!pty.take_raw().contains("\x1b]52;"), "a warning first");
    pty.keys("y").expect_raw(&sequence()).expect("Copied into");
    pty.keys(F10);
    pty.wait();
    let raw = pty.take_raw();
    assert_eq!((raw.matches(&sequence()).count(), raw.matches(BLANK).count()), (1, 1), "{raw:?}");
}

#[test]
fn where_the_policy_forbids_it_not_a_byte_goes_into_the_clipboard() {
    let scene = with_video("clipboard-never", "never");
    let mut pty = at_the_link(&scene);
    pty.keys("y").expect("copying is off");
    pty.keys("y\x1b").expect_gone("https://video.example.org/");
    pty.keys(CTRL_L).expect("(locked)");
    assert!(!pty.take_raw().contains("\x1b]52"));
}
