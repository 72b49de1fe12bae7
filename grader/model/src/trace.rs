//! A whole run, and its form as JSON Lines.

use serde::{Deserialize, Serialize};

use crate::event::{Event, ProcessStatus};

/// The name and version of the serialised form.
pub const TRACE_SCHEMA: &str = "siglab/trace/v1";

/// Which clock a run goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Virtual: it moves only when nothing can run.
    #[default]
    Virtual,
    /// The machine's, for comparison.
    Real,
}

/// Who runs next when several threads could.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A thread runs until it waits or ends; then the next in order of creation.
    #[default]
    InOrder,
    /// The one that was created last of those that can run, so that a child runs before its parent
    /// goes on; at the same points as `Random`.
    NewestFirst,
    /// Pseudo-random choices at the points where the engine gets control: after each call
    /// that others can see, for one.
    Random {
        /// The seed of the pseudo-random numbers.
        seed: u64,
    },
    /// The roles of a recorded run's `chosen` events, one after another; in order when
    /// they are used up.
    Replay {
        /// The choices.
        choices: Vec<crate::Role>,
    },
}

impl std::str::FromStr for Policy {
    type Err = UnknownPolicy;

    /// Reads `in-order`, `newest-first`, `random` (with the seed 0) or `random:SEED`.
    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text.split_once(':') {
            None if text == "in-order" => Ok(Self::InOrder),
            None if text == "newest-first" => Ok(Self::NewestFirst),
            None if text == "random" => Ok(Self::Random { seed: 0 }),
            Some(("random", seed)) => {
                let seed = seed.parse().map_err(|_| UnknownPolicy(text.to_owned()))?;
                Ok(Self::Random { seed })
            }
            _ => Err(UnknownPolicy(text.to_owned())),
        }
    }
}

/// A text that names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a policy; write in-order, newest-first, random or random:SEED with a number")]
pub struct UnknownPolicy(String);

/// The first line of a serialised trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`TRACE_SCHEMA`].
    pub schema: String,
    /// The program's file name, without its folder.
    pub program: String,
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// The clock.
    pub clock: Clock,
    /// The scheduling policy.
    pub policy: Policy,
    /// The script, one step each, in words.
    pub script: Vec<String>,
    /// What the explorer injected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injections: Vec<crate::Injection>,
    /// At which moments the explorer let others run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preemptions: Vec<crate::Moment>,
    /// Whether the machine doesn't let address randomisation be switched off: then addresses
    /// that the program prints differ from run to run. Nothing else depends on them, and the
    /// hash of a trace leaves this out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub addresses_vary: bool,
}

/// How a run ended. The last line of a serialised trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How the first process ended; absent if siglab ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ProcessStatus>,
    /// Whether the program was found deadlocked.
    pub deadlock: bool,
    /// The limit that was reached, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<crate::LimitKind>,
}

/// Everything that happened in a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What was run.
    pub header: Header,
    /// What happened.
    pub events: Vec<Event>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A text isn't a trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A line isn't what it should be.
    #[error("line {line}: {source}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// It was written by another version.
    #[error("schema `{0}` is not {TRACE_SCHEMA}")]
    Schema(String),
    /// It ends before its last line.
    #[error("the trace is cut short: its last line must be the outcome")]
    Truncated,
}

#[derive(Serialize, Deserialize)]
struct OutcomeLine {
    outcome: Outcome,
}

impl Trace {
    /// As JSON Lines: the header, one event a line, the outcome.
    ///
    /// The same run gives the same bytes.
    #[must_use]
    pub fn to_jsonl(&self) -> String {
        self.to_jsonl_with(&self.header)
    }

    fn to_jsonl_with(&self, header: &Header) -> String {
        let mut lines = String::new();
        let mut push = |value: Result<String, serde_json::Error>| {
            lines.push_str(&value.expect("traces hold only strings, numbers and lists"));
            lines.push('\n');
        };
        push(serde_json::to_string(header));
        for event in &self.events {
            push(serde_json::to_string(event));
        }
        push(serde_json::to_string(&OutcomeLine {
            outcome: self.outcome.clone(),
        }));
        lines
    }

    /// Reads what [`Trace::to_jsonl`] wrote.
    ///
    /// # Errors
    /// If a line is malformed or missing, or the schema is another.
    pub fn from_jsonl(text: &str) -> Result<Self, TraceError> {
        fn parse<'a, T: Deserialize<'a>>(line: usize, text: &'a str) -> Result<T, TraceError> {
            serde_json::from_str(text).map_err(|source| TraceError::Line { line, source })
        }
        let lines: Vec<&str> = text.lines().collect();
        let [first, middle @ .., last] = lines.as_slice() else {
            return Err(TraceError::Truncated);
        };
        let header: Header = parse(1, first)?;
        if header.schema != TRACE_SCHEMA {
            return Err(TraceError::Schema(header.schema));
        }
        let events = middle
            .iter()
            .enumerate()
            .map(|(index, line)| parse(index + 2, line))
            .collect::<Result<_, _>>()?;
        let outcome: OutcomeLine = serde_json::from_str(last).map_err(|_| TraceError::Truncated)?;
        Ok(Self {
            header,
            events,
            outcome: outcome.outcome,
        })
    }

    /// A hash of [`Trace::to_jsonl`] without [`Header::addresses_vary`] (64-bit FNV-1a), equal
    /// for equal traces on every machine and in every version that writes the same schema. Not
    /// cryptographic.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let header = Header {
            addresses_vary: false,
            ..self.header.clone()
        };
        self.to_jsonl_with(&header)
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Role, SigInfo, Signal, Time};

    #[test]
    fn policies_are_read() {
        assert_eq!("in-order".parse(), Ok(Policy::InOrder));
        assert_eq!("newest-first".parse(), Ok(Policy::NewestFirst));
        assert_eq!("random".parse(), Ok(Policy::Random { seed: 0 }));
        assert_eq!("random:7".parse(), Ok(Policy::Random { seed: 7 }));
        for text in ["", "random:", "random:x", "in-order:1", "replay"] {
            assert!(text.parse::<Policy>().is_err(), "{text}");
        }
    }

    fn sample() -> Trace {
        Trace {
            header: Header {
                schema: TRACE_SCHEMA.into(),
                program: "p".into(),
                args: vec![],
                clock: Clock::Virtual,
                policy: Policy::InOrder,
                script: vec!["0.4s send SIGINT to main".into()],
                injections: vec![],
                preemptions: vec![],
                addresses_vary: false,
            },
            events: vec![
                Event {
                    t: Time::from_nanos(400_000_000),
                    role: Some(Role::new("main")),
                    kind: Kind::Generated {
                        signal: Signal::INT,
                        from: Role::new("script"),
                        directed: crate::Directed::Process,
                        info: SigInfo {
                            code: "SI_USER".into(),
                            ..SigInfo::default()
                        },
                    },
                    call: None,
                },
                Event {
                    t: Time::from_nanos(500_000_000),
                    role: None,
                    kind: Kind::ClockAdvanced {
                        from: Time::from_nanos(400_000_000),
                    },
                    call: None,
                },
            ],
            outcome: Outcome {
                status: Some(ProcessStatus::Killed(Signal::INT)),
                deadlock: false,
                limit: None,
            },
        }
    }

    #[test]
    fn the_hash_does_not_depend_on_the_machine() {
        let mut there = sample();
        there.header.addresses_vary = true;
        assert_eq!(there.hash(), sample().hash());
        let text = there.to_jsonl();
        assert_ne!(text, sample().to_jsonl());
        assert_eq!(Trace::from_jsonl(&text).expect("it is whole"), there);
    }

    #[test]
    fn traces_read_back() {
        let trace = sample();
        let text = trace.to_jsonl();
        assert_eq!(
            text.lines().nth(1),
            Some(
                r#"{"t":400000000,"role":"main","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}"#
            )
        );
        let back = Trace::from_jsonl(&text).expect("a trace reads what it wrote");
        assert_eq!(back, trace);
        assert_eq!(back.hash(), trace.hash());
    }

    #[test]
    fn broken_traces_are_refused() {
        let text = sample().to_jsonl();
        let cut = text.trim_end().rsplit_once('\n').expect("several lines").0;
        assert!(matches!(Trace::from_jsonl(cut), Err(TraceError::Truncated)));
        assert!(matches!(Trace::from_jsonl(""), Err(TraceError::Truncated)));
        let other = text.replace("trace/v1", "trace/v9");
        assert!(matches!(
            Trace::from_jsonl(&other),
            Err(TraceError::Schema(_))
        ));
    }
}
