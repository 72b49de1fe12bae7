//! What is explored: a program, its script and the options, and how one run of it is made.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use siglab_engine::{
    Cancel, Command, Follow, FollowFrom, Followed, OnMoment, Options, Script, Seen, follow,
    follow_with, run,
};
use siglab_model::{Injection, LimitKind, SigSet, Time, Trace};
use siglab_sandbox::regular;

use crate::error::ExploreError;
use crate::options::{Demand, ExploreOptions, Strategy};
use crate::phases::{Phase, Phases};
use crate::witness::STEPS_IN_HANDLERS;

/// Processor time that a run may take which does nothing but compute.
pub(crate) const LIMIT: Duration = Duration::from_secs(2);
/// Virtual time that a run may take.
pub(crate) const VIRTUAL_LIMIT: Time = Time::from_nanos(3_600_000_000_000);
/// The same for a program that asks again and again for all of that time, and comes to no end.
const SHORT_VIRTUAL_LIMIT: Time = Time::from_nanos(120_000_000_000);

/// What to explore, and with what.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) command: &'a Command,
    pub(crate) script: &'a Script,
    pub(crate) options: &'a Options,
    pub(crate) wanted: &'a ExploreOptions,
    /// What else must hold.
    pub(crate) demand: &'a Demand<'a>,
    /// Virtual time that each run may take.
    pub(crate) virtual_limit: Time,
    /// The signals that only timers of the program's own send.
    pub(crate) timed_only: SigSet,
    /// The requests that end the parts of it.
    pub(crate) phases: &'a Phases,
    /// The part that runs belong to.
    pub(crate) phase: Phase,
    /// Whether what the dynamic linker does is followed.
    pub(crate) linker: bool,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        command: &'a Command,
        script: &'a Script,
        options: &'a Options,
        wanted: &'a ExploreOptions,
        demand: &'a Demand<'a>,
        phases: &'a Phases,
    ) -> Self {
        Self {
            command,
            script,
            options,
            wanted,
            demand,
            virtual_limit: VIRTUAL_LIMIT,
            timed_only: SigSet::EMPTY,
            phases,
            phase: Phase::Moments,
            linker: wanted.strategy == Strategy::All,
        }
    }
}

impl Subject<'_> {
    /// The same, in this part of exploring.
    pub(crate) fn in_phase(&self, phase: Phase) -> Self {
        self.phases.enter(phase);
        Self { phase, ..*self }
    }

    /// The request that ends the part that this is in.
    pub(crate) fn cancel(&self) -> &Cancel {
        self.phases.of(self.phase)
    }

    /// Whether the part that this is in is over.
    pub(crate) fn is_over(&self) -> bool {
        self.cancel().is_cancelled()
    }

    /// The processor time that the run without a signal may take: less than [`LIMIT`] if the
    /// budget is small, so that several runs that come to no end have room in it.
    pub(crate) fn plain_limit(&self) -> Duration {
        const RUNS: u32 = 25;
        let budget = self.wanted.budget.time;
        budget.map_or(LIMIT, |time| LIMIT.min(time / RUNS))
    }

    /// What all runs have in common.
    pub(crate) fn options_for(&self, injections: &[Injection]) -> Options {
        let mut options = self.options.clone();
        options.injections = injections.to_vec();
        options.limits.virtual_time = options.limits.virtual_time.min(self.virtual_limit);
        options.cancel = self.cancel().clone();
        options
    }

    /// The run in which nothing happens from outside but what the script says. Finds out how
    /// much time runs need.
    pub(crate) fn plain(&mut self) -> Result<Trace, ExploreError> {
        let limit = self.plain_limit();
        let plain = self.run(&[], limit, true, None)?;
        let goes_on = plain.outcome.limit == Some(LimitKind::VirtualTime);
        // What a script says may come late.
        if !goes_on || !self.script.steps.is_empty() {
            return Ok(plain);
        }
        self.virtual_limit = SHORT_VIRTUAL_LIMIT;
        self.run(&[], limit, true, None)
    }

    /// Runs the program with these injections.
    pub(crate) fn run(
        &self,
        injections: &[Injection],
        limit: Duration,
        explains: bool,
        processor: Option<usize>,
    ) -> Result<Trace, ExploreError> {
        let mut options = self.options_for(injections);
        options.explains = explains;
        options.processor = processor;
        options.limits.real_time = Some(limit);
        let made = || run(self.command, self.script, &options);
        // Those that are explained take longer, and are what telling needs.
        Ok(if explains {
            self.phases.timed(made)?
        } else {
            made()?
        })
    }

    /// The moments after these injections, with the program there.
    pub(crate) fn follow_with(
        &self,
        injections: &[Injection],
        processor: usize,
        on_moment: &mut OnMoment<'_>,
    ) -> Result<(), ExploreError> {
        let mut options = self.options_for(injections);
        options.explains = false;
        options.processor = Some(processor);
        options.limits.real_time = Some(LIMIT);
        let from = match (injections, self.wanted.from_start) {
            ([], true) => FollowFrom::Start,
            ([], false) => FollowFrom::Handler,
            _ => FollowFrom::InHandlers,
        };
        let how = self.how(from);
        follow_with(self.command, self.script, &options, &how, on_moment)?;
        Ok(())
    }

    /// As [`Self::follow`], with all moments; `is_one`: whether something can be tried there. If
    /// there is no time to get to the first one of these, what the dynamic linker does is left out,
    /// from now on.
    pub(crate) fn find_moments(
        &mut self,
        from: FollowFrom,
        is_one: &(dyn Fn(&Seen) -> bool + Sync),
    ) -> Result<Followed, ExploreError> {
        if self.linker && from == FollowFrom::Start {
            self.phases.may_look_again();
        }
        let found = self.follow_until_one(from, is_one)?;
        if !was_cut(&found.trace) || self.phases.has_seen_moment() || !self.linker {
            return Ok(found);
        }
        self.linker = false;
        let again = self
            .in_phase(Phase::MomentsAgain)
            .follow_until_one(from, is_one)?;
        Ok(Followed {
            complete: false,
            ..again
        })
    }

    fn follow_until_one(
        &self,
        from: FollowFrom,
        is_one: &(dyn Fn(&Seen) -> bool + Sync),
    ) -> Result<Followed, ExploreError> {
        let mut options = self.options_for(&[]);
        options.limits.real_time = Some(LIMIT);
        let phases = self.phases;
        let found = follow_with(
            self.command,
            self.script,
            &options,
            &self.how(from),
            &mut |seen, _| {
                if !phases.has_seen_moment() && is_one(seen) {
                    phases.see_moment();
                }
                Ok(())
            },
        );
        Ok(found?)
    }

    /// One run that is followed step by step, from `from` on; `moments`: whether they are kept.
    pub(crate) fn follow(
        &self,
        injections: &[Injection],
        from: FollowFrom,
        moments: bool,
        processor: Option<usize>,
    ) -> Result<Followed, ExploreError> {
        let mut options = self.options_for(injections);
        options.processor = processor;
        options.limits.real_time = Some(LIMIT);
        let how = Follow {
            moments,
            ..self.how(from)
        };
        Ok(follow(self.command, self.script, &options, &how)?)
    }

    /// How many runs may take place at the same time.
    pub(crate) fn jobs(&self) -> usize {
        self.wanted.jobs.map_or_else(
            || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            NonZeroUsize::get,
        )
    }

    fn how(&self, from: FollowFrom) -> Follow {
        let most_steps = match from {
            FollowFrom::InHandlers => self.wanted.most_steps.min(STEPS_IN_HANDLERS),
            _ => self.wanted.most_steps,
        };
        let mut signals = SigSet::EMPTY;
        if from == FollowFrom::Handler {
            for signal in &self.wanted.signals {
                signals.insert(*signal);
            }
        }
        Follow {
            from,
            roles: self.wanted.to.clone(),
            signals,
            linker: self.linker,
            rounds: if self.wanted.strategy == Strategy::All {
                2
            } else {
                1
            },
            revisits: self.wanted.strategy != Strategy::All,
            libraries: true,
            moments: true,
            most_steps,
        }
    }
}

/// Refuses what can't be explored sensibly.
pub(crate) fn check_program(path: &Path) -> Result<(), ExploreError> {
    let read = |source| ExploreError::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(read)?;
    if metadata.is_file() && metadata.permissions().mode() & 0o6000 != 0 {
        return Err(ExploreError::SetId {
            path: path.to_owned(),
        });
    }
    let mut start = [0; 256];
    let length = regular::open(path)
        .and_then(|mut file| std::io::Read::read(&mut file, &mut start))
        .map_err(read)?;
    if let Some(line) = start[..length].strip_prefix(b"#!") {
        let line = String::from_utf8_lossy(line);
        let interpreter = line.lines().next().unwrap_or_default().trim().to_owned();
        return Err(ExploreError::ScriptFile {
            path: path.to_owned(),
            interpreter,
        });
    }
    match other_machine(&start[..length]) {
        Some(what) => Err(ExploreError::OtherMachine {
            path: path.to_owned(),
            what,
        }),
        None => Ok(()),
    }
}

/// What an executable file is, by its first bytes, if it is none that this processor
/// executes in 64-bit mode: elf(5). Nothing if it isn't an ELF file: exec says what is
/// wrong then.
fn other_machine(start: &[u8]) -> Option<String> {
    /// `EM_X86_64`, at `e_machine`.
    const X86_64: u16 = 62;
    const CLASS: usize = 4;
    const CLASS_32: u8 = 1;
    let of = start.starts_with(b"\x7fELF").then_some(start)?;
    if of.get(CLASS) == Some(&CLASS_32) {
        return Some("a 32-bit program".to_owned());
    }
    let machine = of.get(18..20)?;
    let machine = u16::from_le_bytes([machine[0], machine[1]]);
    (machine != X86_64).then(|| "a program for another processor".to_owned())
}

/// Whether there was no time for the run: it says nothing about the program.
pub(crate) fn was_cut(trace: &Trace) -> bool {
    trace.outcome.limit == Some(LimitKind::Cancelled)
}
