//! `erase`: a person's right to have their record erased, from asking to the last device.

use super::args::{Arguments, Erase, Erased};
use super::prompt;
use super::request::{EraseWish, Request, Typed};
use super::run::{Failed, carry_out, print_reply};
use crate::device::home::Home;
use crate::notice::Notice;

const QUESTION: &str = "Nothing brings an erased record back. Type yes to erase it: ";

pub(super) fn erase(home: &Home, what: &Erase, arguments: &Arguments) -> Result<(), Failed> {
    let mut typed = None;
    let ((client, record), wish) = match what {
        Erase::Ask { what, before_retention } => {
            (what.parts(), EraseWish::Ask { before_retention: *before_retention })
        }
        Erase::CarryOut { what, yes } => {
            agree(*yes)?;
            let passphrase = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
            let wish = EraseWish::CarryOut { passphrase: Typed(passphrase.0.to_string()) };
            typed = Some(passphrase);
            (what.parts(), wish)
        }
        Erase::Hold { client, off } => {
            let wish = if *off { EraseWish::LetGo } else { EraseWish::Hold };
            ((client.clone(), None), wish)
        }
        Erase::Withdraw { what } => (what.parts(), EraseWish::Withdraw),
        Erase::List => {
            let mut each = print_reply(arguments.json);
            return carry_out(Request::EraseList, home, arguments, None, &mut each);
        }
    };
    let request = Request::Erase { client, record, wish };
    carry_out(request, home, arguments, typed.as_ref(), &mut print_reply(arguments.json))
}

impl Erased {
    fn parts(&self) -> (String, Option<String>) {
        (self.client.clone(), self.record.clone())
    }
}

fn agree(said: bool) -> Result<(), Notice> {
    let answered = || prompt::ask(QUESTION).is_ok_and(|answer| answer.trim() == "yes");
    if said || answered() {
        return Ok(());
    }
    Err(Notice::new("You did not say yes.", "Nothing has been changed.", "Say yes to erase it."))
}
