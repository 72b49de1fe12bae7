//! The rule `no-busy-waiting`: whoever waits blocks in the kernel until something happens.

use siglab_model::{BusyKind, Frame, Kind, LimitKind, Role, Time, Trace};

use super::diagnosis as ids;
use super::end;
use super::wakeups::{Idle, WakeUps, Watched, is_timer};
use crate::manifest::Roles;
use crate::result::Diagnosis;

/// Checks the rule for the process `role`, or for all. `roles` is what
/// processes are called. `allowed` timed waits may expire one after another while nothing
/// happens, and so many wake-ups may lead to nothing, for each time that something comes from
/// outside and once more.
pub(super) fn check(
    trace: &Trace,
    roles: &Roles,
    role: Option<&str>,
    allowed: usize,
) -> Result<(), Diagnosis> {
    let concerns = |other: &Role| role.is_none_or(|role| roles.process_of(other) == role);
    for event in &trace.events {
        if let (
            Kind::BusyWaiting {
                how,
                syscall,
                stack,
            },
            Some(who),
        ) = (&event.kind, &event.role)
            && concerns(who)
        {
            return Err(busy(event.t, who, *how, syscall.as_deref(), place(stack)));
        }
    }
    let mut processes: Vec<Role> = trace
        .events
        .iter()
        .filter_map(|event| event.role.as_ref())
        .filter(|role| concerns(role))
        .map(|role| roles.process_of(role))
        .collect();
    processes.sort_unstable();
    processes.dedup();
    for process in &processes {
        let streak = longest_streak(trace, roles, process);
        if streak.len() > allowed {
            return Err(repeated(process, &streak));
        }
    }
    for process in processes {
        let watched = Watched {
            roles,
            process: &process,
            with_helpers: role.is_some() && roles.names().keys().any(|it| it != Role::MAIN),
        };
        let counted = WakeUps::of(trace, watched);
        if counted.idle.len() > allowed * (counted.arrivals + 1) {
            return Err(for_nothing(&process, &counted.idle));
        }
    }
    if matches!(
        trace.outcome.limit,
        Some(LimitKind::RealTime | LimitKind::NoProgress)
    ) && let Some(trouble) = end::limit(trace, roles.main())
    {
        return Err(Diagnosis {
            id: trouble.id.into(),
            message: trouble.message,
            hint: trouble.hint.unwrap_or_else(|| HINT.into()),
        });
    }
    Ok(())
}

const HINT: &str = "block in one call that returns as soon as anything happens: sigwaitinfo, \
                    sigtimedwait for the time that is left, poll on a signalfd";

/// Where on a stack the program's own code is, or what is known otherwise.
fn place(stack: &[Frame]) -> Option<String> {
    let own = stack.iter().find_map(|frame| {
        let (function, file) = (frame.function.as_ref()?, frame.file.as_ref()?);
        Some(format!("{function} ({file}:{})", frame.line?))
    });
    own.or_else(|| end::named(stack).map(str::to_owned))
}

fn busy(
    t: Time,
    who: &Role,
    how: BusyKind,
    syscall: Option<&str>,
    place: Option<String>,
) -> Diagnosis {
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    let (id, message) = match (how, syscall) {
        (BusyKind::Polling, Some(syscall)) => (
            ids::POLLING,
            format!("from {t} on {who} calls {syscall}{place} again and again without blocking"),
        ),
        (BusyKind::Polling, None) => (
            ids::POLLING,
            format!("from {t} on {who} asks again and again{place} without blocking"),
        ),
        (BusyKind::Spinning, _) => (
            ids::SPINNING,
            format!("from {t} on {who} keeps the processor busy{place} while it waits"),
        ),
    };
    Diagnosis {
        id: id.into(),
        message,
        hint: HINT.into(),
    }
}

fn repeated(process: &Role, streak: &[(Time, &str)]) -> Diagnosis {
    let mut calls: Vec<&str> = streak.iter().map(|(_, syscall)| *syscall).collect();
    calls.sort_unstable();
    calls.dedup();
    let shown: Vec<_> = streak.iter().take(4).map(|(t, _)| t.to_string()).collect();
    let more = if streak.len() > 4 { ", ..." } else { "" };
    Diagnosis {
        id: ids::REPEATED_TIMEOUTS.into(),
        message: format!(
            "{process} woke up {} times in a row with nothing to do: {} ran out at {}{more}",
            streak.len(),
            calls.join(" and "),
            shown.join(", ")
        ),
        hint: HINT.into(),
    }
}

/// Of wake-ups that nobody else can notice.
fn for_nothing(process: &Role, idle: &[Idle]) -> Diagnosis {
    let shown: Vec<_> = idle.iter().take(4).map(|it| it.t.to_string()).collect();
    let more = if idle.len() > 4 { ", ..." } else { "" };
    let mut who: Vec<_> = idle.iter().map(|it| &it.who).collect();
    who.sort_unstable();
    who.dedup();
    let mut calls: Vec<_> = idle.iter().filter_map(|it| it.syscall.as_deref()).collect();
    calls.sort_unstable();
    calls.dedup();
    let calls = match calls.as_slice() {
        [] => "a handler ran".to_owned(),
        calls => format!("{} returned", calls.join(" and ")),
    };
    let others = who.iter().any(|who| *who != process);
    let others = if others {
        ", or somebody who ticks for it,"
    } else {
        ""
    };
    Diagnosis {
        id: ids::REPEATED_TIMEOUTS.into(),
        message: format!(
            "{process}{others} woke up {} times, and nothing came of it: {calls} at {}{more}",
            idle.len(),
            shown.join(", ")
        ),
        hint: HINT.into(),
    }
}

/// The longest series of waits of one process that time alone ended, one after another,
/// while nothing else happened to it: when each ended, and which call it was.
fn longest_streak<'a>(trace: &'a Trace, roles: &Roles, process: &Role) -> Vec<(Time, &'a str)> {
    let is_own = |role: &Role| roles.process_of(role) == *process;
    let mut longest: Vec<(Time, &str)> = Vec::new();
    let mut streak: Vec<(Time, &str)> = Vec::new();
    let mut timer = false;
    for event in &trace.events {
        if !event.role.as_ref().is_some_and(is_own) {
            continue;
        }
        match &event.kind {
            Kind::WaitBegun { .. } => timer = false,
            Kind::WaitEnded { syscall, result } => {
                if result.is_timed_out() || timer {
                    streak.push((event.t, syscall));
                } else {
                    streak.clear();
                }
                if streak.len() > longest.len() {
                    longest.clone_from(&streak);
                }
            }
            Kind::Generated {
                signal, from, info, ..
            } if is_timer(*signal, from, info) => timer = true,
            Kind::Generated { from, .. } | Kind::Merged { from, .. } if !is_own(from) => {
                streak.clear();
            }
            _ => {}
        }
    }
    longest
}
