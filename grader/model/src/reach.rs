//! What calls reach for, and don't get. In a trace's JSON each is a short text, which is written
//! and read here only.

use std::fmt;

use crate::text::{as_text, exact};
use crate::{Role, Signal};

/// What a denied call tried to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Every process of the machine: kill(2) with the pid -1.
    Everybody,
    /// siglab, the parent of the first process.
    Siglab,
    /// Another process outside the run.
    Process,
    /// This process group outside the run.
    Group(i32),
    /// A descriptor that doesn't stand for a process of the run.
    NoProcess,
    /// Something else, in words.
    Other(String),
}

impl Outside {
    const NAMES: [(Self, &str); 4] = [
        (
            Self::Everybody,
            "all processes of the machine; those of the run get it",
        ),
        (Self::Siglab, "siglab, the parent of the first process"),
        (Self::Process, "a process outside the run"),
        (
            Self::NoProcess,
            "a descriptor that doesn't stand for a process of the run",
        ),
    ];

    fn group(text: &str) -> Option<Self> {
        let number = text.strip_prefix("process group ")?;
        let number = number.strip_suffix(" outside the run")?;
        number.parse().ok().map(Self::Group)
    }
}

impl From<&str> for Outside {
    fn from(text: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, name)| *name == text);
        known
            .map(|(outside, _)| outside)
            .or_else(|| exact(Self::group(text), text))
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "process group {group} outside the run"),
            Self::Other(text) => f.write_str(text),
            known => {
                let name = Self::NAMES.iter().find(|(outside, _)| outside == known);
                f.write_str(name.map_or("", |(_, name)| name))
            }
        }
    }
}

/// Whom a call that sends a signal names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendTarget {
    /// A process or thread of the run.
    Role(Role),
    /// A pid that is nobody's in the run.
    Pid(i32),
    /// The caller's own process group: `its process group`.
    OwnGroup,
    /// The process group that this process of the run leads: `the group of child`.
    GroupOf(Role),
    /// A process group that nobody of the run leads: `the group of 4711`.
    Group(i32),
    /// Anything else, in words.
    Other(String),
}

impl SendTarget {
    fn read(text: &str) -> Option<Self> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let (name, of_group) = match text.strip_prefix("the group of ") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let role = || {
            let fits = !name.is_empty() && name.chars().all(is_name);
            fits.then(|| Role::new(name))
        };
        match (name.parse(), of_group) {
            (Ok(number), false) => Some(Self::Pid(number)),
            (Ok(number), true) => Some(Self::Group(number)),
            (Err(_), false) => role().map(Self::Role),
            (Err(_), true) => role().map(Self::GroupOf),
        }
    }
}

impl From<&str> for SendTarget {
    fn from(text: &str) -> Self {
        match text {
            "its process group" => Self::OwnGroup,
            _ => exact(Self::read(text), text).unwrap_or_else(|| Self::Other(text.to_owned())),
        }
    }
}

impl fmt::Display for SendTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "{role}"),
            Self::Pid(pid) => write!(f, "{pid}"),
            Self::OwnGroup => f.write_str("its process group"),
            Self::GroupOf(leader) => write!(f, "the group of {leader}"),
            Self::Group(group) => write!(f, "the group of {group}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// What a call names as the signal to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentSignal {
    /// A signal.
    Signal(Signal),
    /// The pid of this process of the run, in place of a signal: `the pid of child`.
    PidOf(Role),
    /// A number that no signal has; 0 asks whether the target exists.
    Number(i32),
    /// Anything else, in words.
    Other(String),
}

impl SentSignal {
    fn read(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("the pid of ") {
            return Some(Self::PidOf(Role::new(name)));
        }
        // A signal can be read from its number as well.
        let number = text.parse().ok().map(Self::Number);
        number.or_else(|| text.parse().ok().map(Self::Signal))
    }
}

impl From<&str> for SentSignal {
    fn from(text: &str) -> Self {
        exact(Self::read(text), text).unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl fmt::Display for SentSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "{signal}"),
            Self::PidOf(role) => write!(f, "the pid of {role}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// A function that a handler must not call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnsafeFunction {
    /// The function that the handler called, by its symbol.
    pub called: String,
    /// The one that isn't async-signal-safe, if that is another one, which the first one called.
    pub inner: Option<String>,
}

impl From<&str> for UnsafeFunction {
    fn from(text: &str) -> Self {
        let both = text.strip_suffix(')').and_then(|it| it.split_once(" ("));
        let (called, inner) = match both {
            Some((called, inner)) => (called, Some(inner.to_owned())),
            None => (text, None),
        };
        Self {
            called: called.to_owned(),
            inner,
        }
    }
}

impl fmt::Display for UnsafeFunction {
    /// `f`, or `f (g)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.called)?;
        match &self.inner {
            Some(inner) => write!(f, " ({inner})"),
            None => Ok(()),
        }
    }
}

as_text!(Outside, SendTarget, SentSignal, UnsafeFunction);

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::role::tests::any_role;

    pub(crate) fn outside() -> impl Strategy<Value = Outside> {
        let known: Vec<Outside> = Outside::NAMES.map(|(outside, _)| outside).into();
        prop_oneof![
            prop::sample::select(known),
            any::<i32>().prop_map(Outside::Group),
            Just(Outside::Other("tracing a process".into())),
        ]
    }

    pub(crate) fn target() -> impl Strategy<Value = SendTarget> {
        prop_oneof![
            any_role().prop_map(SendTarget::Role),
            any::<i32>().prop_map(SendTarget::Pid),
            Just(SendTarget::OwnGroup),
            any_role().prop_map(SendTarget::GroupOf),
            any::<i32>().prop_map(SendTarget::Group),
            Just(SendTarget::Other("some body".into())),
        ]
    }

    pub(crate) fn sent() -> impl Strategy<Value = SentSignal> {
        prop_oneof![
            (1..=64i32).prop_map(|number| {
                Signal::new(number).map_or(SentSignal::Number(number), SentSignal::Signal)
            }),
            any_role().prop_map(SentSignal::PidOf),
            any::<i32>().prop_map(SentSignal::Number),
            Just(SentSignal::Other("some thing".into())),
        ]
    }

    pub(crate) fn function() -> impl Strategy<Value = UnsafeFunction> {
        let name = || "(printf|alloc::vec::Vec<T, A>::push|[a-z_:<>]{1,9})";
        (name(), prop::option::of(name()))
            .prop_map(|(called, inner)| UnsafeFunction { called, inner })
    }

    proptest! {
        #[test]
        fn they_read_back(
            outside in outside(), target in target(), sent in sent(), function in function()
        ) {
            prop_assert_eq!(SentSignal::from(sent.to_string().as_str()), sent);
            prop_assert_eq!(Outside::from(outside.to_string().as_str()), outside);
            prop_assert_eq!(SendTarget::from(target.to_string().as_str()), target);
            prop_assert_eq!(UnsafeFunction::from(function.to_string().as_str()), function);
        }

        #[test]
        fn any_text_is_kept(text in any::<String>()) {
            prop_assert_eq!(Outside::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(SendTarget::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(SentSignal::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(UnsafeFunction::from(text.as_str()).to_string(), text);
        }
    }
}
