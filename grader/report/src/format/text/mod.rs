//! For a person at a terminal.

mod screen;

use std::collections::HashSet;
use std::io::{self, Write};

use anstyle::Style;
use siglab_lab::{CriterionResult, Diagnosis, GradeResult, Graded, Status, Verdict};
use siglab_model::Trace;
use siglab_timeline::{count, wrap};

use super::{Format, ReportOptions, seen};
use crate::style::{self, paint};
use crate::{Timeline, TimelineOptions, escape};

/// Compiler output beyond this many lines is cut.
const COMPILER_LINES: usize = 40;
/// Texts are wrapped at this column, in narrower terminals at theirs.
const WIDTH: usize = 96;
/// The fewest columns that a text is wrapped at.
const LEAST_WIDTH: usize = 24;
/// How far what is told of a criterion is indented.
const INDENT: usize = 8;

/// The result for a person. Of a criterion that doesn't hold: what the program did, when, and
/// what to look at. The first of them comes first, and all is on one screen, unless everything
/// was asked for.
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
        let page = Page { graded, options };
        let lines = match (options.all, first(&graded.result)) {
            (false, Some(first)) => page.screen(first),
            (false, None) if graded.result.status == Status::CompileError => page.compile_error(),
            _ => page.all(),
        };
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// The criterion that is told first: one that costs points before advice.
fn first(result: &GradeResult) -> Option<&CriterionResult> {
    let doesnt_hold = |it: &&CriterionResult| matches!(it.verdict, Verdict::Fail | Verdict::Error);
    let tried = result.criteria.iter().filter(doesnt_hold);
    let mut tried = tried.filter(|_| result.status == Status::Graded);
    let counts = tried.clone().find(|it| !result.is_advice(it));
    counts.or_else(|| tried.next())
}

struct Page<'a> {
    graded: &'a Graded,
    options: &'a ReportOptions,
}

impl<'a> Page<'a> {
    /// Everything, in the manifest's order, and the score.
    fn all(&self) -> Vec<String> {
        let result = &self.graded.result;
        let mut lines = self.compiler_output(COMPILER_LINES);
        if let Some(message) = &result.message {
            lines.push(paint(style::BAD, &self.clean(message)));
            lines.push(String::new());
        }
        let mut shown = HashSet::new();
        for criterion in &result.criteria {
            lines.push(self.title(criterion));
            let told = self.told(criterion, &mut shown);
            if !told.is_empty() {
                lines.extend(told);
                lines.push(String::new());
            }
        }
        if lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        lines.extend(self.verdict());
        lines
    }

    /// The whole result, the last line, after what its moments were drawn from, if they were.
    fn verdict(&self) -> Vec<String> {
        let verdict = verdict(&self.graded.result);
        self.drawn().into_iter().chain([verdict]).collect()
    }

    fn drawn(&self) -> Option<String> {
        let result = &self.graded.result;
        let seed = result.seed.filter(|_| result.status == Status::Graded)?;
        let text = format!("moments drawn from the seed {seed}");
        Some(paint(style::QUIET, &text))
    }

    fn clean(&self, text: &str) -> String {
        escape::line(text, self.options.unicode)
    }

    /// The columns that there are for texts.
    fn width(&self) -> usize {
        self.options
            .columns
            .unwrap_or(WIDTH)
            .clamp(LEAST_WIDTH, WIDTH)
    }

    /// What the compiler wrote, and an empty line.
    fn compiler_output(&self, most: usize) -> Vec<String> {
        let result = &self.graded.result;
        let output = result.compiler_output.trim_end();
        let mut lines = Vec::new();
        if output.is_empty() {
            return lines;
        }
        let (title, style) = match result.status {
            Status::CompileError => ("It does not compile. The compiler says:", style::BAD),
            _ => ("The compiler warns:", style::WARNING),
        };
        lines.push(paint(style, title));
        let total = output.lines().count();
        for line in output.lines().take(most) {
            lines.push(format!("  {}", escape::lines(line)));
        }
        if total > most {
            let more = count(total - most, "more line", "more lines");
            lines.push(format!("  {}", paint(style::QUIET, &format!("... {more}"))));
        }
        lines.push(String::new());
        lines
    }

    /// The line of a criterion: `✘ FAIL  0/1  its-id: Its title`.
    fn title(&self, criterion: &CriterionResult) -> String {
        let title = self.clean(&criterion.title);
        self.title_with(criterion, &title)
    }

    fn title_with(&self, criterion: &CriterionResult, title: &str) -> String {
        let id = paint(style::HEADING, &self.clean(&criterion.id));
        let title = paint(style::QUIET, title);
        format!("{}{id}: {title}", self.mark(criterion))
    }

    /// What comes before a criterion's id.
    fn mark(&self, criterion: &CriterionResult) -> String {
        let result = &self.graded.result;
        let widest = result.criteria.iter().map(|it| points(it).len()).max();
        let widest = widest.unwrap_or(0);
        let (word, symbol, style) = look(result, criterion);
        let symbol = if self.options.unicode { symbol } else { "" };
        let mark = paint(style, format!("{symbol} {word:<6}").trim_start());
        format!("{mark}  {:>widest$}  ", points(criterion))
    }

    /// Why a criterion doesn't hold or wasn't tried. A scenario's timeline is there if `shown`
    /// didn't have it.
    fn told(&self, criterion: &'a CriterionResult, shown: &mut HashSet<&'a str>) -> Vec<String> {
        let Some(diagnosis) = &criterion.diagnosis else {
            return Vec::new();
        };
        if criterion.verdict == Verdict::Pass {
            return Vec::new();
        }
        if let Some(message) = seen::secret(self.graded, criterion) {
            return self.paragraph("", message, Style::new());
        }
        let mut lines = self.diagnosis(diagnosis);
        let Some(run) = self.graded.run_of(criterion) else {
            return lines;
        };
        let is_own = self.graded.explored.contains_key(&criterion.id);
        if !is_own && !shown.insert(&run.id) {
            let id = self.clean(&run.id);
            let text = format!("in the scenario {id}, shown above");
            lines.extend(self.paragraph("", &text, Style::new()));
            return lines;
        }
        lines.extend(self.scenario(criterion));
        lines.extend(self.timeline(criterion, self.options.excerpt_rows));
        lines
    }

    fn diagnosis(&self, diagnosis: &Diagnosis) -> Vec<String> {
        let mut lines = self.paragraph("", &diagnosis.message, Style::new());
        lines.extend(self.paragraph("look at: ", &diagnosis.hint, style::SIGNAL));
        lines
    }

    /// A text, wrapped and indented.
    fn paragraph(&self, title: &str, text: &str, style: Style) -> Vec<String> {
        let indent = INDENT + title.len();
        let mut lines = Vec::new();
        for text in text.trim().lines() {
            for part in wrap(&self.clean(text), self.width() - indent) {
                let title = if lines.is_empty() { title } else { "" };
                let pad = " ".repeat(indent - title.len());
                lines.push(format!("{pad}{}{part}", paint(style, title)));
            }
        }
        lines
    }

    /// Which scenario decided.
    fn scenario(&self, criterion: &CriterionResult) -> Vec<String> {
        let Some(run) = self.graded.run_of(criterion) else {
            return Vec::new();
        };
        let (id, title) = (self.clean(&run.id), self.clean(&run.title));
        self.paragraph("", &format!("in the scenario {id}: {title}"), Style::new())
    }

    /// What happened in the scenario that decided.
    fn timeline(&self, criterion: &CriterionResult, rows: usize) -> Vec<String> {
        match self.graded.trace_of(criterion) {
            Some(Ok(trace)) => self.excerpt(criterion, trace, rows),
            Some(Err(error)) => vec![format!("          {}", self.clean(&error))],
            None => Vec::new(),
        }
    }

    fn excerpt(&self, criterion: &CriterionResult, trace: &Trace, rows: usize) -> Vec<String> {
        let rows = rows.min(self.options.excerpt_rows);
        if rows == 0 {
            return Vec::new();
        }
        let indent = self.timeline_indent();
        let options = TimelineOptions {
            unicode: self.options.unicode,
            columns: self.options.columns.map(|it| it.saturating_sub(indent)),
            ..TimelineOptions::default()
        };
        let around = criterion.diagnosis.as_ref().map(Diagnosis::moments);
        let timeline = Timeline::new(trace, options).excerpt(rows, &around.unwrap_or_default());
        let timeline = timeline.to_string();
        let lines = timeline.lines();
        lines.map(|line| format!("{:indent$}{line}", "")).collect()
    }

    /// Timelines are wide, and have spaces at their left.
    fn timeline_indent(&self) -> usize {
        match self.options.columns {
            Some(columns) if columns < WIDTH => 0,
            _ => INDENT + 2,
        }
    }
}

/// The whole result in one line, with ANSI styles: `terminator (c): 7 of 10 points, not
/// full marks; 1 piece of advice`.
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
    let advice = match result.advice().count() {
        0 => String::new(),
        number => format!("; {}", count(number, "piece of advice", "pieces of advice")),
    };
    format!("{lab}{language}: {score}, {text}{advice}")
}

/// A verdict's word, symbol and colour.
fn look(result: &GradeResult, criterion: &CriterionResult) -> (&'static str, &'static str, Style) {
    match criterion.verdict {
        Verdict::Pass => ("pass", "✔", style::GOOD),
        Verdict::Fail | Verdict::Error if result.is_advice(criterion) => {
            ("advice", "•", style::WARNING)
        }
        Verdict::Fail => ("FAIL", "✘", style::BAD),
        Verdict::Error => ("ERROR", "!", style::BAD),
        Verdict::Skipped => ("skip", "-", style::QUIET),
    }
}

/// `1/2`; a dash if there are none to be had.
pub(super) fn points(criterion: &CriterionResult) -> String {
    if criterion.max_points == 0 {
        "-".to_owned()
    } else {
        format!("{}/{}", criterion.points, criterion.max_points)
    }
}
