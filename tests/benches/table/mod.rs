//! What all benchmarks share: a table of figures, and what the system tells about a process. It
//! judges nothing: a figure beside its floor is for a person to read.

#![allow(dead_code, reason = "each of the programs that include this file uses a part of it")]

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The figures of one benchmark.
pub(crate) struct Table {
    title: &'static str,
    rows: Vec<[String; 5]>,
}

impl Table {
    /// Begins a table that this command makes again.
    pub(crate) fn new(title: &'static str) -> Self {
        let head = ["what", "figure", "beside", "ratio", "target"].map(str::to_owned);
        Self { title, rows: vec![head] }
    }

    /// Adds a figure that stands alone.
    pub(crate) fn figure(&mut self, what: &str, figure: impl Display, target: &str) {
        self.row([what.into(), figure.to_string(), String::new(), String::new(), target.into()]);
    }

    /// Adds a time beside that of a floor or a peer, measured in the same run.
    pub(crate) fn beside(
        &mut self,
        what: &str,
        time: Duration,
        (peer, floor): (&str, Duration),
        target: &str,
    ) {
        let ratio = time.as_secs_f64() / floor.as_secs_f64().max(1e-9);
        let beside = format!("{peer} {}", shown(floor));
        self.row([what.into(), shown(time), beside, format!("{ratio:.2}"), target.into()]);
    }

    /// Says what was not measured, and why.
    pub(crate) fn not_run(&mut self, what: &str, why: &str) {
        self.row([
            what.into(),
            format!("NOT RUN: {why}"),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }

    fn row(&mut self, row: [String; 5]) {
        eprintln!("  {}", row.join("  "));
        self.rows.push(row);
    }

    /// Prints the table.
    pub(crate) fn print(self) {
        let width =
            |n: usize| self.rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(width);
        println!("\n{}", self.title);
        for row in &self.rows {
            let cells: Vec<_> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            println!("{}", cells.join("  ").trim_end());
        }
    }
}

/// Returns a time with three figures.
pub(crate) fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1_000.0 => format!("{micros:.0} µs"),
        ..1_000_000.0 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// Returns what was made, and how long it took.
pub(crate) fn timed<T>(make: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = make();
    (made, start.elapsed())
}

/// Returns the value below which this share of them lies.
pub(crate) fn share<T: Ord + Copy>(values: &[T], hundredths: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * hundredths / 100]
}

/// Returns the middle one.
pub(crate) fn median<T: Ord + Copy>(values: &[T]) -> T {
    share(values, 50)
}

/// Returns a shipped program if cargo has built it, else nothing.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    let here = std::env::current_exe().ok()?;
    let program = here.parent()?.parent()?.join(name);
    let text = program.to_str().filter(|_| program.is_file())?;
    Some(text.to_owned().leak())
}

/// Returns a folder for this benchmark; it is replaced by whoever uses it.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("benches").join(name)
}

/// Returns an amount of memory from the status of a process, in units of 1,000,000 bytes.
pub(crate) fn megabytes(pid: i32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with(field)).expect("the field");
    let kilobytes: u64 =
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kilobytes * 1024 / 1_000_000
}

/// Returns how often the threads of a process were woken since they began.
pub(crate) fn wakeups(pid: i32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    let count = |thread: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    threads.filter_map(count).sum()
}

/// Returns how many bytes this process has asked the system to read.
pub(crate) fn bytes_read() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").expect("a count");
    let line = io.lines().find(|line| line.starts_with("rchar")).expect("rchar");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}
