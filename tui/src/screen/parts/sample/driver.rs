//! The interface as a test drives it: keys in, effects and screens out.

use super::*;
use tacenda_shared::practice::edit::PsychotherapyEdit;

/// The interface on a terminal of a given size, without a terminal.
pub(crate) struct Driver {
    pub(crate) model: Model,
    pub(crate) effects: Vec<Effect>,
    size: (u16, u16),
}

impl Driver {
    /// Locked.
    pub(crate) fn locked(columns: u16, rows: u16) -> Self {
        let look = Look { columns, rows, ascii: false, colour: true, clipboard: true };
        let mut driver = Self {
            model: Model::new(now(), look, [7; 32]),
            effects: Vec::new(),
            size: (columns, rows),
        };
        driver.device(DeviceEvent::State(VaultState::Locked {
            vault: "practice-main".to_owned(),
            device: "laptop-2".to_owned(),
            demo_passphrase: None,
        }));
        driver
    }

    /// Open at Today, in the made-up practice.
    pub(crate) fn open(columns: u16, rows: u16) -> Self {
        let mut driver = Self::locked(columns, rows);
        driver.device(DeviceEvent::Unlocked(Arc::new(Sample::new().index)));
        driver.device(DeviceEvent::Sync(SyncStatus {
            attached: true,
            connected: true,
            queued: 0,
            arriving: None,
            opening: false,
            last: Some(now().time.plus_millis(-120_000)),
            most: 0,
            files: None,
            refilling: None,
            devices: vec![
                device("laptop-2", true, None),
                device("desk-1", false, Some(now().time.plus_millis(-3_600_000))),
            ],
            trouble: None,
        }));
        driver
    }

    /// Says that so much waits to be sent.
    pub(crate) fn queue(&mut self, connected: bool, queued: u64) -> &mut Self {
        let status = SyncStatus { connected, queued, ..self.model.sync.clone() };
        self.device(DeviceEvent::Sync(status))
    }

    pub(crate) fn send(&mut self, message: Msg) -> &mut Self {
        let effects = update(&mut self.model, message);
        self.effects.extend(effects);
        self
    }

    pub(crate) fn device(&mut self, event: DeviceEvent) -> &mut Self {
        self.send(Msg::Device(event))
    }

    pub(crate) fn key(&mut self, key: Key) -> &mut Self {
        self.send(Msg::Input(Input::Key(key)))
    }

    pub(crate) fn code(&mut self, code: KeyCode) -> &mut Self {
        self.key(Key::plain(code))
    }

    /// Types each letter; `⏎`, `⎋` and `⇥` are Enter, Esc and Tab.
    pub(crate) fn keys(&mut self, letters: &str) -> &mut Self {
        for letter in letters.chars() {
            match letter {
                '⏎' => self.code(KeyCode::Enter),
                '⎋' => self.code(KeyCode::Esc),
                '⇥' => self.code(KeyCode::Tab),
                letter => self.key(Key::char(letter)),
            };
        }
        self
    }

    /// Lets `millis` pass.
    pub(crate) fn wait(&mut self, millis: i64) -> &mut Self {
        let time = self.model.now.time.plus_millis(millis);
        let local = when::local(time, ZONE);
        self.send(Msg::Clock(Now { time, local }))
    }

    /// Answers what was asked to be opened with the made-up chart.
    pub(crate) fn open_chart(&mut self, number: u8) -> &mut Self {
        let subject = Subject::Chart(client_id(number));
        let outcome = Ok(Box::new(Sample::new().chart(number)));
        self.device(DeviceEvent::Opened { subject, outcome })
    }

    /// Answers whatever was asked to be opened last, from the made-up practice.
    pub(crate) fn open_asked(&mut self) -> &mut Self {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Open(subject, _) => Some(*subject),
            _ => None,
        });
        let sample = Sample::new();
        let (subject, view) = match asked.unwrap() {
            subject @ Subject::Chart(client) => (subject, sample.chart(client.as_bytes()[0])),
            subject @ Subject::Attachments(client) => {
                (subject, sample.attachments(client.as_bytes()[0]))
            }
            subject @ Subject::Attachment(client, record) => {
                (subject, sample.attachment(client, record))
            }
            subject @ Subject::Draft(client, note) if self.is_apart(note) => {
                (subject, sample.apart_draft(client, note, ""))
            }
            subject @ Subject::Note(_, record) if record.as_bytes()[0] > 150 => {
                (subject, sample.apart_note(record))
            }
            subject @ Subject::Psychotherapy(client) => (subject, sample.apart(client)),
            subject @ Subject::Draft(_, note) => match self.begun_to_add(note) {
                Some(signed) => (subject, sample.addendum(note, signed)),
                None => (subject, sample.draft(note)),
            },
            subject @ Subject::Note(..) => (subject, sample.note()),
            subject @ Subject::Identity(client) => (subject, sample.identity(client.as_bytes()[0])),
            subject @ Subject::Journal(client) => (subject, sample.journal(client.as_bytes()[0])),
            subject @ Subject::Plan(client) => (subject, sample.plan(client.as_bytes()[0])),
            subject @ Subject::Crisis(client) => (subject, sample.crisis(client.as_bytes()[0])),
            subject @ Subject::Consents(client) => (subject, sample.consents(client.as_bytes()[0])),
            subject @ Subject::Report(client, from, to) => {
                (subject, sample.report(client.as_bytes()[0], (from, to)))
            }
            subject @ Subject::Measures(client) => (subject, sample.measures(client.as_bytes()[0])),
        };
        self.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) })
    }

    /// Whether a draft was begun among psychotherapy notes.
    fn is_apart(&self, wanted: ObjectId) -> bool {
        self.edits().into_iter().any(|edit| match edit {
            Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, .. }) => *draft == wanted,
            _ => false,
        })
    }

    /// The note that a draft was begun to add to.
    fn begun_to_add(&self, wanted: ObjectId) -> Option<RecordId> {
        self.edits().into_iter().find_map(|edit| match edit {
            Edit::BeginAddendum { draft, note, .. } if *draft == wanted => Some(*note),
            _ => None,
        })
    }

    /// The edits that were asked for.
    pub(crate) fn edits(&self) -> Vec<&Edit> {
        let edits = self.effects.iter().filter_map(|effect| match effect {
            Effect::Edit { edit, .. } | Effect::Undo { edit, .. } => Some(edit),
            _ => None,
        });
        edits.collect()
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.size = (columns, rows);
        self.send(Msg::Input(Input::Resize { columns, rows }))
    }

    /// The screen as text, with the cursor shown as a line at the end.
    pub(crate) fn screen(&self) -> String {
        let (columns, rows) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let cursor = terminal.get_cursor_position().unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for line in buffer.content.chunks(usize::from(columns.max(1))) {
            let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push_str(&format!("cursor at {},{}\n", cursor.x, cursor.y));
        text
    }
}

fn device(name: &str, this: bool, seen: Option<Timestamp>) -> DeviceRow {
    let added = moment(date(2026, 3, 2).at(9, 0, 0, 0));
    let id = DeviceId::from_bytes([u8::from(this); 16]);
    let (name, member) = (name.to_owned(), clinician());
    DeviceRow { id, name, member, this, revoked: false, added, seen, writes: None }
}
