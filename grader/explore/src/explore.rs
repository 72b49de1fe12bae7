//! Trying moments.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use siglab_engine::{Command, Options, Script};
use siglab_model::{Injection, Kind, Moment, Place, Policy, Role, Signal, Trace};

use crate::baseline::{Baseline, Case, Subject, check_program};
use crate::error::ExploreError;
use crate::finding::{Counts, EXPLORE_SCHEMA, Exploration, Finding, FindingKind};
use crate::group::{self, Found};
use crate::judge::{self, Judgement, Normal};
use crate::map::Map;
use crate::options::{Demand, ExploreOptions, Progress};

/// Tries the moments of a program, and says what goes wrong at which.
///
/// `command`'s streams are captured, and `options`' policy and injections are set for each
/// run.
///
/// # Errors
/// If the program can't be run, or is one about which exploring says nothing.
pub fn explore(
    command: &Command,
    script: &Script,
    options: &Options,
    wanted: &ExploreOptions,
    progress: &dyn Progress,
) -> Result<Exploration, ExploreError> {
    explore_with(command, script, options, wanted, progress, &|_| Vec::new())
}

/// Like [`explore`], with something more that must hold in each run.
///
/// # Errors
/// As [`explore`].
pub fn explore_with(
    command: &Command,
    script: &Script,
    options: &Options,
    wanted: &ExploreOptions,
    progress: &dyn Progress,
    demand: &Demand<'_>,
) -> Result<Exploration, ExploreError> {
    let begun = now();
    check_program(&command.program)?;
    let subject = Subject {
        command,
        script,
        options,
        wanted,
        demand,
    };
    let mut baseline = subject.baseline()?;
    let mut found = Found::default();
    watch_handlers(&subject, &mut baseline, &mut found);
    judge_alone(&mut found, &baseline.trace);
    let schedules = try_schedules(&subject, &mut baseline, &mut found)?;

    let thinned = baseline.thin_out(wanted.budget.moments.unwrap_or(usize::MAX));
    progress.total(baseline.cases.len());
    let judged = try_all(&subject, &baseline, progress, begun)?;

    let mut map = Map::default();
    let mut counts = Counts {
        total: baseline.cases.len() + thinned + baseline.left_out,
        ..Counts::default()
    };
    for (index, judgements) in judged {
        counts.tried += 1;
        let case = &baseline.cases[index];
        map.add(
            &case.seen,
            judgements.first().map(|judgement| judgement.kind),
        );
        if judgements.is_empty() {
            counts.safe += 1;
        }
        for judgement in judgements {
            found.add_case(judgement, index, case);
        }
    }
    let findings = group::describe(&subject, &baseline, found)?;
    Ok(Exploration {
        schema: EXPLORE_SCHEMA.to_owned(),
        program: baseline.trace.header.program.clone(),
        signals: baseline.signals.clone(),
        strategy: wanted.strategy.name().to_owned(),
        moments: counts,
        complete: baseline.complete && counts.tried == counts.total,
        left_out: left_out(wanted, &baseline, thinned, counts),
        schedules,
        findings,
        map: map.into_lines(),
    })
}

fn left_out(
    wanted: &ExploreOptions,
    baseline: &Baseline,
    thinned: usize,
    counts: Counts,
) -> Vec<String> {
    let mut texts = Vec::new();
    for signal in &wanted.signals {
        if !baseline.signals.contains(signal) {
            texts.push(format!("{signal}: the program installs no handler for it"));
        }
    }
    if baseline.left_out > 0 {
        texts.push(format!(
            "{} moments in the middle of library code and of lines, which the fast strategy \
             doesn't try: --strategy all does",
            baseline.left_out
        ));
    }
    let untried = baseline.cases.len() - counts.tried;
    for (moments, why) in [(thinned, "number"), (untried, "time")] {
        if moments > 0 {
            texts.push(format!(
                "{moments} moments for want of {why}: the budget was used up"
            ));
        }
    }
    if !baseline.complete {
        texts.push(
            "the program executes more instructions than were followed: the rest of a loop that \
             brought nothing new, or what came after the limit"
                .to_owned(),
        );
    }
    texts
}

/// What handlers did that they must not, in the runs in which they were followed.
fn watch_handlers(subject: &Subject<'_>, baseline: &mut Baseline, found: &mut Found) {
    for (trace, _) in &baseline.handlers {
        baseline.normal.learn(trace);
    }
    for (trace, injections) in &baseline.handlers {
        let at_instruction = injections
            .last()
            .is_none_or(|injection| injection.moment.place != Place::Waiting);
        for event in &trace.events {
            let role = event.role.clone().unwrap_or_else(|| Role::new(Role::MAIN));
            match &event.kind {
                Kind::UnsafeCall {
                    signal,
                    function,
                    stack,
                } if is_wanted(subject, *signal) => {
                    baseline.normal.buffers |= is_buffered(function);
                    found.add_event(
                        Judgement {
                            kind: FindingKind::UnsafeCall,
                            cause: format!("{signal} {function}"),
                            role,
                            detail: function.clone(),
                        },
                        *signal,
                        stack.clone(),
                        Vec::new(),
                        injections,
                    );
                }
                // While it waits, the call's own EINTR comes after what the handler did.
                Kind::ErrnoChanged {
                    signal,
                    before,
                    after,
                    interrupted,
                } if at_instruction && !injections.is_empty() && is_wanted(subject, *signal) => {
                    found.add_event(
                        Judgement {
                            kind: FindingKind::ErrnoClobbered,
                            cause: signal.to_string(),
                            role,
                            detail: format!("{before} {after}"),
                        },
                        *signal,
                        Vec::new(),
                        interrupted.clone(),
                        injections,
                    );
                }
                _ => {}
            }
        }
    }
}

fn is_wanted(subject: &Subject<'_>, signal: Signal) -> bool {
    subject.wanted.signals.is_empty() || subject.wanted.signals.contains(&signal)
}

fn is_buffered(function: &str) -> bool {
    [
        "print", "put", "write", "flush", "exit", "fork", "fclose", "stdio",
    ]
    .iter()
    .any(|part| function.contains(part))
}

/// What is wrong with the program when nothing is injected at all.
fn judge_alone(found: &mut Found, trace: &Trace) {
    let nothing = Normal::of_nothing(&trace.header.program);
    let crash_or_lock = |judgement: &Judgement| {
        matches!(
            judgement.kind,
            FindingKind::Crash | FindingKind::Deadlock | FindingKind::Hang
        )
    };
    if let Some(judgement) = nothing.judge(trace, None).filter(crash_or_lock) {
        found.add_schedule(judgement, Policy::InOrder);
    }
    if let Some((role, children)) = judge::lost_children(trace) {
        found.add_schedule(lost_children(role, children), Policy::InOrder);
    }
}

fn lost_children(role: Role, children: usize) -> Judgement {
    Judgement {
        kind: FindingKind::LostWakeup,
        cause: "children".to_owned(),
        role,
        detail: format!("children {children}"),
    }
}

/// Tries other orders of scheduling, if there is a choice at all. How many.
fn try_schedules(
    subject: &Subject<'_>,
    baseline: &mut Baseline,
    found: &mut Found,
) -> Result<u64, ExploreError> {
    let has_choice = baseline
        .trace
        .events
        .iter()
        .any(|event| matches!(event.kind, Kind::Fork { .. }));
    if !has_choice {
        return Ok(0);
    }
    let mut tried = 0;
    for seed in 0..subject.wanted.schedules {
        if subject.wanted.cancel.is_cancelled() {
            break;
        }
        let policy = Policy::Random { seed };
        let options = Options {
            policy: policy.clone(),
            ..subject.options.clone()
        };
        let other = Subject {
            options: &options,
            ..*subject
        };
        let trace = other.run(&[], baseline.limit, true, None)?;
        tried += 1;
        // Lines may come in any order then: what is written isn't compared.
        let judgement = baseline
            .normal
            .judge(&trace, None)
            .filter(|judgement| judgement.kind != FindingKind::OutputCorrupted);
        if let Some(judgement) = judgement {
            found.add_schedule(judgement, policy.clone());
        }
        if let Some((role, children)) = judge::lost_children(&trace) {
            found.add_schedule(lost_children(role, children), policy);
        }
    }
    Ok(tried)
}

/// So few moments are rather tried from the start.
const FEW: usize = 8;

/// The trying of cases, by several threads.
struct Trial<'a> {
    subject: &'a Subject<'a>,
    baseline: &'a Baseline,
    cases: &'a [Case],
    progress: &'a dyn Progress,
    jobs: usize,
    begun: Instant,
    results: Mutex<Judged>,
    failed: Mutex<Option<ExploreError>>,
}

/// Cases by their moment: position and signal.
type Places<'a> = HashMap<&'a Moment, Vec<(usize, Signal)>>;

/// What went wrong in each case, by its position.
type Judged = BTreeMap<usize, Vec<Judgement>>;

/// Tries all cases. In order; those for which there was no time are missing.
fn try_all(
    subject: &Subject<'_>,
    baseline: &Baseline,
    progress: &dyn Progress,
    begun: Instant,
) -> Result<Judged, ExploreError> {
    let cases = baseline.cases.as_slice();
    let jobs = subject.jobs();
    let trial = Trial {
        subject,
        baseline,
        cases,
        progress,
        jobs,
        begun,
        results: Mutex::default(),
        failed: Mutex::default(),
    };
    // On copies of the program first; what that can't do, from the start.
    trial.spread(|processor| trial.on_copies(processor));
    let done: HashSet<usize> = lock(&trial.results).keys().copied().collect();
    let rest: Vec<usize> = (0..cases.len())
        .filter(|index| !done.contains(index))
        .collect();
    let next = AtomicUsize::new(0);
    trial.spread(|processor| {
        while !trial.is_over() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(index) = rest.get(at) else { break };
            trial.run_anew(*index, processor)?;
        }
        Ok(())
    });
    match lock(&trial.failed).take() {
        Some(error) => Err(error),
        None => Ok(std::mem::take(&mut *lock(&trial.results))),
    }
}

impl Trial<'_> {
    fn is_over(&self) -> bool {
        let wanted = self.subject.wanted;
        let late = |time: Duration| self.begun.elapsed() >= time;
        wanted.cancel.is_cancelled()
            || wanted.budget.time.is_some_and(late)
            || lock(&self.failed).is_some()
    }

    /// Has one thread for each job do `work`.
    fn spread(&self, work: impl Fn(usize) -> Result<(), ExploreError> + Sync) {
        std::thread::scope(|scope| {
            for processor in 0..self.jobs.min(self.cases.len()) {
                let work = &work;
                scope.spawn(move || {
                    if let Err(error) = work(processor) {
                        lock(&self.failed).get_or_insert(error);
                    }
                });
            }
        });
    }

    fn judged(&self, index: usize, trace: &Trace) {
        let signal = self.cases[index].signal();
        let mut judgements: Vec<_> = self
            .baseline
            .normal
            .judge(trace, signal)
            .into_iter()
            .collect();
        // What is demanded is about one signal that comes at any moment.
        let injected = trace
            .events
            .iter()
            .filter(|event| matches!(event.kind, Kind::Injected { .. }));
        let broken = match (self.cases[index].injections.len(), injected.count()) {
            (1, 1) => (self.subject.demand)(trace),
            _ => Vec::new(),
        };
        judgements.extend(broken.into_iter().map(|broken| Judgement {
            kind: FindingKind::CriterionFailed,
            cause: broken.id,
            role: Role::new(Role::MAIN),
            detail: broken.message,
        }));
        self.progress.tried(!judgements.is_empty());
        lock(&self.results).insert(index, judgements);
    }

    fn run_anew(&self, index: usize, processor: usize) -> Result<(), ExploreError> {
        let case = &self.cases[index];
        let limit = self.baseline.limit;
        let trace = self
            .subject
            .run(&case.injections, limit, false, Some(processor))?;
        self.judged(index, &trace);
        Ok(())
    }

    /// Follows the program once for all cases that have the same injections before their
    /// last, and tries each job's share of them on copies.
    fn on_copies(&self, processor: usize) -> Result<(), ExploreError> {
        for (before, cases) in self.by_prefix() {
            let mut nth = 0;
            let places = cases.len();
            self.subject
                .follow_with(before, processor, &mut |seen, fork| {
                    let Some(here) = cases.get(&seen.moment) else {
                        return Ok(());
                    };
                    nth += 1;
                    if nth == places || self.is_over() {
                        fork.end();
                    }
                    if nth % self.jobs != processor {
                        return Ok(());
                    }
                    for (index, signal) in here {
                        if let Some(trace) = fork.inject(*signal, self.baseline.limit)? {
                            self.judged(*index, &trace);
                        }
                    }
                    Ok(())
                })?;
        }
        Ok(())
    }

    fn by_prefix(&self) -> Vec<(&[Injection], Places<'_>)> {
        let mut groups: Vec<(&[Injection], Places<'_>)> = Vec::new();
        for (index, case) in self.cases.iter().enumerate() {
            let Some((last, before)) = case.injections.split_last() else {
                continue;
            };
            if !case.seen.copyable {
                continue;
            }
            let at = groups.iter().position(|(of, _)| *of == before);
            let at = at.unwrap_or_else(|| {
                groups.push((before, HashMap::new()));
                groups.len() - 1
            });
            let cases = groups[at].1.entry(&last.moment).or_default();
            cases.push((index, last.signal));
        }
        // Following the program once more is worth it for many copies only.
        groups.retain(|(_, cases)| cases.len() >= FEW);
        groups
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The machine's clock, for a budget in real time.
#[expect(clippy::disallowed_methods, reason = "a budget is in real time")]
fn now() -> Instant {
    Instant::now()
}

/// Findings, the worst first, then the most frequent.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (a.kind, b.moments, &a.title).cmp(&(b.kind, a.moments, &b.title)));
}
