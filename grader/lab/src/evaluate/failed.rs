//! Calls that failed before what a requirement asks for should have happened.

use std::time::Duration;

use siglab_model::{BadArgument, Event, Kind, Signal, Time, Trace, WaitFor};

use super::end::who;
use crate::manifest::{Expected, told};

/// What to add to a diagnosis.
pub(super) struct FailedCall {
    /// A part of its message.
    pub(super) said: String,
    /// What to look at.
    pub(super) hint: &'static str,
}

/// The call that failed last before `until`, or before the end. If it failed several times, the first
/// of them: the others follow from it.
pub(super) fn before(
    trace: &Trace,
    until: Option<Time>,
    expected: &Expected,
) -> Option<FailedCall> {
    let is_in_time = |event: &&Event| until.is_none_or(|until| event.t <= until);
    let failed = trace.events.iter().filter(is_in_time);
    let failed = failed.filter(|event| is_mistake(trace, event, until, expected));
    let last = failed.clone().next_back()?;
    let mut failed = failed;
    let event = failed.find(|event| event.kind == last.kind && event.role == last.role)?;
    let (call, hint) = describe(trace, event)?;
    let who = who(event.role.as_ref());
    Some(FailedCall {
        said: format!("at {} {who} called {call}", told(event.t)),
        hint,
    })
}

/// That a call had failed, as the middle of a sentence; `None` if `event` isn't about one.
pub(super) fn had_failed(trace: &Trace, event: &Event) -> Option<FailedCall> {
    let (call, hint) = describe(trace, event)?;
    Some(FailedCall {
        said: format!(", when it had called {call}"),
        hint,
    })
}

/// Whether a call failed that programs expect to work. That no child is left is how loops around
/// waitpid(2) end, and so may it be that a child is gone which was waited for before: that matters if
/// something should have happened just then.
fn is_mistake(trace: &Trace, event: &Event, until: Option<Time>, expected: &Expected) -> bool {
    const JUST_THEN: Duration = Duration::from_millis(20);
    match &event.kind {
        Kind::CallFailed { errno, .. } if errno == "EAGAIN" || expected.has_errno(errno) => false,
        Kind::CallFailed { what, errno, .. } if errno == "ECHILD" => {
            let is_due = until.is_some_and(|until| until.since(event.t) <= JUST_THEN);
            *what != WaitFor::AnyChild && (is_due || reaped(trace, event).is_none())
        }
        Kind::CallFailed { .. } => true,
        _ => false,
    }
}

/// A call and how it failed, and what to look at.
fn describe(trace: &Trace, event: &Event) -> Option<(String, &'static str)> {
    let Kind::CallFailed {
        syscall,
        what,
        errno,
        argument,
    } = &event.kind
    else {
        return None;
    };
    let is_childless = errno == "ECHILD";
    let (why, hint) = match (argument, what, reaped(trace, event)) {
        (Some(argument), ..) => {
            let why = format!("{argument}; valid: {}", argument.rule());
            (Some(why), argument_hint(argument))
        }
        (None, WaitFor::Child(role), Some(t)) => (
            Some(format!("{role} had been waited for before, at {}", told(t))),
            "a child can be waited for once only: whoever does it has to keep its status, and to say \
             that it has ended",
        ),
        (None, WaitFor::Child(role), None) if is_childless => (
            Some(format!("{role} is no child of it")),
            "waitpid() wants the pid that fork() returned to the parent",
        ),
        (None, WaitFor::ChildOfGroup, _) if is_childless => (
            Some("it has no child in this process group".to_owned()),
            "waitpid()'s first argument: a pid means that child, -1 any, and 0 one in the caller's \
             own process group",
        ),
        (None, what, _) if what.is_unnamed() => (None, HINT),
        (None, what, _) => (Some(format!("it was to wait for {what}")), HINT),
    };
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    Some((format!("{syscall}, which failed: {errno}{why}"), hint))
}

const HINT: &str = "look at the arguments of this call, at what it returns, and at errno";

fn argument_hint(argument: &BadArgument) -> &'static str {
    match argument {
        BadArgument::Nanoseconds(_) => {
            "a timespec is seconds, and nanoseconds of less than a second: one second is { 1, 0 }"
        }
        BadArgument::Microseconds(_) => {
            "a timeval is seconds, and microseconds of less than a second: one second is { 1, 0 }"
        }
        BadArgument::Seconds(_) => {
            "when a time is over, nothing is left to wait for: look at how it is computed"
        }
        BadArgument::How(_) => {
            "the first argument says what to do with the set: SIG_BLOCK adds it to the mask"
        }
        BadArgument::Signal(number) => match Signal::new(*number) {
            Some(Signal::KILL | Signal::STOP) => {
                "SIGKILL and SIGSTOP can't be caught, blocked or ignored"
            }
            _ => HINT,
        },
        BadArgument::Other(_) => HINT,
    }
}

/// When the child that a call couldn't wait for had been waited for before.
fn reaped(trace: &Trace, event: &Event) -> Option<Time> {
    let Kind::CallFailed {
        what: WaitFor::Child(role),
        errno,
        ..
    } = &event.kind
    else {
        return None;
    };
    let is_reaping = |it: &&Event| matches!(&it.kind, Kind::Reaped { child, .. } if child == role);
    let reaping = trace.events.iter().find(is_reaping)?;
    (errno == "ECHILD" && reaping.t <= event.t).then_some(reaping.t)
}
