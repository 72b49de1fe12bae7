//! Which events are meant.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use siglab_model::{Event, Kind, ProcessStatus, Role, SigSet, Signal, Time};

use super::event::event_name;
use super::roles::Roles;

/// A description of events: their kind, and what their fields must be.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// The kinds, by name; any of these.
    pub kinds: Vec<String>,
    /// Fields by name, with what they must be.
    pub fields: Vec<(String, FieldTest)>,
    /// The moment at which it must happen.
    pub at: Option<Time>,
    /// The moment after which it must happen.
    pub after: Option<Time>,
    /// The moment before which it must happen.
    pub before: Option<Time>,
    /// The signal in whose handler the thread must be that it happens to.
    pub in_handler: Option<Signal>,
    /// Which of the matching events, from 1; absent: the first that fits.
    pub nth: Option<usize>,
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// One of these.
    AnyOf(Vec<FieldValue>),
    /// None of these; a field that is absent fits.
    NoneOf(Vec<FieldValue>),
    /// A text with this in it.
    Contains(String),
}

/// A value that a field can have.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A word, or any text.
    Text(String),
    /// A process (then any of its threads, too) or one thread.
    Role(String),
    /// A number.
    Integer(i64),
    /// A flag; an absent one is false.
    Bool(bool),
    /// A moment.
    Time(Time),
    /// How a process ended.
    Status(ProcessStatus),
    /// A signal; of a set of signals, one that is in it.
    Signal(Signal),
    /// These fields, among others.
    Table(Map<String, Value>),
}

impl Pattern {
    /// Whether `event` is meant, `nth` and `in_handler` aside. `roles` is what processes are called.
    #[must_use]
    pub fn matches(&self, event: &Event, roles: &Roles) -> bool {
        let name = event_name(&event.kind);
        self.kinds.iter().any(|kind| kind == name)
            && self.at.is_none_or(|at| event.t == at)
            && self.after.is_none_or(|after| event.t > after)
            && self.before.is_none_or(|before| event.t < before)
            && self.fields_match(event, roles)
    }

    /// The events of `events` that are meant, with their positions; at most one if `nth`
    /// is given.
    pub fn find<'a>(
        &self,
        events: &'a [Event],
        roles: &Roles,
    ) -> impl Iterator<Item = (usize, &'a Event)> {
        let (skip, take) = match self.nth {
            Some(nth) => (nth.saturating_sub(1), 1),
            None => (0, usize::MAX),
        };
        let mut handlers = Handlers::default();
        events
            .iter()
            .enumerate()
            .filter(move |(_, event)| {
                let is_in = self.in_handler.is_none_or(|signal| {
                    handlers.follow(event);
                    handlers.are_active(event, signal)
                });
                is_in && self.matches(event, roles)
            })
            .skip(skip)
            .take(take)
    }

    fn fields_match(&self, event: &Event, roles: &Roles) -> bool {
        if self.fields.is_empty() {
            return true;
        }
        let Ok(Value::Object(object)) = serde_json::to_value(event) else {
            return false;
        };
        self.fields
            .iter()
            .all(|(name, test)| test.holds(object.get(name), roles))
    }

    /// What is meant, in words: `SIGKILL sent to child by parent`.
    #[must_use]
    pub fn describe(&self) -> String {
        let one = |name: &str| self.field(name).unwrap_or_default();
        let who = |else_: &str| self.field("role").unwrap_or_else(|| else_.to_owned());
        let signal = || {
            self.field("signal")
                .unwrap_or_else(|| "a signal".to_owned())
        };
        let known = match self.kinds.as_slice() {
            [kind] => match kind.as_str() {
                "generated" => Some(format!(
                    "{} for {}{}",
                    signal(),
                    who("anyone"),
                    prefixed(" from ", &one("from"))
                )),
                "delivered" => Some(format!("delivery of {} to {}", signal(), who("anyone"))),
                "killed" => Some(format!(
                    "the death of {}{}",
                    who("a process"),
                    prefixed(" by ", &one("signal"))
                )),
                "exit" => Some(format!(
                    "the exit of {}{}",
                    who("a process"),
                    prefixed(" with status ", &one("code"))
                )),
                "reaped" => Some(format!(
                    "the reaping of {}{}",
                    self.field("child").unwrap_or_else(|| "a child".into()),
                    prefixed(" by ", &one("role"))
                )),
                "stopped" => Some(format!("the stop of {}", who("a process"))),
                "continued" => Some(format!("the continuation of {}", who("a process"))),
                _ => None,
            },
            kinds if kinds.iter().all(|kind| kind == "exit" || kind == "killed") => {
                Some(format!("the end of {}", who("a process")))
            }
            _ => None,
        };
        let mut text = known.unwrap_or_else(|| self.describe_plainly());
        for (word, time) in [
            ("at", self.at),
            ("after", self.after),
            ("before", self.before),
        ] {
            if let Some(time) = time {
                text = format!("{text} {word} {time}");
            }
        }
        if let Some(signal) = self.in_handler {
            text = format!("{text} in a handler of {signal}");
        }
        match self.nth {
            Some(nth) => format!("{text} (number {nth})"),
            None => text,
        }
    }

    fn describe_plainly(&self) -> String {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, test)| format!("{name} {}", test.describe()))
            .collect();
        let kinds = self.kinds.join(" or ");
        if fields.is_empty() {
            format!("`{kinds}`")
        } else {
            format!("`{kinds}` with {}", fields.join(", "))
        }
    }

    fn field(&self, name: &str) -> Option<String> {
        self.fields
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, test)| test.describe())
    }
}

/// The handlers that are active in each thread, outermost first.
#[derive(Default)]
struct Handlers<'a>(BTreeMap<&'a str, Vec<Signal>>);

impl<'a> Handlers<'a> {
    fn follow(&mut self, event: &'a Event) {
        let Some(role) = &event.role else {
            return;
        };
        match &event.kind {
            Kind::HandlerEntered { signal, depth, .. } => {
                let active = self.0.entry(role.as_str()).or_default();
                // A jump may have left several at once.
                active.truncate(depth.saturating_sub(1));
                active.push(*signal);
            }
            Kind::HandlerLeft { .. } => {
                self.0.entry(role.as_str()).or_default().pop();
            }
            Kind::Exec { .. } => drop(self.0.remove(role.as_str())),
            _ => {}
        }
    }

    fn are_active(&self, event: &Event, signal: Signal) -> bool {
        let role = event.role.as_ref().map(Role::as_str);
        let active = role.and_then(|role| self.0.get(role));
        active.is_some_and(|active| active.contains(&signal))
    }
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{prefix}{text}")
    }
}

impl FieldTest {
    fn holds(&self, value: Option<&Value>, roles: &Roles) -> bool {
        match self {
            Self::AnyOf(values) => values.iter().any(|wanted| wanted.equals(value, roles)),
            Self::NoneOf(values) => !values.iter().any(|wanted| wanted.equals(value, roles)),
            Self::Contains(part) => value
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains(part)),
        }
    }

    fn describe(&self) -> String {
        let list = |values: &[FieldValue], word: &str| {
            let values: Vec<_> = values.iter().map(FieldValue::describe).collect();
            values.join(word)
        };
        match self {
            Self::AnyOf(values) => list(values, " or "),
            Self::NoneOf(values) => format!("other than {}", list(values, " and ")),
            Self::Contains(part) => format!("with {part:?} in it"),
        }
    }
}

impl FieldValue {
    fn equals(&self, value: Option<&Value>, roles: &Roles) -> bool {
        let text = value.and_then(Value::as_str);
        match self {
            Self::Text(wanted) => text == Some(wanted),
            Self::Role(wanted) => text.is_some_and(|role| {
                // The name of a process stands for all of its threads.
                role == wanted || roles.process_of(&Role::new(role)) == wanted.as_str()
            }),
            Self::Integer(wanted) => value.and_then(Value::as_i64) == Some(*wanted),
            Self::Bool(wanted) => value.and_then(Value::as_bool).unwrap_or(false) == *wanted,
            Self::Time(wanted) => value.and_then(Value::as_u64) == Some(wanted.as_nanos()),
            Self::Status(wanted) => value.is_some_and(|value| {
                ProcessStatus::deserialize(value).is_ok_and(|it| it == *wanted)
            }),
            Self::Signal(wanted) => text.is_some_and(|text| {
                text == wanted.to_string()
                    || serde_json::from_value::<SigSet>(Value::from(text))
                        .is_ok_and(|set| set.contains(*wanted))
            }),
            Self::Table(wanted) => value.is_some_and(|value| {
                wanted.iter().all(|(key, part)| {
                    value.get(key) == Some(part)
                        // Flags are left out when they are false.
                        || part == &Value::Bool(false) && value.get(key).is_none()
                })
            }),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Text(text) | Self::Role(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Time(time) => time.to_string(),
            Self::Status(status) => describe_status(*status),
            Self::Signal(signal) => signal.to_string(),
            Self::Table(table) => Value::Object(table.clone()).to_string(),
        }
    }
}

/// How a process ended, as the end of a sentence: `exited with status 0`.
pub(crate) fn describe_status(status: ProcessStatus) -> String {
    match status {
        ProcessStatus::Exited(code) => format!("exited with status {code}"),
        ProcessStatus::Killed(signal) => format!("was killed by {signal}"),
    }
}

/// A moment as messages tell it: of whole microseconds. Reading a clock takes a nanosecond of
/// virtual time, and nobody who reads `0.404000001s` is the wiser.
pub(crate) fn told(time: Time) -> Time {
    const MICROSECOND: u64 = 1_000;
    let nanos = time.as_nanos().saturating_add(MICROSECOND / 2);
    Time::from_nanos(nanos - nanos % MICROSECOND)
}

/// The value of a field of `event` for a message; absent if the event hasn't the field.
pub(crate) fn field_text(event: &Event, name: &str) -> Option<String> {
    match name {
        "t" => return Some(told(event.t).to_string()),
        "role" => return event.role.as_ref().map(Role::to_string),
        _ => {}
    }
    let Ok(Value::Object(object)) = serde_json::to_value(event) else {
        return None;
    };
    let value = object.get(name)?;
    if let Ok(status) = serde_json::from_value::<ProcessStatus>(value.clone()) {
        return Some(describe_status(status));
    }
    Some(match value {
        // A line that was written is told without its end.
        Value::String(text) => text.trim_end().to_owned(),
        Value::Number(number) if matches!(name, "until") || is_advance(event, name) => {
            Time::from_nanos(number.as_u64().unwrap_or_default()).to_string()
        }
        other => other.to_string(),
    })
}

fn is_advance(event: &Event, name: &str) -> bool {
    name == "from" && event_name(&event.kind) == "clock-advanced"
}
