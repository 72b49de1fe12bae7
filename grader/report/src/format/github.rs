//! Workflow commands of GitHub Actions.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};

use siglab_lab::{Graded, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions, SUMMARY_LIMIT, markdown};

/// GitHub shows about this many annotations of a kind for each step.
const ANNOTATIONS: usize = 10;

/// The result for a step of a GitHub workflow: the report in a group of the log, and an
/// annotation for each criterion that doesn't hold and each error of the compiler.
///
/// The report has text of students in it. While the runner reads it, commands are stopped,
/// with a token that is made up after the program has ended. Annotations have their text
/// escaped.
#[derive(Debug)]
pub(super) struct GitHub;

impl Format for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn about(&self) -> &'static str {
        "annotations and step summary of GitHub Actions"
    }

    fn summary(&self, graded: &Graded, options: &ReportOptions, room: usize) -> Option<String> {
        Some(markdown::page(graded, options, room.min(SUMMARY_LIMIT)))
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let report = report(graded, options);
        let token = loop {
            let token = token();
            if !report.contains(&token) {
                break token;
            }
        };
        let title = data(&seen::verdict(&graded.result));
        writeln!(out, "::group::{title}\n::stop-commands::{token}")?;
        write!(out, "{report}")?;
        writeln!(out, "::{token}::\n::endgroup::")?;
        annotations(graded, options, out)
    }
}

/// The log's part: for reading, not for commands.
fn report(graded: &Graded, options: &ReportOptions) -> String {
    let mut lines: Vec<String> = seen::refusal(&graded.result).into_iter().collect();
    lines.extend(seen::compiler(&graded.result));
    for row in seen::rows(graded, options) {
        let word = word(&row);
        let points = row.points();
        lines.push(format!("{word:<6} {points:>3}  {}", row.name()));
        let why = row.why.iter().flat_map(super::seen::Why::lines);
        lines.extend(why.map(|line| format!("        {line}").trim_end().to_owned()));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// A verdict's word.
pub(super) fn word(row: &Row<'_>) -> &'static str {
    match row.criterion.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail | Verdict::Error if row.is_advice => "advice",
        Verdict::Fail => "FAIL",
        Verdict::Error => "ERROR",
        Verdict::Skipped => "skip",
    }
}

fn annotations(graded: &Graded, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let file = options.source.as_deref();
    let mut errors = Vec::new();
    let mut notices = Vec::new();
    if let Some(reason) = seen::refusal(&graded.result) {
        let compiler = compiler_errors(graded);
        let first = compiler.first().map(|(line, _)| *line);
        errors.push(("not graded".to_owned(), first, reason));
        errors.extend(
            compiler
                .into_iter()
                .map(|(line, text)| ("the compiler".to_owned(), Some(line), text)),
        );
    }
    for row in seen::rows(graded, options) {
        let Some(why) = &row.why else { continue };
        let mut message = vec![why.message.clone()];
        message.extend(why.hint.iter().map(|hint| format!("look at: {hint}")));
        let kind = if row.is_advice { "advice: " } else { "" };
        let annotation = (format!("{kind}{}", row.name()), None, message.join("\n"));
        if row.is_bad() {
            errors.push(annotation);
        } else {
            notices.push(annotation);
        }
    }
    for (command, mut list) in [("error", errors), ("notice", notices)] {
        if list.len() > ANNOTATIONS {
            let more = list.len() - (ANNOTATIONS - 1);
            list.truncate(ANNOTATIONS - 1);
            let message = format!("{more} more are in the log and in the summary");
            list.push(("more".to_owned(), None, message));
        }
        for (title, line, message) in list {
            let mut properties = Vec::new();
            if let Some(file) = file {
                properties.push(format!("file={}", property(file)));
                properties.push(format!("line={}", line.unwrap_or(1)));
            }
            properties.push(format!("title={}", property(&title)));
            writeln!(
                out,
                "::{command} {}::{}",
                properties.join(","),
                data(&message)
            )?;
        }
    }
    Ok(())
}

/// The compiler's errors with their lines, from 1: gcc's and clang's `a.c:7:9: error: ...`,
/// and rustc's `error: ...` with `--> a.rs:7:9` below it.
fn compiler_errors(graded: &Graded) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut rust = None;
    for text in seen::compiler(&graded.result) {
        if let Some((place, message)) = text.split_once(": error: ") {
            found.extend(line_of(place).map(|line| (line, message.to_owned())));
        } else if text.starts_with("error") {
            rust = Some(text);
        } else if let (Some(place), true) = (text.trim_start().strip_prefix("--> "), rust.is_some())
        {
            found.extend(line_of(place).zip(rust.take()));
        }
    }
    found
}

/// The line in `a.c:7:9` or `a.c:7`.
fn line_of(place: &str) -> Option<u32> {
    let numbers: Vec<_> = place.rsplit(':').map_while(|it| it.parse().ok()).collect();
    match numbers[..] {
        [line] | [_, line] => Some(line),
        _ => None,
    }
}

/// A text that nobody could know while the submission was running: 128 bits out of the
/// random keys that the standard library gives its hash maps.
fn token() -> String {
    let half = || RandomState::new().hash_one(0);
    format!("siglab-{:016x}{:016x}", half(), half())
}

/// A command's text.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        assert_eq!(line_of("a.c:7:9"), Some(7));
        assert_eq!(line_of("dir/a.c:12"), Some(12));
        assert_eq!(line_of("cc1: all warnings"), None);
        assert_eq!(line_of(""), None);
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(token(), token());
    }
}
