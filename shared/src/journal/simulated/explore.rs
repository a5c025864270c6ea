//! Drives a journal through made-up lives, cuts the power at every step, and compares what is
//! found afterwards with what was acknowledged.
//!
//! A life is appends, marks, collections, reopenings, a disk that is full for a while, and one
//! error somewhere. Every moment of it has many possible aftermaths; each is opened twice,
//! written to, cut again and opened again, because a journal that survives one cut may have
//! prepared its loss at the next.

use super::{Cut, Failure, Fault, SimulatedFs};
use crate::journal::{AppendError, Config, FrameRef, Journal, Opened};
use crate::random::{Random, Seeded};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

/// What an exploration saw.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Exploration {
    /// How many folders were found after a power cut, opened and checked.
    pub states: u64,
    /// How many lives were led.
    pub lives: u64,
    /// How many groups were acknowledged in all lives.
    pub acknowledged: u64,
    /// What was wrong, with the seed of the life; empty if the journal keeps its word.
    pub violations: Vec<String>,
}

/// Leads lives from `seed` on until `states` aftermaths were checked, or too much went wrong.
pub fn explore(seed: u64, states: u64) -> Exploration {
    let mut exploration = Exploration::default();
    while exploration.states < states && exploration.violations.len() < ENOUGH {
        let life = seed.wrapping_add(exploration.lives);
        exploration.lives += 1;
        explore_life(life, fault_of(life), ONE_OF, &mut exploration);
    }
    exploration
}

/// Leads the life of one seed with one fault, and looks at one of `one_of` moments of it.
pub(in crate::journal) fn explore_life(
    seed: u64,
    fault: Option<Fault>,
    one_of: u64,
    exploration: &mut Exploration,
) {
    let mut life = Life::new(seed);
    if let Some(fault) = fault {
        life.fs.plan(fault);
    }
    let outcome = life.lead();
    exploration.acknowledged += life.model.acknowledged();
    let mut random = Seeded::new(seed ^ 0x5bd1_e995);
    let outcome = outcome.and_then(|()| {
        for cut in life.fs.take_cuts() {
            if random.below(one_of) == 0 {
                life.check_aftermath(&cut, &mut random, exploration)?;
            }
        }
        Ok(())
    });
    if let Err(wrong) = outcome {
        exploration.violations.push(format!("life {seed}, fault {fault:?}: {wrong}"));
    }
}

/// Returns how many operations the life of a seed takes when nothing fails.
#[cfg(test)]
pub(in crate::journal) fn operations_of_life(seed: u64) -> u64 {
    let mut life = Life::new(seed);
    drop(life.lead());
    life.fs.operations().len() as u64
}

/// Half of all lives meet an error.
fn fault_of(seed: u64) -> Option<Fault> {
    let mut random = Seeded::new(seed ^ 0x00c0_ffee);
    let failure = match random.below(8) {
        0 | 1 => Failure::Input,
        2 => Failure::Full,
        3 => Failure::Interrupted,
        4 => Failure::Short,
        _ => return None,
    };
    Some(Fault { after: random.below(80), failure, sticky: random.below(3) == 0 })
}

/// What the user of the journal knows.
#[derive(Clone, Default)]
struct Model {
    attempts: Vec<Attempt>,
    /// Frames that the collector may drop: attempt, frame.
    dead: BTreeSet<(usize, usize)>,
}

#[derive(Clone)]
struct Attempt {
    frames: Arc<Vec<(u8, Vec<u8>)>>,
    acknowledged: bool,
}

type Found = Vec<(u64, u8, Vec<u8>)>;

impl Model {
    fn acknowledged(&self) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.acknowledged).count() as u64
    }

    /// Compares frames, as (LSN, kind, payload) in the order in which they were handed out, with
    /// what may and what must be there.
    fn check(&self, found: &Found) -> Result<(), String> {
        let mut seen: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut last = None;
        let mut last_lsn = 0;
        for (lsn, kind, payload) in found {
            let name = name_of(payload).ok_or("a frame is nobody's")?;
            let attempt = self.attempts.get(name.0).ok_or("a frame was never appended")?;
            let expected = attempt.frames.get(name.1).ok_or("a frame was never appended")?;
            if (kind, payload) != (&expected.0, &expected.1) {
                return Err(format!("frame {name:?} has changed"));
            }
            if *lsn <= last_lsn || last >= Some(name) {
                return Err(format!("frame {name:?} is out of order at LSN {lsn}"));
            }
            (last_lsn, last) = (*lsn, Some(name));
            seen.entry(name.0).or_default().insert(name.1);
        }
        for (number, attempt) in self.attempts.iter().enumerate() {
            let frames = seen.get(&number);
            if frames.is_none() && !attempt.acknowledged {
                continue;
            }
            for frame in 0..attempt.frames.len() {
                let is_there = frames.is_some_and(|frames| frames.contains(&frame));
                if !is_there && !self.dead.contains(&(number, frame)) {
                    let word = if attempt.acknowledged { "acknowledged" } else { "half" };
                    return Err(format!("frame {frame} of {word} group {number} is missing"));
                }
            }
        }
        Ok(())
    }
}

/// A payload begins with the numbers of its attempt and frame.
fn name_of(payload: &[u8]) -> Option<(usize, usize)> {
    let (attempt, rest) = payload.split_first_chunk::<4>()?;
    let (frame, _) = rest.split_first_chunk::<4>()?;
    let number = |bytes: [u8; 4]| usize::try_from(u32::from_be_bytes(bytes)).ok();
    Some((number(*attempt)?, number(*frame)?))
}

struct Life {
    fs: SimulatedFs,
    config: Config,
    random: Seeded,
    model: Model,
    /// The model at each note.
    history: Vec<Model>,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut random = Seeded::new(seed);
        let config = Config {
            segment_bytes: 400 + random.below(3000),
            new_segment_on_open: random.below(2) == 0,
            class: *b"simulate",
        };
        let fs = SimulatedFs::new(random.next_u64());
        fs.record_cuts();
        let model = Model::default();
        Self { fs, config, random, history: vec![model.clone()], model }
    }

    fn note(&mut self) {
        self.fs.note(self.history.len() as u64);
        self.history.push(self.model.clone());
    }

    fn lead(&mut self) -> Result<(), String> {
        let mut journal = self.reopen()?;
        for _ in 0..STEPS {
            match self.random.below(12) {
                0..=5 => self.append(&mut journal)?,
                6 | 7 => drop(journal.mark()),
                8 => drop(self.collect(&mut journal)),
                9 => {
                    drop(journal.close());
                    journal = self.reopen()?;
                }
                10 => {
                    drop(journal);
                    journal = self.reopen()?;
                }
                _ => {
                    let room = self.fs.used() + self.random.below(400);
                    self.fs.set_space(Some(room));
                    self.append(&mut journal)?;
                    self.append(&mut journal)?;
                    self.fs.set_space(None);
                }
            }
            if journal.is_poisoned() {
                drop(journal);
                journal = self.reopen()?;
            }
        }
        Ok(())
    }

    /// Appends a group of frames that nobody else wrote. Only an error that a planned fault or a
    /// full disk explains is borne.
    fn append(&mut self, journal: &mut Journal<SimulatedFs>) -> Result<(), String> {
        let group = self.draw_group();
        let frames = Arc::clone(&group.frames);
        self.model.attempts.push(group);
        self.note();
        match append(journal, &frames) {
            Ok(()) => {
                if let Some(attempt) = self.model.attempts.last_mut() {
                    attempt.acknowledged = true;
                }
                self.note();
                Ok(())
            }
            Err(AppendError::Full | AppendError::Failed(_) | AppendError::Poisoned) => Ok(()),
            Err(error) => Err(format!("append: {error}")),
        }
    }

    fn draw_group(&mut self) -> Attempt {
        let number = u32::try_from(self.model.attempts.len()).unwrap_or(u32::MAX);
        let mut frames = Vec::new();
        for frame in 0..u32::try_from(1 + self.random.below(3)).unwrap_or(1) {
            let mut payload = number.to_be_bytes().to_vec();
            payload.extend(frame.to_be_bytes());
            let longest = if self.random.below(4) == 0 { 1600 } else { 120 };
            let length = self.random.below(longest);
            let mut filler = vec![0; usize::try_from(length).unwrap_or(0)];
            self.random.fill(&mut filler);
            payload.extend(filler);
            let kind = u8::try_from(self.random.below(0xf0)).unwrap_or(0);
            frames.push((kind, payload));
        }
        Attempt { frames: Arc::new(frames), acknowledged: false }
    }

    fn collect(&mut self, journal: &mut Journal<SimulatedFs>) -> Result<(), String> {
        for (number, attempt) in self.model.attempts.iter().enumerate() {
            for frame in 0..attempt.frames.len() {
                if self.random.below(3) > 0 {
                    self.model.dead.insert((number, frame));
                }
            }
        }
        self.note();
        let dead = &self.model.dead;
        let mut live =
            |frame: &FrameRef<'_>| name_of(frame.payload).is_none_or(|name| !dead.contains(&name));
        while let Ok(done) = journal.collect(&mut live) {
            if done.moved.is_empty() && done.freed == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Opens the journal on the same machine. A fault may hit the opening; then it is over, and
    /// the second try must work.
    fn reopen(&mut self) -> Result<Journal<SimulatedFs>, String> {
        if let Ok((journal, found, _)) = open(&self.fs, self.config, &mut self.random)
            && !journal.is_read_only()
        {
            self.model.check(&found)?;
            return Ok(journal);
        }
        self.fs.forget_faults();
        let (journal, found, opened) = open(&self.fs, self.config, &mut self.random)?;
        self.model.check(&found)?;
        if journal.is_read_only() {
            return Err(format!("damaged without a power cut: {:?}", opened.damage));
        }
        Ok(journal)
    }

    /// The power went at `cut`: one of the folders that may be found is opened and checked.
    fn check_aftermath(
        &self,
        cut: &Cut,
        random: &mut Seeded,
        exploration: &mut Exploration,
    ) -> Result<(), String> {
        let note = usize::try_from(cut.note()).unwrap_or(usize::MAX);
        let model = self.history.get(note).ok_or("no such note")?;
        let fs = cut.survivor(random);
        fs.record_cuts();
        exploration.states += 1;
        let (journal, first, _) = self.open_sound(&fs, model, random)?;
        drop(journal);
        let (mut journal, second, _) = self.open_sound(&fs, model, random)?;
        if first != second {
            return Err("opening twice gives two answers".to_owned());
        }

        // The second life: it may be cut anywhere, too, the recovery included.
        let mut model = model.clone();
        // What was not there after the cut was never acknowledged, and cannot come back.
        let number = u32::try_from(model.attempts.len()).unwrap_or(u32::MAX);
        let mut payload = number.to_be_bytes().to_vec();
        payload.extend([0; 4]);
        payload.extend(random.next_u64().to_be_bytes());
        let frames = Arc::new(vec![(1, payload)]);
        model.attempts.push(Attempt { frames: Arc::clone(&frames), acknowledged: false });
        append(&mut journal, &frames).map_err(|error| format!("second life: {error}"))?;
        drop(journal);
        let cuts = fs.take_cuts();
        if let Some(last) = cuts.last() {
            let mut acknowledged = model.clone();
            if let Some(attempt) = acknowledged.attempts.last_mut() {
                attempt.acknowledged = true;
            }
            let (_, found, _) = self.open_sound(&last.survivor(random), &acknowledged, random)?;
            if found.split_last().map(|(_, before)| before) != Some(first.as_slice()) {
                return Err("the second life changed the first".to_owned());
            }
        }
        let anywhere = usize::try_from(random.below(cuts.len() as u64)).unwrap_or(0);
        if let Some(cut) = cuts.get(anywhere) {
            let (_, found, _) = self.open_sound(&cut.survivor(random), &model, random)?;
            if !found.starts_with(&first) {
                return Err("what was found once was not found again".to_owned());
            }
            exploration.states += 1;
        }
        Ok(())
    }

    fn open_sound(
        &self,
        fs: &SimulatedFs,
        model: &Model,
        random: &mut Seeded,
    ) -> Result<(Journal<SimulatedFs>, Found, Opened), String> {
        let (journal, found, opened) = open(fs, self.config, random)?;
        if journal.is_read_only() {
            return Err(format!("a power cut passes for damage: {:?}", opened.damage));
        }
        model.check(&found)?;
        Ok((journal, found, opened))
    }
}

fn append(journal: &mut Journal<SimulatedFs>, frames: &[(u8, Vec<u8>)]) -> Result<(), AppendError> {
    let group: Vec<(u8, &[u8])> =
        frames.iter().map(|(kind, payload)| (*kind, payload.as_slice())).collect();
    journal.append(&group).map(drop)
}

fn open(
    fs: &SimulatedFs,
    config: Config,
    random: &mut Seeded,
) -> Result<(Journal<SimulatedFs>, Found, Opened), String> {
    let mut found = Vec::new();
    let opened = Journal::open::<Infallible>(fs.clone(), config, random, &mut |frame| {
        found.push((frame.lsn.get(), frame.kind.get(), frame.payload.to_vec()));
        Ok(())
    });
    let (journal, opened) = opened.map_err(|error| format!("open: {error}"))?;
    Ok((journal, found, opened))
}

/// Steps of one life.
const STEPS: u64 = 14;
/// One of how many moments of a life is looked at: more lives show more than more of one life.
const ONE_OF: u64 = 3;
/// After this many violations nothing more is learnt.
const ENOUGH: usize = 5;
