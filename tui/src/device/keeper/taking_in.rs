//! Files that a window names: what another calendar would bring, what a file to be attached is, and
//! where one is saved.

use super::{Keeper, Practice, locked};
use crate::cli::answer::calendar;
use crate::cli::attachment::not_written;
use crate::cli::prompt::{self, PromptError};
use crate::cli::report::is_page;
use crate::cli::request::TakeInCalendar;
use crate::device::files;
use crate::device::letting_out::ReportFor;
use crate::device::open::{Device, DeviceError};
use crate::device::words::reason;
use crate::message::{Carried, LookedAt, LookedFile, OtherCalendar, ReportOrder, Secret, Takes};
use crate::notice::Notice;
use std::io;
use std::path::{Path, PathBuf};
use tacenda_shared::id::{ClientId, RecordId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::attachment::{FILE_BYTES_MAX, Media, Stripped, strip};
use tacenda_shared::practice::release::Released;
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

impl Keeper {
    /// Reads a file that is to be attached, and says what it is.
    pub(super) fn look_at_file(&mut self, file: &str) {
        let read = typed_path(file).and_then(|path| files::read(&path, FILE_BYTES_MAX));
        let outcome = read.map_err(|error| not_attached(&error)).map(|bytes| LookedFile {
            media: Media::of_file(&bytes),
            takes: match strip(&bytes) {
                Stripped::Without(_) => Takes::Out,
                Stripped::NotOfThisType => Takes::NotOfThisType,
                Stripped::Broken => Takes::Broken,
            },
            bytes: bytes.into(),
        });
        self.carried(Carried::File(file.to_owned(), outcome));
    }

    /// Saves a file of a chart where somebody said, once the passphrase was typed again and the entry
    /// is written.
    pub(super) fn save_attachment(
        &mut self,
        of: (ClientId, RecordId),
        file: &str,
        passphrase: &Secret,
        now: Timestamp,
    ) -> Result<(), Notice> {
        let let_out = |device: &mut Device| device.let_out_attachment(of, now);
        self.save_released(file, passphrase, now, let_out)
    }

    /// The same of a safety plan, as a text for the client.
    pub(super) fn save_safety_plan(
        &mut self,
        (client, record, numbers): (ClientId, RecordId, &[String]),
        file: &str,
        passphrase: &Secret,
        now: Timestamp,
    ) -> Result<(), Notice> {
        let let_out =
            |device: &mut Device| device.let_out_safety_plan((client, record), numbers, now);
        self.save_released(file, passphrase, now, let_out)
    }

    /// Says whether this is the passphrase: a device that was handed over comes back by it.
    pub(super) fn verify(&mut self, passphrase: &Secret, now: Timestamp) -> Result<(), Notice> {
        let home = self.settings.home.clone();
        let outcome = self.with_device(|device| device.confirm(&home, &passphrase.0, now));
        self.carried(Carried::Verified(outcome));
        Ok(())
    }

    fn save_released(
        &mut self,
        file: &str,
        passphrase: &Secret,
        now: Timestamp,
        let_out: impl FnOnce(&mut Device) -> Result<Released, DeviceError>,
    ) -> Result<(), Notice> {
        let path = typed_path(file).map_err(|error| not_written(&error))?;
        if path.symlink_metadata().is_ok() {
            // Said before an entry in the trail says that it left.
            return Err(not_written(&io::ErrorKind::AlreadyExists.into()));
        }
        let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
        Device::check_passphrase(&self.settings.home, &typed, now)
            .map_err(|error| Notice::from(&error))?;
        let Practice::Open { device, .. } = &mut self.practice else { return Err(locked()) };
        let released = let_out(device).map_err(|error| Notice::from(&error))?;
        files::write_new(&path, released.bytes()).map_err(|error| not_written(&error))?;
        self.said(Ok("Saved. That it left the practice is recorded.".to_owned()));
        Ok(())
    }
}

impl Keeper {
    /// Saves a progress report where somebody said, once the passphrase was typed again and the entry is
    /// written.
    pub(super) fn save_report(
        &mut self,
        asked: &ReportOrder,
        now: Timestamp,
    ) -> Result<(), Notice> {
        let path = typed_path(&asked.file).map_err(|error| not_written(&error))?;
        if path.symlink_metadata().is_ok() {
            return Err(not_written(&io::ErrorKind::AlreadyExists.into()));
        }
        let typed = Passphrase::from_text(&asked.passphrase.0).unwrap_or_default();
        Device::check_passphrase(&self.settings.home, &typed, now)
            .map_err(|error| Notice::from(&error))?;
        let Practice::Open { device, .. } = &mut self.practice else { return Err(locked()) };
        let report = ReportFor {
            client: asked.client,
            period: asked.period,
            chosen: &asked.chosen,
            recipient: asked.recipient.clone(),
            purpose: asked.purpose.clone(),
            html: is_page(&path),
        };
        let released = device.let_out_report(&report, now).map_err(|error| Notice::from(&error))?;
        files::write_new(&path, released.bytes()).map_err(|error| not_written(&error))?;
        self.said(Ok("Saved. That it left the practice is recorded.".to_owned()));
        Ok(())
    }
}

fn not_attached(error: &io::Error) -> Notice {
    let (happened, next) = match error.kind() {
        io::ErrorKind::FileTooLarge => (
            "The file is longer than 5 MiB.".to_owned(),
            "Make it smaller, or attach it in pieces.",
        ),
        io::ErrorKind::InvalidInput => {
            ("That is no file.".to_owned(), "Type the name of a file, not of a folder or a link.")
        }
        _ => (
            format!("The file cannot be read: {}.", reason(error)),
            "Check its name, and that you may read it.",
        ),
    };
    Notice::new(happened, "Nothing has been attached.", next)
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
