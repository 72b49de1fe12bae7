//! How a run ended, and what may have gone wrong on the way.

use siglab_model::{
    Event, Frame, Kind, LimitKind, ProcessStatus, Role, Signal, Stream, Time, Trace, WaitFor,
    Waiting,
};

use super::diagnosis as ids;
use super::{ended, failed, refused};
use crate::manifest::{Expected, describe_status, told};

/// Something that went wrong in a run, besides what a criterion asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The diagnosis's id.
    pub(super) id: &'static str,
    /// What happened.
    pub(super) message: String,
    /// What to look at; absent if the criterion knows better.
    pub(super) hint: Option<String>,
    /// What it explains.
    pub(super) explains: Explains,
    /// Whether it says all there is to say. What a criterion says of a run may not even
    /// be true of one that was cut short.
    pub(super) says_all: bool,
}

/// What a trouble explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Explains {
    /// Whatever didn't happen.
    Everything,
    /// What didn't happen from this moment on.
    Since(Time),
    /// That a process didn't end, or that nobody waited for it. Other things may well not
    /// have happened for other reasons.
    NoEnd,
    /// What should have happened after the program had ended.
    Later,
}

impl Explains {
    /// Whether a manifest that knows what the program did instead knows better.
    pub(super) fn gives_way(self) -> bool {
        matches!(self, Self::NoEnd | Self::Later)
    }
}

/// Signals that a process gets for errors of its own: signal(7).
const ERRORS: [Signal; 7] = [
    Signal::SEGV,
    Signal::BUS,
    Signal::FPE,
    Signal::ILL,
    Signal::ABRT,
    Signal::SYS,
    Signal::TRAP,
];

/// What went wrong in a run in which something expected didn't happen, the gravest first.
/// Not what is `expected`, as the exercise provokes it.
pub(super) fn troubles(
    trace: &Trace,
    main: &str,
    expected: &Expected,
) -> impl Iterator<Item = Trouble> {
    [
        limit(trace, main),
        crash(trace),
        ended::by_the_kernel(trace),
        ended::by_itself(trace, main),
        gave_up(trace, main),
        deadlock(trace),
        refused::refused(trace, expected),
        step_left(trace, main),
    ]
    .into_iter()
    .flatten()
    .filter(|trouble| !expected.has_diagnosis(trouble.id))
}

/// When and how the first process ended, as the end of a sentence.
pub(super) fn status_text(trace: &Trace) -> String {
    match trace.outcome.status {
        Some(status) => describe_status(status),
        None => "did not end".into(),
    }
}

/// When the first process ended, or else when the run did.
pub(super) fn end_time(trace: &Trace, main: &str) -> Time {
    trace
        .events
        .iter()
        .find(|event| is_end_of(event, main))
        .or(trace.events.last())
        .map_or(Time::ZERO, |event| event.t)
}

/// The limit that a run reached.
pub(super) fn limit(trace: &Trace, main: &str) -> Option<Trouble> {
    let limit = trace.outcome.limit?;
    let t = trace.events.last().map_or(Time::ZERO, |event| event.t);
    let (id, message, hint) = match limit {
        LimitKind::VirtualTime => (
            ids::TIME_LIMIT,
            format!("the run was cut off at {t}, when {}", still(trace, main)),
            None,
        ),
        LimitKind::RealTime => (
            ids::COMPUTES_FOREVER,
            format!("the run was cut off at {t}: the program computed and computed"),
            Some("look for a loop that neither ends nor waits"),
        ),
        LimitKind::NoProgress => (
            ids::COMPUTES_FOREVER,
            format!(
                "from {t} on the program goes round and round in a loop that nothing will ever end"
            ),
            Some("look for a loop that neither ends nor waits"),
        ),
        LimitKind::Output => (
            ids::TOO_MUCH_OUTPUT,
            format!("the run was cut off at {t}: the program wrote too much"),
            Some("look for a loop that writes and never waits"),
        ),
        LimitKind::Processes => (
            ids::TOO_MANY_PROCESSES,
            format!("the run was cut off at {t}: too many processes and threads at once"),
            Some("look for a fork in a loop, or a child that goes on into its parent's code"),
        ),
        LimitKind::Events => (
            ids::TOO_MANY_EVENTS,
            format!("the run was cut off at {t}: too much happened"),
            Some("look for a loop that never ends"),
        ),
        LimitKind::Linger => (
            ids::TIME_LIMIT,
            format!("the run was cut off at {t}: processes went on after {main} had ended"),
            Some("end every child, and wait for it"),
        ),
        LimitKind::Unsupported => (
            ids::UNSUPPORTED,
            format!("the run was cut off at {t}: the program did what siglab can't control"),
            None,
        ),
        LimitKind::Cancelled => (
            ids::CANCELLED,
            format!("the run was stopped at {t}"),
            Some("run it again"),
        ),
    };
    Some(Trouble {
        id,
        message,
        hint: hint.map(str::to_owned),
        explains: Explains::Since(t),
        says_all: true,
    })
}

/// What the first process was doing when the run was cut off.
fn still(trace: &Trace, main: &str) -> String {
    let last = trace
        .events
        .iter()
        .rev()
        .filter(|event| event.role.as_ref().is_some_and(|role| role == main))
        .find_map(|event| match &event.kind {
            Kind::WaitBegun { syscall, what, .. } => Some(waits(main, syscall, what)),
            Kind::Exit { .. } | Kind::Killed { .. } => {
                Some(format!("{main} had ended, but not all of its children"))
            }
            Kind::WaitEnded { .. } => Some(format!("{main} was running")),
            _ => None,
        });
    last.unwrap_or_else(|| format!("{main} was running"))
}

fn waits(role: &str, syscall: &str, what: &WaitFor) -> String {
    if what.is_unnamed() {
        format!("{role} was waiting in {syscall}")
    } else {
        format!("{role} was waiting in {syscall} for {what}")
    }
}

fn crash(trace: &Trace) -> Option<Trouble> {
    trace.events.iter().find_map(|event| match &event.kind {
        Kind::Killed { signal, .. } if ERRORS.contains(signal) => {
            let who = who(event.role.as_ref());
            Some(Trouble {
                id: ids::CRASHED,
                message: format!("{who} crashed at {}: {signal}", event.t),
                hint: Some(crash_hint(*signal).into()),
                explains: Explains::Since(event.t),
                says_all: true,
            })
        }
        _ => None,
    })
}

fn crash_hint(signal: Signal) -> &'static str {
    match signal {
        Signal::ABRT => "an assertion, a panic or the C library ended it; see what it wrote last",
        Signal::FPE => "look for a division by zero",
        Signal::SEGV | Signal::BUS => "look for a pointer that leads nowhere, or a stack used up",
        _ => "run it in a debugger to see where it happens",
    }
}

fn deadlock(trace: &Trace) -> Option<Trouble> {
    let (event, waiting) = trace.events.iter().find_map(|event| match &event.kind {
        Kind::Deadlock { waiting } => Some((event, waiting)),
        _ => None,
    })?;
    let is_stopped = waiting.iter().any(is_stopped);
    let each: Vec<_> = waiting.iter().map(describe_waiting).collect();
    // Who waits inside a handler, or for a lock, is stuck: not only at the end.
    let stuck = waiting
        .iter()
        .any(|waiting| waiting.handler.is_some() || waiting.what.is_lock());
    Some(Trouble {
        id: if is_stopped {
            ids::STOPPED
        } else {
            ids::DEADLOCK
        },
        message: format!(
            "since {} nothing can go on any more (a deadlock): {}",
            event.t,
            each.join("; ")
        ),
        hint: is_stopped
            .then(|| "a stopped process goes on only when it is sent SIGCONT".to_owned()),
        explains: if stuck {
            Explains::Everything
        } else {
            Explains::NoEnd
        },
        says_all: false,
    })
}

fn is_stopped(waiting: &Waiting) -> bool {
    matches!(waiting.what, WaitFor::Stopped(_))
}

fn describe_waiting(waiting: &Waiting) -> String {
    let Waiting {
        role,
        syscall,
        what,
        ..
    } = waiting;
    let mut text = if is_stopped(waiting) {
        format!("{role} is stopped")
    } else if what.is_unnamed() {
        format!("{role} waits in {syscall}")
    } else {
        format!("{role} waits in {syscall} for {what}")
    };
    if let Some(signal) = waiting.handler {
        text.push_str(&format!(", inside its handler for {signal}"));
        if let Some(function) = named(&waiting.interrupted) {
            text.push_str(&format!(", which interrupted {function}"));
        }
    }
    if let Some(pending) = waiting.pending.filter(|pending| !pending.is_empty()) {
        let names: Vec<_> = pending.iter().map(|signal| signal.to_string()).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        text.push_str(&format!(
            ", while {} {verb} pending and blocked",
            names.join(" and ")
        ));
    }
    text
}

/// The name of the innermost function that has one.
pub(super) fn named(stack: &[Frame]) -> Option<&str> {
    stack.iter().find_map(|frame| frame.function.as_deref())
}

/// A step that could not be carried out, because the program, or the process that it is
/// about, had ended or was never there.
fn step_left(trace: &Trace, main: &str) -> Option<Trouble> {
    let (at, event, step, what) =
        trace
            .events
            .iter()
            .enumerate()
            .find_map(|(at, event)| match &event.kind {
                Kind::ScriptUnfinished { step, what } => Some((at, event, step, what)),
                _ => None,
            })?;
    let ended = trace.events[..at]
        .iter()
        .any(|event| is_end_of(event, main));
    if !ended && !is_cut_off(trace) {
        return Some(Trouble {
            id: ids::STEP_IMPOSSIBLE,
            message: format!(
                "at {} there was no such process for step {step} of the scenario ({what})",
                event.t
            ),
            hint: Some("does the program start the processes that it should?".into()),
            explains: Explains::Later,
            says_all: true,
        });
    }
    ended.then(|| {
        let (why, hint) = last_words(trace, main);
        Trouble {
            id: ids::ENDED_EARLY,
            message: format!(
                "{main} {} at {}{why}, before step {step} of the scenario ({what})",
                status_text(trace),
                end_time(trace, main)
            ),
            hint: hint.map(str::to_owned),
            explains: Explains::Later,
            says_all: true,
        }
    })
}

/// The first process ended with an error, and left children behind.
fn gave_up(trace: &Trace, main: &str) -> Option<Trouble> {
    let Some(ProcessStatus::Exited(1..)) = trace.outcome.status else {
        return None;
    };
    let end = end_time(trace, main);
    let is_left = |event: &Event| event.t == end && matches!(event.kind, Kind::Orphaned { .. });
    if !trace.events.iter().any(is_left) {
        return None;
    }
    let (why, hint) = last_words(trace, main);
    Some(Trouble {
        id: ids::ENDED_EARLY,
        message: format!("{main} {} at {}{why}", status_text(trace), told(end)),
        hint: hint.map(str::to_owned),
        explains: Explains::Since(end),
        says_all: true,
    })
}

/// What the first process said when it ended with an error, and what had happened to it just then;
/// and a hint, if that is no reason to end.
fn last_words(trace: &Trace, main: &str) -> (String, Option<&'static str>) {
    let failed = matches!(trace.outcome.status, Some(ProcessStatus::Exited(1..)));
    let end = end_time(trace, main);
    let last = || {
        let events = trace.events.iter().rev();
        // Reading a clock takes some nanoseconds.
        let events = events.filter(|event| told(event.t) == told(end));
        events.filter(|event| event.role.as_ref().is_some_and(|role| role == main))
    };
    if !failed {
        return (String::new(), None);
    }
    let said = last().find_map(|event| match &event.kind {
        Kind::Output {
            stream: Stream::Stderr,
            text,
        } => Some(format!(", saying \"{}\"", text.trim())),
        _ => None,
    });
    let happened = last().find_map(|event| match &event.kind {
        Kind::WaitEnded { syscall, result } if result.is_timed_out() => Some((
            format!(", when its wait had ended by time-out ({syscall})"),
            "that a wait ends by time-out is no error: it says that nothing came in time",
        )),
        Kind::WaitEnded { syscall, result } if result.is_errno("EINTR") => Some((
            format!(", when a signal had interrupted {syscall} (EINTR)"),
            "a call that a signal interrupts fails with EINTR, and can be made again",
        )),
        // These two never end otherwise.
        Kind::Interrupted { syscall, signal }
            if !matches!(syscall.as_str(), "pause" | "rt_sigsuspend") =>
        {
            Some((
                format!(", when {signal} had interrupted {syscall} (EINTR)"),
                "a call that a signal interrupts fails with EINTR, and can be made again",
            ))
        }
        Kind::CallFailed { .. } => {
            let failed = failed::had_failed(trace, event)?;
            Some((failed.said, failed.hint))
        }
        _ => None,
    });
    let (happened, hint) = happened.unzip();
    (
        happened.unwrap_or_default() + &said.unwrap_or_default(),
        hint,
    )
}

/// Whether siglab ended the program.
fn is_cut_off(trace: &Trace) -> bool {
    trace.outcome.deadlock || trace.outcome.limit.is_some()
}

fn is_end_of(event: &Event, process: &str) -> bool {
    event.role.as_ref().is_some_and(|role| role == process)
        && matches!(event.kind, Kind::Exit { .. } | Kind::Killed { .. })
}

/// Whether the first process died of an error of its own.
pub(super) fn main_crashed(trace: &Trace) -> bool {
    matches!(trace.outcome.status, Some(ProcessStatus::Killed(signal)) if ERRORS.contains(&signal))
}

pub(super) fn who(role: Option<&Role>) -> &str {
    role.map_or("the program", Role::as_str)
}
