//! From an empty home to the first signed note.

use super::*;
use tacenda_tests::planted;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::{CLINICIAN, PASSPHRASE, unlock};

/// Presses that the whole way may take besides text.
const KEYS_MOST: usize = 40;
const NOTE: &str = "First session. Sleeps badly, walks daily.";

/// Somebody who knows nothing but what is on the screen.
struct Newcomer {
    pty: Pty,
    keys: usize,
}

impl Newcomer {
    /// Presses a key because the screen says so.
    fn press(&mut self, key: &str, because: &str) -> &mut Self {
        self.pty.expect(because).keys(key);
        self.keys += 1;
        self
    }

    /// Types text because the screen asks for it.
    fn types(&mut self, text: &str, because: &str) -> &mut Self {
        self.pty.expect(because).keys(text);
        self
    }

    /// Reads the sheet as it would be written onto paper.
    fn sheet(&mut self) -> Vec<String> {
        self.pty.expect("4 of 5").expect("24 ");
        let contents = self.pty.contents();
        // Without the title, which counts too: 4 of 5.
        let rows: Vec<Vec<&str>> =
            contents.lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
        let word = |number: usize| {
            let number = number.to_string();
            let pairs = rows.iter().flat_map(|row| row.windows(2));
            let mut found = pairs.filter(|pair| pair[0] == number).map(|pair| pair[1].to_owned());
            found.next().unwrap_or_else(|| panic!("no word {number}\n{contents}"))
        };
        (1..=24).map(word).collect()
    }

    fn asked(&mut self) -> Vec<usize> {
        self.pty.expect("5 of 5");
        let contents = self.pty.contents();
        let after = |row: &str| row.trim().strip_prefix("Word ").map(str::to_owned);
        let places = contents.lines().filter_map(after);
        places.map(|row| row.split_whitespace().next().unwrap().parse().unwrap()).collect()
    }

    /// Sets a practice up and returns the words of its sheet.
    fn set_up(&mut self) -> Vec<String> {
        self.press("\r", "> Set up a new practice on this computer");
        self.types("berlin", "Type a city").press("\r", "> Europe/Berlin");
        self.types(CLINICIAN, "Your name").press("\r", "Enter next");
        self.types("laptop", "This computer").press("\r", "laptop");
        self.types(PASSPHRASE, "At least 15 characters").press("\r", "Enter next");
        self.types(PASSPHRASE, "The same again").press("\r", "Enter next");
        let sheet = self.sheet();
        self.press("\r", "Enter: I have written it down");
        for place in self.asked() {
            let word = &sheet[place - 1];
            self.types(word, "Type these words from your paper").press("\r", word);
        }
        self.pty.expect("q quit");
        sheet
    }
}

#[test]
fn forty_keys_lead_from_an_empty_home_to_a_signed_note() {
    let scene = empty("first-run");
    let mut newcomer = Newcomer { pty: scene.open(), keys: 0 };
    newcomer.set_up();
    newcomer.press("3", "3 Clients").press("n", "Press n to add the first");
    newcomer.types(NAME, "the name that the client goes by").press("\r", "Enter save");
    newcomer.press("N", "N note").press("\x1b[B", "> SOAP").press("\r", "> free");
    newcomer.types(NOTE, "DRAFT").press(F8, "F8 sign");
    newcomer.types("QS", "Your initials (QS)");
    sign(&mut newcomer.pty, "Enter sign, after initials");
    newcomer.keys += 1;
    newcomer.pty.expect("Signed a note of C-001");
    newcomer.press("\r", "Enter open").press("\r", "Note signed");
    newcomer.pty.expect(NOTE);
    newcomer.pty.keys(F10);
    assert_eq!(newcomer.pty.wait(), Ended::Status(0));
    println!("first run to first signed note: {} keys besides text", newcomer.keys);
    assert!(newcomer.keys <= KEYS_MOST, "{} keys", newcomer.keys);

    let mut pty = scene.open();
    unlock(&mut pty);
    pty.keys("3").expect("C-001").keys("\r").expect("Note signed").keys("\r").expect(NOTE);
}

#[test]
fn the_sheet_and_the_passphrase_are_nowhere_once_the_practice_is_set_up() {
    let scene = empty("sheet-memory");
    let mut newcomer = Newcomer { pty: scene.open(), keys: 0 };
    let sheet = newcomer.set_up();
    let words = [&sheet[..3].join(" "), &sheet[21..].join(" "), PASSPHRASE];

    assert_eq!(planted::in_files(scene.root(), &words), Vec::<String>::new());
    let pid = newcomer.pty.pid().as_raw_nonzero().get();
    let wanted = planted::wanted(&words);
    if let Err(error) = planted::in_memory(pid, &wanted) {
        return println!("NOT RUN: memory scan ({error}; only root may read it)");
    }
    let (places, _) = planted::left_in_memory(&mut newcomer.pty, &wanted);
    assert!(places.is_empty(), "{} places", places.len());
}

#[test]
fn a_wrong_word_of_the_sheet_founds_nothing() {
    let scene = empty("wrong-word");
    let mut newcomer = Newcomer { pty: scene.open(), keys: 0 };
    newcomer.press("\r", "> Set up a new practice on this computer");
    newcomer.types("berlin", "Type a city").press("\r", "> Europe/Berlin");
    newcomer.types(CLINICIAN, "Your name").press("\r", "Enter next");
    newcomer.types("laptop", "This computer").press("\r", "laptop");
    newcomer.types(PASSPHRASE, "At least 15 characters").press("\r", "Enter next");
    newcomer.types(PASSPHRASE, "The same again").press("\r", "Enter next");
    newcomer.press("\r", "Enter: I have written it down");
    for _ in newcomer.asked() {
        newcomer.types("notaword", "Type these words").press("\r", "notaword");
    }
    newcomer.pty.expect("does not match the sheet").expect("Nothing has been saved yet");

    newcomer.pty.keys(F10);

    assert_eq!(newcomer.pty.wait(), Ended::Status(0));
    assert!(scene.files().is_empty());
}

#[test]
fn a_weak_passphrase_is_refused_with_its_reason_and_founds_nothing() {
    let scene = empty("weak");
    let mut newcomer = Newcomer { pty: scene.open(), keys: 0 };
    newcomer.press("\r", "> Set up a new practice on this computer");
    newcomer.types("berlin", "Type a city").press("\r", "> Europe/Berlin");
    newcomer.types(CLINICIAN, "Your name").press("\r", "Enter next");
    newcomer.types("laptop", "This computer").press("\r", "laptop");
    newcomer.types("too short", "At least 15 characters").press("\r", "Enter next");
    newcomer.types("too short", "The same again").press("\r", "Enter next");
    newcomer.pty.expect("A passphrase has at least 15 characters.");

    newcomer.pty.keys(F10).wait();

    assert!(scene.files().is_empty());
}

/// Presses Enter on the page before a signature, after the time in which it means nothing.
fn sign(pty: &mut Pty, because: &str) {
    pty.expect(because).bytes_within(Duration::from_millis(400));
    pty.keys("\r");
}
