//! Reports: what stands in them, what does not, and what hostile words become in a page.

use super::*;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, PlanItemId, Timestamp};
use tacenda_shared::practice::edit::{NoteFormat, Stamp};
use tacenda_shared::practice::plan::{Plan, Progress};
use tacenda_shared::practice::report::{ReportPlan, Sessions};
use tacenda_shared::practice::times::Times;
use tacenda_shared::practice::view::{AddendumView, ClientRow, NoteView};

const HOSTILE: &str = "</p><script>alert(1)</script><img src=\"https://example.org/x\" onerror='x()'> &amp; \u{202e}evil\u{7}";

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn client(name: &str) -> Arc<ClientRow> {
    Arc::new(ClientRow {
        id: ClientId::from_bytes([1; 16]),
        name: name.into(),
        code: "SC-001".into(),
        pronouns: String::new(),
        phone: String::new(),
        email: String::new(),
        safe_contact: String::new(),
        archived: false,
        since: Timestamp::from_millis(0),
        waiting: None,
        tasks: Vec::new(),
        died: None,
        same_as: None,
        same: Vec::new(),
    })
}

fn note(number: u8, text: &str, labels: BTreeSet<Label>) -> ReportNote {
    let stamp = Stamp { time: Timestamp::from_millis(0), zone: "UTC".into() };
    let author = MemberId::from_bytes([9; 16]);
    let added = AddendumView {
        record: id(number + 100),
        text: format!("added to {number}"),
        author,
        signed: stamp.clone(),
    };
    ReportNote {
        date: jiff::civil::date(2026, 11, i8::try_from(number).unwrap()),
        note: NoteView {
            record: id(number),
            client: ClientId::from_bytes([1; 16]),
            session: None,
            format: NoteFormat::Soap,
            parts: vec![
                (Part::Subjective, format!("said {text}")),
                (Part::Objective, String::new()),
                (Part::Plan, format!("plan {text}")),
            ],
            author,
            signed: stamp,
            late_reason: None,
            remote: None,
            times: Times::default(),
            journal: None,
            psychotherapy: None,
            labels,
            supervision: None,
            versions: Default::default(),
            addenda: vec![added],
        },
    }
}

fn item(kind: PlanKind, code: &str, text: &str) -> PlanItem {
    PlanItem {
        id: PlanItemId::from_bytes([1; 16]),
        kind,
        under: None,
        code: code.into(),
        text: text.into(),
        target: None,
        progress: (kind == PlanKind::Objective)
            .then_some((Progress::Most, Timestamp::from_millis(0))),
        labels: BTreeSet::new(),
        since: Timestamp::from_millis(0),
    }
}

fn view(words: &str) -> ReportView {
    let items = vec![
        item(PlanKind::Diagnosis, "F40.1", words),
        item(PlanKind::Problem, "", "a problem"),
        item(PlanKind::Goal, "", words),
        item(PlanKind::Objective, "", "one step"),
    ];
    let plan = Plan { items, review: None };
    ReportView {
        client: client(words),
        period: (jiff::civil::date(2026, 9, 1), jiff::civil::date(2026, 11, 28)),
        sessions: Sessions { held: 7, no_show: 1, ..Sessions::default() },
        plan: Some(ReportPlan { plan, signed: Some((id(50), Timestamp::from_millis(0))) }),
        measures: Vec::new(),
        notes: vec![note(8, words, BTreeSet::new()), note(9, words, [Label::Hiv].into())],
        beyond: 0,
    }
}

fn around() -> Around {
    Around {
        recipient: "Dr. Example".into(),
        purpose: "further treatment".into(),
        author: "Robin Example".into(),
        today: jiff::civil::date(2026, 11, 28),
        veiled: false,
    }
}

fn all(view: &ReportView) -> Chosen {
    let mut chosen = Chosen::default();
    offers(view, &Index::default()).iter().for_each(|offer| chosen.set(offer.item, true));
    chosen
}

#[test]
fn a_report_begins_empty_and_holds_what_was_chosen_and_nothing_else() {
    let (view, index) = (view("zebra"), Index::default());
    let empty = plain(&build(&view, &Chosen::default(), &around(), &index));
    for word in ["said", "plan zebra", "F40.1", "attended", "added to", "step"] {
        assert!(!empty.contains(word), "{word}");
    }
    let mut chosen = Chosen::default();
    chosen.set(Item::Sessions, true);
    chosen.set(Item::Part(id(8), Part::Plan), true);
    let text = plain(&build(&view, &chosen, &around(), &index));
    assert!(
        text.contains("7 sessions attended") && text.contains("1 session missed without notice")
    );
    assert!(text.contains("plan zebra") && text.contains("[note 08080808]"));
    for word in ["said", "F40.1", "added to", "09090909", "step"] {
        assert!(!text.contains(word), "{word}");
    }
    // A problem is not offered, and so it is nowhere.
    let whole = plain(&build(&view, &all(&view), &around(), &index));
    assert!(!whole.contains("a problem"));
    assert!(whole.contains("[plan 32323232]") && whole.contains("one step  [most of the way]"));
    assert!(whole.contains("[addendum 6c6c6c6c]"));
    assert!(whole.contains("Signature  ____"));
}

#[test]
fn what_has_labels_says_so_where_it_is_chosen() {
    let offers = offers(&view("zebra"), &Index::default());
    let labelled: Vec<_> = offers.iter().filter(|offer| !offer.labels.is_empty()).collect();
    assert_eq!(labelled.len(), 3);
    let words: Vec<_> = offers.iter().map(|offer| offer.item.word()).collect();
    for (word, offer) in words.iter().zip(&offers) {
        assert_eq!(Item::named(word), Some(offer.item), "{word}");
    }
    for wrong in [
        "",
        "note",
        "note:x:plan",
        "sessions:1",
        "measure:",
        "note:08080808080808080808080808080808:x",
    ] {
        assert_eq!(Item::named(wrong), None, "{wrong}");
    }
}

#[test]
fn hostile_words_are_text_in_a_page_and_nothing_is_loaded() {
    let view = view(HOSTILE);
    let hostile = Around {
        recipient: HOSTILE.into(),
        purpose: HOSTILE.into(),
        author: HOSTILE.into(),
        ..around()
    };
    let page = html(&build(&view, &all(&view), &hostile, &Index::default()));
    for wrong in ["<script", "<img", "onerror='", "\u{202e}", "\u{7}", "</p><"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("&amp;amp;"));
    // Every tag is one that the page is made of, and none of them loads anything.
    let known = [
        "!DOCTYPE", "html", "/html", "head", "/head", "meta", "title", "/title", "style", "/style",
        "body", "/body", "h1", "/h1", "h2", "/h2", "h3", "/h3", "table", "/table", "tr", "/tr",
        "th", "/th", "td", "/td", "ul", "/ul", "li", "/li", "p", "/p",
    ];
    for tag in page.split('<').skip(1) {
        let name = tag.split([' ', '>']).next().unwrap_or_default();
        assert!(known.contains(&name), "{name}");
        let inside = tag.split('>').next().unwrap_or_default();
        assert!(
            !inside.contains("src=") && !inside.contains("href=") && !inside.contains(" on"),
            "{inside}"
        );
    }
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("url(") && !page.contains("@import"));
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    assert_eq!(title, Some(TITLE));
}

#[test]
fn records_whose_ids_begin_alike_are_cited_apart() {
    let mut view = view("zebra");
    let mut bytes = [8; 16];
    bytes[10] = 1;
    view.notes[1].note.record = RecordId::from_bytes(bytes);
    let chosen = all(&view);
    let text = plain(&build(&view, &chosen, &around(), &Index::default()));
    assert!(text.contains("[note 0808080808080808080801]"));
    assert!(text.contains("[note 0808080808080808080808]"));
}

#[test]
fn under_the_veil_a_preview_names_nobody() {
    let view = view("zebra");
    let veiled = Around { veiled: true, ..around() };
    let text = plain(&build(&view, &Chosen::default(), &veiled, &Index::default()));
    assert!(text.contains("SC-001") && !text.contains("zebra"));
}
