//! Comparing what runs wrote, line by line.

use std::collections::{BTreeMap, BTreeSet};

use siglab_model::{Kind, ProcessStatus, Stream, Trace};

/// What a run wrote, both streams together.
pub(crate) fn text_of(trace: &Trace) -> String {
    trace
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            Kind::Output { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// What may be wrong with output, as far as it is known what the handlers do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shaken {
    /// Lines may be there twice, or not at all: a handler uses what is buffered.
    pub(crate) counts: bool,
    /// Lines may be there in part.
    pub(crate) fragments: bool,
}

/// What runs in which nothing went wrong wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reference {
    lines: BTreeSet<String>,
    /// Those that came to their end.
    whole: BTreeSet<String>,
    /// What handlers wrote without ending the line.
    pieces: BTreeSet<String>,
    /// Lines that somebody saw unfinished: the program waited then, as after a prompt. What
    /// comes next tears nothing.
    prompts: BTreeSet<String>,
    /// For each line, how often it was there at the least and at the most.
    counts: BTreeMap<String, (usize, usize)>,
    runs: usize,
    statuses: Vec<Option<ProcessStatus>>,
}

impl Reference {
    pub(crate) fn add(&mut self, trace: &Trace) {
        let mut counts = count(trace);
        for text in of_handlers(trace) {
            let whole = text.split_inclusive('\n');
            for line in whole {
                match line.strip_suffix('\n') {
                    Some(line) => self.whole.insert(line.to_owned()),
                    None => self.pieces.insert(line.to_owned()),
                };
            }
        }
        self.prompts.extend(prompts(trace));
        // A moment that is taken to be harmless may be none.
        if self.runs > 0 {
            let all: BTreeSet<String> = counts.keys().cloned().collect();
            let is_torn = |line: &str| self.splice(line, &|rest| all.contains(rest)).is_some();
            counts.retain(|line, _| self.lines.contains(line) || !is_torn(line));
        }
        self.whole
            .extend(whole_lines(trace).filter(|line| counts.contains_key(line)));
        self.lines.extend(counts.keys().cloned());
        for (line, (least, most)) in &mut self.counts {
            let now = counts.get(line).copied().unwrap_or(0);
            *least = (*least).min(now);
            *most = (*most).max(now);
        }
        for (line, now) in counts {
            let least = if self.runs == 0 { now } else { 0 };
            self.counts.entry(line).or_insert((least, now));
        }
        self.runs += 1;
        self.statuses.push(trace.outcome.status);
    }

    /// What is wrong with what a run wrote.
    pub(crate) fn damage(&self, trace: &Trace, shaken: Shaken) -> Option<String> {
        let counts = count(trace);
        for line in counts.keys().filter(|line| !self.lines.contains(*line)) {
            if let Some((outer, inner)) = self.splice(line, &|rest| counts.contains_key(rest)) {
                return Some(match inner {
                    Some(inner) => format!("the line `{outer}` was torn by `{inner}`: `{line}`"),
                    None => format!("a line was torn: `{line}`"),
                });
            }
        }
        if shaken.fragments
            && let Some((line, of)) = counts.keys().find_map(|line| self.fragment(line))
        {
            return Some(format!("only `{line}` is left of the line `{of}`"));
        }
        if !shaken.counts || !self.statuses.contains(&trace.outcome.status) {
            return None;
        }
        for (line, (least, most)) in &self.counts {
            let now = counts.get(line).copied().unwrap_or(0);
            if now > *most {
                return Some(format!(
                    "the line `{line}` was written {now} times instead of {most}"
                ));
            }
            if now < *least {
                return Some(format!("the line `{line}` was lost"));
            }
        }
        None
    }

    /// Whether a line is a part of a known one. Not if numbers could be the difference.
    fn fragment<'a>(&'a self, line: &'a str) -> Option<(&'a str, &'a str)> {
        let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
        if line.is_empty() || has_digit(line) || self.lines.contains(line) {
            return None;
        }
        let is_part = |of: &&String| of.starts_with(line) || of.ends_with(line);
        let of = self.lines.iter().find(is_part)?;
        Some((line, of))
    }

    /// Whether a line is made of parts of known ones: the line that was torn, and the one
    /// that was put in its middle. `came`: whether there is this line, too. A line whose rest
    /// never came isn't torn: whoever was to write it ended before.
    fn splice(&self, line: &str, came: &dyn Fn(&str) -> bool) -> Option<(&str, Option<&str>)> {
        const SHORTEST: usize = 3;
        let is_long =
            |text: &str| text.chars().filter(|char| char.is_alphanumeric()).count() >= SHORTEST;
        let is_part =
            |part: &str, of: &str| part.is_empty() || of.starts_with(part) || of.ends_with(part);
        for inner in self.whole.iter().filter(|inner| is_long(inner)) {
            let Some(at) = line.find(inner.as_str()) else {
                continue;
            };
            let (before, after) = (&line[..at], &line[at + inner.len()..]);
            let rest = format!("{before}{after}");
            let is_known = self.pieces.contains(before) || self.pieces.contains(after);
            if !is_long(&rest) || is_known || self.prompts.contains(before) {
                continue;
            }
            let outer = self
                .whole
                .iter()
                .filter(|outer| is_long(outer))
                .filter(|outer| {
                    let left = outer.strip_prefix(before);
                    !after.is_empty() || left.is_none_or(|left| left.is_empty() || came(left))
                })
                .find(|outer| **outer == rest || (is_part(before, outer) && is_part(after, outer)));
            if let Some(outer) = outer {
                return Some((outer, Some(inner)));
            }
        }
        None
    }
}

/// What each stream got.
fn streams(trace: &Trace) -> Vec<String> {
    let mut streams: Vec<(Stream, String)> = Vec::new();
    for event in &trace.events {
        if let Kind::Output { stream, text } = &event.kind {
            match streams.iter_mut().find(|(of, _)| of == stream) {
                Some((_, all)) => all.push_str(text),
                None => streams.push((*stream, text.clone())),
            }
        }
    }
    streams.into_iter().map(|(_, text)| text).collect()
}

/// The lines that came to their end.
fn whole_lines(trace: &Trace) -> impl Iterator<Item = String> {
    streams(trace).into_iter().flat_map(|text| {
        let lines: Vec<String> = text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
            .map(str::to_owned)
            .collect();
        lines
    })
}

/// What was written of a line when somebody began to wait.
fn prompts(trace: &Trace) -> BTreeSet<String> {
    let mut unfinished: Vec<(Stream, String)> = Vec::new();
    let mut prompts = BTreeSet::new();
    for event in &trace.events {
        match &event.kind {
            Kind::Output { stream, text } => {
                let at = unfinished.iter().position(|(of, _)| of == stream);
                let at = at.unwrap_or_else(|| {
                    unfinished.push((*stream, String::new()));
                    unfinished.len() - 1
                });
                let line = &mut unfinished[at].1;
                match text.rsplit_once('\n') {
                    Some((_, rest)) => rest.clone_into(line),
                    None => line.push_str(text),
                }
            }
            Kind::WaitBegun { .. } => {
                let lines = unfinished.iter().map(|(_, line)| line);
                prompts.extend(lines.filter(|line| !line.is_empty()).cloned());
            }
            _ => {}
        }
    }
    prompts
}

/// What was written while a handler ran.
fn of_handlers(trace: &Trace) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    trace.events.iter().filter_map(move |event| {
        match &event.kind {
            Kind::HandlerEntered { .. } => depth += 1,
            Kind::HandlerLeft { .. } => depth = depth.saturating_sub(1),
            Kind::Output { text, .. } if depth > 0 => return Some(text.as_str()),
            _ => {}
        }
        None
    })
}

fn count(trace: &Trace) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in streams(trace) {
        for line in text.lines() {
            *counts.entry(line.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(texts: &[&str]) -> Reference {
        let mut reference = Reference::default();
        for text in texts {
            reference.whole.extend(text.lines().map(str::to_owned));
            reference.runs += 1;
        }
        reference
    }

    fn splice<'a>(known: &'a Reference, line: &str) -> Option<(&'a str, Option<&'a str>)> {
        known.splice(line, &|rest| rest == "world")
    }

    #[test]
    fn torn_lines_are_recognised_and_new_ones_are_not_torn() {
        let known = reference(&["hello world\ncaught 2\n"]);
        assert_eq!(
            splice(&known, "hello caught 2world"),
            Some(("hello world", Some("caught 2")))
        );
        assert_eq!(
            splice(&known, "caught 2hello world"),
            Some(("hello world", Some("caught 2")))
        );
        let torn = Some(("hello world", Some("caught 2")));
        assert_eq!(splice(&known, "hello caught 2"), torn, "the rest came");
        assert_eq!(splice(&known, "hello wocaught 2"), None, "it didn't");
        assert_eq!(splice(&known, "caught 3"), None);
        assert_eq!(splice(&known, "caught 2 times"), None);
        assert_eq!(splice(&known, "something else"), None);
        assert_eq!(splice(&known, "!!hello world"), None);
    }

    #[test]
    fn what_comes_after_a_prompt_tears_nothing() {
        let mut known = reference(&["> one\n> two\nleaving now\n"]);
        let torn = Some(("> one", Some("leaving now")));
        assert_eq!(splice(&known, "> oleaving nowne"), torn);
        known.prompts.insert("> o".to_owned());
        assert_eq!(splice(&known, "> oleaving nowne"), None);
        assert_eq!(splice(&known, "> onleaving nowe"), torn);
    }
}
