//! What another calendar would bring, for the window: its file is read here, nothing is changed.

use super::{Keeper, Practice, locked};
use crate::cli::answer::calendar;
use crate::cli::prompt::{self, PromptError};
use crate::cli::request::TakeInCalendar;
use crate::message::{Carried, LookedAt, OtherCalendar};
use crate::notice::Notice;
use std::io;
use std::path::{Path, PathBuf};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::schedule::ical;

/// Days from today on that are taken in.
const DAYS: u16 = 365;
/// Dates that are shown before it is taken in.
const SHOWN: usize = 8;

impl Keeper {
    /// Reads a calendar and says what it would bring.
    pub(super) fn look_at_calendar(&mut self, asked: &OtherCalendar, now: Timestamp) {
        let outcome = self.looked_at(asked, now).map(Box::new);
        self.carried(Carried::Calendar(asked.clone(), outcome));
    }

    fn looked_at(&mut self, asked: &OtherCalendar, now: Timestamp) -> Result<LookedAt, Notice> {
        let path = typed_path(&asked.file).map_err(|error| unread(&error.into()))?;
        // What is no file might be waited for without end.
        if !path.metadata().map_err(|error| unread(&error.into()))?.is_file() {
            return Err(Notice::new(
                "That is no file.",
                "Nothing has been changed.",
                "Type the name of a file that ends in .ics.",
            ));
        }
        let text = prompt::file(&path, ical::BYTES_MAX).map_err(|error| unread(&error))?;
        let Practice::Open { device, .. } = &mut self.practice else { return Err(locked()) };
        let OtherCalendar { appointments, titles, .. } = *asked;
        let how = TakeInCalendar {
            dry_run: true,
            appointments,
            titles,
            days: DAYS,
            ..TakeInCalendar::default()
        };
        let (plan, doubts) = calendar::planned(device, &text, &how, now)?;
        let first = plan.new.iter().take(SHOWN).map(calendar::as_text).collect();
        Ok(LookedAt {
            first,
            new: plan.new.len(),
            moved: plan.moved,
            cancelled: plan.cancelled,
            same: plan.same,
            doubts,
            edits: plan.edits,
        })
    }
}

/// Returns the file that somebody has typed; `~/` is the home folder.
pub(super) fn typed_path(file: &str) -> io::Result<PathBuf> {
    let below_home = file.strip_prefix("~/").zip(std::env::var_os("HOME"));
    let path = match below_home {
        Some((rest, home)) => Path::new(&home).join(rest),
        None => PathBuf::from(file),
    };
    std::path::absolute(path)
}

fn unread(error: &PromptError) -> Notice {
    Notice::new(
        format!("The file cannot be read: {error}."),
        "Nothing has been changed.",
        "Check its name, and that it is a calendar (.ics) of at most 10 MB.",
    )
}
