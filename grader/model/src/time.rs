//! Virtual time.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of a run: nanoseconds of virtual time since the program's exec.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The exec.
    pub const ZERO: Self = Self(0);
    /// Later than everything.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment this many nanoseconds after the exec.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the exec.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it isn't.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at [`Time::MAX`].
    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    /// Seconds with three decimals, or as many as the moment needs: `1.200s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let text = if nanos % 1_000_000 == 0 {
            format!("{seconds}.{:03}s", nanos / 1_000_000)
        } else {
            format!("{seconds}.{:09}", nanos)
                .trim_end_matches('0')
                .to_owned()
                + "s"
        };
        f.pad(&text)
    }
}

/// This is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// It has no unit, or one that isn't known.
    #[error("`{0}` is not a time; write a number and a unit, as in 0.4s, 250ms, 30us or 5ns")]
    Malformed(String),
    /// It is before the program's exec.
    #[error("`{0}` is negative; times count from the start of the program")]
    Negative(String),
    /// It is beyond what 64 bits of nanoseconds hold, about 584 years.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

impl FromStr for Time {
    type Err = BadTime;

    /// Reads a decimal number and a unit, `s`, `ms`, `us` (or `µs`) or `ns`, exactly:
    /// digits beyond a nanosecond are an error.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let text = text.trim();
        let malformed = || BadTime::Malformed(text.to_owned());
        let split = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .ok_or_else(malformed)?;
        let (number, unit) = text.split_at(split);
        let decimals = match unit {
            "s" => 9,
            "ms" => 6,
            "us" | "µs" => 3,
            "ns" => 0,
            _ => return Err(malformed()),
        };
        if let Some(rest) = number.strip_prefix('-') {
            return Err(if rest.bytes().any(|b| b.is_ascii_digit()) {
                BadTime::Negative(text.to_owned())
            } else {
                malformed()
            });
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && !number.contains('.'))
            || number == "."
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > decimals
        {
            return Err(malformed());
        }
        let padded = format!("{whole}{fraction:0<decimals$}");
        padded
            .parse::<u64>()
            .map(Self)
            .map_err(|_| BadTime::TooLarge(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact() {
        for (text, nanos) in [
            ("0.4s", 400_000_000),
            ("7s", 7_000_000_000),
            ("1.001s", 1_001_000_000),
            ("999ms", 999_000_000),
            ("0.5ms", 500_000),
            ("3us", 3_000),
            ("5ns", 5),
            (".5s", 500_000_000),
            ("0s", 0),
        ] {
            assert_eq!(text.parse(), Ok(Time(nanos)), "{text}");
        }
    }

    #[test]
    fn bad_times_say_why() {
        for text in [
            "", "s", "1", "1.0", "1x", "1.2.3s", "0.5ns", ".s", "1 s", "+1s",
        ] {
            assert_eq!(
                text.parse::<Time>(),
                Err(BadTime::Malformed(text.into())),
                "{text}"
            );
        }
        assert_eq!("-1s".parse::<Time>(), Err(BadTime::Negative("-1s".into())));
        assert!(matches!(
            "99999999999s".parse::<Time>(),
            Err(BadTime::TooLarge(_))
        ));
    }

    #[test]
    fn times_are_written_in_milliseconds_or_finer() {
        assert_eq!(Time(1_200_000_000).to_string(), "1.200s");
        assert_eq!(Time(1_200_000_500).to_string(), "1.2000005s");
        assert_eq!(Time::ZERO.to_string(), "0.000s");
    }
}
