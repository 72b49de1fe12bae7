//! One finding for each distinct cause, with its explanation and its witness.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use siglab_engine::follow;
use siglab_model::{
    Family, Frame, HandlerExit, Injection, Kind, Moment, Policy, Role, Signal, Trace,
};

use crate::baseline::{Baseline, Case};
use crate::error::ExploreError;
use crate::explore::sort;
use crate::finding::{Finding, FindingKind};
use crate::judge::{Judgement, stacks_at_death, waiting};
use crate::phases::Phase;
use crate::stack::outer_call;
use crate::subject::{Subject, was_cut};
use crate::witness::{HANDLERS, Witness};
use crate::words::{Seen, Words};

/// What was found, by cause.
#[derive(Debug, Default)]
pub(crate) struct Found {
    groups: BTreeMap<(FindingKind, Option<Signal>, String), Group>,
}

#[derive(Debug)]
struct Group {
    judgement: Judgement,
    moments: usize,
    /// How to see it.
    shown_by: ShownBy,
    /// The length of the way to it, to find the shortest.
    length: (usize, usize),
    /// Whom it was seen with.
    roles: Vec<Role>,
    /// The runs in which handlers were followed that show it.
    followed: Vec<Vec<Injection>>,
}

#[derive(Debug)]
enum ShownBy {
    /// Injections.
    Case(Vec<Injection>),
    /// An order of scheduling, and at which moments others run.
    Schedule(Policy, Vec<Moment>),
    /// Following handlers, with injections: stacks of the handler and of what it
    /// interrupted.
    Handler(Vec<Injection>, Vec<Frame>, Vec<Frame>),
}

impl Found {
    /// How many causes there are so far.
    pub(crate) fn causes(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn add_case(&mut self, judgement: Judgement, index: usize, case: &Case) {
        let signal = case.signal();
        let length = (case.injections.len(), index);
        let shown_by = || ShownBy::Case(case.injections.clone());
        self.add(judgement, signal, length, shown_by);
    }

    pub(crate) fn add_schedule(
        &mut self,
        judgement: Judgement,
        policy: Policy,
        preemptions: Vec<Moment>,
    ) {
        // The simplest first: the order of creation, then one pre-emption.
        let length = (
            usize::from(policy != Policy::InOrder) * 2,
            preemptions.len(),
        );
        self.add(judgement, None, length, || {
            ShownBy::Schedule(policy, preemptions)
        });
    }

    pub(crate) fn add_event(
        &mut self,
        judgement: Judgement,
        signal: Signal,
        handler: Vec<Frame>,
        interrupted: Vec<Frame>,
        injections: &[Injection],
    ) {
        let length = (injections.len(), 0);
        let group = self.add(judgement, Some(signal), length, || {
            ShownBy::Handler(injections.to_vec(), handler, interrupted)
        });
        if !group.followed.iter().any(|it| it == injections) {
            group.followed.push(injections.to_vec());
        }
        // Runs count, however often a run shows it.
        group.moments = group.followed.len();
    }

    fn add(
        &mut self,
        judgement: Judgement,
        signal: Option<Signal>,
        length: (usize, usize),
        shown_by: impl FnOnce() -> ShownBy,
    ) -> &mut Group {
        // What a handler does is the same in every thread.
        let cause = match judgement.kind {
            FindingKind::UnsafeCall | FindingKind::ErrnoClobbered => judgement.cause.clone(),
            _ => format!("{} {}", judgement.role, judgement.cause),
        };
        let key = (judgement.kind, signal, cause);
        match self.groups.entry(key) {
            Entry::Occupied(entry) => {
                let group = entry.into_mut();
                group.moments += 1;
                if !group.roles.contains(&judgement.role) {
                    group.roles.push(judgement.role.clone());
                }
                if length < group.length {
                    group.length = length;
                    group.shown_by = shown_by();
                    group.judgement = judgement;
                }
                group
            }
            Entry::Vacant(entry) => entry.insert(Group {
                roles: vec![judgement.role.clone()],
                followed: Vec::new(),
                judgement,
                moments: 1,
                shown_by: shown_by(),
                length,
            }),
        }
    }
}

/// Makes findings of causes: each is run once more, to explain it and to make its witness.
pub(crate) fn describe(
    subject: &Subject<'_>,
    baseline: &Baseline,
    found: Found,
) -> Result<Vec<Finding>, ExploreError> {
    // What was found is told, also if trying more was interrupted.
    let subject = &subject.in_phase(Phase::Telling);
    let mut findings = Vec::new();
    for ((.., signal, _), group) in found.groups {
        findings.push(describe_one(subject, baseline, signal, group)?);
    }
    sort(&mut findings);
    Ok(findings)
}

fn describe_one(
    subject: &Subject<'_>,
    baseline: &Baseline,
    signal: Option<Signal>,
    group: Group,
) -> Result<Finding, ExploreError> {
    let kind = group.judgement.kind;
    let (trace, followed) = match &group.shown_by {
        ShownBy::Case(injections) => (subject.run(injections, baseline.limit, true, None)?, false),
        ShownBy::Schedule(policy, preemptions) => {
            let options = siglab_engine::Options {
                policy: policy.clone(),
                preemptions: preemptions.clone(),
                ..subject.options.clone()
            };
            let other = Subject {
                options: &options,
                ..*subject
            };
            (other.run(&[], baseline.limit, true, None)?, false)
        }
        ShownBy::Handler(injections, ..) => {
            let options = subject.options_for(injections);
            let followed = follow(subject.command, subject.script, &options, &HANDLERS)?;
            (followed.trace, true)
        }
    };
    let seen = look(&trace, &group, signal, &baseline.normal.program);
    let broken = match kind {
        FindingKind::CriterionFailed => (subject.demand)(&trace)
            .into_iter()
            .find(|broken| broken.id == group.judgement.cause),
        _ => None,
    };
    let first = Family::of(&trace.events).first();
    let words = Words {
        program: &baseline.normal.program,
        signal,
        judgement: &group.judgement,
        roles: &group.roles,
        first: &first,
        seen: &seen,
    };
    let (title, explanation, mut advice) = words.say();
    if let Some(broken) = broken {
        advice = broken.hint;
    }
    // A run that was cut off shows less than was seen before.
    let witness = match was_cut(&trace) {
        true => None,
        false => Witness::new(subject, &trace, Some(kind), followed).ok(),
    };
    Ok(Finding {
        kind,
        moments: group.moments,
        requirement: (kind == FindingKind::CriterionFailed).then(|| group.judgement.cause.clone()),
        title,
        explanation,
        advice,
        signal,
        role: group.judgement.role.clone(),
        interrupted: seen.interrupted,
        handler: seen.handler,
        witness,
        trace: Some(trace),
    })
}

/// Finds in a run what there is to say about it.
fn look(trace: &Trace, group: &Group, signal: Option<Signal>, program: &str) -> Seen {
    let judgement = &group.judgement;
    let role = &judgement.role;
    let injected = trace
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::Injected { stack, .. } => Some((event.role.clone(), stack.clone())),
            _ => None,
        });
    let (hit, injected) = injected.unwrap_or_default();
    let mut seen = Seen {
        handler_name: handler_name(trace, signal),
        hit,
        ..Seen::default()
    };
    match &group.shown_by {
        ShownBy::Handler(_, handler, interrupted) => {
            seen.handler.clone_from(handler);
            seen.interrupted = if interrupted.is_empty() {
                injected
            } else {
                interrupted.clone()
            };
            return seen;
        }
        ShownBy::Case(_) => {}
        ShownBy::Schedule(Policy::InOrder, preemptions) if preemptions.is_empty() => {}
        ShownBy::Schedule(..) => seen.other_order = true,
    }
    let open = handlers_of(trace, role);
    seen.left_by_jump = open.left_by_jump;
    match judgement.kind {
        FindingKind::Deadlock | FindingKind::LostWakeup => {
            let waiting = waiting(trace).unwrap_or_default();
            if let Some(waiting) = waiting.iter().find(|waiting| waiting.role == *role) {
                seen.end.clone_from(&waiting.stack);
                seen.ends_in_handler = waiting.handler.is_some();
                seen.handled = waiting.handler;
                if judgement.kind == FindingKind::Deadlock {
                    seen.interrupted.clone_from(&waiting.interrupted);
                }
            }
        }
        FindingKind::Crash => {
            let (stack, interrupted) = stacks_at_death(trace, role);
            seen.end = stack.to_vec();
            seen.ends_in_handler = !interrupted.is_empty() || open.inside;
            seen.interrupted = interrupted.to_vec();
        }
        FindingKind::Hang => {
            seen.ends_in_handler = open.inside;
            let busy = trace
                .events
                .iter()
                .rev()
                .find_map(|event| match &event.kind {
                    Kind::BusyWaiting { syscall, stack, .. }
                        if event.role.as_ref() == Some(role) =>
                    {
                        Some((syscall.clone(), stack.clone()))
                    }
                    _ => None,
                });
            (seen.repeats, seen.end) = busy.unwrap_or_default();
            // Where the handler ends, what it interrupted begins.
            let name = seen.handler_name.as_deref();
            if let Some(at) = seen
                .end
                .iter()
                .position(|frame| name.is_some() && frame.function.as_deref() == name)
                .filter(|_| open.inside)
            {
                seen.end.truncate(at + 1);
            }
        }
        _ => {}
    }
    if seen.ends_in_handler {
        seen.handler.clone_from(&seen.end);
    }
    // Where the signal came says more than where another handler was, and a run without one
    // has only its end.
    if !injected.is_empty() && (judgement.kind != FindingKind::Deadlock || !seen.ends_in_handler) {
        seen.interrupted = injected;
    } else if seen.interrupted.is_empty() && !seen.ends_in_handler {
        seen.interrupted.clone_from(&seen.end);
    }
    seen.call = call_in(&seen.end, seen.handler_name.as_deref(), program).map(str::to_owned);
    seen
}

/// The function that the program, or its handler in a library, called last.
fn call_in<'a>(stack: &'a [Frame], handler: Option<&str>, program: &str) -> Option<&'a str> {
    let call = outer_call(stack, program)?;
    if Some(call) != handler {
        return Some(call);
    }
    let at = stack
        .iter()
        .rposition(|frame| frame.function.as_deref() == Some(call))?;
    outer_call(&stack[..at], program)
}

/// The name of the handler that was called last for this signal, if it is known.
fn handler_name(trace: &Trace, signal: Option<Signal>) -> Option<String> {
    trace
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::HandlerEntered {
                signal: of,
                function,
                ..
            } if signal.is_none_or(|signal| signal == *of) => Some(function.clone()),
            _ => None,
        })
        .flatten()
}

/// What became of the handlers that a thread was in.
#[derive(Debug, Default)]
struct Handlers {
    /// It is in one at the end.
    inside: bool,
    /// One was left by a jump: siglongjmp(3).
    left_by_jump: bool,
}

fn handlers_of(trace: &Trace, role: &Role) -> Handlers {
    let mut handlers = Handlers::default();
    let mut depth = 0_usize;
    for event in trace
        .events
        .iter()
        .filter(|event| event.role.as_ref() == Some(role))
    {
        match &event.kind {
            Kind::HandlerEntered { depth: now, .. } => depth = *now,
            Kind::HandlerLeft { how, .. } => {
                depth = depth.saturating_sub(1);
                handlers.left_by_jump |= *how == HandlerExit::Jump;
            }
            _ => {}
        }
    }
    handlers.inside = depth > 0;
    handlers
}
