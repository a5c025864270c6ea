//! The smallest interface there can be, on the real loop and the real terminal: shows what
//! arrives, and does what a key asks of it.

use std::collections::VecDeque;
use std::process::ExitCode;
use tacenda_tui::guard;
use tacenda_tui::input::{Input, Key, KeyCode};
use tacenda_tui::message::{DeviceEvent, Effect, Msg, VaultState};
use tacenda_tui::runtime::{App, Port, SystemClock, Zone, start};
use tacenda_tui::terminal::family::Profile;
use tacenda_tui::terminal::ratatui::{Frame, layout::Rect, text::Line};

fn main() -> ExitCode {
    guard::note_faults();
    guard::harden();
    let profile = Profile::from_environment(|name| std::env::var(name).ok(), false);
    let tty = match guard::Tty::open(profile) {
        Ok(tty) => tty,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (port, mut device) = Port::pair();
    let served = std::thread::spawn(move || {
        while let Some(effect) = device.effects.blocking_recv() {
            if matches!(effect, Effect::Lock) {
                // The interface may have left meanwhile.
                let _ = device.events.send(DeviceEvent::Locked);
            }
        }
    });
    let clock = SystemClock::new(Zone::system());
    let outcome = start(Probe::default(), port, tty, clock);
    let flushed = served.join().is_ok();
    match outcome {
        Ok(leaving) => {
            // A line to a terminal that nobody reads would wait for ever.
            if std::env::var_os("QUIET").is_none() {
                println!("left in order, device flushed: {flushed}");
            }
            ExitCode::from(leaving.status())
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Shows the last events, newest first; `=` begins a field, in which letters are text.
#[derive(Default)]
struct Probe {
    events: VecDeque<String>,
    field: Option<String>,
    keys: usize,
    locked: bool,
    /// Fills the screen, each time with something else.
    filling: usize,
}

impl App for Probe {
    fn update(&mut self, message: Msg) -> Vec<Effect> {
        match message {
            Msg::Input(Input::Key(key)) => return self.key(key),
            Msg::Input(Input::Paste(text)) => {
                self.note(format!("paste of {} bytes, sum {}", text.len(), sum(&text)));
            }
            Msg::Input(Input::Burst(text)) => {
                if let Some(field) = &mut self.field {
                    field.push_str(&text);
                    self.keys += text.chars().count();
                    return Vec::new();
                }
                self.note(format!("burst of {} bytes ignored", text.len()));
            }
            Msg::Input(Input::Focus(gained)) => self.note(format!("focus {gained}")),
            Msg::Input(Input::Resize { columns, rows }) => {
                self.note(format!("size {columns}x{rows}"));
            }
            Msg::Leave => {
                self.locked = true;
                self.events.clear();
                return vec![Effect::Lock];
            }
            Msg::Back => self.note("back".into()),
            Msg::Device(DeviceEvent::Locked) => self.note("keys are gone".into()),
            Msg::Device(DeviceEvent::State(VaultState::Absent)) => self.note("absent".into()),
            Msg::Device(_) | Msg::Clock(_) => {}
        }
        Vec::new()
    }

    fn view(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let mut rows: VecDeque<String> = self.events.clone();
        let field = self.field.as_deref().unwrap_or("browse");
        let state = if self.locked { "locked" } else { "open" };
        rows.push_front(format!("{state}, {} keys", self.keys));
        rows.push_front(format!("> {field}"));
        for row in (0..area.height).filter(|_| self.filling > 0) {
            let letters = (0..area.width).map(|column| {
                let number = (self.filling + usize::from(row) * 7 + usize::from(column) * 5) % 26;
                char::from(b'a' + u8::try_from(number).unwrap_or(0))
            });
            let text: String = letters.collect();
            frame.render_widget(Line::raw(text), Rect { y: row, height: 1, ..area });
        }
        for (row, text) in (0..area.height).zip(&rows) {
            frame.render_widget(Line::raw(text), Rect { y: row, height: 1, ..area });
        }
        let column = u16::try_from(field.chars().count()).unwrap_or(u16::MAX).saturating_add(2);
        frame.set_cursor_position((column.min(area.width.saturating_sub(1)), 0));
    }

    fn has_caret(&self) -> bool {
        self.field.is_some()
    }
}

impl Probe {
    fn note(&mut self, event: String) {
        self.events.push_front(event);
        self.events.truncate(8);
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.keys += 1;
        match (&mut self.field, key.code) {
            (_, KeyCode::Char('q')) if key.ctrl => return vec![Effect::Quit],
            (_, KeyCode::Char('f')) if key.ctrl => self.filling += 1,
            (_, KeyCode::Char('z')) if key.ctrl => return vec![Effect::Suspend],
            (_, KeyCode::Char('l')) if key.ctrl => {
                self.locked = true;
                return vec![Effect::Lock];
            }
            (_, KeyCode::Char('x')) if key.ctrl => {
                panic!("text of a client that must not be shown")
            }
            (field @ Some(_), KeyCode::Enter | KeyCode::Esc) => *field = None,
            (Some(text), KeyCode::Char(letter)) => text.push(letter),
            (field @ None, KeyCode::Char('=')) => *field = Some(String::new()),
            (None, code) => self.note(format!("key {code:?}")),
            (Some(_), _) => {}
        }
        Vec::new()
    }
}

fn sum(text: &str) -> u32 {
    text.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
}
