//! For a person at a terminal.

use std::collections::HashSet;
use std::io::{self, Write};

use anstyle::Style;
use siglab_lab::{CriterionResult, Diagnosis, GradeResult, Graded, Status, Verdict};
use siglab_model::{Time, Trace};

use super::{Format, ReportOptions, seen};
use crate::style::{self, paint};
use crate::timeline::words::count;
use crate::{Timeline, TimelineOptions, escape};

/// Compiler output beyond this many lines is cut.
const COMPILER_LINES: usize = 40;
/// Texts are wrapped at this column.
const WIDTH: usize = 96;

/// The result for a person: every criterion with its points; for one that doesn't hold,
/// what the program did, when, and what to look at.
#[derive(Debug)]
pub(super) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "for people"
    }

    fn is_styled(&self) -> bool {
        true
    }

    fn is_for_programs(&self) -> bool {
        false
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        Page {
            graded,
            options,
            out,
            shown: HashSet::new(),
            is_apart: false,
        }
        .write()
    }
}

struct Page<'a> {
    graded: &'a Graded,
    options: &'a ReportOptions,
    out: &'a mut dyn Write,
    /// The scenarios whose timelines have been shown.
    shown: HashSet<&'a str>,
    /// Whether the last line is empty.
    is_apart: bool,
}

impl<'a> Page<'a> {
    fn write(&mut self) -> io::Result<()> {
        let result = &self.graded.result;
        self.compiler_output(result)?;
        if let Some(message) = &result.message {
            writeln!(self.out, "{}\n", paint(style::BAD, &self.clean(message)))?;
        }
        let widest = result
            .criteria
            .iter()
            .map(|c| points(c).len())
            .max()
            .unwrap_or(0);
        for criterion in &result.criteria {
            self.criterion(criterion, widest)?;
        }
        self.score(result)
    }

    fn clean(&self, text: &str) -> String {
        escape::line(text, self.options.unicode)
    }

    fn compiler_output(&mut self, result: &GradeResult) -> io::Result<()> {
        let output = result.compiler_output.trim_end();
        if output.is_empty() {
            return Ok(());
        }
        let (title, style) = match result.status {
            Status::CompileError => ("It does not compile. The compiler says:", style::BAD),
            _ => ("The compiler warns:", style::WARNING),
        };
        writeln!(self.out, "{}", paint(style, title))?;
        let total = output.lines().count();
        for line in output.lines().take(COMPILER_LINES) {
            writeln!(self.out, "  {}", escape::lines(line))?;
        }
        if total > COMPILER_LINES {
            let more = count(total - COMPILER_LINES, "more line", "more lines");
            writeln!(
                self.out,
                "  {}",
                paint(style::QUIET, &format!("... {more}"))
            )?;
        }
        writeln!(self.out)
    }

    fn criterion(&mut self, criterion: &'a CriterionResult, widest: usize) -> io::Result<()> {
        let (word, symbol, style) = look(criterion);
        let symbol = if self.options.unicode { symbol } else { "" };
        let mark = paint(style, format!("{symbol} {word:<5}").trim_start());
        let points = points(criterion);
        let id = self.clean(&criterion.id);
        let title = paint(style::QUIET, &self.clean(&criterion.title));
        let id = paint(style::HEADING, &id);
        writeln!(self.out, "{mark}  {points:>widest$}  {id}: {title}")?;
        self.is_apart = false;
        if let Some(diagnosis) = &criterion.diagnosis
            && criterion.verdict != Verdict::Pass
        {
            match seen::secret(self.graded, criterion) {
                Some(message) => self.paragraph("", message, Style::new())?,
                None => {
                    self.diagnosis(diagnosis)?;
                    self.evidence(criterion, diagnosis)?;
                }
            }
            writeln!(self.out)?;
            self.is_apart = true;
        }
        Ok(())
    }

    fn diagnosis(&mut self, diagnosis: &Diagnosis) -> io::Result<()> {
        self.paragraph("", &diagnosis.message, Style::new())?;
        self.paragraph("look at: ", &diagnosis.hint, style::SIGNAL)
    }

    /// A text, wrapped and indented.
    fn paragraph(&mut self, title: &str, text: &str, style: Style) -> io::Result<()> {
        for (index, text) in text.trim().lines().enumerate() {
            let text = self.clean(text);
            let indent = 8 + title.len();
            for (line, part) in wrap(&text, WIDTH - indent).into_iter().enumerate() {
                let title = if index == 0 && line == 0 { title } else { "" };
                let pad = " ".repeat(indent - title.len());
                writeln!(self.out, "{pad}{}{part}", paint(style, title))?;
            }
        }
        Ok(())
    }

    /// What happened in the scenario that decided.
    fn evidence(
        &mut self,
        criterion: &'a CriterionResult,
        diagnosis: &Diagnosis,
    ) -> io::Result<()> {
        let Some(run) = self.graded.run_of(criterion) else {
            return Ok(());
        };
        let Some(outcome) = self.graded.trace_of(criterion) else {
            return Ok(());
        };
        let id = self.clean(&run.id);
        let is_own = self.graded.explored.contains_key(&criterion.id);
        if !is_own && !self.shown.insert(&run.id) {
            return writeln!(self.out, "        in the scenario {id}, shown above");
        }
        let title = self.clean(&run.title);
        writeln!(self.out, "        in the scenario {id}: {title}")?;
        self.timeline(outcome, moment(&diagnosis.message))
    }

    fn timeline(
        &mut self,
        outcome: Result<&Trace, String>,
        around: Option<Time>,
    ) -> io::Result<()> {
        let trace = match outcome {
            Ok(trace) => trace,
            Err(error) => {
                let error = self.clean(&error);
                return writeln!(self.out, "          {error}");
            }
        };
        if self.options.excerpt_rows == 0 {
            return Ok(());
        }
        let options = TimelineOptions {
            unicode: self.options.unicode,
            ..TimelineOptions::default()
        };
        let timeline = Timeline::new(trace, options).excerpt(self.options.excerpt_rows, around);
        for line in timeline.to_string().lines() {
            writeln!(self.out, "          {line}")?;
        }
        Ok(())
    }

    fn score(&mut self, result: &GradeResult) -> io::Result<()> {
        if !self.is_apart {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{}", verdict(result))
    }
}

/// The whole result in one line, with ANSI styles: `terminator (c): 7 of 10 points, not
/// full marks`.
#[must_use]
pub fn verdict(result: &GradeResult) -> String {
    let lab = escape::line(&result.lab, true);
    let language = match result.language {
        Some(language) => format!(" ({language})"),
        None => String::new(),
    };
    let (text, style) = match result.status {
        Status::Graded if result.full_marks() => ("full marks", style::GOOD),
        Status::Graded => ("not full marks", style::WARNING),
        Status::CompileError => ("it does not compile", style::BAD),
        Status::Refused => ("refused", style::BAD),
        Status::InternalError => (
            "siglab failed, so this score says nothing about the program",
            style::BAD,
        ),
    };
    let points = count(result.max_score as usize, "point", "points");
    let score = paint(style, &format!("{} of {points}", result.score));
    format!("{lab}{language}: {score}, {text}")
}

/// A verdict's word, symbol and colour.
fn look(criterion: &CriterionResult) -> (&'static str, &'static str, Style) {
    match criterion.verdict {
        Verdict::Pass => ("pass", "✔", style::GOOD),
        Verdict::Fail if criterion.informational => ("note", "•", style::WARNING),
        Verdict::Fail => ("FAIL", "✘", style::BAD),
        Verdict::Error => ("ERROR", "!", style::BAD),
        Verdict::Skipped => ("skip", "-", style::QUIET),
    }
}

fn points(criterion: &CriterionResult) -> String {
    if criterion.informational {
        "info".to_owned()
    } else {
        format!("{}/{}", criterion.points, criterion.max_points)
    }
}

/// The first moment that a message names: `1.200s`, `1200.000 ms`.
pub(super) fn moment(message: &str) -> Option<Time> {
    let words: Vec<&str> = message
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    words.iter().enumerate().find_map(|(index, word)| {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let starts = word.starts_with(|c: char| c.is_ascii_digit());
        starts.then(|| {
            word.parse()
                .or_else(|_| format!("{word}{next}").parse())
                .ok()
        })?
    })
}

/// Breaks a text into lines of at most `width` characters, at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("antidisestablishment is", 7),
            ["antidisestablishment", "is"]
        );
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn moments_are_found_in_messages() {
        let ms = |ms: u64| Some(Time::from_nanos(ms * 1_000_000));
        assert_eq!(
            moment("the parent sent SIGINT 2 times, at 1.200s and 2s"),
            ms(1200)
        );
        assert_eq!(moment("at 500.000 ms, it"), ms(500));
        assert_eq!(moment("nothing at all, 3 times"), None);
    }
}
