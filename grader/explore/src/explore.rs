//! Trying moments.

use std::collections::BTreeSet;

use siglab_engine::{Command, Options, Script};
use siglab_model::{
    Family, Kind, LimitKind, Place, Policy, ProcessStatus, Signal, Trace, UnsafeFunction,
};

use crate::baseline::Baseline;
use crate::error::ExploreError;
use crate::finding::{Conclusion, Counts, EXPLORE_SCHEMA, Exploration, Finding, FindingKind};
use crate::group::{self, Found};
use crate::judge::{self, Detail, Judgement, Normal};
use crate::map::Map;
use crate::options::{Demand, ExploreOptions, Progress, Strategy};
use crate::output::text_of;
use crate::phases::{Phase, Phases};
use crate::subject::{LIMIT, Subject, check_program, was_cut};
use crate::trial::{Tried, try_all};
use crate::{parallel, preempt};

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
    let phases = Phases::default();
    let subject = Subject::new(command, script, options, wanted, &|_| Vec::new(), &phases);
    let check = |baseline: &Baseline| check_run(wanted, baseline);
    phases.watch(wanted, || explore_subject(&subject, progress, &check))
}

/// Like [`explore`], with something more that must hold in each run. What is wrong with a
/// program that doesn't start, or with one that hasn't the wanted roles, is for whoever asks
/// to judge: nothing is found in it.
///
/// # Errors
/// As [`explore`], those two aside.
pub fn explore_with(
    command: &Command,
    script: &Script,
    options: &Options,
    wanted: &ExploreOptions,
    progress: &dyn Progress,
    demand: &Demand<'_>,
) -> Result<Exploration, ExploreError> {
    let phases = Phases::default();
    let subject = Subject::new(command, script, options, wanted, demand, &phases);
    phases.watch(wanted, || explore_subject(&subject, progress, &|_| Ok(())))
}

/// `check`: whether there is something to explore, by the runs before anything is tried.
fn explore_subject(
    subject: &Subject<'_>,
    progress: &dyn Progress,
    check: &dyn Fn(&Baseline) -> Result<(), ExploreError>,
) -> Result<Exploration, ExploreError> {
    let wanted = subject.wanted;
    check_program(&subject.command.program)?;
    let mut subject = *subject;
    let mut baseline = subject.baseline()?;
    let subject = &subject;
    check(&baseline)?;
    let mut found = Found::default();
    watch_handlers(subject, &mut baseline, &mut found);
    judge_alone(subject, &mut found, &baseline);
    let schedules = try_schedules(&subject.in_phase(Phase::Orders), &mut baseline, &mut found)?;

    let thinned = baseline.thin_out(wanted.budget.moments.unwrap_or(usize::MAX));
    progress.total(baseline.cases.len());
    subject.phases.add_causes(found.causes());
    let Tried {
        judged,
        unconfirmed,
    } = try_all(subject, &baseline, progress)?;

    let mut map = Map::default();
    let mut counts = Counts {
        total: baseline.cases.len()
            + thinned
            + baseline.left_out
            + baseline.unjudged
            + baseline.beyond,
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
    let findings = group::describe(subject, &baseline, found)?;
    // Without moments, handlers are watched in the run as it is.
    let is_anything_tried = counts.tried > 0 || schedules > 0 || wanted.budget.moments == Some(0);
    let conclusion = match (findings.is_empty(), is_anything_tried) {
        (false, _) => Conclusion::Found,
        (true, true) => Conclusion::NothingFound,
        (true, false) => Conclusion::NothingTried,
    };
    Ok(Exploration {
        schema: EXPLORE_SCHEMA.to_owned(),
        program: baseline.trace.header.program.clone(),
        signals: baseline.signals.clone(),
        strategy: wanted.strategy.name().to_owned(),
        conclusion,
        moments: counts,
        out_of_time: is_out_of_time(&baseline),
        complete: baseline.complete && counts.tried == counts.total,
        left_out: left_out(wanted, &baseline, thinned, counts, unconfirmed),
        schedules,
        findings,
        map: map.into_lines(),
    })
}

/// Refuses what the run without a signal shows to make no sense: a program that doesn't
/// start, a role that there isn't.
fn check_run(wanted: &ExploreOptions, baseline: &Baseline) -> Result<(), ExploreError> {
    /// What ld.so(8) exits with.
    const NOT_LOADED: i32 = 127;
    if baseline.trace.outcome.status == Some(ProcessStatus::Exited(NOT_LOADED))
        && let text = text_of(&baseline.trace)
        && let Some(line) = text
            .lines()
            .find(|line| line.contains("error while loading shared libraries"))
    {
        return Err(ExploreError::NotLoaded {
            message: line.to_owned(),
        });
    }
    let traces = || {
        let followed = baseline.handlers.iter().map(|(trace, _)| trace);
        followed.chain([&baseline.trace])
    };
    let mut roles = BTreeSet::from([Family::of(&baseline.trace.events).first()]);
    for event in traces().flat_map(|trace| &trace.events) {
        if let Kind::Fork { child, .. } = &event.kind {
            roles.insert(child.clone());
        }
    }
    match wanted.to.iter().find(|role| !roles.contains(*role)) {
        Some(role) => Err(ExploreError::NoSuchRole {
            role: role.clone(),
            roles: roles.into_iter().collect(),
        }),
        None => Ok(()),
    }
}

/// Whether there was no time to find a moment.
fn is_out_of_time(baseline: &Baseline) -> bool {
    let is_cut = |(trace, _): &(Trace, _)| was_cut(trace);
    was_cut(&baseline.trace)
        || (baseline.signals.is_empty() && baseline.handlers.first().is_some_and(is_cut))
}

fn left_out(
    wanted: &ExploreOptions,
    baseline: &Baseline,
    thinned: usize,
    counts: Counts,
    unconfirmed: usize,
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
    if baseline.beyond > 0 {
        texts.push(format!(
            "{} moments beyond the number that is kept in memory: name the signals with --signal, \
             and whom they are for with --to",
            baseline.beyond
        ));
    }
    if unconfirmed > 0 {
        texts.push(format!(
            "{unconfirmed} moments at which something went wrong on a copy of the program: there \
             was no time to see it happen from the start"
        ));
    }
    let untried = baseline.cases.len() - counts.tried - unconfirmed + baseline.unjudged;
    for (moments, why) in [(thinned, "number"), (untried, "time")] {
        if moments > 0 && why == "time" && wanted.cancel.is_cancelled() {
            texts.push(format!("{moments} moments: exploring was interrupted"));
        } else if moments > 0 {
            texts.push(format!(
                "{moments} moments for want of {why}: the budget was used up"
            ));
        }
    }
    if was_cut(&baseline.trace) {
        texts.push(
            "every moment: the run without a signal was cut off before it was over".to_owned(),
        );
    } else if is_out_of_time(baseline) {
        texts.push("every moment: there was no time to get to the first one".to_owned());
    } else if !baseline.complete {
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
            let Some(role) = event.role.clone() else {
                continue;
            };
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
                            detail: Detail::Function(function.clone()),
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
                            detail: Detail::Errno {
                                before: *before,
                                after: *after,
                            },
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

/// Whether it uses what is buffered, by its name.
fn is_buffered(function: &UnsafeFunction) -> bool {
    const PARTS: [&str; 8] = [
        "print", "put", "write", "flush", "exit", "fork", "fclose", "stdio",
    ];
    let is_one = |name: &str| PARTS.iter().any(|part| name.contains(part));
    is_one(&function.called) || function.inner.as_deref().is_some_and(is_one)
}

/// What is wrong with the program when nothing is injected at all.
fn judge_alone(subject: &Subject<'_>, found: &mut Found, baseline: &Baseline) {
    let trace = &baseline.trace;
    let nothing = Normal::of_nothing(&baseline.normal.program);
    // One that a signal ends waits for it, if in a wasteful way. One that asks again and again,
    // sleeping meanwhile, is a daemon. One that had little processor time may need more.
    let is_endless = match trace.outcome.limit {
        Some(LimitKind::NoProgress) => true,
        Some(LimitKind::RealTime) => subject.plain_limit() == LIMIT,
        _ => false,
    };
    let computes = is_endless && !baseline.signals.is_empty() && !baseline.is_ended_by_signals;
    let is_meant = |judgement: &Judgement| match judgement.kind {
        FindingKind::Crash | FindingKind::Deadlock => true,
        FindingKind::Hang => computes,
        _ => false,
    };
    if let Some(judgement) = nothing.judge(trace, None).filter(is_meant) {
        found.add_schedule(judgement, Policy::InOrder, Vec::new());
    }
    if let Some((role, children)) = judge::lost_children(trace) {
        let judgement = Judgement::of_children(role, children);
        found.add_schedule(judgement, Policy::InOrder, Vec::new());
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
    let options = orders(subject, &baseline.trace)?;
    let traces = parallel::map(subject.jobs(), &options, |processor, options| {
        if subject.is_over() {
            return Ok(None);
        }
        let other = Subject {
            options,
            ..*subject
        };
        let trace = other.run(&[], baseline.limit, true, Some(processor))?;
        Ok((!was_cut(&trace)).then_some(trace))
    })?;
    let mut tried = 0;
    let plain = (Policy::InOrder, Vec::new(), &baseline.trace);
    let all = traces.iter().flatten().zip(&options);
    let all: Vec<_> = all
        .map(|(trace, options)| (options.policy.clone(), options.preemptions.clone(), trace))
        .chain([plain])
        .collect();
    let in_time: BTreeSet<_> = all
        .iter()
        .flat_map(|(.., trace)| judge::handled(trace))
        .collect();
    for (policy, preemptions, trace) in &all {
        for (role, signal) in judge::killed_unhandled(trace) {
            if in_time.contains(&(role.clone(), signal)) {
                let judgement = Judgement {
                    kind: FindingKind::KilledByDefault,
                    cause: signal.to_string(),
                    role,
                    detail: Detail::Death(signal),
                };
                found.add_schedule(judgement, policy.clone(), preemptions.clone());
            }
        }
    }
    drop(all);
    for (options, trace) in options.into_iter().zip(traces) {
        let Some(trace) = trace else { break };
        tried += 1;
        // Lines may come in any order then: what is written isn't compared.
        let judgement = baseline
            .normal
            .judge(&trace, None)
            .filter(|judgement| judgement.kind != FindingKind::OutputCorrupted);
        if let Some(judgement) = judgement {
            found.add_schedule(judgement, options.policy, options.preemptions);
        }
    }
    Ok(tried)
}

/// The orders of scheduling to try: with a pre-emption at one instruction each, and
/// pseudo-random ones.
fn orders(subject: &Subject<'_>, trace: &Trace) -> Result<Vec<Options>, ExploreError> {
    /// So many of the first kind for each of the second.
    const PREEMPTIONS: u64 = 8;
    let schedules = subject.wanted.schedules;
    let most = match subject.wanted.strategy {
        Strategy::All if schedules > 0 => usize::MAX,
        _ => usize::try_from(schedules * PREEMPTIONS).unwrap_or(usize::MAX),
    };
    let mut orders: Vec<Options> = preempt::moments(subject, trace, most)?
        .iter()
        .map(|moment| preempt::options_with(subject.options, moment))
        .collect();
    orders.extend((0..schedules).map(|seed| Options {
        policy: Policy::Random { seed },
        ..subject.options.clone()
    }));
    Ok(orders)
}

/// Findings, the worst first, then the most frequent.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (a.kind, b.moments, &a.title).cmp(&(b.kind, a.moments, &b.title)));
}
