//! Signals that didn't arrive, and calls that were denied.

use siglab_model::{Event, Kind, Outside, SendTarget, SentSignal, Signal, Trace};

use super::diagnosis as ids;
use super::end::{Explains, Trouble, who};
use crate::manifest::Expected;

/// The first call that was refused.
pub(super) fn refused(trace: &Trace, expected: &Expected) -> Option<Trouble> {
    let found = trace.events.iter().enumerate().find_map(|(at, event)| {
        let refusal = match &event.kind {
            Kind::Denied { .. } => denied(event),
            Kind::SendFailed { errno, .. } if expected.has_errno(errno) => None,
            Kind::SendFailed { .. } => send_failed(event, &trace.events[..at]),
            _ => None,
        };
        refusal.map(|refusal| (event, refusal))
    });
    let (event, (id, message, hint)) = found?;
    Some(Trouble {
        id,
        message,
        hint: Some(hint.to_owned()),
        explains: Explains::Since(event.t),
        says_all: false,
    })
}

/// A diagnosis's id, what happened, and what to look at.
type Refusal = (&'static str, String, &'static str);

fn denied(event: &Event) -> Option<Refusal> {
    let Kind::Denied {
        syscall,
        what,
        signal,
        errno,
    } = &event.kind
    else {
        return None;
    };
    let who = who(event.role.as_ref());
    let t = event.t;
    let Some(signal) = signal else {
        let id = match syscall.as_str() {
            "socket" => ids::NETWORK,
            _ => ids::FORBIDDEN_CALL,
        };
        let message =
            format!("{who} called {syscall} at {t}, which is denied ({what}), and got {errno}");
        return Some((id, message, "the task can be solved without this call"));
    };
    let failed = match errno.as_str() {
        "0" => String::new(),
        errno => format!(", and got {errno}"),
    };
    if *what == Outside::Everybody {
        let message = format!(
            "{who} called {syscall} at {t} to send {signal} to the pid -1, which stands for \
             every process{failed}"
        );
        let hint = "check fork's result before it is used as a pid: it is -1 when fork fails";
        return Some((ids::SENT_TO_EVERYBODY, message, hint));
    }
    let message = format!(
        "{who} called {syscall} at {t} to send {signal} to something outside the run \
         ({what}){failed}"
    );
    if *what == Outside::Siglab {
        let hint = "the first process's parent is whoever has started it: a shell, or the \
             grader; getppid() is of use in a child";
        return Some((ids::SENT_TO_PARENT, message, hint));
    }
    let hint = "check the pid and the signal that the call gets";
    Some((ids::SENT_OUTSIDE, message, hint))
}

fn send_failed(event: &Event, before: &[Event]) -> Option<Refusal> {
    let Kind::SendFailed {
        syscall,
        target,
        signal,
        errno,
    } = &event.kind
    else {
        return None;
    };
    let who = who(event.role.as_ref());
    let t = event.t;
    if let (SendTarget::Pid(number), SentSignal::PidOf(_)) = (target, signal)
        && let Some(meant) = Signal::new(*number)
    {
        let message = format!(
            "{who} called {syscall} at {t} with pid and signal in the wrong order: the pid is {number}, \
             which is {meant}, and the signal is {signal}; it got {errno}"
        );
        return Some((
            ids::SEND_FAILED,
            message,
            "the pid comes first: kill(pid, signal)",
        ));
    }
    let message =
        format!("{who} called {syscall} at {t} to send {signal} to {target}, and got {errno}");
    let is_reaping = |event: &&Event| match (&event.kind, target) {
        (Kind::Reaped { child, .. }, SendTarget::Role(role)) => child == role,
        _ => false,
    };
    let reaped = before.iter().rev().find(is_reaping);
    match reaped {
        Some(reaped) if errno == "ESRCH" => Some((
            ids::SENT_TO_REAPED,
            format!("{message}; that child had been waited for at {}", reaped.t),
            "a pid belongs to nobody, and later to somebody else, once its process has been \
             waited for: forget it then",
        )),
        _ => Some((
            ids::SEND_FAILED,
            message,
            "check the pid and the signal that the call gets",
        )),
    }
}
