//! What comes of a signal, as a trace tells it.

use siglab_model::kernel::Fate;
use siglab_model::{Action, DefaultAction, Event, Family, Kind, Role, Signal, Trace};

use super::Choice;

/// What becomes of the signal that is generated at this event.
pub(super) fn seen(trace: &Trace, at: usize, family: &Family) -> Option<Fate> {
    let event = &trace.events[at];
    let signal = match &event.kind {
        Kind::Merged { .. } => return Some(Fate::Merged),
        Kind::Generated { signal, .. } => *signal,
        _ => return None,
    };
    let process = family.process(event.role.as_ref()?);
    let is_its = |role: &Role| family.process(role) == process;
    let mut later = trace.events[at + 1..].iter();
    later.find_map(|event| {
        let role = event.role.as_ref()?;
        if is_its(role) {
            fate(event, signal)
        } else {
            None
        }
    })
}

/// What an event tells about a signal that was generated before it.
fn fate(event: &Event, signal: Signal) -> Option<Fate> {
    match &event.kind {
        Kind::BlockedPending { signal: it } if *it == signal => Some(Fate::Blocked),
        Kind::Accepted { signal: it, .. } if *it == signal => Some(Fate::Accepted),
        Kind::Delivered {
            signal: it,
            disposition,
            ..
        } if *it == signal => match disposition {
            Action::Handler => Some(Fate::Handler),
            Action::Ignore => Some(Fate::Ignored),
            Action::Default => None,
        },
        Kind::DefaultAction {
            signal: it, action, ..
        } if *it == signal => Some(match action {
            DefaultAction::Terminate | DefaultAction::Core => Fate::Ends,
            DefaultAction::Ignore | DefaultAction::Continue => Fate::Ignored,
            DefaultAction::Stop => Fate::Stops,
        }),
        Kind::Killed { signal: it, .. } if *it == signal => Some(Fate::Ends),
        Kind::Continued {} if signal == Signal::CONT => Some(Fate::Continues),
        _ => None,
    }
}

/// What becomes of the call that is interrupted by the handler of a signal that is generated at this
/// event, and whose it is; nothing if no call is.
pub(super) fn call_after(trace: &Trace, at: usize, signal: Signal) -> Option<(Role, Choice)> {
    let later = &trace.events[at + 1..];
    let delivered = later.iter().position(|event| {
        matches!(event.kind, Kind::Delivered { signal: it, disposition: Action::Handler, .. } if it == signal)
    })?;
    let role = later[delivered].role.clone()?;
    let its = later[delivered..]
        .iter()
        .filter(|event| event.role.as_ref() == Some(&role));
    let mut depth = 0_usize;
    for event in its {
        match &event.kind {
            Kind::Interrupted { .. } if depth == 0 => return Some((role, Choice::Fails)),
            Kind::Restarted { .. } if depth == 0 => return Some((role, Choice::GoesOn)),
            Kind::HandlerEntered { .. } => depth += 1,
            Kind::HandlerLeft { .. } => depth = depth.saturating_sub(1),
            Kind::Delivered { .. } | Kind::MaskChanged { .. } | Kind::WaitEnded { .. } => {}
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// How many signals are delivered to a thread after it has changed its mask, before it does anything
/// else; nothing if the trace ends in the middle of that.
pub(super) fn deliveries(trace: &Trace, at: usize) -> Option<usize> {
    let role = trace.events[at].role.as_ref();
    let its = trace.events[at + 1..]
        .iter()
        .filter(|event| event.role.as_ref() == role);
    let (mut count, mut depth) = (0, 0_usize);
    for event in its {
        match &event.kind {
            Kind::Delivered { .. } => count += 1,
            Kind::HandlerEntered { .. } => depth += 1,
            Kind::HandlerLeft { .. } => depth = depth.saturating_sub(1),
            Kind::Killed { .. } => return Some(count),
            Kind::DefaultAction { .. } => {}
            _ if depth == 0 => return Some(count),
            _ => {}
        }
    }
    None
}
