//! Every refusal in words: each says what happened, what is safe and what to do next, and no other says
//! the same.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::practice::ShelfError;
use tacenda_shared::practice::lint::Element;

/// All of them but those of what is stored. That none is left out, the source says.
const OTHERS: &[Refusal] = {
    use Refusal::*;
    &[
        AlreadySigned,
        AppointmentExists,
        AttachmentAltered,
        AttachmentEmpty,
        AttachmentIncomplete,
        AttachmentTooLong,
        AttachmentUntitled,
        AttachmentsFull,
        ChangedElsewhere,
        ElementMissing(Element::Risk),
        ClientExists,
        ConsentExists,
        ConsentIncomplete,
        ConsentNotGiven,
        CrisisExists,
        DraftExists,
        EmptyGroup,
        EmptyName,
        EmptySeries,
        EmptyText,
        InvalidForm,
        InvalidMeasure,
        OtherWording,
        InvalidNumbers,
        InvalidSlot,
        SameAlready,
        SamePerson,
        InvalidSplice,
        InvalidZone,
        NotADraft,
        NotSteppedUp,
        NothingToSign,
        Erased,
        Held,
        Noted,
        NotTogether,
        NewerDraft,
        OneText,
        NoKey,
        OwnNote,
        NotSubmitted,
        NotAsked,
        InvalidDate,
        PlanFull,
        InvalidCopying,
        CopyingIsOff,
        InvalidLink,
        TaskExists,
        PlanUnchanged,
        OfGroup,
        PlanVersion,
        WhereaboutsMissing,
        RiskIncomplete,
        TextTooLong,
        ToBeErased,
        TooEarly,
        TooManyClients,
        TooManyMeasures,
        TooManyPhrases,
        InvalidPhrase,
        TooManyPlaces,
        TooManyTasks,
        UnknownAttachment,
        UnknownAppointment,
        UnknownClient,
        UnknownConsent,
        UnknownCrisis,
        CorrectedSince,
        NoCorrection,
        CannotMove,
        DraftBeside,
        Moved,
        NotItsAuthor,
        SessionOfAnother,
        NoReason,
        UnknownMeasure,
        UnknownSeries,
        UnknownNote,
        UnknownTask,
        UnknownPlanItem,
        WrittenElsewhere,
    ]
};

fn all() -> impl Iterator<Item = Refusal> {
    let shelf = [ShelfError::Damaged, ShelfError::Locked, ShelfError::Missing];
    OTHERS.iter().copied().chain(shelf.map(Refusal::Shelf))
}

fn name(refusal: Refusal) -> String {
    let name = format!("{refusal:?}");
    name.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn every_refusal_says_what_happened_what_is_safe_and_what_to_do_next() {
    let source = include_str!("../../../../shared/src/practice/refusal.rs");
    let body = source.split_once("pub enum Refusal {").unwrap().1;
    let variants = body.split_once("\n}").unwrap().0.lines().map(str::trim);
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase));
    let variants = variants.map(|line| line.split(['(', ',']).next().unwrap().to_owned());
    let variants: BTreeSet<String> = variants.collect();
    assert_eq!(all().map(name).collect::<BTreeSet<_>>(), variants);

    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for refusal in all() {
        let notice = Notice::from(&DeviceError::Refused(refusal));
        for words in [&notice.happened, &notice.safe, &notice.next] {
            assert!(words.ends_with(['.', '?', '!', '}']), "{refusal:?}: {words}");
            assert!(words.split_whitespace().count() > 1, "{refusal:?}: {words}");
        }
        assert!(notice.safe.contains("othing"), "{refusal:?}: {}", notice.safe);
        said.entry(notice.happened).or_default().push(name(refusal));
    }
    said.retain(|_, of| of.len() > 1);
    let there = ["AppointmentExists", "ClientExists", "DraftExists", "TaskExists"];
    assert_eq!(said.into_values().collect::<Vec<_>>(), [there], "one cause, one sentence");
}

/// What an edit or a look at a chart is refused for where a key is missing, has moved on, was taken
/// away, or died with the chart; and the same of words that were typed.
#[test]
fn where_a_key_is_missing_it_is_said_why_and_who_can_help() {
    let refused = |refusal| Notice::from(&DeviceError::Refused(refusal));
    let cases = [
        (refused(Refusal::NoKey), "no key to charts", "ask the clinician"),
        (refused(Refusal::Shelf(ShelfError::Locked)), "taken away", "Sync (7)"),
        (refused(Refusal::Shelf(ShelfError::Missing)), "was erased", "`tacenda erase list`"),
        (Notice::from(&DeviceError::Store(StoreError::NoKey)), "has not come yet", "who treats"),
        (refused(Refusal::Erased), "is erased", "`tacenda erase list`"),
        (refused(Refusal::ToBeErased), "is to be erased or was", "`tacenda erase withdraw`"),
        (refused(Refusal::NotSteppedUp), "are closed", "p on the client"),
        (refused(Refusal::WrittenElsewhere), "still has to send", "once the other device"),
        (refused(Refusal::UnknownClient), "no such client", "list of clients"),
    ];
    for (notice, happened, next) in cases {
        assert!(notice.happened.contains(happened), "{happened}: {}", notice.happened);
        assert!(notice.next.contains(next), "{next}: {}", notice.next);
        assert!(notice.safe.starts_with("Nothing has been changed"), "{}", notice.safe);
        assert!(!notice.next.contains("backup"), "nothing is wrong with the disk: {}", notice.next);
    }
    // What was typed and finds no key is not lost, and that is said.
    let typed = Notice::from(&DeviceError::Store(StoreError::NoKey));
    assert!(typed.safe.contains("what you have typed stays on the screen"), "{}", typed.safe);
}
