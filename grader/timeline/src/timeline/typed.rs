//! What is typed, and what else is done to a terminal.

use std::time::Duration;

use siglab_model::{Event, Kind, Role, Stream};

/// Keys that send more than a character, or one without a picture, as traces have them.
const KEYS: [(&str, &str); 13] = [
    ("^[[A", "Up"),
    ("^[[B", "Down"),
    ("^[[C", "Right"),
    ("^[[D", "Left"),
    ("^[OA", "Up"),
    ("^[OB", "Down"),
    ("^[OC", "Right"),
    ("^[OD", "Left"),
    ("^[", "Esc"),
    ("^?", "Backspace"),
    ("\r", "Enter"),
    ("\t", "Tab"),
    ("\n", "Ctrl+J"),
];

/// Keys that come later than that after the ones before are told in a row of their own.
const PAUSE: Duration = Duration::from_secs(2);

/// What was typed: by the script, or at siglab's own terminal, in these pieces.
pub(super) fn typed(texts: &[&str], by_person: bool) -> String {
    if !by_person {
        return format!("the script types {:?}", texts.concat());
    }
    let (mut words, mut plain) = (Vec::new(), String::new());
    let mut types = false;
    for text in texts {
        let mut rest = *text;
        while let Some(first) = rest.chars().next() {
            let (key, length) = match special(rest) {
                Some((key, length)) => (Some(key), length),
                None => (None, first.len_utf8()),
            };
            match key {
                None => plain.push(first),
                Some(key) => {
                    types |= flush(&mut plain, &mut words);
                    words.push(key);
                }
            }
            rest = &rest[length..];
        }
    }
    types |= flush(&mut plain, &mut words);
    let verb = if types { "type" } else { "press" };
    format!("you {verb} {}", words.join(" "))
}

fn flush(plain: &mut String, words: &mut Vec<String>) -> bool {
    let text = std::mem::take(plain);
    if text.is_empty() {
        return false;
    }
    words.push(format!("{text:?}"));
    true
}

/// The key with which a text begins, if it is one that has no picture; and its length.
fn special(text: &str) -> Option<(String, usize)> {
    let named = KEYS.iter().find(|(sent, _)| text.starts_with(sent));
    if let Some((sent, name)) = named {
        return Some(((*name).to_owned(), sent.len()));
    }
    let control = text.strip_prefix('^')?.chars().next()?;
    ('@'..='_')
        .contains(&control)
        .then(|| (format!("Ctrl+{control}"), 2))
}

/// What was done to the terminal, or to standard input.
pub(super) fn on_terminal(action: &str, by_person: bool) -> String {
    if !by_person {
        return format!("the script: {action}");
    }
    match (action, action.strip_prefix("resize ")) {
        (_, Some(size)) => format!("you resize the window to {size}"),
        ("escape", _) => "you press Ctrl+] three times: the run ends".to_owned(),
        ("hang-up", _) => "your terminal is gone: the program's hangs up".to_owned(),
        _ => format!("you: {action}"),
    }
}

/// Keys that a person presses one after another while nothing else happens but that they are
/// read and echoed.
#[derive(Debug)]
pub(super) struct Burst<'a> {
    /// What each of them is.
    pub(super) texts: Vec<&'a str>,
    /// The events that aren't told besides.
    pub(super) folded: Vec<usize>,
}

impl<'a> Burst<'a> {
    /// Those from the event `first` on. `used`: which events aren't told.
    pub(super) fn from(events: &'a [Event], used: &[bool], first: usize) -> Self {
        let mut this = Self {
            texts: Vec::new(),
            folded: Vec::new(),
        };
        let mut waits = Vec::new();
        let mut last = events[first].t;
        let mut to_echo = String::new();
        for (index, event) in events.iter().enumerate().skip(first) {
            match &event.kind {
                _ if used[index] && index > first => {}
                // What a signal comes of is told right before it.
                Kind::Input { .. } if index > first && sends_signal(&events[index..]) => break,
                Kind::Input {
                    text,
                    by_person: true,
                } if event.t.since(last) <= PAUSE => {
                    this.texts.push(text);
                    this.folded.append(&mut waits);
                    this.folded.extend((index > first).then_some(index));
                    last = event.t;
                    to_echo += &text.replace('\r', "\r\n");
                }
                Kind::WaitBegun { .. } | Kind::WaitEnded { .. } => waits.push(index),
                Kind::Output {
                    stream: Stream::Terminal,
                    text,
                } if to_echo.starts_with(text.as_str()) => {
                    to_echo.drain(..text.len());
                    this.folded.push(index);
                }
                _ => break,
            }
        }
        this
    }
}

/// Whether the first of these events, a key, makes the kernel send a signal.
fn sends_signal(events: &[Event]) -> bool {
    let mut others = events[1..]
        .iter()
        .take_while(|event| event.t == events[0].t)
        .filter(|event| !matches!(event.kind, Kind::Output { .. }));
    others.next().is_some_and(|event| match &event.kind {
        Kind::Generated { from, .. } | Kind::Merged { from, .. } => from.as_str() == Role::KERNEL,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use siglab_model::{Signal, Time, WaitFor, WaitResult};

    use super::*;

    #[test]
    fn keys_have_names() {
        let you = |text: &str| typed(&[text], true);
        assert_eq!(you("ls -l\r"), "you type \"ls -l\" Enter");
        assert_eq!(you("^C"), "you press Ctrl+C");
        assert_eq!(you("^[[A^[[A\r"), "you press Up Up Enter");
        assert_eq!(you("^[:q!\r"), "you type Esc \":q!\" Enter");
        assert_eq!(you("2^^ caf\u{e9}"), "you type \"2\" Ctrl+^ \" caf\u{e9}\"");
        assert_eq!(typed(&["^", "C"], true), "you type \"^C\"");
        assert_eq!(typed(&["^C"], false), "the script types \"^C\"");
    }

    #[test]
    fn what_is_echoed_is_told_in_one_row() {
        let event = |millis: u64, role: Option<&str>, kind: Kind| Event {
            t: Time::from_nanos(millis * 1_000_000),
            role: role.map(Role::new),
            kind,
            call: None,
        };
        let key = |millis, text: &str| {
            let (text, by_person) = (text.to_owned(), true);
            event(millis, None, Kind::Input { text, by_person })
        };
        let shows = |millis, text: &str| {
            let (stream, text) = (Stream::Terminal, text.to_owned());
            event(millis, Some("main"), Kind::Output { stream, text })
        };
        let read = |millis| {
            let (syscall, result) = ("read".to_owned(), WaitResult::Returned(1));
            event(millis, Some("main"), Kind::WaitEnded { syscall, result })
        };
        let waits = |millis| {
            let (syscall, what, until) = ("read".to_owned(), WaitFor::Unnamed, None);
            let kind = Kind::WaitBegun {
                syscall,
                what,
                until,
            };
            event(millis, Some("main"), kind)
        };
        let burst = |events: &[Event]| {
            let Burst { texts, folded } = Burst::from(events, &vec![false; events.len()], 0);
            (texts.concat(), folded)
        };
        let typed = [
            key(0, "l"),
            read(0),
            shows(0, "l"),
            waits(0),
            key(100, "s"),
            read(100),
            shows(100, "s"),
            waits(100),
        ];
        // What it waits for afterwards is told.
        assert_eq!(burst(&typed), ("ls".to_owned(), vec![2, 1, 3, 4, 6]));
        let other = [key(0, "j"), shows(0, "~"), key(50, "j")];
        assert_eq!(
            burst(&other),
            ("j".to_owned(), vec![]),
            "it shows something else"
        );
        let (signal, from) = (Signal::INT, Role::new(Role::KERNEL));
        let merged = event(9, Some("main"), Kind::Merged { signal, from });
        let ends = [key(0, "a"), key(9, "^C"), shows(9, "^C"), merged];
        assert_eq!(burst(&ends), ("a".to_owned(), vec![]));
        let late = [key(0, "a"), key(2_001, "b")];
        assert_eq!(burst(&late), ("a".to_owned(), vec![]));
    }
}
