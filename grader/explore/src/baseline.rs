//! The runs before anything is tried: what the program does by itself, where its moments
//! are, and what the signal does at harmless ones.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use siglab_engine::{
    Command, Follow, FollowFrom, Likely, OnMoment, Options, Script, Seen, follow, follow_with, run,
};
use siglab_model::{
    Disposition, Family, Injection, Kind, LimitKind, Place, Role, SigSet, Signal, Time, Trace,
};

use crate::error::ExploreError;
use crate::judge::{Normal, is_polling};
use crate::options::{Demand, ExploreOptions, Strategy};
use crate::parallel;
use crate::stack::module_of;
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
}

/// One thing to try: signals at moments, the last of which is the one that counts.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) injections: Vec<Injection>,
    pub(crate) seen: Seen,
    /// Whether it is in the middle of the library's function that installs the handler: the
    /// program isn't ready yet.
    pub(crate) installing: bool,
}

impl Case {
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.injections.last().map(|injection| injection.signal)
    }
}

/// What is known before anything is tried.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) signals: Vec<Signal>,
    pub(crate) normal: Normal,
    /// The run without an injection.
    pub(crate) trace: Trace,
    pub(crate) cases: Vec<Case>,
    /// Cases that the strategy leaves out.
    pub(crate) left_out: usize,
    /// Runs in which handlers were followed, and what was injected.
    pub(crate) handlers: Vec<(Trace, Vec<Injection>)>,
    /// Whether all instructions were followed.
    pub(crate) complete: bool,
    /// Bounds for the runs that are tried.
    pub(crate) limit: Duration,
    /// Whether it comes to an end, or to a wait, when a signal comes at a harmless moment.
    pub(crate) is_ended_by_signals: bool,
}

impl Baseline {
    /// Leaves out cases until there are at most `most`, evenly. How many.
    pub(crate) fn thin_out(&mut self, most: usize) -> usize {
        let all = self.cases.len();
        if all <= most {
            return 0;
        }
        let mut nth = 0;
        self.cases.retain(|_| {
            nth += 1;
            // So many of the first `nth` are kept, and of one less.
            nth * most / all > (nth - 1) * most / all
        });
        all - self.cases.len()
    }

    /// Of a program that never gets to where there is something to explore.
    fn of_nothing(trace: Trace, program: &str) -> Self {
        Self {
            signals: Vec::new(),
            normal: Normal::new(&trace, program),
            trace,
            cases: Vec::new(),
            left_out: 0,
            handlers: Vec::new(),
            complete: false,
            limit: LIMIT,
            is_ended_by_signals: false,
        }
    }
}

fn installs_handler(trace: &Trace) -> bool {
    trace.events.iter().any(|event| {
        matches!(
            event.kind,
            Kind::DispositionChanged {
                new: Disposition::Handler { .. },
                ..
            }
        )
    })
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
    let length = fs::File::open(path)
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

impl<'a> Subject<'a> {
    pub(crate) fn new(
        command: &'a Command,
        script: &'a Script,
        options: &'a Options,
        wanted: &'a ExploreOptions,
        demand: &'a Demand<'a>,
    ) -> Self {
        Self {
            command,
            script,
            options,
            wanted,
            demand,
            virtual_limit: VIRTUAL_LIMIT,
        }
    }
}

impl Subject<'_> {
    /// What all runs have in common.
    pub(crate) fn options_for(&self, injections: &[Injection]) -> Options {
        let mut options = self.options.clone();
        options.injections = injections.to_vec();
        options.limits.virtual_time = options.limits.virtual_time.min(self.virtual_limit);
        options.cancel = self.wanted.cancel.clone();
        options
    }

    /// The run in which nothing happens from outside but what the script says. Finds out how
    /// much time runs need.
    fn plain(&mut self) -> Result<Trace, ExploreError> {
        let plain = self.run(&[], LIMIT, true, None)?;
        let goes_on = plain.outcome.limit == Some(LimitKind::VirtualTime);
        // What a script says may come late.
        if !goes_on || !self.script.steps.is_empty() {
            return Ok(plain);
        }
        self.virtual_limit = SHORT_VIRTUAL_LIMIT;
        self.run(&[], LIMIT, true, None)
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
        Ok(run(self.command, self.script, &options)?)
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

    fn follow(
        &self,
        injections: &[Injection],
        from: FollowFrom,
        moments: bool,
        processor: Option<usize>,
    ) -> Result<siglab_engine::Followed, ExploreError> {
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
            linker: self.wanted.strategy == Strategy::All,
            rounds: if self.wanted.strategy == Strategy::All {
                2
            } else {
                1
            },
            libraries: true,
            moments: true,
            most_steps,
        }
    }

    /// Watches what handlers do in the run as it is.
    fn watch_only(&self, plain: Trace) -> Result<Baseline, ExploreError> {
        let followed = self.follow(&[], FollowFrom::InHandlers, false, None)?;
        Ok(Baseline {
            signals: self.handled(&plain),
            handlers: vec![(followed.trace, Vec::new())],
            ..Baseline::of_nothing(plain, &module_of(self.command))
        })
    }

    /// The wanted signals for which a process installs a handler.
    fn handled(&self, trace: &Trace) -> Vec<Signal> {
        let installs = |wanted: Signal| {
            trace.events.iter().any(|event| {
                matches!(
                    event.kind,
                    Kind::DispositionChanged { signal, new: Disposition::Handler { .. } }
                        if signal == wanted
                )
            })
        };
        Signal::all()
            .filter(|signal| self.wanted.signals.is_empty() || self.wanted.signals.contains(signal))
            .filter(|signal| installs(*signal))
            .collect()
    }

    /// Makes the runs that everything else is compared with.
    pub(crate) fn baseline(&mut self) -> Result<Baseline, ExploreError> {
        let plain = self.plain()?;
        if self.wanted.budget.moments == Some(0) {
            return self.watch_only(plain);
        }
        let from = if self.wanted.from_start {
            FollowFrom::Start
        } else {
            FollowFrom::Handler
        };
        let is_meant = self.wanted.from_start || !self.wanted.signals.is_empty();
        if plain.outcome.limit.is_some() && !is_meant && !installs_handler(&plain) {
            return Ok(Baseline::of_nothing(plain, &module_of(self.command)));
        }
        let followed = self.follow(&[], from, true, None)?;
        let signals = self.signals(&followed.moments);
        let mut baseline = Baseline {
            normal: Normal::new(&plain, &module_of(self.command)),
            cases: Vec::new(),
            left_out: 0,
            handlers: vec![(followed.trace, Vec::new())],
            complete: followed.complete,
            limit: bound(&plain),
            is_ended_by_signals: false,
            trace: plain,
            signals,
        };
        // The threads of a process have the same handlers.
        let family = Family::of(&baseline.trace.events);
        let reinstalls = baseline.normal.reinstalls.clone();
        let one_shot = |role: &Role, signal| reinstalls.contains(&(family.process(role), signal));
        let first = self.cases(&baseline.signals, &followed.moments, &[], &one_shot);
        let (nested, endless) = self.look_around(&mut baseline, &first)?;
        self.take(&mut baseline, nested, &[]);
        self.take(&mut baseline, first, &endless);
        Ok(baseline)
    }

    /// `also`: what is tried whatever the strategy says.
    fn take(&self, baseline: &mut Baseline, cases: Vec<Case>, also: &[Vec<Injection>]) {
        let all = cases.len();
        let wanted = cases.into_iter().filter(|case| {
            self.wanted.strategy == Strategy::All
                || case.seen.likely.is_some()
                || also.contains(&case.injections)
        });
        let before = baseline.cases.len();
        baseline.cases.extend(wanted);
        baseline.left_out += all - (baseline.cases.len() - before);
    }

    fn signals(&self, moments: &[Seen]) -> Vec<Signal> {
        /// What the processor raises: nobody sends these, and handlers of them (Rust's own,
        /// for one) take them as they come from there.
        const FAULTS: [Signal; 5] = [
            Signal::SEGV,
            Signal::BUS,
            Signal::ILL,
            Signal::FPE,
            Signal::TRAP,
        ];
        let is_wanted = |signal: &Signal| match self.wanted.signals.as_slice() {
            [] => !FAULTS.contains(signal),
            wanted => wanted.contains(signal),
        };
        /// Those that the threads library keeps for itself: nptl(7).
        const OF_LIBC: [i32; 2] = [32, 33];
        Signal::all()
            .filter(|signal| !OF_LIBC.contains(&signal.number()))
            .filter(is_wanted)
            .filter(|signal| {
                (self.wanted.from_start && !self.wanted.signals.is_empty())
                    || moments
                        .iter()
                        .any(|seen| seen.handled.contains(*signal) || self.awaits(seen, *signal))
            })
            .collect()
    }

    /// Whether a signal that was asked for is kept pending, for whoever waits for it: with
    /// sigwait(3), signalfd(2), or when a handler is there.
    fn awaits(&self, seen: &Seen, signal: Signal) -> bool {
        self.wanted.signals.contains(&signal) && seen.blocked.contains(signal)
    }

    /// The cases that moments give. Of moments at which the signal is blocked, which it
    /// is delivered after, only the first after each controlled call.
    fn cases(
        &self,
        signals: &[Signal],
        moments: &[Seen],
        before: &[Injection],
        one_shot: &dyn Fn(&Role, Signal) -> bool,
    ) -> Vec<Case> {
        let mut cases = Vec::new();
        for signal in signals {
            let mut blocked_since = None;
            let mut installs = Installs::default();
            let in_handler = before.last().is_some_and(|last| last.signal == *signal);
            let windows = Windows::new(*signal, moments, one_shot, in_handler);
            for (index, seen) in moments.iter().enumerate() {
                let installing = installs.next(seen, *signal);
                let is_to = self.wanted.to.is_empty() || self.wanted.to.contains(&seen.moment.role);
                let is_handled = seen.handled.contains(*signal)
                    || windows.contain(seen, index)
                    || self.awaits(seen, *signal);
                if !is_to || !(self.wanted.from_start || is_handled) {
                    continue;
                }
                if seen.blocked.contains(*signal) {
                    let since = Some((seen.moment.role.clone(), seen.moment.calls));
                    if blocked_since == since {
                        continue;
                    }
                    blocked_since = since;
                }
                let mut injections = before.to_vec();
                injections.push(Injection {
                    moment: seen.moment.clone(),
                    signal: *signal,
                });
                cases.push(Case {
                    injections,
                    seen: seen.clone(),
                    installing,
                });
            }
        }
        cases
    }

    /// Harmless moments for a signal, among its cases.
    fn samples<'c>(&self, signal: Signal, cases: &'c [Case]) -> Vec<&'c Case> {
        let cases = || {
            cases.iter().filter(|case| {
                case.signal() == Some(signal)
                    && case.seen.handlers.is_empty()
                    && !case.seen.blocked.contains(signal)
            })
        };
        let waits = cases()
            .rev()
            .find(|case| case.seen.likely == Some(Likely::Wait));
        let own: Vec<&Case> = cases()
            .filter(|case| case.seen.own && case.seen.moment.place != Place::Waiting)
            .collect();
        let step = own.len().div_ceil(self.wanted.samples.max(1)).max(1);
        waits
            .into_iter()
            .chain(own.iter().step_by(step).copied())
            .chain(own.last().filter(|_| own.len() > step).copied())
            .collect()
    }

    /// Tries each signal at some harmless moments: what it does there is normal, what its
    /// handler does is looked at, and a second signal may come while the handler runs: the
    /// cases of that. And the moments after which the program came to no end.
    fn look_around(
        &self,
        baseline: &mut Baseline,
        cases: &[Case],
    ) -> Result<(Vec<Case>, Vec<Vec<Injection>>), ExploreError> {
        let samples: Vec<(Signal, usize, &Case)> = baseline
            .signals
            .iter()
            .flat_map(|signal| {
                let samples = self.samples(*signal, cases).into_iter().enumerate();
                samples.map(|(nth, case)| (*signal, nth, case))
            })
            .collect();
        let limit = baseline.limit;
        let runs = parallel::map(self.jobs(), &samples, |processor, (_, nth, case)| {
            let plain = self.run(&case.injections, limit, true, Some(processor))?;
            let (from, moments) = (FollowFrom::InHandlers, *nth == 0);
            let followed = self.follow(&case.injections, from, moments, Some(processor))?;
            Ok((plain, followed))
        })?;
        for signal in baseline.signals.clone() {
            let of_signal = samples
                .iter()
                .zip(&runs)
                .filter(|((of, ..), _)| *of == signal);
            let polling: Vec<bool> = of_signal.map(|(_, (plain, _))| is_polling(plain)).collect();
            let on = polling.iter().filter(|on| **on).count();
            if on * 2 > polling.len() {
                baseline.normal.polls_on();
            }
        }
        let mut nested = Vec::new();
        let mut endless = Vec::new();
        for ((signal, nth, case), (plain, followed)) in samples.into_iter().zip(runs) {
            let while_waiting = case.seen.moment.place == Place::Waiting;
            baseline.is_ended_by_signals |= plain.outcome.limit.is_none();
            if plain.outcome.limit.is_some() {
                endless.push(case.injections.clone());
            }
            if baseline.normal.judge_roughly(&plain, signal) {
                baseline.normal.add(signal, &plain, while_waiting);
            }
            if nth == 0 {
                let in_handler: Vec<Seen> = followed
                    .moments
                    .iter()
                    .filter(|seen| !seen.handlers.is_empty() && is_after(&followed.trace))
                    .cloned()
                    .collect();
                nested.extend(self.cases(
                    &baseline.signals,
                    &in_handler,
                    &case.injections,
                    &|_, _| false,
                ));
            }
            baseline
                .handlers
                .push((followed.trace, case.injections.clone()));
        }
        Ok((nested, endless))
    }
}

/// For each process and thread, from where in its own code it called what installed its
/// handler; absent within once it has come back.
#[derive(Default)]
struct Installs(BTreeMap<Role, Option<CallSite>>);

type CallSite = (std::sync::Arc<std::path::PathBuf>, u64);

impl Installs {
    /// Whether the next moment is still in the middle of that.
    fn next(&mut self, seen: &Seen, signal: Signal) -> bool {
        if !seen.handled.contains(signal) {
            return false;
        }
        let role = &seen.moment.role;
        let site = self
            .0
            .entry(role.clone())
            .or_insert_with(|| seen.own_at.clone());
        if seen.own || *site != seen.own_at {
            *site = None;
        }
        site.is_some()
    }
}

/// For each thread, the moments between the first and the last at which it handles a
/// signal: in between may be some at which it doesn't, for a while.
struct Windows(BTreeMap<Role, (usize, usize)>);

impl Windows {
    /// `one_shot`: who has handlers that are reset to the default when they are called.
    /// `in_handler`: whether it was handled before the first moment.
    fn new(
        signal: Signal,
        moments: &[Seen],
        one_shot: &dyn Fn(&Role, Signal) -> bool,
        in_handler: bool,
    ) -> Self {
        let mut windows = BTreeMap::new();
        for (index, seen) in moments.iter().enumerate() {
            if seen.handled.contains(signal) {
                windows
                    .entry(seen.moment.role.clone())
                    .and_modify(|(_, last)| *last = index)
                    .or_insert((if in_handler { 0 } else { index }, index));
            }
        }
        for (role, (_, last)) in &mut windows {
            if one_shot(role, signal) {
                *last = moments.len();
            }
        }
        Self(windows)
    }

    fn contain(&self, seen: &Seen, index: usize) -> bool {
        self.0
            .get(&seen.moment.role)
            .is_some_and(|(first, last)| (*first..*last).contains(&index))
    }
}

/// Whether anything was injected at all.
fn is_after(trace: &Trace) -> bool {
    trace
        .events
        .iter()
        .any(|event| matches!(event.kind, Kind::Injected { .. }))
}

/// Processor time for runs with an injection: far more than the run without one took.
fn bound(trace: &Trace) -> Duration {
    if trace.outcome.limit.is_some() {
        Duration::from_millis(300)
    } else {
        Duration::from_secs(1)
    }
}
