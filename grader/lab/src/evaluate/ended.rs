//! Processes that were killed by their own doing: by a limit, or by a signal of their own.

use siglab_model::{Event, Kind, Role, Signal, Trace};

use super::diagnosis as ids;
use super::end::{Explains, Trouble};

/// A process that the kernel has ended because it used too much.
pub(super) fn by_the_kernel(trace: &Trace) -> Option<Trouble> {
    killed(trace).find_map(|(event, role, signal)| {
        let t = event.t;
        let (id, message, hint) = match signal {
            Signal::XFSZ => (
                ids::FILE_TOO_LARGE,
                format!("{role} was killed at {t}: it wrote a file that is too large (SIGXFSZ)"),
                "look for a loop that writes and never ends",
            ),
            Signal::XCPU => (
                ids::USED_UP,
                format!("{role} was killed at {t}: it used up its processor time (SIGXCPU)"),
                "look for a loop that neither ends nor waits",
            ),
            // Whoever else sends it, the trace says so.
            Signal::KILL if sender(trace, event, role, signal).is_none() => (
                ids::USED_UP,
                format!(
                    "the system killed {role} at {t}: it used up its memory or its processor \
                     time"
                ),
                "look for a loop that allocates, or that neither ends nor waits",
            ),
            _ => return None,
        };
        Some(Trouble {
            id,
            message,
            hint: Some(hint.to_owned()),
            explains: Explains::Since(t),
            says_all: true,
        })
    })
}

/// The first process, if it died of a signal that it has sent.
pub(super) fn by_itself(trace: &Trace, main: &str) -> Option<Trouble> {
    let (event, role, signal) = killed(trace).find(|(_, role, _)| *role == main)?;
    let sender = sender(trace, event, role, signal)?;
    if sender != role {
        return None;
    }
    let t = event.t;
    // The kernel sends it in the name of who writes.
    if signal == Signal::PIPE {
        return Some(Trouble {
            id: ids::BROKEN_PIPE,
            message: format!(
                "SIGPIPE killed {role} at {t}: it wrote to a pipe or socket that nobody can read any more"
            ),
            hint: Some(
                "keep the end for reading open, or ignore SIGPIPE and look at what write() returns"
                    .into(),
            ),
            explains: Explains::Since(t),
            says_all: true,
        });
    }
    Some(Trouble {
        id: ids::KILLED_ITSELF,
        message: format!("{role} killed itself at {t}: it sent {signal} to itself"),
        hint: Some(
            "kill() with the pid 0, or with the pid of the own group, reaches the caller, too"
                .into(),
        ),
        explains: Explains::Since(t),
        says_all: true,
    })
}

/// The processes that were killed, with the signals.
fn killed(trace: &Trace) -> impl Iterator<Item = (&Event, &Role, Signal)> {
    trace.events.iter().filter_map(|event| match &event.kind {
        Kind::Killed { signal, .. } => Some((event, event.role.as_ref()?, *signal)),
        _ => None,
    })
}

/// Who sent the signal that `role` died of.
fn sender<'a>(trace: &'a Trace, death: &Event, role: &Role, signal: Signal) -> Option<&'a Role> {
    trace
        .events
        .iter()
        .take_while(|event| !std::ptr::eq(*event, death))
        .filter(|event| event.role.as_ref() == Some(role))
        .filter_map(|event| match &event.kind {
            Kind::Generated {
                signal: of, from, ..
            } if *of == signal => Some(from),
            _ => None,
        })
        .last()
}
