//! Writes the trace: events, and the output between them.

use std::collections::BTreeMap;

use siglab_model::{Event, Kind, Role, Stream, Time};

use super::callers::Callers;

/// Collects events. Output is held back and joined until something else happens, so that
/// the trace doesn't depend on when siglab looked at a pipe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) events: Vec<Event>,
    held: Option<Held>,
    /// The lines that calls come from, where a run looks for them.
    pub(crate) callers: Callers,
    /// What the pids of the run, and siglab's own, are called.
    names: BTreeMap<i32, Role>,
    /// The output since the last step of the script that waited for some; kept only if
    /// the script has such steps.
    pub(crate) unmatched: Option<String>,
    /// How much output the run may make; more than that isn't kept either.
    pub(crate) most_kept: Option<u64>,
    /// Bytes of output so far.
    pub(crate) output_bytes: u64,
}

/// Output beyond this many bytes is passed on, and counted, but not kept in the trace.
const MOST_KEPT: u64 = 16 << 20;

#[derive(Clone, Debug)]
struct Held {
    t: Time,
    /// Absent for what a terminal echoes: nobody in the run wrote that.
    role: Option<Role>,
    streams: BTreeMap<Stream, Vec<u8>>,
}

impl Recorder {
    /// From now on `pid` is called `role`.
    pub(crate) fn name(&mut self, pid: i32, role: Role) {
        self.names.insert(pid, role);
    }

    /// What `pid` is called.
    pub(crate) fn role(&self, pid: i32) -> Option<&Role> {
        self.names.get(&pid)
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, t: Time, role: Option<Role>, kind: Kind) {
        self.flush();
        let call = self.callers.of(role.as_ref(), &kind);
        self.events.push(Event {
            t,
            role,
            kind,
            call,
        });
    }

    /// Adds output that `role` wrote.
    pub(crate) fn output(&mut self, t: Time, role: Option<&Role>, stream: Stream, bytes: &[u8]) {
        self.output_bytes += bytes.len() as u64;
        if self.output_bytes > self.most_kept.unwrap_or(MOST_KEPT).min(MOST_KEPT) {
            return;
        }
        if self
            .held
            .as_ref()
            .is_some_and(|held| held.role.as_ref() != role || held.t != t)
        {
            self.flush();
        }
        self.held
            .get_or_insert_with(|| Held {
                t,
                role: role.cloned(),
                streams: BTreeMap::new(),
            })
            .streams
            .entry(stream)
            .or_default()
            .extend_from_slice(bytes);
    }

    /// Makes events of the output that is held back.
    pub(crate) fn flush(&mut self) {
        let Some(held) = self.held.take() else { return };
        for (stream, bytes) in held.streams {
            let text = self.with_roles(&String::from_utf8_lossy(&bytes));
            if let Some(unmatched) = &mut self.unmatched {
                unmatched.push_str(&text);
            }
            self.events.push(Event {
                t: held.t,
                role: held.role.clone(),
                kind: Kind::Output { stream, text },
                call: None,
            });
        }
    }

    /// Whether the output since the last match contains `text`; if so, forgets all up to
    /// its end.
    pub(crate) fn match_output(&mut self, text: &str) -> bool {
        self.flush();
        let Some(unmatched) = &mut self.unmatched else {
            return false;
        };
        let Some(at) = unmatched.find(text) else {
            return false;
        };
        unmatched.drain(..at + text.len());
        true
    }

    /// Replaces numbers that are pids of the run by `<role>`. Only numbers of three digits
    /// and more: smaller ones are pids only in a young pid namespace, and are more often
    /// something else. Nor those that a letter follows (`4ee378dd`), nor lines of files
    /// (`main.c:378`), which a pid may happen to be equal to.
    fn with_roles(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            result.push_str(before);
            let end = from
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            let is_of_word = |char: char| char.is_alphanumeric() || char == '_';
            let is_part = after.starts_with(is_of_word);
            let is_line = result
                .strip_suffix(':')
                .and_then(|file| file.split_whitespace().next_back())
                .is_some_and(|word| word.contains('.'));
            let role = ((3..=7).contains(&digits.len()) && !is_part && !is_line)
                .then(|| digits.parse().ok())
                .flatten()
                .filter(|_| !digits.starts_with('0'))
                .and_then(|pid: i32| self.names.get(&pid));
            match role {
                Some(role) => {
                    result.push('<');
                    result.push_str(role.as_str());
                    result.push('>');
                }
                None => result.push_str(digits),
            }
            rest = after;
        }
        result.push_str(rest);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pids_in_output_are_named() {
        let mut recorder = Recorder::default();
        recorder.name(4711, Role::new("main"));
        recorder.name(12, Role::new("child"));
        let text = recorder.with_roles("pid 4711: 14711 47110 04711 (4711) 12\n4711");
        assert_eq!(text, "pid <main>: 14711 47110 04711 (<main>) 12\n<main>");
        let text = recorder.with_roles("pid:4711 lock4711 start.c:4711:3 h4ee4711dd 4711th");
        assert_eq!(
            text,
            "pid:<main> lock<main> start.c:4711:3 h4ee4711dd 4711th"
        );
    }

    #[test]
    fn output_is_joined_until_something_else_happens() {
        let mut recorder = Recorder {
            unmatched: Some(String::new()),
            ..Recorder::default()
        };
        let (main, child) = (Role::new("main"), Role::new("child"));
        recorder.output(Time::ZERO, Some(&main), Stream::Stdout, b"caf\xc3");
        recorder.output(Time::ZERO, Some(&main), Stream::Stderr, b"!");
        recorder.output(Time::ZERO, Some(&main), Stream::Stdout, b"\xa9\n");
        recorder.output(Time::ZERO, Some(&child), Stream::Stdout, b"x");
        assert!(recorder.match_output("caf\u{e9}"));
        assert!(!recorder.match_output("caf"));
        let texts: Vec<_> = recorder
            .events
            .iter()
            .map(|event| match &event.kind {
                Kind::Output { text, .. } => text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(texts, ["caf\u{e9}\n", "!", "x"]);
    }
}
