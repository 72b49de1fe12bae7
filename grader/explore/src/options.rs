//! What to explore, and how far.

use std::num::NonZeroUsize;
use std::time::Duration;

use siglab_engine::Cancel;
use siglab_model::{Role, Signal, Trace};

/// Which moments are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Those at which programs usually break: after atomic read-modify-write instructions,
    /// at the entries of functions, around system calls, at the beginning of each line of
    /// the program's own, and while a thread waits.
    #[default]
    Fast,
    /// All.
    All,
}

impl Strategy {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::All => "all",
        }
    }
}

/// Where exploring is cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Real time, from the start: a hard bound for all of it. Moments are tried for half of
    /// it; the rest is for confirming and explaining what was found.
    pub time: Option<Duration>,
    /// Moments.
    pub moments: Option<usize>,
}

/// What else must hold in each run in which one signal comes at some moment: says what
/// doesn't.
pub type Demand<'a> = dyn Fn(&Trace) -> Vec<Broken> + Sync + 'a;

/// How a demand wasn't met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The demand's id. Runs with equal ids are counted together.
    pub id: String,
    /// What happened.
    pub message: String,
    /// What to look at.
    pub hint: String,
}

/// How to explore.
#[derive(Clone, Debug)]
pub struct ExploreOptions {
    /// The signals; those for which the program installs handlers if there are none.
    pub signals: Vec<Signal>,
    /// To whom; every process and thread that handles the signal if there are none.
    pub to: Vec<Role>,
    /// Which moments.
    pub strategy: Strategy,
    /// From the exec on, rather than from when a handler is installed.
    pub from_start: bool,
    /// Where it is cut off.
    pub budget: Budget,
    /// How many runs take place at the same time; one for each processor if absent.
    pub jobs: Option<NonZeroUsize>,
    /// Orders of scheduling that are tried, if there is a choice.
    pub schedules: u64,
    /// Instructions that are followed at the most.
    pub most_steps: u64,
    /// Harmless moments in the program's own code at which each signal is watched more
    /// closely.
    pub samples: usize,
    /// Asks it to stop.
    pub cancel: Cancel,
}

impl Default for ExploreOptions {
    /// All handled signals, everyone, the likely moments, without a budget, on all
    /// processors; 24 orders of scheduling, 2 million instructions.
    fn default() -> Self {
        Self {
            signals: Vec::new(),
            to: Vec::new(),
            strategy: Strategy::Fast,
            from_start: false,
            budget: Budget::default(),
            jobs: None,
            schedules: 24,
            most_steps: 2_000_000,
            samples: 5,
            cancel: Cancel::default(),
        }
    }
}

/// Is told how far exploring has got, from several threads.
pub trait Progress: Sync {
    /// So many moments are to be tried.
    fn total(&self, moments: usize);
    /// One more was tried; whether something went wrong there.
    fn tried(&self, wrong: bool);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn total(&self, _: usize) {}
    fn tried(&self, _: bool) {}
}
