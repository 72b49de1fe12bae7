//! Reads the files of topics/.

use serde::Deserialize;
use siglab_model::Signal;
use toml::{Table, Value};

use super::{Group, Topic, Topics};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// How the files of the runs begin; all others have topics.
const RUNS: &str = "runs";

/// A file of topics/ is malformed. Tests read all of them.
#[derive(Debug, thiserror::Error)]
#[error("topics/{file}: {problem}")]
pub struct TopicError {
    /// Which.
    pub file: String,
    /// What is wrong.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    order: u32,
    title: String,
    topic: Vec<RawTopic>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    id: String,
    #[serde(default)]
    also: Vec<String>,
    text: String,
    #[serde(default)]
    see: Vec<String>,
    sender: Option<String>,
    standard: Option<String>,
    run: Option<String>,
}

/// A run of a program, with what has to be seen in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// The file in topics/programs.
    pub(crate) program: String,
    /// The program that it is compared with, if its rule does so.
    pub(crate) original: Option<String>,
    /// The diagnosis, if what is asked for doesn't hold.
    pub(crate) gives: Option<String>,
    /// Requirements, as in a lab.
    pub(crate) shows: Option<Value>,
    /// The keys of another criterion.
    pub(crate) rule: Option<Table>,
    /// The signal that it is about, unless a topic is about another.
    pub(crate) signal: Option<Signal>,
    // What a scenario of a lab may have; it is checked with the lab.
    pub(crate) steps: Option<Value>,
    pub(crate) args: Option<Value>,
    pub(crate) terminal: Option<Value>,
    pub(crate) limits: Option<Value>,
}

impl Topics {
    /// Reads all topics, which are part of the program.
    ///
    /// # Errors
    /// None is expected.
    pub fn read() -> Result<Self, TopicError> {
        let mut groups = Vec::new();
        let mut runs = Vec::new();
        for (file, text) in TEXTS {
            let wrong = |error: toml::de::Error| TopicError {
                file: (*file).to_owned(),
                problem: error.to_string(),
            };
            if file.starts_with(RUNS) {
                let table: Table = toml::from_str(text).map_err(wrong)?;
                for (name, run) in table {
                    runs.push((name, Run::deserialize(run).map_err(wrong)?));
                }
            } else {
                groups.push(toml::from_str::<RawGroup>(text).map_err(wrong)?);
            }
        }
        groups.sort_by_key(|group| group.order);
        let group = |group: RawGroup| Group {
            title: group.title,
            topics: group.topic.into_iter().map(Topic::from).collect(),
        };
        let groups = groups.into_iter().map(group).collect();
        Ok(Self { groups, runs })
    }
}

impl From<RawTopic> for Topic {
    fn from(raw: RawTopic) -> Self {
        Self {
            id: raw.id,
            also: raw.also,
            text: raw.text.split_whitespace().collect::<Vec<_>>().join(" "),
            see: raw.see,
            sender: raw.sender,
            standard: raw.standard,
            run: raw.run,
        }
    }
}

/// The text of a program.
pub(super) fn program(name: &str) -> Option<&'static str> {
    let found = PROGRAMS.iter().find(|(file, _)| *file == name);
    found.map(|(_, text)| *text)
}

/// The names of all programs.
#[cfg(test)]
pub(super) fn programs() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|(file, _)| *file)
}
