//! Each screen as people see it, in four sizes: usual, inside tmux, large, and the least. The name of a snapshot is the situation.

mod found;

use crate::device::courier::late::{LateEdit, LateKind};
use crate::device::courier::sheet::SheetStanding;
use crate::input::{Key, KeyCode};
use crate::message::{
    Carried, DeviceEvent, FilesUnderWay, LookedFile, Plan, Secret, SetupEvent, Standing, Takes,
    VaultState,
};
use crate::model::Look;
use crate::notice::Notice;
use crate::screen::parts::sample::{Driver, Sample, client_id, now};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use std::sync::Arc;
use tacenda_shared::id::DeviceId;
use tacenda_shared::practice::attachment::{FileBytes, Media};
use tacenda_shared::practice::edit::Subject;
use tacenda_shared::practice::view::NoteState;
use zeroize::Zeroizing;

const SIZES: [(u16, u16); 4] = [(80, 24), (80, 23), (200, 50), (60, 16)];

/// Compares a screen with its file in each size. `open` says whether the vault is open at first.
fn snapshot(name: &str, open: bool, lead: impl Fn(&mut Driver)) {
    for (columns, rows) in SIZES {
        let mut driver =
            if open { Driver::open(columns, rows) } else { Driver::locked(columns, rows) };
        lead(&mut driver);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), driver.screen());
        });
    }
}

fn open(name: &str, keys: &str) {
    snapshot(name, true, |driver| {
        driver.keys(keys);
        driver.open_chart(1);
    });
}

#[test]
fn files_in_a_chart() {
    let files = |driver: &mut Driver| {
        driver.code(KeyCode::F(9)).keys("ga").open_asked();
    };
    snapshot("files", true, files);
    snapshot("file_to_attach", true, |driver| {
        files(driver);
        driver.keys("a~/drawing.jpg⏎");
        let bytes = FileBytes::from(vec![0; 2_411_724]);
        let looked = LookedFile { bytes, media: Media::Jpeg, takes: Takes::Out };
        let file = Carried::File("~/drawing.jpg".to_owned(), Ok(looked));
        driver.device(DeviceEvent::Carried(file)).keys("Drawing from the session⏎");
    });
    snapshot("file_that_is_a_text", true, |driver| {
        files(driver);
        driver.keys("j⏎").open_asked();
    });
    snapshot("file_that_is_no_text", true, |driver| {
        files(driver);
        driver.keys("⏎").open_asked();
    });
    snapshot("file_to_save", true, |driver| {
        files(driver);
        driver.keys("E~/referral.pdf⏎secret");
    });
}

#[test]
fn the_lock_screen() {
    snapshot("locked", false, |_| {});
    snapshot("locked_after_a_wrong_passphrase", false, |driver| {
        driver.keys("wrong⏎");
        let state = VaultState::Locked {
            vault: "demo".to_owned(),
            device: "laptop-2".to_owned(),
            demo_passphrase: Some("correct horse battery staple".to_owned()),
        };
        driver.device(DeviceEvent::State(state));
    });
    snapshot("locked_by_a_key", true, |driver| {
        driver.key(Key::ctrl('l'));
    });
    snapshot("vault_that_is_broken", false, |driver| {
        driver.device(DeviceEvent::State(VaultState::Broken(Notice::new(
            "The file that holds your practice is damaged.",
            "Records on your other devices are not affected.",
            "Pair this computer again from another device, or restore a backup.",
        ))));
    });
}

#[test]
fn today() {
    open("today", "");
    open("today_on_an_unfinished_thing", "⇥");
    open("today_waiting_for_a_status", "s");
    open("today_on_a_day_that_is_free", "]");
    snapshot("today_with_names_shown", true, |driver| {
        driver.code(KeyCode::F(9));
    });
    snapshot("today_before_the_auto_lock", true, |driver| {
        driver.wait(280_000);
    });
}

#[test]
fn consents() {
    let subject = Subject::Consents(client_id(1));
    let lead = |keys: &'static str| {
        move |driver: &mut Driver| {
            let index = Sample::with_expiring().index;
            driver.device(DeviceEvent::Changed(Arc::new(index)));
            driver.keys("c");
            let outcome = Ok(Box::new(Sample::with_expiring().consents(1)));
            driver.device(DeviceEvent::Opened { subject, outcome });
            driver.keys(keys);
        }
    };
    snapshot("consents", true, lead("j"));
    snapshot("consents_revoked_with_names", true, |driver| {
        lead("jjj")(driver);
        driver.code(KeyCode::F(9));
    });
    snapshot("consent_new", true, lead("n"));
    snapshot("consent_renewed", true, lead("jr"));
    snapshot("consent_revoked_why", true, lead("jx"));
    snapshot("today_with_consents_to_see_to", true, |driver| {
        driver.device(DeviceEvent::Changed(Arc::new(Sample::with_expiring().index)));
        driver.keys("j");
    });
}

#[test]
fn crisis() {
    let lead = |keys: &'static str| {
        move |driver: &mut Driver| {
            driver.keys("!").open_asked().keys(keys);
        }
    };
    snapshot("crisis", true, lead(""));
    snapshot("crisis_of_somebody_new", true, |driver| {
        driver.keys("j!").open_asked();
    });
    snapshot("crisis_whole_form", true, lead("j⏎"));
    snapshot("crisis_risk_form", true, lead("n112000.10at night⇥the dog⇥2"));
    snapshot("crisis_risk_form_left", true, lead("n11⎋"));
    snapshot("crisis_safety_form", true, lead("p⇥"));
    snapshot("crisis_plan_to_save", true, lead("E"));
    snapshot("crisis_of_whom", true, |driver| {
        driver.keys("jj!k");
    });
    snapshot("crisis_numbers", true, |driver| {
        driver.keys("ge");
    });
    snapshot("crisis_number_typed", true, |driver| {
        driver.keys("geG⏎Nevada: Emergency 911; Sample County 555 0199");
    });
    let raised = |keys: &'static str| {
        move |driver: &mut Driver| {
            driver.keys("o").open_asked().keys("phq-9⏎0000000011⏎").keys(keys);
        }
    };
    snapshot("crisis_raised", true, raised(""));
    snapshot("crisis_put_off", true, raised("⎋the next client waits"));
}

#[test]
fn handed_over() {
    let lead = |keys: &'static str| {
        move |driver: &mut Driver| {
            let index = Sample::new().with_measures().index;
            driver.device(DeviceEvent::Changed(Arc::new(index)));
            driver.keys("gm").open_asked().keys("Hphq-9⏎").keys(keys);
        }
    };
    snapshot("handed_first_item", true, lead(""));
    snapshot("handed_item", true, lead("1202"));
    snapshot("handed_all_answers", true, lead("1202s10111"));
    snapshot("handed_back", true, lead("1202010111⏎"));
    snapshot("handed_stopped", true, lead("12⎋"));
    snapshot("handed_before_the_auto_lock", true, |driver| {
        lead("12")(driver);
        driver.wait(280_000);
    });
    let consent = |keys: &'static str| {
        move |driver: &mut Driver| {
            driver.keys("c").open_asked().keys("H⇥Dr. Sampleton⇥dates of sessions").keys(keys);
        }
    };
    snapshot("handed_consent_prepared", true, consent(""));
    snapshot("handed_consent", true, consent("⏎"));
    snapshot("handed_consent_answered", true, consent("⏎2not now"));
    snapshot("handed_journal", true, |driver| {
        driver.keys("gj").open_asked().keys("HSlept badly.⏎Better now.");
    });
}

#[test]
fn measures() {
    let lead = |keys: &'static str| {
        move |driver: &mut Driver| {
            let index = Sample::new().with_measures().index;
            driver.device(DeviceEvent::Changed(Arc::new(index)));
            driver.keys("gm").open_asked().keys(keys);
        }
    };
    snapshot("measures", true, lead(""));
    snapshot("measures_unfinished", true, lead("j"));
    snapshot("measures_scored_elsewhere", true, lead("jjjj"));
    snapshot("measure_pick", true, lead("nph"));
    snapshot("measure_item", true, lead("nphq-9⏎1202"));
    snapshot("measure_first_item", true, lead("npcl⏎"));
    snapshot("measure_longest_answers", true, lead("nces⏎12"));
    snapshot("measure_review", true, lead("nphq-9⏎1202s10111"));
    snapshot("measure_left", true, lead("ngad-7⏎12⎋"));
    snapshot("measure_score", true, lead("nzzz⏎OQ-45⇥63"));
}

#[test]
fn the_other_screens() {
    open("week", "2");
    open("clients", "3");
    open("clients_filtered", "/00");
    open("to_finish", "4");
    open("sync", "7");
    open("chart", "⏎");
    snapshot("chart_of_sessions", true, |driver| {
        let mut sample = Sample::new();
        sample.change(5, |row| row.note = NoteState::Missing);
        sample.index.drafts.clear();
        driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("⏎");
        driver.open_chart(1).keys("zzj");
    });
    open("today_as_the_front_desk", ":front-desk⏎");
    open("month", "v");
    open("columns", "V");
    snapshot("columns_of_two", true, |driver| {
        let sample = Sample::with_a_colleague();
        driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("Vl");
    });
    open("month_before", "v[l");
    let waiting = |keys: &'static str| {
        move |driver: &mut Driver| {
            let sample = Sample::with_waiting();
            driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys(keys);
        }
    };
    snapshot("waiting_list", true, waiting("jjW"));
    snapshot("waiting_list_of_nobody", true, |driver| {
        driver.keys("W");
    });
    snapshot("waiting_list_asks_when", true, waiting("3jWtue"));
    snapshot("chart_with_names_shown", true, |driver| {
        driver.code(KeyCode::F(9)).keys("⏎");
        driver.open_chart(1);
    });
}

#[test]
fn the_treatment_plan() {
    let plan = |keys: &'static str| {
        move |driver: &mut Driver| {
            driver.keys("⏎").open_asked().keys("gp").open_asked().keys(keys);
        }
    };
    snapshot("plan", true, plan(""));
    snapshot("plan_looks_for_a_diagnosis", true, plan("ggnadjust"));
    snapshot("plan_begins_a_line", true, plan("ggjjnPanic at"));
    snapshot("plan_asks_for_initials", true, plan("S"));
    snapshot("plan_of_nobody_yet", true, |driver| {
        driver.keys("3⏎").open_asked().keys("gp").open_asked();
    });
}

#[test]
fn two_entries_that_are_one_person() {
    snapshot("over_same_picks", true, |driver| {
        driver.keys("3gs");
    });
    snapshot("over_same_side_by_side", true, |driver| {
        let mut sample = Sample::new();
        let row = sample.index.clients.get_mut(&client_id(1)).unwrap();
        Arc::make_mut(row).phone.clear();
        driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
        driver.keys("3").code(KeyCode::F(9)).keys("gsbeispiel⏎");
    });
    let twin = |keys: &'static str| {
        move |driver: &mut Driver| {
            let sample = Sample::with_twin();
            let view = sample.chart(1);
            driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
            driver.code(KeyCode::F(9)).keys(keys);
            let subject = Subject::Chart(client_id(1));
            driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
        }
    };
    snapshot("chart_of_two_entries", true, twin("⏎"));
    snapshot("clients_with_one_of_two_entries", true, twin("3j"));
    snapshot("over_contact_with_two_entries", true, twin("ji"));
    snapshot("over_same_parts", true, twin("⏎gs"));
    snapshot("over_client_form_that_looks_like_another", true, |driver| {
        driver.keys("3n").keys("dummy synthia");
    });
}

#[test]
fn a_reminder() {
    snapshot("over_reminder", true, |driver| {
        driver.keys("jr");
    });
    snapshot("over_reminder_sent", true, |driver| {
        driver.keys("jrt");
    });
}

#[test]
fn what_a_client_wrote() {
    snapshot("journal", true, |driver| {
        driver.keys("gj").open_asked();
    });
    snapshot("journal_with_names_shown", true, |driver| {
        driver.keys("gj").open_asked().code(KeyCode::F(9));
    });
    snapshot("journal_asks_for_the_day", true, |driver| {
        driver.keys("gj").open_asked().keys("nthu");
    });
    snapshot("journal_of_nobody_yet", true, |driver| {
        driver.keys("jgj").open_asked();
    });
}

#[test]
fn who_a_client_is_in_law() {
    snapshot("identity", true, |driver| {
        driver.keys("I").open_asked();
    });
    snapshot("identity_with_names_shown", true, |driver| {
        driver.code(KeyCode::F(9)).keys("I").open_asked().keys("jj");
    });
    snapshot("identity_asks_for_a_birthday", true, |driver| {
        driver.code(KeyCode::F(9)).keys("I").open_asked().keys("j⏎");
    });
}

#[test]
fn the_sync_screen_and_what_is_done_there() {
    open("sync_on_a_device", "7jj");
    open("sync_renames_a_device", "7jje");
    snapshot("sync_while_sending", true, |driver| {
        driver.keys("7");
        driver.queue(true, 300).queue(true, 120);
        driver.device(DeviceEvent::Carried(Carried::Standing(standing())));
    });
    for (name, connected) in [("sync_sends_files", true), ("sync_has_files_to_send", false)] {
        snapshot(name, true, |driver| {
            let files = FilesUnderWay { count: 3, sent: 12_400_000, bytes: 39_000_000 };
            driver.model.sync.files = Some(Box::new(files));
            driver.queue(connected, 2).keys("7");
        });
    }
    snapshot("sync_without_a_server", true, |driver| {
        driver.model.sync.attached = false;
        driver.keys("7c");
    });
    snapshot("sync_takes_over_what_came_late", true, |driver| {
        driver.keys("7");
        driver.device(DeviceEvent::Carried(Carried::Standing(standing()))).keys("Gi");
    });
    let plan = || {
        let plan = Plan { goes: vec!["tablet".to_owned()], stays: Vec::new() };
        DeviceEvent::Carried(Carried::Plan(DeviceId::from_bytes([0; 16]), Ok(plan)))
    };
    snapshot("sync_shuts_out_a_device", true, |driver| {
        driver.keys("7jjx").device(plan());
    });
    snapshot("sync_shuts_out_a_device_after_a_wrong_passphrase", true, |driver| {
        driver.keys("7jjx").device(plan()).keys("yes⏎wrong⏎");
        driver.device(DeviceEvent::Carried(Carried::Ended(Err(crate::text::wrong_passphrase()))));
    });
    let code = || {
        let code = Secret(Zeroizing::new("41-otter-maple-river-stone".to_owned()));
        let address = "sync.example.org:4440".to_owned();
        DeviceEvent::Carried(Carried::Code { code, address })
    };
    snapshot("sync_shows_a_code", true, |driver| {
        driver.keys("7n").device(code());
    });
    snapshot("sync_compares_words", true, |driver| {
        driver.keys("7n").device(code());
        let words = ["harbour", "lemon", "quiet"].map(str::to_owned);
        let name = "tablet".to_owned();
        driver.device(DeviceEvent::Carried(Carried::Words { words, name }));
    });
}

fn standing() -> Standing {
    let since = now().time.plus_millis(-90 * 86_400_000);
    Standing {
        addresses: vec!["sync.example.org:4440".to_owned()],
        sheet: Some(SheetStanding { since, step_up: true, asked: None }),
        late: vec![LateEdit {
            device: DeviceId::from_bytes([8; 16]),
            name: "old laptop".to_owned(),
            kind: LateKind::Draft,
            client: Some(client_id(1)),
            time: None,
            adopted: false,
        }],
    }
}

#[test]
fn notes() {
    snapshot("note_draft", true, |driver| {
        driver.keys("⇥⏎").open_asked().keys("Slept. ").wait(1_000);
    });
    snapshot("note_searched", true, |driver| {
        driver.keys("⇥⏎").open_asked().key(Key::ctrl('f')).keys("about");
    });
    snapshot("note_to_be_signed", true, |driver| {
        driver.keys("⇥S").open_asked();
    });
    snapshot("note_signed", true, |driver| {
        driver.keys("⏎").open_asked().keys("jjj⏎").open_asked();
    });
    snapshot("note_addendum", true, |driver| {
        driver
            .keys("⏎")
            .open_asked()
            .keys("jjj⏎")
            .open_asked()
            .keys("n")
            .open_asked()
            .keys("Also walked.")
            .wait(1_000);
    });
    snapshot("week_without_empty_days", true, |driver| {
        driver.keys("2z");
    });
    snapshot("locked_over_what_was_not_saved", true, |driver| {
        driver.keys("⏎").open_asked().keys("jjj⏎").open_asked().keys("n").open_asked();
        driver.keys("Also walked.⎋⎋⎋");
        driver.keys("3n").key(Key::ctrl('l'));
    });
}

#[test]
fn bookings() {
    open("booking_asks_who", "jjn");
    open("booking_with_a_client", "jjnak⏎");
    open("booking_with_a_clash", "jjnak⏎kkkkkkkkkk");
    open("booking_moves", "m");
}

#[test]
fn what_lies_over_a_screen() {
    open("over_palette", ":");
    open("over_palette_searched", ":cancel");
    open("over_help", "?");
    open("over_actions", " ");
    open("over_new_client", "3n");
    open("over_conflict", "7⏎");
    open("over_new_note", "jN");
    open("over_reason", "x");
    open("over_date", "gdthu");
    snapshot("over_labels", true, |driver| {
        driver.keys("⏎");
        driver.open_chart(1).keys("jjjjL");
    });
    open("over_copying", "gy");
    snapshot("over_notice", true, |driver| {
        driver.device(DeviceEvent::Alarm(Notice::new(
            "The server gave this practice a history that contradicts the one before.",
            "Everything on this device is safe; nothing was overwritten.",
            "Do not sync with this server until you know why. Your other devices can tell.",
        )));
    });
}

#[test]
fn the_first_run() {
    let absent = DeviceEvent::State;
    let at = |name: &str, keys: &'static str| {
        snapshot(name, false, |driver| {
            driver.device(absent(VaultState::Absent)).keys(keys);
        });
    };
    at("setup_welcome", "");
    at("setup_join", "j⏎");
    at("setup_zone", "⏎ber");
    at("setup_names", "⏎berlin⏎Dr. Sample⏎");
    at("setup_passphrase", "⏎berlin⏎Dr. Sample⏎laptop⏎");
    at("setup_passphrase_chosen", "⏎berlin⏎Dr. Sample⏎laptop⏎⇥");
    at("setup_passphrase_differs", "⏎berlin⏎Dr. Sample⏎laptop⏎one⏎two⏎");
    let sheet = || {
        let words = ["abandon", "ability", "able", "about", "above", "absent"];
        Secret(Zeroizing::new(words.repeat(4).join(" ")))
    };
    snapshot("setup_sheet", false, |driver| {
        driver.device(absent(VaultState::Absent));
        driver.device(DeviceEvent::Setup(SetupEvent::Sheet(sheet())));
    });
    snapshot("setup_type_back", false, |driver| {
        driver.device(absent(VaultState::Absent));
        driver.device(DeviceEvent::Setup(SetupEvent::Sheet(sheet()))).keys("⏎able⏎ab");
    });
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let mut driver = Driver::open(59, 15);
    assert!(driver.screen().starts_with("need 60x16, have 59x15\n"));
    driver.resize(60, 16);
    assert!(driver.screen().contains("Sun 22 Nov 2026"));
}

/// Draws with a look, and returns each cell's symbol and colours.
fn cells(look: Look) -> Vec<(String, Color, Color)> {
    let mut driver = Driver::open(look.columns, look.rows);
    driver.model.look = look;
    driver.keys("?");
    let mut terminal = Terminal::new(TestBackend::new(look.columns, look.rows)).unwrap();
    terminal.draw(|frame| super::view(&driver.model, frame)).unwrap();
    let cells = terminal.backend().buffer().content.iter();
    cells.map(|cell| (cell.symbol().to_owned(), cell.fg, cell.bg)).collect()
}

#[test]
fn ascii_chrome_has_no_other_byte_and_no_colour_means_none() {
    let cells = cells(Look { columns: 80, rows: 24, ascii: true, colour: false, clipboard: false });
    for (symbol, front, back) in cells {
        assert!(symbol.is_ascii(), "{symbol}");
        assert_eq!((front, back), (Color::Reset, Color::Reset));
    }
}

#[test]
fn the_minute_on_the_screen_follows_the_clock() {
    let mut driver = Driver::open(80, 24);
    assert_eq!(now().local.minute(), 41);
    driver.wait(60_000);
    assert!(driver.screen().contains("09:42"));
    assert!(driver.screen().contains("Next: AK-007 in 18 min"));
}
