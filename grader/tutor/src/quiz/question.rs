//! What questions and their answers say.

use std::fmt;

use siglab_model::kernel::{Fate, Reaction, Replica};
use siglab_model::{DefaultAction, Event, Kind, Role, Signal};

use super::Choice;

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fate(Fate::Handler) => "its handler runs",
            Self::Fate(Fate::Accepted) => "a call that waits for it takes it",
            Self::Fate(Fate::Blocked) => "it stays pending",
            Self::Fate(Fate::Merged) => "it is lost: it merges with one that is pending",
            Self::Fate(Fate::Ignored) => "nothing: it is ignored",
            Self::Fate(Fate::Ends) => "the process ends",
            Self::Fate(Fate::Stops) => "the process stops",
            Self::Fate(Fate::Continues) => "the process, which is stopped, goes on",
            Self::Fate(Fate::Held) => "it stays pending until the process is continued",
            Self::Fails => "it fails with EINTR",
            Self::GoesOn => "it goes on after the handler, and the program notices nothing",
            Self::IsFirst => "it is finished first, and then the handler runs",
        })
    }
}

/// What could become of a signal, always in the same order; what is rare only where it could be meant.
pub(super) fn fates(signal: Signal, right: Fate) -> Vec<Choice> {
    let action = signal.default_action();
    let all = [
        (Fate::Handler, true),
        (Fate::Blocked, true),
        (Fate::Merged, true),
        (Fate::Ends, true),
        (Fate::Ignored, true),
        (Fate::Accepted, true),
        (Fate::Stops, action == DefaultAction::Stop),
        (Fate::Continues, action == DefaultAction::Continue),
        (Fate::Held, false),
    ];
    let offered = all
        .into_iter()
        .filter(|(fate, is_usual)| *is_usual || *fate == right);
    offered.map(|(fate, _)| Choice::Fate(fate)).collect()
}

/// Why that becomes of a signal: what the model has.
pub(super) fn because(before: &Replica, role: &Role, signal: Signal, fate: Fate) -> String {
    let blocked = before.blocked(role);
    let action = before.action(role, signal).unwrap_or_default();
    match fate {
        Fate::Handler if blocked.contains(signal) => {
            format!("{role} blocks {signal}, another thread of it doesn't, and there is a handler")
        }
        Fate::Handler => format!("{role} doesn't block {signal}, and has a handler for it"),
        Fate::Accepted => {
            format!("a thread of {role} waits for {signal} with sigwait(3) or its like")
        }
        Fate::Blocked if before.handling(role).contains(&signal) => {
            format!("{role} is in its handler of {signal}, which blocks {signal} meanwhile")
        }
        Fate::Blocked => format!("{role} blocks {signal}: its mask is {blocked}"),
        Fate::Merged => format!(
            "{signal} is pending already ({}), and standard signals don't queue",
            before.pending(role)
        ),
        Fate::Ignored if action.reaction == Reaction::Ignore => format!("{role} ignores {signal}"),
        Fate::Ignored => format!("the default action of {signal} is to do nothing"),
        Fate::Ends if signal.can_be_caught() => format!(
            "{role} doesn't block {signal} and has no handler for it, and the default action is to end"
        ),
        Fate::Ends => format!("{signal} can't be caught, blocked or ignored"),
        Fate::Stops => {
            format!("{role} has no handler for {signal}, and the default action is to stop")
        }
        Fate::Continues => {
            format!("{signal} continues a stopped process, whatever it does with it")
        }
        Fate::Held => format!("{role} is stopped: it takes nothing but SIGKILL and SIGCONT"),
    }
}

/// What the model has for a thread.
pub(super) fn state(replica: &Replica, role: &Role) -> Vec<String> {
    let mut lines = vec![
        format!("blocked {}", replica.blocked(role)),
        format!("pending {}", replica.pending(role)),
    ];
    let handling = replica.handling(role);
    if !handling.is_empty() {
        let names: Vec<_> = handling.iter().map(Signal::to_string).collect();
        lines.push(format!(
            "in the handler of {}",
            names.join(", and on top of it of ")
        ));
    }
    lines
}

/// How a process ended.
pub(super) fn ended(event: &Event) -> String {
    let role = event.role.as_ref().map_or("it", |role| role.as_str());
    match &event.kind {
        Kind::Exit { code } => format!("{role} exits with {code}"),
        Kind::Killed { signal, .. } => format!("{signal} kills {role}"),
        _ => String::new(),
    }
}

/// Whether a call fails with `EINTR` after any handler, `SA_RESTART` or not: signal(7), "Interruption of
/// system calls and library functions by signal handlers".
pub(super) fn never_restarts(syscall: &str) -> bool {
    const CALLS: [&str; 15] = [
        "clock_nanosleep",
        "epoll_pwait",
        "epoll_pwait2",
        "epoll_wait",
        "io_getevents",
        "msgrcv",
        "msgsnd",
        "nanosleep",
        "pause",
        "poll",
        "ppoll",
        "pselect6",
        "rt_sigsuspend",
        "rt_sigtimedwait",
        "select",
    ];
    CALLS.contains(&syscall)
}
