//! Sets of signals, laid out as the kernel's `sigset_t`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Signal, UnknownSignal};

/// A set of signals: a signal mask, a pending set, the argument of a wait.
///
/// Bit `n - 1` stands for signal `n`, as in the kernel's 64-bit `sigset_t`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SigSet(u64);

impl SigSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);

    /// The set with these bits, bit `n - 1` for signal `n`.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits, bit `n - 1` for signal `n`.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether `signal` is in the set.
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & Self::bit(signal) != 0
    }

    /// Whether no signal is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds `signal`.
    pub fn insert(&mut self, signal: Signal) {
        self.0 |= Self::bit(signal);
    }

    /// Takes `signal` out.
    pub fn remove(&mut self, signal: Signal) {
        self.0 &= !Self::bit(signal);
    }

    /// The signals that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The signals that are in `self` and not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its signals, lowest number first.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::all().filter(move |signal| self.contains(*signal))
    }

    const fn bit(signal: Signal) -> u64 {
        1 << (signal.number() - 1)
    }
}

impl FromIterator<Signal> for SigSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        let mut set = Self::EMPTY;
        signals.into_iter().for_each(|signal| set.insert(signal));
        set
    }
}

impl fmt::Display for SigSet {
    /// `{SIGINT SIGCHLD}`; a set with more than half of all signals is written by
    /// what it leaves out, `~{SIGKILL SIGSTOP}`, as strace does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inverted = self.0.count_ones() > 32;
        let shown = if inverted { Self(!self.0) } else { *self };
        let names: Vec<_> = shown.iter().map(|signal| signal.to_string()).collect();
        write!(
            f,
            "{}{{{}}}",
            if inverted { "~" } else { "" },
            names.join(" ")
        )
    }
}

impl fmt::Debug for SigSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SigSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text isn't a set of signals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSigSet {
    /// It isn't written as one.
    #[error("`{0}` is not a set of signals")]
    NoSet(String),
    /// A name in it is no signal's.
    #[error(transparent)]
    Signal(#[from] UnknownSignal),
}

impl FromStr for SigSet {
    type Err = BadSigSet;

    /// Reads what [`Display`](fmt::Display) writes, with any name of a signal.
    fn from_str(text: &str) -> Result<Self, BadSigSet> {
        let (inverted, rest) = match text.strip_prefix('~') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let names = rest
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .ok_or_else(|| BadSigSet::NoSet(text.to_owned()))?;
        let set: Self = names
            .split_whitespace()
            .map(str::parse::<Signal>)
            .collect::<Result<_, _>>()?;
        Ok(if inverted { Self(!set.0) } else { set })
    }
}

impl<'de> Deserialize<'de> for SigSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_as_strace_writes_them() {
        let two: SigSet = [Signal::CHLD, Signal::INT].into_iter().collect();
        assert_eq!(two.to_string(), "{SIGINT SIGCHLD}");
        let most = SigSet::from_bits(!SigSet::from_iter([Signal::KILL, Signal::STOP]).bits());
        assert_eq!(most.to_string(), "~{SIGKILL SIGSTOP}");
        for set in [two, most, SigSet::EMPTY, SigSet::from_bits(u64::MAX)] {
            let text = serde_json::to_string(&set).expect("sets are plain strings");
            assert_eq!(
                serde_json::from_str::<SigSet>(&text).expect("reads back"),
                set
            );
        }
    }
}
