//! The rule `unchanged`, in runs: the process that should run a function does what it does in
//! the program as it was handed out.
//!
//! The handed-out program is run with the signals that the process got, and with nothing else: its
//! *twin*. What depends on other processes isn't compared: what was blocked or ignored from
//! before, what comes after SIGKILL, and what follows when two things happened at one instant, of
//! which the order is the other processes' affair.

use std::collections::BTreeSet;
use std::time::Duration;

use siglab_engine::{Action, Script, When};
use siglab_model::{Disposition, Event, Kind, Role, Signal, Time, Trace};

use super::diagnosis as ids;
use crate::manifest::Roles;
use crate::result::Diagnosis;

/// How far apart two moments may be that are the same: what others do in a run costs a little of
/// its time.
const SAME: Duration = Duration::from_millis(10);

/// A process in a run: what it did, and since when it was there.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    trace: &'a Trace,
    role: &'a Role,
    began: Time,
}

/// What is to be compared, and how its twin is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The signals that the process got, for the same process of the handed-out program.
    pub(crate) script: Script,
    /// Until when its doings are compared, counted from its start; all of them if absent.
    pub(crate) until: Option<Duration>,
}

impl<'a> Part<'a> {
    /// The process `role`, if it was there.
    pub(crate) fn of(trace: &'a Trace, role: &'a Role) -> Option<Self> {
        let began = trace.events.iter().find_map(|event| match &event.kind {
            Kind::Spawn { .. } if event.role.as_ref() == Some(role) => Some(event.t),
            Kind::Fork { child, .. } if child == role => Some(event.t),
            _ => None,
        })?;
        Some(Self { trace, role, began })
    }

    fn since_start(&self, t: Time) -> Duration {
        Duration::from_nanos(t.as_nanos().saturating_sub(self.began.as_nanos()))
    }

    fn own(&self) -> impl Iterator<Item = (usize, &'a Event)> + use<'a> {
        let role = self.role;
        let events = self.trace.events.iter().enumerate();
        events.filter(move |(_, event)| event.role.as_ref() == Some(role))
    }

    /// The signals for which it has handlers of its own.
    fn handled(&self) -> Vec<Signal> {
        let changes = self.own().filter_map(|(_, event)| match &event.kind {
            Kind::DispositionChanged {
                signal,
                new: Disposition::Handler { .. },
            } => Some(*signal),
            _ => None,
        });
        changes.collect()
    }

    fn has_ended(&self) -> bool {
        self.own()
            .any(|(_, event)| matches!(event.kind, Kind::Exit { .. } | Kind::Killed { .. }))
    }

    /// Whether time ends a wait of its at this moment, unless something else did just before.
    fn wakes_by_itself(&self, t: Time) -> bool {
        let is_then = |other: Time| is_same(self.since_start(other), self.since_start(t));
        self.own().any(|(_, event)| match &event.kind {
            Kind::WaitEnded { result, .. } => is_then(event.t) && result.is_timed_out(),
            Kind::WaitBegun { until, .. } => until.is_some_and(is_then),
            _ => false,
        })
    }

    /// How to make its twin. `undisturbed` is what the handed-out program does without signals.
    pub(crate) fn plan(&self, undisturbed: Part<'_>, roles: &Roles) -> Plan {
        let handled = undisturbed.handled();
        let mut sent: Vec<(Time, Signal, Option<i32>)> = Vec::new();
        let mut until = None;
        let mut is_stopped = false;
        for (at, event) in self.own() {
            match &event.kind {
                Kind::Stopped { .. } => is_stopped = true,
                Kind::Continued {} => is_stopped = false,
                Kind::Deadlock { .. } | Kind::Limit { .. } => break,
                _ => {}
            }
            let Some((signal, value)) = self.stimulus(&event.kind, roles) else {
                continue;
            };
            let does_nothing = QUIET.contains(&signal) && !is_stopped;
            let effect = self.effect(at, signal);
            if does_nothing || effect == Effect::None && !handled.contains(&signal) {
                continue;
            }
            let since = |t: Time| self.since_start(t);
            let previous = sent.last().map(|(t, ..)| since(*t));
            if signal == Signal::KILL
                || effect == Effect::Blocked
                || effect == Effect::Handled && !handled.contains(&signal)
                || previous.is_some_and(|previous| is_same(previous, since(event.t)))
                || self.wakes_by_itself(event.t)
                || is_same(since(event.t), Duration::ZERO)
            {
                sent.retain(|(t, ..)| !is_same(since(*t), since(event.t)));
                until = Some(event.t);
                break;
            }
            sent.push((event.t, signal, value));
        }
        if until.is_none() && !self.has_ended() {
            until = self.trace.events.last().map(|event| event.t);
        }
        let mut script = Script::default();
        for (t, signal, value) in sent {
            let since = u64::try_from(self.since_start(t).as_nanos()).unwrap_or(u64::MAX);
            let t = Time::from_nanos(undisturbed.began.as_nanos().saturating_add(since));
            let to = self.role.to_string();
            let action = match value {
                Some(value) => Action::Queue { signal, value, to },
                None => Action::Send { signal, to },
            };
            script = script.then(When::At(t), action);
        }
        Plan {
            script,
            until: until.map(|t| self.since_start(t)),
        }
    }

    /// The signal that an event brings from somebody else, with its value.
    fn stimulus(&self, kind: &Kind, roles: &Roles) -> Option<(Signal, Option<i32>)> {
        let (signal, from, value) = match kind {
            Kind::Generated {
                signal, from, info, ..
            } => (*signal, from, info.value),
            Kind::Merged { signal, from } => (*signal, from, None),
            _ => return None,
        };
        let is_own = roles.process_of(from) == *self.role;
        let is_from_terminal = || TERMINAL.contains(&signal);
        let counts = !is_own && (*from != Role::KERNEL || is_from_terminal());
        counts.then(|| (signal, value.and_then(|value| i32::try_from(value).ok())))
    }

    /// What came of the signal that was generated with the event at `at`.
    fn effect(&self, at: usize, signal: Signal) -> Effect {
        let later = self.own().filter(|(later, _)| *later > at);
        for (_, event) in later {
            match &event.kind {
                Kind::BlockedPending { signal: it } if *it == signal => return Effect::Blocked,
                Kind::Delivered {
                    signal: it,
                    disposition: siglab_model::Action::Handler,
                    ..
                } if *it == signal => return Effect::Handled,
                Kind::Delivered { signal: it, .. }
                | Kind::Accepted { signal: it, .. }
                | Kind::Killed { signal: it, .. }
                | Kind::Stopped { signal: it }
                    if *it == signal =>
                {
                    return Effect::Some;
                }
                Kind::Continued {} if signal == Signal::CONT => return Effect::Some,
                Kind::Generated { signal: it, .. } if *it == signal => return Effect::None,
                _ => {}
            }
        }
        Effect::None
    }

    /// What it did, with when since its start.
    fn deeds(&self, until: Option<Duration>) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for event in &self.trace.events {
            if matches!(event.kind, Kind::Deadlock { .. } | Kind::Limit { .. }) {
                break;
            }
            let since = self.since_start(event.t);
            if until.is_some_and(|until| since >= until) {
                break;
            }
            let what = match event.role.as_ref() {
                Some(role) if role == self.role => self.own_deed(&event.kind),
                _ => self.sends(event),
            };
            deeds.extend(what.map(|what| Deed { since, what }));
        }
        deeds
    }

    fn own_deed(&self, kind: &Kind) -> Option<What> {
        Some(match kind {
            Kind::WaitBegun { syscall, until, .. } => {
                What::Waits(syscall.clone(), until.map(|t| self.since_start(t)))
            }
            Kind::WaitEnded { syscall, result } => {
                What::WaitOver(syscall.clone(), result.to_string())
            }
            Kind::HandlerEntered {
                signal, function, ..
            } => What::Handles(*signal, function.clone()),
            Kind::HandlerLeft { signal, .. } => What::LeavesHandler(*signal),
            Kind::Stopped { signal } => What::Stops(*signal),
            Kind::Continued {} => What::GoesOn,
            Kind::Fork { .. } => What::Forks,
            Kind::Exec { .. } => What::Execs,
            Kind::BusyWaiting { .. } => What::IsBusy,
            Kind::Denied { .. } | Kind::SendFailed { .. } => What::SendsInVain,
            Kind::Exit { code } => What::Exits(*code),
            Kind::Killed { signal, .. } => What::IsKilled(*signal),
            _ => return None,
        })
    }

    /// A signal that it sends to somebody else.
    fn sends(&self, event: &Event) -> Option<What> {
        match (&event.kind, &event.role) {
            (
                Kind::Generated { signal, from, .. } | Kind::Merged { signal, from },
                Some(receiver),
            ) if from == self.role => Some(What::Sends(*signal, receiver.clone())),
            _ => None,
        }
    }

    /// What it printed.
    fn printed(&self) -> String {
        let mut text = String::new();
        for (_, event) in self.own() {
            if let Kind::Output { text: more, .. } = &event.kind {
                text.push_str(more);
            }
        }
        text
    }
}

/// Signals that do nothing to a process that isn't stopped and doesn't handle them.
const QUIET: [Signal; 4] = [Signal::CONT, Signal::URG, Signal::WINCH, Signal::CHLD];

/// Signals that the kernel sends for a terminal, or for a process group that nobody watches.
const TERMINAL: [Signal; 7] = [
    Signal::INT,
    Signal::QUIT,
    Signal::TSTP,
    Signal::HUP,
    Signal::CONT,
    Signal::TTIN,
    Signal::TTOU,
];

/// What comes of a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Some,
    Handled,
    Blocked,
}

/// Something that a process did.
#[derive(Clone, Debug)]
struct Deed {
    /// When, since its start.
    since: Duration,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Waits(String, Option<Duration>),
    WaitOver(String, String),
    Handles(Signal, Option<String>),
    LeavesHandler(Signal),
    Stops(Signal),
    GoesOn,
    Forks,
    Execs,
    Sends(Signal, Role),
    SendsInVain,
    IsBusy,
    Exits(i32),
    IsKilled(Signal),
}

impl Deed {
    /// Whether it is the same as another one, at the same moment.
    fn is_like(&self, other: &Self) -> bool {
        let is_what = match (&self.what, &other.what) {
            (What::Waits(call, Some(until)), What::Waits(other, Some(other_until))) => {
                call == other && is_same(*until, *other_until)
            }
            (what, other) => what == other,
        };
        is_what && is_same(self.since, other.since)
    }
}

/// Whether two moments, counted from a start, are the same.
fn is_same(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= SAME
}

impl What {
    /// In words, after the name of who does it. `began`: when that was there.
    fn words(&self, began: Time) -> String {
        let absolute = |since: &Duration| {
            let since = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
            Time::from_nanos(began.as_nanos().saturating_add(since))
        };
        match self {
            Self::Waits(syscall, Some(until)) => {
                format!("waits in {syscall} until {}", absolute(until))
            }
            Self::Waits(syscall, None) => format!("waits in {syscall}"),
            Self::WaitOver(syscall, result) => format!("returns from {syscall} ({result})"),
            Self::Handles(signal, Some(function)) => format!("handles {signal} in {function}()"),
            Self::Handles(signal, None) => format!("handles {signal}"),
            Self::LeavesHandler(signal) => format!("has handled {signal}"),
            Self::Stops(signal) => format!("is stopped by {signal}"),
            Self::GoesOn => "is continued".into(),
            Self::Forks => "starts another process or thread".into(),
            Self::Execs => "executes another program".into(),
            Self::Sends(signal, to) => format!("sends {signal} to {to}"),
            Self::SendsInVain => "tries to send a signal in vain".into(),
            Self::IsBusy => "keeps the processor busy".into(),
            Self::Exits(code) => format!("exits with {code}"),
            Self::IsKilled(signal) => format!("is killed by {signal}"),
        }
    }
}

/// Compares what a process did with what its twin did; `function` is what both should run.
pub(super) fn compare(
    found: Part<'_>,
    twin: Part<'_>,
    until: Option<Duration>,
    function: &str,
) -> Result<(), Diagnosis> {
    let mut wanted = twin.deeds(None);
    let mut deeds = found.deeds(until.map(|until| until.saturating_sub(SAME)));
    // Before it calls the function it may wait for something, such as its parent.
    let waits = |deed: &Deed| matches!(deed.what, What::Waits(..) | What::WaitOver(..));
    let begins = |deed: &Deed| wanted.first().is_some_and(|first| first.is_like(deed));
    let before = deeds.iter().position(begins);
    if let Some(before) = before.filter(|before| deeds[..*before].iter().all(waits)) {
        deeds.drain(..before);
    }
    if let Some(until) = until {
        // What the twin does at about that time may not have been looked at here.
        let before = wanted.partition_point(|deed| deed.since + SAME + SAME < until);
        wanted.truncate(before.max(deeds.len()));
    }
    let role = found.role;
    let differs = |at: &usize| match (wanted.get(*at), deeds.get(*at)) {
        (Some(wanted), Some(deed)) => !wanted.is_like(deed),
        _ => true,
    };
    let at = (0..wanted.len().max(deeds.len())).find(differs);
    if let Some(at) = at {
        let words = |deed: &Deed| deed.what.words(found.began);
        let time = |deed: &Deed| {
            let since = u64::try_from(deed.since.as_nanos()).unwrap_or(u64::MAX);
            Time::from_nanos(found.began.as_nanos().saturating_add(since))
        };
        return Err(other_doings(
            function,
            match (deeds.get(at), wanted.get(at)) {
                (Some(deed), Some(wanted)) => {
                    let when = match is_same(deed.since, wanted.since) {
                        true => "then".to_owned(),
                        false => format!("at {}", time(wanted)),
                    };
                    format!(
                        "at {} {role} {}; running {function}() as it was handed out, it {} {when}",
                        time(deed),
                        words(deed),
                        words(wanted),
                    )
                }
                (Some(deed), None) => format!(
                    "at {} {role} {}; {function}() as it was handed out does no such thing",
                    time(deed),
                    words(deed),
                ),
                (None, Some(wanted)) => format!(
                    "running {function}() as it was handed out, {role} {} at {}, and it doesn't",
                    words(wanted),
                    time(wanted),
                ),
                (None, None) => return Ok(()),
            },
        ));
    }
    let exits = |deeds: &[Deed]| matches!(deeds.last().map(|it| &it.what), Some(What::Exits(_)));
    if until.is_none() && exits(&deeds) {
        let (printed, wanted) = (found.printed(), twin.printed());
        let mut lines: Vec<_> = wanted.lines().map(str::trim_end).collect();
        let mut known = BTreeSet::new();
        lines.retain(|line| !line.is_empty() && known.insert(*line));
        // Somebody else's text may come before it: of a buffer that was there at the fork.
        let count = |text: &str, line: &str| text.matches(line).count();
        let missing = lines
            .iter()
            .find(|line| count(&printed, line) < count(&wanted, line));
        if let Some(line) = missing {
            return Err(other_doings(
                function,
                format!(
                    "{role} doesn't print \"{line}\", as {function}() does as it was handed out"
                ),
            ));
        }
    }
    Ok(())
}

fn other_doings(function: &str, message: String) -> Diagnosis {
    Diagnosis {
        id: ids::FUNCTION_NOT_RUN.into(),
        message,
        hint: format!(
            "the process has to call {function}(), as it was handed out, with nothing before it, \
             after it or in its place that does its work"
        ),
    }
}

#[cfg(test)]
mod tests;
