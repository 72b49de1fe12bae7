//! Arguments that the kernel doesn't take. In a trace's JSON each is a short text, which is
//! written and read here only.

use std::fmt;

use crate::Signal;
use crate::text::{as_text, exact};

/// The argument because of which a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadArgument {
    /// The seconds of a time.
    Seconds(i64),
    /// The nanoseconds of a `timespec`.
    Nanoseconds(i64),
    /// The microseconds of a `timeval`.
    Microseconds(i64),
    /// How sigprocmask(2) should change the mask.
    How(i32),
    /// A signal.
    Signal(i32),
    /// Anything else, in words.
    Other(String),
}

impl BadArgument {
    /// What the kernel takes in its place, as the end of a sentence.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Seconds(_) => "at least 0",
            Self::Nanoseconds(_) => "from 0 to 999999999",
            Self::Microseconds(_) => "from 0 to 999999",
            Self::How(_) => "SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK",
            Self::Signal(number) => match Signal::new(*number) {
                Some(Signal::KILL | Signal::STOP) => "a signal that can be caught",
                _ => "from 1 to 64",
            },
            Self::Other(_) => "something else",
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (name, value) = text.split_once(" is ")?;
        Some(match name {
            "tv_sec" => Self::Seconds(value.parse().ok()?),
            "tv_nsec" => Self::Nanoseconds(value.parse().ok()?),
            "tv_usec" => Self::Microseconds(value.parse().ok()?),
            "how" => Self::How(value.parse().ok()?),
            "the signal" => Self::Signal(match value.parse::<Signal>() {
                Ok(signal) => signal.number(),
                Err(_) => value.parse().ok()?,
            }),
            _ => return None,
        })
    }
}

impl From<&str> for BadArgument {
    fn from(text: &str) -> Self {
        exact(Self::read(text), text).unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(value) => write!(f, "tv_sec is {value}"),
            Self::Nanoseconds(value) => write!(f, "tv_nsec is {value}"),
            Self::Microseconds(value) => write!(f, "tv_usec is {value}"),
            Self::How(value) => write!(f, "how is {value}"),
            Self::Signal(number) => match Signal::new(*number) {
                Some(signal) => write!(f, "the signal is {signal}"),
                None => write!(f, "the signal is {number}"),
            },
            Self::Other(text) => f.write_str(text),
        }
    }
}

as_text!(BadArgument);

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn argument() -> impl Strategy<Value = BadArgument> {
        prop_oneof![
            any::<i64>().prop_map(BadArgument::Seconds),
            any::<i64>().prop_map(BadArgument::Nanoseconds),
            any::<i64>().prop_map(BadArgument::Microseconds),
            any::<i32>().prop_map(BadArgument::How),
            (-1..=80i32).prop_map(BadArgument::Signal),
            Just(BadArgument::Other("all is wrong".into())),
        ]
    }

    proptest! {
        #[test]
        fn they_read_back(argument in argument()) {
            prop_assert_eq!(BadArgument::from(argument.to_string().as_str()), argument);
        }

        #[test]
        fn any_text_is_kept(text in any::<String>()) {
            prop_assert_eq!(BadArgument::from(text.as_str()).to_string(), text);
        }
    }
}
