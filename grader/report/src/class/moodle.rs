//! Moodle: the offline grading worksheet of an assignment, filled in.

use super::sheet::{self, Sheet};
use super::{Scores, SheetError};

/// An offline grading worksheet, as Moodle gave it out for one assignment.
///
/// Its headings are in the language of whoever downloaded it, and Moodle takes it back in
/// that language only; so columns are told apart by what is in them, and none is renamed,
/// added or left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoodleWorksheet {
    sheet: Sheet,
    columns: Columns,
}

impl MoodleWorksheet {
    /// Recognises the worksheet by its columns.
    ///
    /// # Errors
    /// If `sheet` isn't one, or its columns can't be told apart.
    pub fn recognise(sheet: &Sheet) -> Result<Self, SheetError> {
        sheet.check()?;
        Ok(Self {
            columns: Columns::recognise(sheet)?,
            sheet: sheet.clone(),
        })
    }

    /// The column of Moodle's identifiers, `Participant 12`. The number at the end is in the
    /// names of submissions, too: see [`number_at_end`].
    #[must_use]
    pub fn identifier(&self) -> usize {
        self.columns.identifier
    }

    /// The column of names; absent if the assignment is marked anonymously.
    #[must_use]
    pub fn name(&self) -> Option<usize> {
        // Before the grade there always is the submission's status, and whatever else the
        // site shows of students is after their names.
        let after = self.columns.identifier + 1;
        (after + 1 < self.columns.grade).then_some(after)
    }

    /// The other columns before the grade: addresses, numbers, the submission's status.
    pub fn others(&self) -> impl Iterator<Item = usize> {
        let (identifier, name) = (self.identifier(), self.name());
        (0..self.columns.grade).filter(move |at| *at != identifier && Some(*at) != name)
    }

    /// The worksheet with grades, on its own scale, and with feedback comments if it has
    /// them. Whoever has no score keeps what is there. When a grade was last modified stays
    /// as it was: by that, Moodle finds grades that were changed after the download.
    ///
    /// # Errors
    /// If it can't be written as CSV.
    pub fn fill(&self, scores: &Scores) -> Result<String, SheetError> {
        let mut sheet = self.sheet.clone();
        for (at, score) in scores {
            let Some(line) = sheet.lines.get_mut(*at) else {
                continue;
            };
            let highest = &line[self.columns.highest];
            line[self.columns.grade] = sheet::scaled(score.points, score.max_points, highest);
            if let (Some(feedback), false) = (self.columns.feedback, score.feedback.is_empty()) {
                line[feedback] = html(&score.feedback);
            }
        }
        sheet.write()
    }
}

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Columns {
    identifier: usize,
    grade: usize,
    highest: usize,
    feedback: Option<usize>,
}

impl Columns {
    /// Finds the columns by Moodle's English headings, or else by what is in them and by
    /// the order in which Moodle writes them.
    fn recognise(sheet: &Sheet) -> Result<Self, SheetError> {
        let (grade, highest) = match (sheet.column("Grade"), sheet.column("Maximum grade")) {
            (Some(grade), Some(highest)) => (grade, highest),
            _ => grade_and_highest(sheet).ok_or_else(|| {
                sheet.unclear("no one column holds the highest grade, with the grade before it")
            })?,
        };
        // Moodle writes it first; students' ID numbers may look alike.
        let identifier = sheet
            .column("Identifier")
            .or_else(|| (0..grade).find(|at| is_identifier(sheet, *at)))
            .ok_or_else(|| {
                sheet.unclear(
                    "no column before the grade holds a word and a number for each student",
                )
            })?;
        let modified = match sheet.column("Last modified (grade)") {
            Some(at) => at,
            None => modified(sheet, highest).ok_or_else(|| {
                sheet.unclear("no one column says when the grade was last modified")
            })?,
        };
        if !(identifier < grade && grade < highest && highest < modified) {
            return Err(sheet.unclear("they aren't in Moodle's order"));
        }
        let last = sheet.headings.len() - 1;
        let feedback = sheet
            .column("Feedback comments")
            .or((last == modified + 1).then_some(last));
        Ok(Self {
            identifier,
            grade,
            highest,
            feedback,
        })
    }
}

/// `Participant 12` for each student, in any language.
fn is_identifier(sheet: &Sheet, at: usize) -> bool {
    let word = |line: &[String]| {
        let cell = line[at].as_str();
        cell.strip_suffix(number_at_end(cell))
            .unwrap_or_default()
            .to_owned()
    };
    let first = word(&sheet.lines[0]);
    first.chars().any(char::is_alphabetic)
        && sheet
            .lines
            .iter()
            .all(|line| word(line) == first && !number_at_end(&line[at]).is_empty())
}

/// The digits at the end of a text.
#[must_use]
pub fn number_at_end(text: &str) -> &str {
    &text[text.trim_end_matches(|c: char| c.is_ascii_digit()).len()..]
}

/// The columns of the grade and, after it, of the highest grade: the same number for each
/// student, and before it smaller ones or none.
fn grade_and_highest(sheet: &Sheet) -> Option<(usize, usize)> {
    let is_highest = |at: usize| {
        let highest = sheet::number(&sheet.lines[0][at]).filter(|it| *it > 0.0);
        highest.is_some_and(|highest| {
            sheet.lines.iter().all(|line| {
                let grade = line[at - 1].trim();
                sheet::number(&line[at]) == Some(highest)
                    && (matches!(grade, "" | "-")
                        || sheet::number(grade).is_some_and(|grade| grade <= highest))
            })
        })
    };
    let found: Vec<_> = (1..sheet.headings.len())
        .filter(|at| is_highest(*at))
        .collect();
    match found[..] {
        [one] => Some((one - 1, one)),
        // All have the highest grade, and the column before it is empty.
        [first, second] if second == first + 1 => Some((first, second)),
        _ => None,
    }
}

/// The column that says when the grade was last modified. In most languages the headings
/// of that and of the submission's are the same up to a word in parentheses; Moodle writes
/// the submission's first.
fn modified(sheet: &Sheet, highest: usize) -> Option<usize> {
    let after = highest + 1..sheet.headings.len();
    let before_parenthesis = |at: usize| {
        let heading = sheet.headings[at].trim();
        let start = heading.find(['(', '（']).filter(|start| *start > 0)?;
        Some(heading[..start].trim().to_owned())
    };
    let pairs: Vec<_> = after
        .clone()
        .filter(|second| {
            let own = before_parenthesis(*second);
            own.is_some() && (highest + 1..*second).any(|first| before_parenthesis(first) == own)
        })
        .collect();
    if let [one] = pairs[..] {
        return Some(one);
    }
    let found: Vec<_> = after.filter(|at| is_moment(sheet, *at)).collect();
    match found[..] {
        [one] | [_, one] => Some(one),
        _ => None,
    }
}

/// A date for each student, or `-` for none.
fn is_moment(sheet: &Sheet, at: usize) -> bool {
    sheet.lines.iter().all(|line| {
        let cell = line[at].trim();
        let mut numbers = cell
            .split(|c: char| !c.is_ascii_digit())
            .filter(|it| !it.is_empty());
        let has_year = numbers.clone().any(|it| it.len() == 4);
        cell == "-" || (has_year && numbers.nth(2).is_some())
    })
}

/// Moodle takes comments for HTML. A spreadsheet in between may take the first character
/// for a formula's.
fn html(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("\r\n", "\n")
        .replace('\n', "<br>");
    if text.starts_with(['=', '+', '-', '@', '\t']) {
        format!("&#8203;{text}")
    } else {
        text
    }
}
