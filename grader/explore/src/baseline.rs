//! The runs before anything is tried: what the program does by itself, where its moments
//! are, and what the signal does at harmless ones.

use std::collections::BTreeMap;
use std::time::Duration;

use siglab_engine::{FollowFrom, Followed, Likely, Seen, Touches};
use siglab_model::{Disposition, Family, Injection, Kind, Place, SigSet, Signal, Trace};

use crate::error::ExploreError;
use crate::judge::{Normal, is_polling};
use crate::options::Strategy;
use crate::parallel;
use crate::phases::Phase;
use crate::stack::module_of;
use crate::subject::{LIMIT, Subject, was_cut};
use crate::windows::{Habits, Installs, Windows};

/// Cases that are kept of one run: a moment gives one for each signal, and each takes half a
/// kilobyte.
const MOST_CASES: usize = 200_000;

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
    /// Signals of which there was no time to see what they do at a harmless moment: what
    /// they do elsewhere can't be judged.
    pub(crate) unknown: Vec<Signal>,
    /// Cases of these signals.
    pub(crate) unjudged: usize,
    /// Cases beyond [`MOST_CASES`].
    pub(crate) beyond: usize,
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
            unknown: Vec::new(),
            unjudged: 0,
            beyond: 0,
            handlers: Vec::new(),
            complete: false,
            limit: LIMIT,
            is_ended_by_signals: false,
        }
    }
}

/// What the processor raises: nobody sends these, and handlers of them (Rust's own, for one) take
/// them as they come from there.
const FAULTS: [Signal; 5] = [
    Signal::SEGV,
    Signal::BUS,
    Signal::ILL,
    Signal::FPE,
    Signal::TRAP,
];

/// Whether a handler of a fault runs, which isn't tried, as nobody sends those.
fn handles_fault(trace: &Trace) -> bool {
    trace.events.iter().any(
        |event| matches!(event.kind, Kind::HandlerEntered { signal, .. } if FAULTS.contains(&signal)),
    )
}

/// The signals that come from timers of the program's own, and from nothing else: with a value that
/// their handlers rely on, and not before the timer is there.
fn timed_only(trace: &Trace) -> SigSet {
    let mut by_timers = BTreeMap::new();
    for event in &trace.events {
        if let Kind::Generated { signal, info, .. } = &event.kind {
            *by_timers.entry(*signal).or_insert(true) &= info.code == "SI_TIMER";
        }
    }
    let only = by_timers.into_iter().filter(|(_, only)| *only);
    only.map(|(signal, _)| signal).collect()
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

impl Subject<'_> {
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
        if was_cut(&plain) {
            return Ok(Baseline::of_nothing(plain, &module_of(self.command)));
        }
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
        let this = *self;
        let followed = self.find_moments(from, &|seen| this.is_tried_at(seen))?;
        let signals = self.signals(&followed.moments);
        self.timed_only = timed_only(&plain);
        let mut handlers = vec![(followed.trace, Vec::new())];
        if !followed.complete && handles_fault(&plain) {
            let late = self.follow(&[], FollowFrom::InHandlers, false, None)?;
            handlers.push((late.trace, Vec::new()));
        }
        let mut baseline = Baseline {
            normal: Normal::new(&plain, &module_of(self.command)),
            cases: Vec::new(),
            left_out: 0,
            unknown: Vec::new(),
            unjudged: 0,
            beyond: 0,
            handlers,
            complete: followed.complete,
            limit: bound(&plain),
            is_ended_by_signals: false,
            trace: plain,
            signals,
        };
        // The threads of a process have the same handlers.
        let family = Family::of(&baseline.trace.events);
        let reinstalls = baseline.normal.reinstalls.clone();
        let accepts = baseline.normal.accepts.clone();
        let habits = Habits {
            one_shot: &|role, signal| reinstalls.contains(&(family.process(role), signal)),
            accepts: &|role, signal| accepts.contains(&(family.process(role), signal)),
        };
        let (first, beyond) = self.cases(&baseline.signals, &followed.moments, &[], &habits);
        baseline.beyond = beyond;
        drop(followed.moments);
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
        let wanted = baseline.cases.len();
        let unknown = &baseline.unknown;
        baseline
            .cases
            .retain(|case| case.signal().is_none_or(|it| !unknown.contains(&it)));
        baseline.unjudged += wanted - baseline.cases.len();
    }

    fn signals(&self, moments: &[Seen]) -> Vec<Signal> {
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

    /// Whether a signal may be tried at this moment.
    fn is_tried_at(&self, seen: &Seen) -> bool {
        let is_to = self.wanted.to.is_empty() || self.wanted.to.contains(&seen.moment.role);
        is_to && !self.signals(std::slice::from_ref(seen)).is_empty()
    }

    /// Whether a signal that was asked for is kept pending, for whoever waits for it: with
    /// sigwait(3), signalfd(2), or when a handler is there.
    fn awaits(&self, seen: &Seen, signal: Signal) -> bool {
        self.wanted.signals.contains(&signal) && seen.blocked.contains(signal)
    }

    /// The cases that moments give, [`MOST_CASES`] at the most, and how many more there are.
    /// Of moments at which the signal is blocked, which it is delivered after, only the first
    /// after each controlled call.
    fn cases(
        &self,
        signals: &[Signal],
        moments: &[Seen],
        before: &[Injection],
        habits: &Habits<'_>,
    ) -> (Vec<Case>, usize) {
        let mut cases = Vec::new();
        let mut beyond = 0;
        for signal in signals {
            let mut blocked_since = None;
            let mut installs = Installs::default();
            let in_handler = before.last().is_some_and(|last| last.signal == *signal);
            let windows = Windows::new(*signal, moments, habits, in_handler);
            for (index, seen) in moments.iter().enumerate() {
                let installing = installs.next(seen, *signal);
                let is_to = self.wanted.to.is_empty() || self.wanted.to.contains(&seen.moment.role);
                let is_handled = seen.handled.contains(*signal)
                    || windows.contain(seen, index)
                    || self.awaits(seen, *signal);
                if !is_to || !(self.wanted.from_start || is_handled) {
                    continue;
                }
                if self.timed_only.contains(*signal) && !seen.timed.contains(*signal) {
                    continue;
                }
                if seen.blocked.contains(*signal) {
                    let since = Some((seen.moment.role.clone(), seen.moment.calls));
                    if blocked_since == since {
                        continue;
                    }
                    blocked_since = since;
                }
                if cases.len() == MOST_CASES {
                    beyond += 1;
                    continue;
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
        (cases, beyond)
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

    /// The runs for these samples, in their order; none for those for which there was no time.
    /// The first of each signal come first, as without any nothing is known of it.
    fn sample_runs(
        &self,
        samples: &[(Signal, usize, &Case)],
        limit: Duration,
    ) -> Result<Vec<Option<(Trace, Followed)>>, ExploreError> {
        let first = samples.iter().filter(|(_, nth, _)| *nth == 0);
        self.phases.set_unknown(first.count());
        let subject = self.in_phase(Phase::Samples);
        let mut order: Vec<usize> = (0..samples.len()).collect();
        order.sort_by_key(|at| samples[*at].1);
        let made = parallel::map(self.jobs(), &order, |processor, at| {
            let (_, nth, case) = samples[*at];
            if subject.is_over() {
                return Ok(None);
            }
            let plain = subject.run(&case.injections, limit, true, Some(processor))?;
            if was_cut(&plain) {
                return Ok(None);
            }
            if nth == 0 {
                self.phases.know_one();
            }
            let from = FollowFrom::InHandlers;
            let followed = subject.follow(&case.injections, from, nth == 0, Some(processor))?;
            Ok(Some((plain, followed)))
        })?;
        let mut runs: Vec<_> = order.into_iter().zip(made).collect();
        runs.sort_by_key(|(at, _)| *at);
        Ok(runs.into_iter().map(|(_, runs)| runs).collect())
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
        let runs = self.sample_runs(&samples, baseline.limit)?;
        baseline.unknown = baseline.signals.clone();
        baseline.unknown.retain(|signal| {
            let mut of_signal = samples
                .iter()
                .zip(&runs)
                .filter(|((of, ..), _)| of == signal);
            let is_empty = of_signal.clone().next().is_none();
            !is_empty && of_signal.all(|(_, runs)| runs.is_none())
        });
        let made = samples.into_iter().zip(runs);
        let made: Vec<_> = made
            .filter_map(|(sample, runs)| Some((sample, runs?)))
            .collect();
        for signal in baseline.signals.clone() {
            let of_signal = made.iter().filter(|((of, ..), _)| *of == signal);
            let polling: Vec<bool> = of_signal.map(|(_, (plain, _))| is_polling(plain)).collect();
            let on = polling.iter().filter(|on| **on).count();
            if on * 2 > polling.len() {
                baseline.normal.polls_on();
            }
        }
        let mut nested = Vec::new();
        let mut endless = Vec::new();
        for ((signal, nth, case), (plain, followed)) in made {
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
                let is_note = |seen: &&Seen| seen.own && seen.touches == Touches::Memory;
                if in_handler.iter().any(|seen| is_note(&seen)) {
                    baseline.normal.noted.insert(signal);
                }
                let none = Habits {
                    one_shot: &|_, _| false,
                    accepts: &|_, _| false,
                };
                let (cases, beyond) =
                    self.cases(&baseline.signals, &in_handler, &case.injections, &none);
                nested.extend(cases);
                baseline.beyond += beyond;
            }
            baseline
                .handlers
                .push((followed.trace, case.injections.clone()));
        }
        Ok((nested, endless))
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
