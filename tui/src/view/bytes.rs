//! How many bytes a key costs on the way to the terminal: the budgets of a slow SSH link. Bytes
//! are counted, never time.

use crate::input::{Key, KeyCode};
use crate::message::DeviceEvent;
use crate::screen::parts::sample::{Driver, Sample};
use crate::terminal::family::Profile;
use crate::terminal::output::Output;
use ratatui::Terminal;
use std::sync::Arc;
use tacenda_shared::id::ClientId;

/// Draws the model after each step, and says what each frame cost.
struct Meter {
    driver: Driver,
    terminal: Terminal<Output<Vec<u8>>>,
}

impl Meter {
    fn new() -> Self {
        let variable = |name: &str| match name {
            "TERM" => Some("xterm-256color".to_owned()),
            "LANG" => Some("C.UTF-8".to_owned()),
            _ => None,
        };
        let profile = Profile::from_environment(variable, false);
        let terminal = Terminal::new(Output::new(Vec::new(), profile, 80, 24)).unwrap();
        let mut meter = Self { driver: Driver::open(80, 24), terminal };
        meter.cost(|_| {});
        meter
    }

    fn cost(&mut self, step: impl FnOnce(&mut Driver)) -> u64 {
        step(&mut self.driver);
        let before = self.terminal.backend().written();
        let model = &self.driver.model;
        self.terminal.draw(|frame| super::view(model, frame)).unwrap();
        let cost = self.terminal.backend().written() - before;
        println!("{cost} bytes");
        cost
    }
}

#[test]
fn a_step_in_a_list_costs_at_most_250_bytes_and_a_screen_at_most_3000() {
    let mut meter = Meter::new();
    for keys in ["j", "j", "k"] {
        let cost = meter.cost(|driver| {
            driver.keys(keys);
        });
        assert!(cost <= 250, "{keys}: {cost}");
    }
    for keys in ["2", "3", "4", "7", "1"] {
        let cost = meter.cost(|driver| {
            driver.keys(keys);
        });
        assert!(cost <= 3_000, "{keys}: {cost}");
    }
    for keys in ["3", "j", "j", "k"] {
        let cost = meter.cost(|driver| {
            driver.keys(keys);
        });
        assert!(keys == "3" || cost <= 250, "{keys}: {cost}");
    }
}

#[test]
fn a_letter_in_a_note_costs_at_most_64_bytes_and_a_lock_at_most_1200() {
    let mut meter = Meter::new();
    meter.cost(|driver| {
        driver.keys("⇥⏎").open_asked().code(KeyCode::End);
    });
    let mut costs: Vec<u64> = "sleeping better since the last time"
        .chars()
        .map(|letter| {
            meter.cost(|driver| {
                driver.key(Key::char(letter));
            })
        })
        .collect();
    costs.sort_unstable();
    assert!(costs[costs.len() / 2] <= 64, "{costs:?}");

    let lock = meter.cost(|driver| {
        driver.key(Key::ctrl('l'));
    });
    assert!(lock <= 1_200, "{lock}");
}

#[test]
fn a_minute_that_changes_nothing_but_the_clock_costs_little_and_nothing_costs_nothing() {
    let mut meter = Meter::new();
    assert_eq!(meter.cost(|_| {}), 0);
    let minute = meter.cost(|driver| {
        driver.wait(60_000);
    });
    assert!(minute <= 120, "{minute}");
}

#[test]
fn a_letter_in_the_filter_over_2000_clients_costs_at_most_2500_bytes() {
    let mut sample = Sample::new();
    let row = sample.client("AK-007");
    for number in 0_u32..2_000 {
        let mut id = [200; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let mut row = row.clone();
        row.id = ClientId::from_bytes(id);
        row.code = format!("X{}-{number:04}", ["A", "B", "C"][number as usize % 3]);
        sample.index.clients.insert(row.id, Arc::new(row));
    }
    let mut meter = Meter::new();
    meter.cost(|driver| {
        driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("3/");
    });

    for letter in ["x", "b", "-", "1", "9", "7"] {
        let cost = meter.cost(|driver| {
            driver.keys(letter);
        });
        assert!(cost <= 2_500, "{letter}: {cost}");
    }
}
