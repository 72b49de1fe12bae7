//! Which events a reader isn't shown: what libc and language runtimes do for themselves,
//! and what another event already tells.

use std::collections::{HashMap, HashSet};

use siglab_model::{Disposition, Event, ForkHow, Kind, Role, SigSet, Signal, WaitResult};

use super::words;

/// One flag for each event: whether to leave it out.
pub(super) fn folded(events: &[Event]) -> Vec<bool> {
    let mut masks = Masks::default();
    let mut starting = Starting::default();
    let mut waits = Waits::default();
    let first = events.iter().find_map(|event| event.role.as_ref());
    events
        .iter()
        .enumerate()
        .map(|(index, event)| {
            let rest = &events[index + 1..];
            let in_spawn = starting.note(event);
            let goes_on = waits.note(event);
            match (&event.kind, &event.role) {
                (Kind::Chosen { .. } | Kind::ClockAdvanced { .. }, _) => true,
                // Its parent is siglab.
                (Kind::ReapedByKernel {}, role) => role.as_ref() == first,
                (Kind::Fork { child, .. }, Some(parent)) => {
                    masks.inherit(parent, child);
                    false
                }
                (Kind::MaskChanged { mask, .. }, Some(role)) => {
                    masks.is_noise(role, *mask, rest) || in_spawn
                }
                (Kind::DispositionChanged { signal, new }, Some(role)) => {
                    in_spawn
                        || is_libc_signal(*signal)
                        || is_runtime_handler(new)
                        || (starting.is_fresh(role) && is_rust_start(*signal, new, role, rest))
                }
                (Kind::WaitBegun { .. }, _) => goes_on,
                (Kind::WaitEnded { syscall, result }, Some(role)) => {
                    (*result == WaitResult::TimedOut && words::is_sleep(syscall))
                        || is_told_before(role, event, &events[..index])
                        || is_told_next(role, event, rest)
                }
                _ => false,
            }
        })
        .collect()
}

/// The signals that libc keeps for itself: 32 and 33.
fn is_libc_signal(signal: Signal) -> bool {
    matches!(signal.number(), 32 | 33)
}

/// A handler of Rust's runtime or of a sanitizer.
fn is_runtime_handler(new: &Disposition) -> bool {
    let Disposition::Handler {
        function: Some(name),
        ..
    } = new
    else {
        return false;
    };
    ["stack_overflow", "sanitizer", "asan", "tsan"]
        .iter()
        .any(|part| name.contains(part))
}

/// Rust's runtime, before `main`: it ignores `SIGPIPE`, then handles `SIGSEGV` and
/// `SIGBUS` on an alternative stack.
fn is_rust_start(signal: Signal, new: &Disposition, role: &Role, rest: &[Event]) -> bool {
    let on_own_stack = |new: &Disposition| {
        is_runtime_handler(new)
            || matches!(new, Disposition::Handler { flags, .. } if flags.onstack && flags.siginfo)
    };
    let fault = |signal| signal == Signal::SEGV || signal == Signal::BUS;
    if fault(signal) {
        return on_own_stack(new);
    }
    signal == Signal::PIPE
        && *new == Disposition::Ignore
        && rest
            .iter()
            .filter(|event| event.role.as_ref() == Some(role))
            .take(4)
            .any(|event| {
                matches!(&event.kind, Kind::DispositionChanged { signal, new }
                    if fault(*signal) && on_own_stack(new))
            })
}

/// Whether the thread's last event, the reaping of a child, tells what its wait brought.
fn is_told_before(role: &Role, ended: &Event, before: &[Event]) -> bool {
    before
        .iter()
        .rev()
        .take_while(|event| event.t == ended.t)
        .find(|event| event.role.as_ref() == Some(role))
        .is_some_and(|last| match (&last.kind, &ended.kind) {
            (Kind::Reaped { child, .. }, Kind::WaitEnded { result, .. }) => {
                *result == WaitResult::Child(child.clone())
            }
            _ => false,
        })
}

/// Whether the thread's next event tells what ended its wait.
fn is_told_next(role: &Role, ended: &Event, rest: &[Event]) -> bool {
    let is_interrupted =
        matches!(&ended.kind, Kind::WaitEnded { result, .. } if result.is_interrupted());
    rest.iter()
        .take_while(|event| event.t == ended.t)
        .find(|event| event.role.as_ref() == Some(role))
        .is_some_and(|next| match &next.kind {
            Kind::Reaped { .. } | Kind::Accepted { .. } => true,
            Kind::Delivered { .. } | Kind::Stopped { .. } | Kind::Killed { .. } => is_interrupted,
            _ => false,
        })
}

/// What each thread blocks, and which of its changes a reader was shown.
#[derive(Default)]
struct Masks {
    now: HashMap<Role, SigSet>,
    shown: HashMap<Role, SigSet>,
}

impl Masks {
    fn inherit(&mut self, parent: &Role, child: &Role) {
        for masks in [&mut self.now, &mut self.shown] {
            let mask = masks.get(parent).copied().unwrap_or_default();
            masks.insert(child.clone(), mask);
        }
    }

    /// A change is noise if it changes nothing, if it goes back to what the reader
    /// knows, or if it blocks everything for a moment only, as libc does around the
    /// making of threads and processes.
    fn is_noise(&mut self, role: &Role, mask: SigSet, rest: &[Event]) -> bool {
        let mask = mask
            .iter()
            .filter(|signal| !is_libc_signal(*signal))
            .collect::<SigSet>();
        let before = self.now.insert(role.clone(), mask).unwrap_or_default();
        let shown = self.shown.entry(role.clone()).or_default();
        if mask == before || mask == *shown || (is_nearly_all(mask) && is_brief(role, rest)) {
            return true;
        }
        *shown = mask;
        false
    }
}

fn is_nearly_all(mask: SigSet) -> bool {
    mask.bits().count_ones() >= 50
}

/// Whether the thread does nothing but make a thread or process before it changes its
/// mask again.
fn is_brief(role: &Role, rest: &[Event]) -> bool {
    rest.iter()
        .filter(|event| event.role.as_ref() == Some(role))
        .find(|event| {
            !matches!(
                event.kind,
                Kind::Fork { .. } | Kind::DispositionChanged { .. } | Kind::Chosen { .. }
            )
        })
        .is_none_or(|event| {
            matches!(
                event.kind,
                Kind::MaskChanged { .. }
                    | Kind::ThreadExit {}
                    | Kind::Exit { .. }
                    | Kind::Killed { .. }
            )
        })
}

/// What each thread waits in.
#[derive(Default)]
struct Waits<'a>(HashMap<&'a Role, (Option<&'a Kind>, bool)>);

impl<'a> Waits<'a> {
    /// Takes note of an event; whether it is the same wait that the thread is in already,
    /// or that was said to go on after a signal.
    fn note(&mut self, event: &'a Event) -> bool {
        let Some(role) = &event.role else {
            return false;
        };
        let (last, is_open) = self.0.entry(role).or_default();
        match &event.kind {
            kind @ Kind::WaitBegun { .. } => {
                let goes_on = *is_open && *last == Some(kind);
                (*last, *is_open) = (Some(kind), true);
                goes_on
            }
            Kind::WaitEnded { .. } => {
                *is_open = false;
                false
            }
            Kind::Restarted { .. } => {
                *is_open = true;
                false
            }
            _ => false,
        }
    }
}

/// Which processes are still starting.
#[derive(Default)]
struct Starting {
    /// Between a `vfork` and its `exec`: what happens there is the library's doing.
    in_spawn: HashSet<Role>,
    /// Those that have done something of their own.
    busy: HashSet<Role>,
}

impl Starting {
    /// Takes note of an event; whether it happens between `vfork` and `exec`.
    fn note(&mut self, event: &Event) -> bool {
        let Some(role) = &event.role else {
            return false;
        };
        match &event.kind {
            Kind::Fork { child, how } => {
                if *how == ForkHow::Vfork {
                    self.in_spawn.insert(child.clone());
                }
                self.busy.insert(role.clone());
                self.busy.insert(child.clone());
            }
            Kind::Exec { .. } | Kind::Spawn { .. } => {
                self.in_spawn.remove(role);
                self.busy.remove(role);
            }
            Kind::Output { .. } | Kind::WaitBegun { .. } | Kind::HandlerEntered { .. } => {
                self.busy.insert(role.clone());
            }
            _ => {}
        }
        self.in_spawn.contains(role)
    }

    fn is_fresh(&self, role: &Role) -> bool {
        !self.busy.contains(role)
    }
}
