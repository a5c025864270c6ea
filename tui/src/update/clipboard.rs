//! Copying a link into the terminal's clipboard: by policy, for half a minute, and never over a lock.

use super::{lay, say};
use crate::message::{Clip, Effect};
use crate::model::{Model, Stage};
use crate::notice::Notice;
use crate::screen::Overlay;
use crate::screen::choice::{self, Answer};
use crate::screen::parts::when;
use tacenda_shared::practice::edit::{Edit, RemoteSetting};
use tacenda_shared::practice::release::Released;
use tacenda_shared::practice::remote::Copying;

/// After how many milliseconds a blank takes the place of what was copied.
const COPIED_FOR: i64 = 30_000;

/// Asks whether links may be copied by whoever is at the keyboard.
pub(super) fn ask(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let Some(member) = scene.member() else { return };
    let now = Copying::of(scene.index, member);
    let answer = |copying: Copying| {
        let words = match copying {
            Copying::Never => "never: links are typed or selected",
            Copying::Ask => "ask: after a warning each time",
            Copying::Always => "always: y in the box of a link copies it",
        };
        let mark = if copying == now { "   (as it is)" } else { "" };
        let text = copying.word().to_owned();
        let says = format!("copying links: {text}");
        let edit = Edit::SetRemote { member, setting: RemoteSetting::Copying, text };
        (format!("{words}{mark}"), Answer::Edit(Box::new(edit), says))
    };
    let title = "May the link of a video room be copied?".to_owned();
    let words = "It goes into your terminal's clipboard, where other programs can read it.";
    let answers = Copying::ALL.map(answer).into();
    lay(model, Overlay::Choice(choice::State::new(title, words.to_owned(), answers)));
}

/// The release of a link is in the trail, or was refused. After a lock nothing is copied any more.
pub(super) fn copied(model: &mut Model, outcome: Result<Released, Notice>) -> Vec<Effect> {
    let Stage::Open(desk) = &model.stage else { return Vec::new() };
    match outcome {
        Err(notice) => {
            lay(model, Overlay::Notice(notice));
            Vec::new()
        }
        Ok(released) => {
            let until = model.now.time.plus_millis(COPIED_FOR);
            let clock = when::local(until, &desk.index.zone).time().strftime("%H:%M:%S");
            let words = format!("Copied into the terminal's clipboard until {clock}, or a lock.");
            model.copied = Some(until);
            say(model, &words);
            vec![Effect::Clipboard(Clip::Put(released))]
        }
    }
}

/// Puts a blank in the place of what was copied, once its time is over.
pub(super) fn tick(model: &mut Model) -> Option<Effect> {
    model.copied.filter(|until| *until <= model.now.time)?;
    say(model, "A blank has taken the place of the link in the clipboard.");
    overwrite(model)
}

/// Puts a blank in the place of what was copied, if something was.
pub(super) fn overwrite(model: &mut Model) -> Option<Effect> {
    model.copied.take().map(|_| Effect::Clipboard(Clip::Overwrite))
}
