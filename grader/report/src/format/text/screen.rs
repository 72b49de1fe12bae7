//! One screen: the score, the first criterion that doesn't hold and what to do about it, and a
//! line for each of the others for which there is room.

use anstyle::Style;
use siglab_lab::{CriterionResult, Diagnosis, Verdict};
use unicode_width::UnicodeWidthStr as _;

use super::{COMPILER_LINES, Page, verdict};
use crate::style::{self, paint};
use siglab_timeline::{count, wrap};

/// The rows of a terminal, by long tradition.
const ROWS: usize = 24;
/// The prompt takes one of them.
const LINES: usize = ROWS - 1;
/// The most lines for others.
const OTHERS: usize = 6;
/// The fewest lines that are kept for what happened.
const TIMELINE: usize = 6;

impl<'a> Page<'a> {
    /// What fits on a screen, `first` being told in full.
    pub(super) fn screen(&self, first: &'a CriterionResult) -> Vec<String> {
        let mut lines = vec![verdict(&self.graded.result)];
        lines.extend(self.drawn());
        lines.push(String::new());
        lines.extend(self.whole_title(first));
        // The empty line before the others, and the last one, which counts them.
        let room = LINES.saturating_sub(lines.len() + 2);
        let (why, scenario) = match (super::seen::secret(self.graded, first), &first.diagnosis) {
            (Some(message), _) => (self.paragraph("", message, Style::new()), Vec::new()),
            (None, Some(diagnosis)) => {
                let mut scenario = self.scenario(first);
                scenario.truncate(2);
                let texts = room.saturating_sub(scenario.len() + TIMELINE);
                (self.why(diagnosis, texts), scenario)
            }
            (None, None) => (Vec::new(), Vec::new()),
        };
        let room = room.saturating_sub(why.len() + scenario.len());
        let others = self.others(first, room.saturating_sub(TIMELINE).clamp(1, OTHERS));
        // Without a scenario there is nothing to show.
        let timeline = match scenario.is_empty() {
            true => Vec::new(),
            false => self.timeline_within(first, (room + 2).saturating_sub(others.len())),
        };
        [lines, why, scenario, timeline, others].concat()
    }

    /// Message and hint in so many lines. If there isn't enough room, what to do matters more
    /// than all of what was done.
    fn why(&self, diagnosis: &Diagnosis, most: usize) -> Vec<String> {
        let mut message = self.paragraph("", &diagnosis.message, Style::new());
        let mut hint = self.paragraph("look at: ", &diagnosis.hint, style::SIGNAL);
        let half = most / 2;
        if message.len() + hint.len() > most {
            let left = most.saturating_sub(hint.len()).max(half);
            self.cut(&mut message, left);
            self.cut(&mut hint, most - message.len());
        }
        [message, hint].concat()
    }

    /// At most so many lines, with a remark that there are more.
    fn cut(&self, lines: &mut Vec<String>, most: usize) {
        if lines.len() > most {
            lines.truncate(most.saturating_sub(1));
            let remark = paint(style::QUIET, "... --all shows the rest");
            lines.push(format!("{:1$}{remark}", "", super::INDENT));
        }
    }

    /// Why there is nothing to tell of criteria: the compiler's first words.
    pub(super) fn compile_error(&self) -> Vec<String> {
        let most = LINES.saturating_sub(4);
        let mut lines = self.compiler_output(most);
        let total = self
            .graded
            .result
            .compiler_output
            .trim_end()
            .lines()
            .count();
        if total > most {
            let at = lines.len() - 1;
            lines.insert(at, paint(style::QUIET, "  --all shows more"));
        }
        lines.extend(self.verdict());
        lines
    }

    /// The title of the criterion that is told first, in two lines if need be.
    fn whole_title(&self, criterion: &CriterionResult) -> Vec<String> {
        let mark = self.mark(criterion);
        let left = style::strip(&mark).width();
        let id = self.clean(&criterion.id);
        let text = format!("{id}: {}", self.clean(&criterion.title));
        let room = self.width().max(left + 24) - left;
        let mut lines = Vec::new();
        for (number, part) in wrap(&text, room).into_iter().enumerate().take(2) {
            lines.push(match part.strip_prefix(&id) {
                Some(rest) if number == 0 => {
                    let rest = paint(style::QUIET, rest);
                    format!("{mark}{}{rest}", paint(style::HEADING, &id))
                }
                _ => format!("{:left$}{}", "", paint(style::QUIET, &part)),
            });
        }
        lines
    }

    /// As much of a timeline as has room.
    fn timeline_within(&self, criterion: &CriterionResult, room: usize) -> Vec<String> {
        let rows = (1..=self.options.excerpt_rows.min(room)).rev();
        let mut excerpts = rows.map(|rows| self.timeline(criterion, rows));
        let fits = |lines: &Vec<String>| lines.len() <= room;
        excerpts.find(fits).unwrap_or_default()
    }

    /// The others, after an empty line: those that don't hold in a line each, and how many there
    /// are of the rest.
    fn others(&self, first: &CriterionResult, most: usize) -> Vec<String> {
        let result = &self.graded.result;
        let others = result.criteria.iter().filter(|it| it.id != first.id);
        let of = |verdicts: &[Verdict]| {
            let are = |it: &&CriterionResult| verdicts.contains(&it.verdict);
            others.clone().filter(are).collect::<Vec<_>>()
        };
        let mut failing = of(&[Verdict::Fail, Verdict::Error]);
        failing.sort_by_key(|it| result.is_advice(it));
        let mut lines = vec![String::new()];
        let warnings = self.warnings();
        let most = most - usize::from(warnings.is_some()).min(most);
        lines.extend(failing.iter().take(most).map(|it| self.clipped(it)));
        lines.extend(warnings);
        let more = failing.len().saturating_sub(most);
        let counted = [
            (more, "more doesn't hold", "more don't hold"),
            (of(&[Verdict::Pass]).len(), "holds", "hold"),
            (
                of(&[Verdict::Skipped]).len(),
                "wasn't tried",
                "weren't tried",
            ),
        ];
        let counted = counted.iter().filter(|(number, ..)| *number > 0);
        let mut counted: Vec<_> = counted
            .map(|(number, one, many)| count(*number, one, many))
            .collect();
        // Points that are missing without a line that says so.
        let untried: u32 = of(&[Verdict::Skipped]).iter().map(|it| it.max_points).sum();
        if let (Some(last), 1..) = (counted.last_mut(), untried) {
            last.push_str(&format!(
                " ({})",
                count(untried as usize, "point", "points")
            ));
        }
        counted.push("--all shows everything".into());
        let counted = wrap(&counted.join("; "), self.width());
        lines.extend(counted.iter().map(|line| paint(style::QUIET, line)));
        lines
    }

    /// The line of a criterion, cut to the terminal's width.
    fn clipped(&self, criterion: &CriterionResult) -> String {
        let title = self.clean(&criterion.title);
        let Some(columns) = self.options.columns else {
            return self.title_with(criterion, &title);
        };
        let left = style::strip(&self.title_with(criterion, "")).width();
        let room = columns.saturating_sub(left);
        if title.width() <= room {
            return self.title_with(criterion, &title);
        }
        let dots = if self.options.unicode { "…" } else { "..." };
        let cut = wrap(&title, room.saturating_sub(dots.width()).max(1)).swap_remove(0);
        self.title_with(criterion, &format!("{cut}{dots}"))
    }

    /// That the compiler warns, in one line.
    fn warnings(&self) -> Option<String> {
        let output = &self.graded.result.compiler_output;
        let lines = output.trim_end().lines().take(COMPILER_LINES).count();
        (lines > 0).then(|| {
            let text = format!("the compiler warns, in {}", count(lines, "line", "lines"));
            paint(style::WARNING, &text)
        })
    }
}
