//! The hostile harness: real devices in terminals against a server that lies on order.
//!
//! A [`Stage`] is two computers of one person and the server's program, which takes orders to
//! misbehave (`tacenda_sync_server::mischief`). A [`Case`] is one lie. Each is played in a log of
//! its own, so that many share a stage, and each must come to the same: the person reads what is
//! wrong, what is safe and what to do; nothing here has changed; work in other logs goes on; and
//! when the server is honest again, everything arrives.
//!
//! docs/hostile-cases.md lists the cases. A new one is a row in `entries.rs`, or a test beside it.

mod devices;
mod entries;
mod keys;
mod practice;
mod views;

use std::path::{Path, PathBuf};
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_tests::network::{Server, connect, pair};
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::Scene;
use tacenda_tui::device::chance::OsRandom;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

/// What every alarm says of what is safe, and what to do.
const SAFE: &str = "Nothing of it was shown or taken over, and everything you have written is \
                    safe here. Compare with your other device, and ask whoever runs the server.";

/// Two computers of one person, and a server that obeys an attacker.
struct Stage {
    server: Server,
    laptop: Scene,
    tablet: Scene,
    on_laptop: Pty,
    /// Open all the time, so that what is written there is sent at once.
    on_tablet: Pty,
    laptop_id: String,
    added: usize,
}

/// A log and the last position in it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct End {
    log: String,
    position: u64,
}

impl End {
    /// The place after the last.
    fn next(&self) -> String {
        format!("{} {}", self.log, self.position + 1)
    }
}

/// The chart of one client, in which a case is played.
struct Chart {
    code: String,
    end: End,
}

/// One lie about entries.
struct Case {
    /// Its number in the protocol, and what is done.
    name: &'static str,
    /// The order, about the chart of the case; the second chart is another that exists.
    order: fn(&Stage, &Chart, &Chart) -> String,
    /// What the person reads first, if it is an alarm.
    says: Option<&'static str>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(name)
}

impl Stage {
    /// Sets up the practice with these clients on both computers; both windows are open.
    fn set(name: &str, clients: usize) -> Self {
        let root = folder(name);
        let mut laptop_id = String::new();
        let laptop = Scene::founded(PROGRAM, &root.join("laptop"), |device, now| {
            laptop_id = device.sync_status().devices[0].id.to_string();
            for number in 0..clients {
                let client = ClientId::random(&mut OsRandom);
                let contact = ContactChange {
                    name: Some(format!("Ada Testerin {number}")),
                    code: Some(code(number)),
                    ..ContactChange::default()
                };
                device.apply(Edit::NewClient { client, contact }, now).expect("a client");
            }
        });
        let tablet = Scene::empty(PROGRAM, &root.join("tablet"));
        let server = Server::new(SERVER, laptop.root());
        connect(&laptop, &server, None);
        pair(&laptop, &tablet, "tablet", server.address());
        let (on_laptop, on_tablet) = (laptop.unlocked(), tablet.unlocked());
        let mut stage = Self { server, laptop, tablet, on_laptop, on_tablet, laptop_id, added: 0 };
        stage.settle();
        stage
    }

    /// Waits until both have everything.
    fn settle(&mut self) {
        for scene in [&self.tablet, &self.laptop, &self.tablet] {
            idle(scene);
        }
    }

    /// Every log that the server has, with its end.
    fn ends(&mut self) -> Vec<End> {
        let answer = self.server.tell("logs");
        let words: Vec<&str> = answer.split_whitespace().skip(3).collect();
        let end = |pair: &[&str]| End {
            log: pair[0].to_owned(),
            position: pair[1].parse().expect("a position"),
        };
        words.chunks_exact(2).map(end).collect()
    }

    /// How much the server has taken, and the number of the last entry of the practice log.
    fn counts(&mut self) -> (u64, u64) {
        let answer = self.server.tell("logs");
        let mut numbers = answer.split_whitespace().skip(1).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(count)), Some(Ok(last))) => (count, last),
            _ => panic!("{answer}"),
        }
    }

    /// Begins a note of a client on the tablet; both have it.
    fn chart(&mut self, number: usize) -> Chart {
        let before = self.ends();
        let code = code(number);
        self.write(&code, "First words.");
        self.settle();
        let known = |end: &End| before.iter().any(|other| other.log == end.log);
        let new: Vec<End> = self.ends().into_iter().filter(|end| !known(end)).collect();
        let [end] = new.as_slice() else { panic!("one chart: {new:?}") };
        Chart { code, end: end.clone() }
    }

    /// Writes into a client's note on the tablet.
    fn write(&self, code: &str, words: &str) {
        self.tablet.run(&["note", "append", code], words).done();
    }

    /// Everything on the laptop but the audit trail.
    fn export(&self) -> Vec<String> {
        let exported = self.laptop.run(&["export"], "").done();
        // The first line says when, the last how many.
        let mut lines: Vec<String> = exported.lines().skip(1).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Looks whether everything on the laptop is as it was, and tells what is not.
    fn assert_unchanged(&self, before: &[String], case: &str) {
        let after = self.export();
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|line| !those.contains(line)).cloned().collect()
        };
        let (gone, new) = (only(before, &after), only(&after, before));
        assert!(gone.is_empty() && new.is_empty(), "{case}: gone {gone:#?}, new {new:#?}");
    }

    /// Waits until the person at the laptop reads these sentences in a notice; others that lie
    /// over it are closed.
    fn reads(&mut self, case: &str, sentences: &str) {
        let wanted = format!("{case}: a notice with {sentences:?}");
        loop {
            self.on_laptop.expect_screen(&wanted, |screen| notice(screen).is_some());
            match notice(self.on_laptop.screen()) {
                Some(open) if open.contains(sentences) => return,
                Some(open) => self.close(&open),
                None => {}
            }
        }
    }

    fn close(&mut self, open: &str) {
        self.on_laptop.keys("\r").expect_screen("a notice that closes", |screen| {
            notice(screen).as_deref() != Some(open)
        });
    }

    /// Looks whether the screen of the link still tells of it, after all notices are closed.
    fn reads_on_sync_screen(&mut self, case: &str, sentences: &str) {
        self.shows("7", "Queue");
        let wanted = format!("{case}: {sentences:?} on the screen of the link");
        self.on_laptop
            .expect_screen(&wanted, |screen| words(&screen.contents()).contains(sentences));
        self.shows("1", "Nothing is booked");
    }

    /// Goes to a screen, which shows this text; closes whatever notice lies over it.
    fn shows(&mut self, key: &str, text: &str) {
        loop {
            if let Some(open) = notice(self.on_laptop.screen()) {
                self.close(&open);
            } else if self.on_laptop.contents().contains(text) {
                return;
            } else {
                self.on_laptop.keys(key).expect_screen(text, |screen| {
                    screen.contents().contains(text) || notice(screen).is_some()
                });
            }
        }
    }

    /// What each adds in another log arrives at the other, while the server lies.
    fn work_goes_on(&mut self, case: &str) {
        self.added += 1;
        for (writer, reader, side) in
            [(&self.tablet, &self.laptop, "T"), (&self.laptop, &self.tablet, "L")]
        {
            let code = format!("NEW-{side}{}", self.added);
            writer.run(&["client", "add", "--code", &code], "Somebody Made-Up\n").done();
            idle(writer);
            idle(reader);
            let clients = reader.run(&["client", "list"], "").done();
            assert!(clients.contains(&code), "{case}: {code} has not arrived");
        }
    }

    /// The server is honest again, and both connect anew.
    fn make_peace(&mut self, order: u64) {
        // What is done once has ended by itself.
        let _ended = self.server.tell(&format!("end {order}"));
        self.server.tell("hang up any");
        self.settle();
    }

    /// Plays a case.
    fn play(&mut self, case: &Case, chart: &Chart, other: &Chart) {
        let name = case.name;
        self.shows("1", "Nothing is booked");
        let before = self.export();
        let order = self.server.order(&(case.order)(self, chart, other));
        let words = format!("Written under {name}.");
        self.write(&chart.code, &words);
        self.server.done(order);
        if let Some(says) = case.says {
            self.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
            self.reads_on_sync_screen(name, says);
            self.assert_unchanged(&before, name);
        } else {
            self.on_laptop.expect_not("Please read");
        }
        self.work_goes_on(name);
        self.make_peace(order);
        let after = self.export();
        let arrived = after.iter().filter(|line| line.contains(&words)).count();
        assert_eq!(arrived, 1, "{name}: with an honest server it must arrive once");
    }
}

fn code(number: usize) -> String {
    format!("TS-{number:03}")
}

fn idle(scene: &Scene) {
    scene.run(&["sync", "--until-idle"], "").done();
}

/// The words of the notice that lies over the screen, without its frame and line breaks.
fn notice(screen: &vt100::Screen) -> Option<String> {
    let (_, columns) = screen.size();
    let rows: Vec<Vec<char>> =
        screen.rows(0, columns).map(|row| row.chars().collect::<Vec<_>>()).collect();
    let title = "Please read";
    let top = rows.iter().position(|row| row.iter().collect::<String>().contains(title))?;
    let text: String = rows[top].iter().collect();
    let at = text[..text.find(title)?].chars().count();
    let left = rows[top][..at].iter().rposition(|c| *c == '\u{250c}')?;
    let right = at + rows[top][at..].iter().position(|c| *c == '\u{2510}')?;
    let inside = rows[top + 1..].iter().take_while(|row| row.get(left) == Some(&'\u{2502}'));
    let lines = inside.map(|row| row[left + 1..right.min(row.len())].iter().collect::<String>());
    Some(words(&lines.collect::<Vec<_>>().join(" ")))
}

/// Text without line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
