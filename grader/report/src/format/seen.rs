//! What a student may see of a result: the one place where the formats take it from.
//!
//! All text is escaped and bounded here. Of a criterion that a hidden scenario decided,
//! nothing is told but that it doesn't hold: a message has times in it, a hint may be made
//! of the trace, and even the scenario's name may say too much.

use std::collections::BTreeSet;

use siglab_lab::{CriterionResult, GradeResult, Graded, Status, Verdict};
use siglab_model::Trace;

use super::{ReportOptions, text};
use crate::{Timeline, TimelineOptions, escape, style};

/// Texts of a lab or a run are cut to this many characters.
const TEXT: usize = 1_000;
/// A line of a compiler is cut to this many characters.
const COMPILER_LINE: usize = 500;
/// Compiler output beyond this many lines is cut.
const COMPILER_LINES: usize = 40;

/// A criterion, with why it doesn't hold.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) criterion: &'a CriterionResult,
    /// Whether it has no points, so that it only advises.
    pub(super) is_advice: bool,
    /// One line.
    pub(super) id: String,
    /// One line.
    pub(super) title: String,
    /// Absent if it holds or wasn't tried.
    pub(super) why: Option<Why>,
}

/// Why a criterion doesn't hold.
#[derive(Debug)]
pub(super) struct Why {
    /// A stable name; `hidden` if a hidden scenario decided.
    pub(super) id: String,
    /// One line.
    pub(super) message: String,
    /// One line.
    pub(super) hint: Option<String>,
    /// One line.
    pub(super) scenario: Option<String>,
    /// The part of the timeline that decided; lines without line ends.
    pub(super) timeline: Vec<String>,
}

impl Row<'_> {
    /// `double-sigint-kills: A second SIGINT kills the child`.
    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.id, self.title)
    }

    /// Why it doesn't hold, in lines; what only advises says so.
    pub(super) fn told(&self) -> Option<Vec<String>> {
        let mut lines = self.why.as_ref()?.lines();
        if let (true, Some(first)) = (self.is_advice, lines.first_mut()) {
            first.insert_str(0, "advice: ");
        }
        Some(lines)
    }

    /// `1/2`; a dash if there are none to be had.
    pub(super) fn points(&self) -> String {
        text::points(self.criterion)
    }

    /// Whether it counts and doesn't hold, or could not be decided.
    pub(super) fn is_bad(&self) -> bool {
        !self.is_advice && matches!(self.criterion.verdict, Verdict::Fail | Verdict::Error)
    }
}

impl Why {
    /// All of it as lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.message.clone()];
        if let Some(hint) = &self.hint {
            lines.push(format!("look at: {hint}"));
        }
        if let Some(scenario) = &self.scenario {
            lines.push(format!("in the scenario {scenario}"));
        }
        if !self.timeline.is_empty() {
            lines.push(String::new());
            lines.extend(self.timeline.iter().cloned());
        }
        lines
    }
}

/// The criteria, in the manifest's order.
pub(super) fn rows<'a>(graded: &'a Graded, options: &ReportOptions) -> Vec<Row<'a>> {
    let rows = graded.result.criteria.iter().map(|criterion| Row {
        criterion,
        is_advice: graded.result.is_advice(criterion),
        id: line(&criterion.id),
        title: line(&criterion.title),
        why: why(graded, criterion, options),
    });
    rows.collect()
}

fn why(graded: &Graded, criterion: &CriterionResult, options: &ReportOptions) -> Option<Why> {
    if matches!(criterion.verdict, Verdict::Pass | Verdict::Skipped) {
        return None;
    }
    if let Some(message) = secret(graded, criterion) {
        return Some(Why {
            id: "hidden".into(),
            message: message.into(),
            hint: None,
            scenario: None,
            timeline: Vec::new(),
        });
    }
    let run = graded.run_of(criterion);
    let diagnosis = criterion.diagnosis.as_ref();
    Some(Why {
        id: diagnosis.map_or_else(|| "unknown".into(), |it| line(&it.id)),
        message: diagnosis.map_or_else(|| "it doesn't hold".into(), |it| paragraph(&it.message)),
        hint: diagnosis.map(|it| paragraph(&it.hint)),
        scenario: run.map(|run| line(&format!("{}: {}", run.id, run.title))),
        timeline: graded
            .trace_of(criterion)
            .and_then(Result::ok)
            .map_or_else(Vec::new, |trace| {
                let around = diagnosis.map(siglab_lab::Diagnosis::moments);
                let around = around.unwrap_or_default();
                timeline(trace, &around, options)
            }),
    })
}

/// What may be told if a hidden scenario decided; absent if none did.
pub(super) fn secret(graded: &Graded, criterion: &CriterionResult) -> Option<&'static str> {
    criterion.scenario.as_ref()?;
    // A scenario that nothing is known of may be a hidden one.
    let hidden = graded.run_of(criterion).is_none_or(|run| run.hidden);
    hidden.then_some(secret_words(criterion))
}

fn secret_words(criterion: &CriterionResult) -> &'static str {
    match criterion.verdict {
        Verdict::Error => "it could not be decided in a scenario whose steps aren't shown",
        _ => "it doesn't hold in a scenario whose steps aren't shown",
    }
}

/// A result in lines, for where there is no room for more. Of its runs nothing is known any
/// more but the ids of the scenarios that aren't hidden.
pub(crate) fn feedback(result: &GradeResult, shown: &BTreeSet<String>) -> String {
    let mut lines = vec![verdict(result)];
    lines.extend(refusal(result).filter(|_| result.message.is_some()));
    if result.status == Status::CompileError {
        lines.extend(compiler(result));
    }
    let tried = result.criteria.iter().filter(|it| {
        matches!(it.verdict, Verdict::Fail | Verdict::Error) && result.status == Status::Graded
    });
    for criterion in tried {
        let is_hidden = |id: &String| !shown.contains(id);
        let kind = if result.is_advice(criterion) {
            "advice: "
        } else {
            ""
        };
        let name = format!("{kind}{}: {}", line(&criterion.id), line(&criterion.title));
        if criterion.scenario.as_ref().is_some_and(is_hidden) {
            lines.push(format!("{name}: {}", secret_words(criterion)));
            continue;
        }
        let Some(diagnosis) = &criterion.diagnosis else {
            lines.push(format!("{name}: it doesn't hold"));
            continue;
        };
        lines.push(format!("{name}: {}", paragraph(&diagnosis.message)));
        if !diagnosis.hint.is_empty() {
            lines.push(format!("look at: {}", paragraph(&diagnosis.hint)));
        }
    }
    lines.join("\n")
}

fn timeline(trace: &Trace, around: &[siglab_model::Time], options: &ReportOptions) -> Vec<String> {
    if options.excerpt_rows == 0 {
        return Vec::new();
    }
    let timeline_options = TimelineOptions {
        unicode: options.unicode,
        ..TimelineOptions::default()
    };
    let timeline = Timeline::new(trace, timeline_options).excerpt(options.excerpt_rows, around);
    let styled = timeline.to_string();
    style::strip(&styled).lines().map(line).collect()
}

/// Why there was nothing to try, if the submission wasn't graded: one line.
pub(super) fn refusal(result: &GradeResult) -> Option<String> {
    let reason = match result.status {
        Status::Graded => return None,
        Status::CompileError => "it does not compile",
        Status::Refused => "the submission was refused",
        Status::InternalError => "siglab failed, so this score says nothing about the program",
    };
    Some(match &result.message {
        Some(message) => format!("{reason}: {}", line(message.trim())),
        None => reason.to_owned(),
    })
}

/// What the compiler said: lines without line ends.
pub(super) fn compiler(result: &GradeResult) -> Vec<String> {
    let output = result.compiler_output.trim_end();
    let total = output.lines().count();
    let mut lines: Vec<_> = output
        .lines()
        .take(COMPILER_LINES)
        .flat_map(|line| {
            let text = cut(line, COMPILER_LINE);
            escape::lines(&text)
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    if total > COMPILER_LINES {
        lines.push(format!("... and {} more lines", total - COMPILER_LINES));
    }
    lines
}

/// The whole result in one line, without styles.
pub(super) fn verdict(result: &GradeResult) -> String {
    style::strip(&text::verdict(result))
}

/// One line, escaped and bounded.
pub(super) fn line(text: &str) -> String {
    escape::line(&cut(text, TEXT), true)
}

/// A text of several lines as one.
fn paragraph(text: &str) -> String {
    line(&text.trim().replace('\n', " "))
}

/// The first `width` characters of a text, and how many were left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{}... (+{left} characters)", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("żółć", 4), "żółć");
        assert_eq!(cut("żółć", 2), "żó... (+2 characters)");
    }
}
