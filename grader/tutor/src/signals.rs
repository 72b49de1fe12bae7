//! The table of all signals: what is documented, beside what was tried on the running kernel.

use siglab_model::{DefaultAction, Signal};

use crate::Topics;

/// A signal, as it is documented: [`Signal`] for what the kernel does, the topics for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// The signal.
    pub signal: Signal,
    /// Its name, and other names for it.
    pub names: Vec<String>,
    /// The first standard that has it.
    pub standard: String,
    /// What sends it.
    pub sender: String,
}

/// What was tried with a signal: a child raised it, another one asked to catch it and to send it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The signal.
    pub signal: Signal,
    /// What became of a child that raised it; that it would dump core only if that was permitted.
    pub action: DefaultAction,
    /// Whether core dumps could be seen at all.
    pub sees_cores: bool,
    /// Whether sigaction(2) lets it be caught.
    pub can_be_caught: bool,
    /// Whether two instances of it stay two while it is blocked; nothing if it can't be blocked.
    pub queues: Option<bool>,
}

impl Tried {
    /// What is otherwise than documented, in words; nothing if it is as documented.
    #[must_use]
    pub fn differs(&self) -> Option<String> {
        let documented = self.signal.default_action();
        let same_action = self.action == documented
            || !self.sees_cores
                && (self.action, documented) == (DefaultAction::Terminate, DefaultAction::Core);
        let queues = self
            .signal
            .can_be_caught()
            .then(|| self.signal.is_realtime());
        let is = match () {
            () if !same_action => format!("its default action is: {}", action(self.action)),
            () if self.can_be_caught != self.signal.can_be_caught() => {
                format!(
                    "it can {}be caught",
                    if self.can_be_caught { "" } else { "not " }
                )
            }
            () if self.queues != queues => {
                let queues = self.queues.is_some_and(|it| it);
                format!("two of it {}", if queues { "queue" } else { "merge" })
            }
            () => return None,
        };
        Some(format!("{}: here {is}", self.signal))
    }
}

/// What is documented of a signal.
#[must_use]
pub fn documented(topics: &Topics, signal: Signal) -> Documented {
    let topic = topics.of(signal);
    let own = topic.filter(|topic| topic.id == signal.to_string() && !signal.is_realtime());
    let names = std::iter::once(signal.to_string());
    let also = own.map_or(&[][..], |topic| &topic.also);
    let of = |field: Option<&String>| field.cloned().unwrap_or_default();
    Documented {
        signal,
        names: names.chain(also.iter().cloned()).collect(),
        standard: of(topic.and_then(|topic| topic.standard.as_ref())),
        sender: of(topic.and_then(|topic| topic.sender.as_ref())),
    }
}

/// A default action in words.
#[must_use]
pub fn action(action: DefaultAction) -> &'static str {
    match action {
        DefaultAction::Terminate => "terminate",
        DefaultAction::Core => "terminate, dump core",
        DefaultAction::Ignore => "ignore",
        DefaultAction::Stop => "stop",
        DefaultAction::Continue => "continue",
    }
}

/// The rows of the table: number, names, default action, whether it can be caught, what two of it do,
/// standard, sender. The real-time signals of programs are one row.
#[must_use]
pub fn rows(topics: &Topics) -> Vec<[String; 7]> {
    let is_shown =
        |it: &Signal| !it.is_realtime() || it.to_string() == "SIGRTMIN" || it.number() == 32;
    let row = |signal: Signal| {
        let it = documented(topics, signal);
        let (number, names) = match (signal.is_realtime(), signal.number()) {
            (false, number) => (number.to_string(), it.names.join(", ")),
            (true, 32) => ("32, 33".to_owned(), "(none)".to_owned()),
            (true, number) => (format!("{number} to 64"), "SIGRTMIN to SIGRTMAX".to_owned()),
        };
        let yes = |yes| if yes { "yes" } else { "no" }.to_owned();
        let two = if signal.is_realtime() {
            "queue"
        } else {
            "merge"
        };
        let two = if signal.can_be_caught() { two } else { "" };
        [
            number,
            names,
            action(signal.default_action()).to_owned(),
            yes(signal.can_be_caught()),
            two.to_owned(),
            it.standard,
            it.sender,
        ]
    };
    Signal::all().filter(is_shown).map(row).collect()
}

/// The heads of the table's columns.
pub const HEADS: [&str; 7] = [
    "number",
    "name",
    "default action",
    "caught",
    "two of it",
    "standard",
    "what sends it",
];

/// The table in Markdown.
#[must_use]
pub fn markdown(topics: &Topics) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&HEADS.map(str::to_owned));
    text += &format!("|{}\n", "---|".repeat(HEADS.len()));
    for row in rows(topics) {
        text += &line(&row);
    }
    text
}
