//! One finding for each distinct cause, with its explanation and its witness.

use std::collections::BTreeMap;

use siglab_engine::follow;
use siglab_model::safety::instead_of;
use siglab_model::{Frame, Injection, Kind, Policy, Role, Signal, Trace};

use crate::baseline::{Baseline, Case, Subject};
use crate::error::ExploreError;
use crate::explore::sort;
use crate::finding::{Finding, FindingKind};
use crate::judge::{Judgement, stacks_at_death, waiting};
use crate::stack::{outer_call, place};
use crate::witness::{HANDLERS, Witness};

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
}

#[derive(Debug)]
enum ShownBy {
    /// Injections.
    Case(Vec<Injection>),
    /// An order of scheduling.
    Schedule(Policy),
    /// Following handlers, with injections: stacks of the handler and of what it
    /// interrupted.
    Handler(Vec<Injection>, Vec<Frame>, Vec<Frame>),
}

impl Found {
    pub(crate) fn add_case(&mut self, judgement: Judgement, index: usize, case: &Case) {
        let signal = case.signal();
        let length = (case.injections.len(), index);
        let shown_by = || ShownBy::Case(case.injections.clone());
        self.add(judgement, signal, length, shown_by);
    }

    pub(crate) fn add_schedule(&mut self, judgement: Judgement, policy: Policy) {
        self.add(judgement, None, (0, 0), || ShownBy::Schedule(policy));
    }

    pub(crate) fn add_event(
        &mut self,
        judgement: Judgement,
        signal: Signal,
        handler: Vec<Frame>,
        interrupted: Vec<Frame>,
        injections: &[Injection],
    ) {
        self.add(judgement, Some(signal), (injections.len(), 0), || {
            ShownBy::Handler(injections.to_vec(), handler, interrupted)
        });
    }

    fn add(
        &mut self,
        judgement: Judgement,
        signal: Option<Signal>,
        length: (usize, usize),
        shown_by: impl FnOnce() -> ShownBy,
    ) {
        let key = (
            judgement.kind,
            signal,
            format!("{} {}", judgement.role, judgement.cause),
        );
        match self.groups.get_mut(&key) {
            Some(group) => {
                group.moments += 1;
                if length < group.length {
                    group.length = length;
                    group.shown_by = shown_by();
                    group.judgement = judgement;
                }
            }
            None => {
                let group = Group {
                    judgement,
                    moments: 1,
                    shown_by: shown_by(),
                    length,
                };
                self.groups.insert(key, group);
            }
        }
    }
}

/// Makes findings of causes: each is run once more, to explain it and to make its witness.
pub(crate) fn describe(
    subject: &Subject<'_>,
    baseline: &Baseline,
    found: Found,
) -> Result<Vec<Finding>, ExploreError> {
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
    let program = &baseline.trace.header.program;
    let (trace, followed) = match &group.shown_by {
        ShownBy::Case(injections) => (subject.run(injections, baseline.limit, true, None)?, false),
        ShownBy::Schedule(policy) => {
            let options = siglab_engine::Options {
                policy: policy.clone(),
                ..subject.options.clone()
            };
            let other = Subject {
                options: &options,
                ..*subject
            };
            (other.run(&[], baseline.limit, true, None)?, false)
        }
        ShownBy::Handler(injections, ..) => {
            let mut options = subject.options.clone();
            options.injections.clone_from(injections);
            let followed = follow(subject.command, subject.script, &options, &HANDLERS)?;
            (followed.trace, true)
        }
    };
    let (handler, interrupted) = stacks(&trace, &group);
    let broken = match kind {
        FindingKind::CriterionFailed => (subject.demand)(&trace)
            .into_iter()
            .find(|broken| broken.id == group.judgement.cause),
        _ => None,
    };
    let words = Words {
        program,
        is_alone: signal.is_none(),
        signal: signal.map_or_else(|| "the signal".to_owned(), |signal| signal.to_string()),
        judgement: &group.judgement,
        handler: &handler,
        interrupted: &interrupted,
    };
    let (title, explanation, mut advice) = words.say();
    if let Some(broken) = broken {
        advice = broken.hint;
    }
    let witness = Witness::new(
        subject.command,
        subject.script,
        &trace,
        Some(kind),
        followed,
    )
    .ok();
    Ok(Finding {
        kind,
        moments: group.moments,
        requirement: (kind == FindingKind::CriterionFailed).then(|| group.judgement.cause.clone()),
        title,
        explanation,
        advice,
        signal,
        role: group.judgement.role.clone(),
        interrupted,
        handler,
        witness,
        trace: Some(trace),
    })
}

/// The stacks of the handler, and of what was interrupted.
fn stacks(trace: &Trace, group: &Group) -> (Vec<Frame>, Vec<Frame>) {
    let role = &group.judgement.role;
    let injected = || {
        trace
            .events
            .iter()
            .rev()
            .find_map(|event| match &event.kind {
                Kind::Injected { stack, .. } => Some(stack.clone()),
                _ => None,
            })
            .unwrap_or_default()
    };
    match (&group.shown_by, group.judgement.kind) {
        (ShownBy::Handler(_, handler, interrupted), _) => {
            let interrupted = if interrupted.is_empty() {
                injected()
            } else {
                interrupted.clone()
            };
            (handler.clone(), interrupted)
        }
        (_, FindingKind::Deadlock) => waiting(trace)
            .unwrap_or_default()
            .iter()
            .find(|waiting| waiting.role == *role)
            .map(|waiting| (waiting.stack.clone(), waiting.interrupted.clone()))
            .unwrap_or_default(),
        (_, FindingKind::Crash) => {
            let (stack, interrupted) = stacks_at_death(trace, role);
            if interrupted.is_empty() {
                (Vec::new(), stack.to_vec())
            } else {
                (stack.to_vec(), interrupted.to_vec())
            }
        }
        (_, FindingKind::LostWakeup) => {
            let stack = waiting(trace)
                .unwrap_or_default()
                .iter()
                .find(|waiting| waiting.role == *role)
                .map(|waiting| waiting.stack.clone());
            let interrupted = injected();
            if interrupted.is_empty() {
                (Vec::new(), stack.unwrap_or_default())
            } else {
                (Vec::new(), interrupted)
            }
        }
        _ => (Vec::new(), injected()),
    }
}

/// What is said about a finding.
struct Words<'a> {
    program: &'a str,
    /// Whether it takes no signal.
    is_alone: bool,
    signal: String,
    judgement: &'a Judgement,
    handler: &'a [Frame],
    interrupted: &'a [Frame],
}

impl Words<'_> {
    /// Title, explanation, advice.
    fn say(&self) -> (String, String, String) {
        let Self {
            program, signal, ..
        } = self;
        let role = &self.judgement.role;
        let detail = &self.judgement.detail;
        let where_ = place(self.interrupted, program);
        let in_handler = outer_call(self.handler, program);
        match self.judgement.kind {
            FindingKind::Deadlock if self.handler.is_empty() || self.interrupted.is_empty() => (
                format!("{role} waits for {detail} for ever"),
                format!(
                    "{role} is in {} and waits for {detail}; every other thread waits, too, and \
                     nobody can release it.",
                    place(self.handler, program)
                ),
                "Take locks in the same order everywhere, and release them on every way out."
                    .to_owned(),
            ),
            FindingKind::Deadlock => {
                let call = in_handler.unwrap_or("its own code");
                let lock = lock_in(detail, self.handler);
                // A lock of the program's own was taken by whom the stack needn't show.
                let holder =
                    outer_call(self.interrupted, program).filter(|_| !lock.starts_with(OF_PROGRAM));
                let (title, holds) = match holder {
                    Some(holder) => (
                        format!(
                            "{call} in the handler of {signal} deadlocks with {holder} on {lock}"
                        ),
                        format!("{role} holds {lock} inside {where_}."),
                    ),
                    None => (
                        format!("{call} in the handler of {signal} deadlocks on {lock}"),
                        format!("{role} holds {lock} when it is in {where_}."),
                    ),
                };
                (
                    title,
                    format!(
                        "{holds} The handler of {signal} interrupts it there, on the same thread, \
                         calls {call} and waits for the same lock: nobody can release it."
                    ),
                    in_handler.map_or_else(general_advice, |call| instead_of(call).to_owned()),
                )
            }
            FindingKind::Crash => (
                match in_handler {
                    Some(call) => format!("{call} in the handler of {signal} crashes: {detail}"),
                    None => format!("{role} crashes with {detail} after {signal}"),
                },
                format!(
                    "{signal} interrupts {role} in {where_}, in the middle of a change; what is \
                     there then is neither old nor new, and the program dies of {detail}."
                ),
                in_handler.map_or_else(general_advice, |call| instead_of(call).to_owned()),
            ),
            FindingKind::Hang if self.is_alone => (
                format!("{role} runs for ever"),
                format!("{role} computes without end, without any signal, and makes no progress."),
                "Make sure that every loop ends, and that the program gets to where it handles \
                 signals."
                    .to_owned(),
            ),
            FindingKind::Hang => (
                format!("{role} runs for ever after {signal}"),
                format!(
                    "{signal} comes while {role} is in {where_}. From then on it computes without \
                     end, and makes no progress."
                ),
                "A flag that a handler sets has to be `volatile sig_atomic_t` or atomic, or the \
                 compiler need not look at it again. Wait with sigsuspend(2), not in a loop."
                    .to_owned(),
            ),
            FindingKind::LostWakeup => self.lost(role, detail, &where_),
            FindingKind::KilledByDefault => (
                format!("{signal} kills {role} in a window without its handler"),
                format!(
                    "{signal} comes while {role} is in {where_}. Its disposition is the default at \
                     that moment, although the program handles it before and after."
                ),
                "Install the handler once, with sigaction(2) and without SA_RESETHAND: then there \
                 is no window."
                    .to_owned(),
            ),
            FindingKind::OutputCorrupted => (
                format!("output is corrupted when {signal} comes"),
                format!("{signal} interrupts {role} in {where_}, and then {detail}."),
                "Write in the main program only, or one whole line at a time with write(2)."
                    .to_owned(),
            ),
            FindingKind::UnsafeCall => {
                let handler = self
                    .handler
                    .last()
                    .and_then(|frame| frame.function.as_deref())
                    .unwrap_or("the handler");
                (
                    format!("the handler of {signal} calls {detail}"),
                    format!(
                        "{handler}, the handler of {signal}, calls {detail}, which isn't \
                         async-signal-safe: if the signal interrupts the same function, or one \
                         that it shares data with, anything can happen, however often it goes well."
                    ),
                    instead_of(detail).to_owned(),
                )
            }
            FindingKind::ErrnoClobbered => {
                let (before, after) = detail.split_once(' ').unwrap_or(("?", "?"));
                (
                    format!("the handler of {signal} changes errno"),
                    format!(
                        "The handler of {signal} returns with errno {after}; it was {before} when \
                         it was called. {role} was in {where_}: whatever looks at errno there sees \
                         the handler's."
                    ),
                    "Save errno at the start of the handler, and put it back before it returns."
                        .to_owned(),
                )
            }
            FindingKind::CriterionFailed => (
                format!("{} when {signal} comes", self.judgement.cause),
                format!("{signal} comes while the program is in {where_}: {detail}."),
                general_advice(),
            ),
        }
    }

    fn lost(&self, role: &Role, detail: &str, where_: &str) -> (String, String, String) {
        let signal = &self.signal;
        if let Some(children) = detail.strip_prefix("children ") {
            return (
                format!("{role} waits for ever for children that have ended"),
                format!(
                    "Several children end before the handler of SIGCHLD runs; their signals merge \
                     into one, the handler reaps one child, and {children} stay zombies for which \
                     {role} waits for ever."
                ),
                "One SIGCHLD can stand for many children: in the handler, call waitpid(2) with \
                 WNOHANG in a loop until it returns no more."
                    .to_owned(),
            );
        }
        let call = detail.split(' ').next().unwrap_or(detail);
        (
            format!("{role} waits in {call} for ever although {signal} came"),
            format!(
                "{signal} comes while {role} is in {where_}: after it has looked, and before it \
                 waits. The handler runs, and then {role} waits in {call} for a signal that has \
                 been and gone."
            ),
            "Block the signal while looking, and wait with sigsuspend(2), ppoll(2) or pselect(2), \
             which unblock it and wait in one step; or let the handler write to a pipe that the \
             wait includes."
                .to_owned(),
        )
    }
}

/// How the names of locks begin that are variables of the program's.
const OF_PROGRAM: &str = "a lock at ";

/// What a lock is called: by the variable that it is, or by who waits for it.
fn lock_in<'a>(detail: &'a str, stack: &[Frame]) -> &'a str {
    /// Functions of C's library, and the lock that they share.
    const LOCKS: [(&[&str], &str); 4] = [
        (
            &["malloc", "free", "calloc", "realloc", "memalign"],
            "malloc's lock",
        ),
        (
            &[
                "localtime",
                "localtime_r",
                "__tz_convert",
                "tzset",
                "mktime",
                "strftime",
            ],
            "the time zone's lock",
        ),
        (
            &["syslog", "vsyslog", "openlog", "closelog"],
            "syslog's lock",
        ),
        (
            &["fopen", "fclose", "fflush", "exit"],
            "the lock on stdio's list of streams",
        ),
    ];
    let name = detail.split(", ").next().unwrap_or(detail);
    if name != "a lock" {
        return name;
    }
    let calls = |functions: &[&str]| {
        stack.iter().any(|frame| {
            frame
                .function
                .as_deref()
                .is_some_and(|function| functions.contains(&function))
        })
    };
    LOCKS
        .into_iter()
        .find(|(functions, _)| calls(functions))
        .map_or(name, |(_, lock)| lock)
}

fn general_advice() -> String {
    "Do less in the handler: set a flag, and do the work in the main program; or block the \
     signal while what the handler uses is being changed."
        .to_owned()
}
