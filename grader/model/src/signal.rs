//! Signal numbers and names, as in signal(7) for Linux on x86-64.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::disposition::DefaultAction;

/// A signal number, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// Names and default actions of the standard signals: signal(7), "Standard signals".
const STANDARD: [(&str, DefaultAction); 31] = [
    ("SIGHUP", DefaultAction::Terminate),
    ("SIGINT", DefaultAction::Terminate),
    ("SIGQUIT", DefaultAction::Core),
    ("SIGILL", DefaultAction::Core),
    ("SIGTRAP", DefaultAction::Core),
    ("SIGABRT", DefaultAction::Core),
    ("SIGBUS", DefaultAction::Core),
    ("SIGFPE", DefaultAction::Core),
    ("SIGKILL", DefaultAction::Terminate),
    ("SIGUSR1", DefaultAction::Terminate),
    ("SIGSEGV", DefaultAction::Core),
    ("SIGUSR2", DefaultAction::Terminate),
    ("SIGPIPE", DefaultAction::Terminate),
    ("SIGALRM", DefaultAction::Terminate),
    ("SIGTERM", DefaultAction::Terminate),
    ("SIGSTKFLT", DefaultAction::Terminate),
    ("SIGCHLD", DefaultAction::Ignore),
    ("SIGCONT", DefaultAction::Continue),
    ("SIGSTOP", DefaultAction::Stop),
    ("SIGTSTP", DefaultAction::Stop),
    ("SIGTTIN", DefaultAction::Stop),
    ("SIGTTOU", DefaultAction::Stop),
    ("SIGURG", DefaultAction::Ignore),
    ("SIGXCPU", DefaultAction::Core),
    ("SIGXFSZ", DefaultAction::Core),
    ("SIGVTALRM", DefaultAction::Terminate),
    ("SIGPROF", DefaultAction::Terminate),
    ("SIGWINCH", DefaultAction::Ignore),
    ("SIGIO", DefaultAction::Terminate),
    ("SIGPWR", DefaultAction::Terminate),
    ("SIGSYS", DefaultAction::Core),
];

/// Other names for the same numbers: signal(7).
const SYNONYMS: [(&str, u8); 3] = [("SIGIOT", 6), ("SIGCLD", 17), ("SIGPOLL", 29)];

/// The first and last real-time signal that a program may use. glibc and musl keep
/// 32 and 33 (musl also 34) for threads; `SIGRTMIN` is 34 in glibc.
const RTMIN: u8 = 34;
const RTMAX: u8 = 64;

macro_rules! named {
    ($($name:ident = $number:expr),+ $(,)?) => {
        /// The standard signals by name.
        impl Signal {
            $(#[doc = concat!("`SIG", stringify!($name), "`, number ", stringify!($number), " on x86-64.")]
            pub const $name: Self = Self($number);)+
        }
    };
}

named!(
    HUP = 1,
    INT = 2,
    QUIT = 3,
    ILL = 4,
    TRAP = 5,
    ABRT = 6,
    BUS = 7,
    FPE = 8,
    KILL = 9,
    USR1 = 10,
    SEGV = 11,
    USR2 = 12,
    PIPE = 13,
    ALRM = 14,
    TERM = 15,
    STKFLT = 16,
    CHLD = 17,
    CONT = 18,
    STOP = 19,
    TSTP = 20,
    TTIN = 21,
    TTOU = 22,
    URG = 23,
    XCPU = 24,
    XFSZ = 25,
    VTALRM = 26,
    PROF = 27,
    WINCH = 28,
    IO = 29,
    PWR = 30,
    SYS = 31,
);

impl Signal {
    /// The signal with this number, if it is in 1..=64.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        u8::try_from(number)
            .ok()
            .filter(|n| (1..=RTMAX).contains(n))
            .map(Self)
    }

    /// Its number, 1 to 64.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// All signals, lowest number first.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=RTMAX).map(Self)
    }

    /// Whether instances of it queue (32 and above) instead of merging.
    #[must_use]
    pub const fn is_realtime(self) -> bool {
        self.0 >= 32
    }

    /// What happens to a process that neither handles nor ignores it: signal(7).
    #[must_use]
    pub fn default_action(self) -> DefaultAction {
        STANDARD
            .get(usize::from(self.0) - 1)
            .map_or(DefaultAction::Terminate, |(_, action)| *action)
    }

    /// Whether it can be caught, blocked or ignored: all but `SIGKILL` and `SIGSTOP`.
    #[must_use]
    pub fn can_be_caught(self) -> bool {
        self != Self::KILL && self != Self::STOP
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            n @ 1..=31 => STANDARD[usize::from(n) - 1].0.to_owned(),
            32 | 33 => format!("SIG{}", self.0),
            RTMIN => "SIGRTMIN".to_owned(),
            RTMAX => "SIGRTMAX".to_owned(),
            n if n - RTMIN <= 15 => format!("SIGRTMIN+{}", n - RTMIN),
            n => format!("SIGRTMAX-{}", RTMAX - n),
        };
        f.pad(&name)
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// No signal has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown signal `{name}`{}", .nearest.as_ref().map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
pub struct UnknownSignal {
    /// What was written.
    pub name: String,
    /// The signal with the most similar name, if one is similar at all.
    pub nearest: Option<Signal>,
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    /// Reads `SIGINT`, `INT`, `sigint`, `2`, `SIGRTMIN+3`, `SIGRTMAX-1`, and synonyms.
    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        let number = bare
            .parse::<i32>()
            .ok()
            .filter(|_| bare.bytes().all(|b| b.is_ascii_digit()));
        if let Some(signal) = number.and_then(Self::new) {
            return Ok(signal);
        }
        let full = format!("SIG{bare}");
        if let Some(index) = STANDARD.iter().position(|(name, _)| *name == full) {
            return Ok(Self(index as u8 + 1));
        }
        if let Some((_, number)) = SYNONYMS.iter().find(|(name, _)| *name == full) {
            return Ok(Self(*number));
        }
        realtime(bare).ok_or_else(|| UnknownSignal {
            name: text.to_owned(),
            nearest: nearest(&full),
        })
    }
}

fn realtime(bare: &str) -> Option<Signal> {
    let offset = |rest: &str, sign: char| match rest {
        "" => Some(0),
        _ => rest.strip_prefix(sign)?.parse::<u8>().ok(),
    };
    let number = if let Some(rest) = bare.strip_prefix("RTMIN") {
        RTMIN.checked_add(offset(rest, '+')?)?
    } else {
        RTMAX.checked_sub(offset(bare.strip_prefix("RTMAX")?, '-')?)?
    };
    (RTMIN..=RTMAX).contains(&number).then_some(Signal(number))
}

fn nearest(full: &str) -> Option<Signal> {
    // No name of a signal is nearly as long; comparing takes time for each letter.
    if full.len() > 32 {
        return None;
    }
    Signal::all()
        .map(|signal| {
            (
                strsim::damerau_levenshtein(full, &signal.to_string()),
                signal,
            )
        })
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, signal)| signal)
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for signal in Signal::all() {
            assert_eq!(signal.to_string().parse(), Ok(signal));
        }
    }

    #[test]
    fn other_spellings() {
        for (text, number) in [
            ("INT", 2),
            ("sigterm", 15),
            ("9", 9),
            ("SIGCLD", 17),
            ("RTMIN+1", 35),
            ("SIGRTMAX", 64),
            ("SIGRTMAX-30", 34),
        ] {
            assert_eq!(
                text.parse::<Signal>().map(Signal::number),
                Ok(number),
                "{text}"
            );
        }
    }

    #[test]
    fn unknown_names_suggest_the_nearest() {
        let error = "SIGITN".parse::<Signal>().expect_err("no such signal");
        assert_eq!(
            error.to_string(),
            "unknown signal `SIGITN`; did you mean SIGINT?"
        );
        for text in [
            "",
            "0",
            "65",
            "-1",
            "SIGRTMIN+31",
            "SIGRTMAX-31",
            "SIGRTMIN-1",
            "+2",
        ] {
            assert!(text.parse::<Signal>().is_err(), "{text}");
        }
    }
}
