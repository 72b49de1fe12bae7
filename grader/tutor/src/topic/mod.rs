//! What there is to explain: the files of topics/.

mod live;
mod read;
#[cfg(test)]
mod tests;

use siglab_lab::nearest;
use siglab_model::Signal;

pub use live::{Live, LiveError};
use read::Run;
pub use read::TopicError;

/// Everything that can be explained.
#[derive(Debug)]
pub struct Topics {
    groups: Vec<Group>,
    runs: Vec<(String, Run)>,
}

/// Topics that belong together: one file.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: String,
    /// The topics, in the file's order.
    pub topics: Vec<Topic>,
}

/// Something that can be explained.
#[derive(Debug)]
pub struct Topic {
    /// What it is called. Ids of findings and diagnoses are those of siglab's results.
    pub id: String,
    /// Other words for it.
    pub also: Vec<String>,
    /// A few lines.
    pub text: String,
    /// The ids of topics that come to mind.
    pub see: Vec<String>,
    /// Of a signal: what sends it.
    pub sender: Option<String>,
    /// Of a signal: the first standard that has it.
    pub standard: Option<String>,
    /// The name of the run that shows it; nothing if no run can.
    pub(crate) run: Option<String>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The topic.
    pub topic: &'a Topic,
    /// The signal, if it is one: several real-time signals share a topic.
    pub signal: Option<Signal>,
}

/// There is no such topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no topic `{word}`{}", .nearest.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default())]
pub struct UnknownTopic {
    /// What was asked for.
    pub word: String,
    /// The most similar word that there is a topic for.
    pub nearest: Option<String>,
}

/// The first signal that a program may use as a real-time signal, in glibc.
const FIRST_REALTIME: &str = "SIGRTMIN";
/// The topic of those before it, which glibc keeps for itself.
const KEPT_BY_GLIBC: &str = "SIG32";

impl Topics {
    /// The topics, by groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All topics.
    pub fn all(&self) -> impl Iterator<Item = &Topic> {
        self.groups.iter().flat_map(|group| &group.topics)
    }

    /// The topic for a word: its id or another word for it, in upper or lower case, with spaces, `-` or
    /// `_`; or a signal, by name or number.
    ///
    /// # Errors
    /// If there is none, with the most similar one.
    pub fn find(&self, word: &str) -> Result<Found<'_>, UnknownTopic> {
        let wanted = plain(word);
        let names = |topic: &Topic| {
            let mut names = std::iter::once(&topic.id).chain(&topic.also);
            names.any(|name| plain(name) == wanted)
        };
        let signal = word.parse::<Signal>().ok();
        if let Some(topic) = self.all().find(|topic| names(topic)) {
            return Ok(Found {
                topic,
                signal: signal.or_else(|| topic.id.parse().ok()),
            });
        }
        if let Some(topic) = signal.and_then(|signal| self.of(signal)) {
            return Ok(Found { topic, signal });
        }
        let all = || {
            self.all()
                .flat_map(|it| std::iter::once(&it.id).chain(&it.also))
        };
        let known: Vec<String> = all().map(|name| plain(name)).collect();
        let near = nearest(&wanted, known.iter().map(String::as_str));
        Err(UnknownTopic {
            word: word.to_owned(),
            nearest: near.and_then(|near| all().find(|name| plain(name) == near).cloned()),
        })
    }

    /// The topic of a signal.
    #[must_use]
    pub fn of(&self, signal: Signal) -> Option<&Topic> {
        let id = match () {
            () if !signal.is_realtime() => signal.to_string(),
            () if signal.to_string().starts_with("SIGRT") => FIRST_REALTIME.to_owned(),
            () => KEPT_BY_GLIBC.to_owned(),
        };
        self.all().find(|topic| topic.id == id)
    }
}

/// A word as it is compared.
fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['-', '_'], " ")
}
