//! What outlives the first process.

use siglab_model::{ForkHow, Kind, LimitKind, Role, Time, Trace};

/// A run that went on when its first process had ended.
#[derive(Clone, Debug)]
pub(super) struct After<'a> {
    /// The first process.
    pub(super) first: &'a Role,
    /// When it ended.
    pub(super) ended: Time,
    processes: Vec<Process<'a>>,
}

/// A process that ended later, or never.
#[derive(Clone, Copy, Debug)]
struct Process<'a> {
    role: &'a Role,
    /// Whether it was made before the first process ended.
    made_before: bool,
    /// Whether it was there until the run ended.
    stayed: bool,
}

impl<'a> After<'a> {
    /// `None` if virtual time didn't move on after the first process's end.
    pub(super) fn of(trace: &'a Trace) -> Option<Self> {
        let first = trace.events.iter().find_map(|event| event.role.as_ref())?;
        let is_end = |kind: &Kind| matches!(kind, Kind::Exit { .. } | Kind::Killed { .. });
        let position = trace
            .events
            .iter()
            .position(|event| event.role.as_ref() == Some(first) && is_end(&event.kind))?;
        let ended = trace.events[position].t;
        let until = trace.events.last()?.t;
        if until <= ended {
            return None;
        }
        let cut_off = trace.outcome.limit == Some(LimitKind::Linger);
        let end_of = |role: &Role| {
            let mut events = trace.events.iter();
            let end = events.find(|e| e.role.as_ref() == Some(role) && is_end(&e.kind));
            end.map(|event| event.t)
        };
        let processes = trace
            .events
            .iter()
            .enumerate()
            .filter_map(|(index, event)| match &event.kind {
                Kind::Fork { child, how } if *how != ForkHow::Thread => Some(Process {
                    role: child,
                    made_before: index < position,
                    stayed: end_of(child).is_none_or(|t| t == until && !cut_off),
                }),
                _ => None,
            })
            .filter(|process| end_of(process.role).is_none_or(|t| t > ended))
            .collect();
        Some(Self {
            first,
            ended,
            processes,
        })
    }

    /// Who was running when the first process had ended, and went on.
    pub(super) fn still_running(&self) -> impl Iterator<Item = &str> {
        let made_before = self.processes.iter().filter(|process| process.made_before);
        made_before.map(|process| process.role.as_str())
    }

    /// Who was there until the run ended.
    pub(super) fn because_of(&self) -> impl Iterator<Item = &str> {
        let stayed = self.processes.iter().filter(|process| process.stayed);
        stayed.map(|process| process.role.as_str())
    }
}
