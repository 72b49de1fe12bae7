//! Moodle: the offline grading worksheet of an assignment, filled in.

use super::sheet::{self, Sheet};
use super::{ClassError, ClassRow, Filled};

/// Fills a class's scores in on Moodle's offline grading worksheet.
///
/// `worksheet` is the sheet as Moodle gave it out for this assignment. Its headings are in
/// the language of whoever downloaded it, and Moodle takes it back in that language only;
/// so no column is renamed, added or left out. `now` is the moment of grading, which goes
/// to "Last modified (grade)": Moodle skips a line if that is older than the grade it has.
/// It reads that with PHP's strtotime, in any language: `2026-11-22T08:30:00Z`.
///
/// Students are found by the worksheet's identifier, with or without the word before its
/// number, then by anything else before the grade that is theirs alone (e-mail address,
/// login, ID number, name). Grades are on the worksheet's own scale.
///
/// # Errors
/// If `worksheet` isn't such a sheet, its columns can't be told apart, or a result belongs
/// to several students.
pub fn moodle(worksheet: &str, rows: &[ClassRow], now: &str) -> Result<Filled, ClassError> {
    let mut sheet = Sheet::read(worksheet)?;
    if sheet.lines.is_empty() {
        return Err(ClassError::Empty);
    }
    sheet::max_score(rows)?;
    let columns = Columns::recognise(&sheet)?;
    let found = sheet::matches(rows, &keys(&sheet, &columns))?;
    let mut without_score = Vec::new();
    for (at, line) in sheet.lines.iter_mut().enumerate() {
        let row = found.by_line.get(&at);
        let Some((row, score)) = row.and_then(|row| Some((row, row.score?))) else {
            without_score.push(line[columns.identifier].clone());
            continue;
        };
        let highest = &line[columns.highest];
        let scale = sheet::number(highest).unwrap_or_else(|| f64::from(row.max_score));
        let grade = sheet::scaled(score, row.max_score, scale);
        line[columns.grade] = if highest.contains(',') {
            grade.replace('.', ",")
        } else {
            grade
        };
        line[columns.modified] = now.to_owned();
        if let Some(feedback) = columns.feedback
            && !row.feedback.is_empty()
        {
            line[feedback] = html(&row.feedback);
        }
    }
    Ok(Filled {
        csv: sheet.write()?,
        not_in_sheet: found.not_in_sheet,
        without_score,
    })
}

/// What each line goes by.
fn keys(sheet: &Sheet, columns: &Columns) -> Vec<Vec<Vec<String>>> {
    let full: Vec<_> = sheet
        .lines
        .iter()
        .map(|line| {
            let full = line[columns.identifier].clone();
            let (_, digits) = split_digits(&full);
            vec![digits.to_owned(), full]
        })
        .collect();
    let others = (0..columns.grade).filter(|at| *at != columns.identifier);
    std::iter::once(full)
        .chain(others.map(|at| {
            sheet
                .lines
                .iter()
                .map(|line| vec![line[at].clone()])
                .collect()
        }))
        .collect()
}

/// Where things are.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    identifier: usize,
    grade: usize,
    highest: usize,
    modified: usize,
    feedback: Option<usize>,
}

impl Columns {
    /// Finds the columns by Moodle's English headings, or else by what is in them and by
    /// the order in which Moodle writes them.
    fn recognise(sheet: &Sheet) -> Result<Self, ClassError> {
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
            modified,
            feedback,
        })
    }
}

/// `Participant 12` for each student, in any language.
fn is_identifier(sheet: &Sheet, at: usize) -> bool {
    let (word, _) = split_digits(&sheet.lines[0][at]);
    word.chars().any(char::is_alphabetic)
        && sheet.lines.iter().all(|line| {
            let (own, digits) = split_digits(&line[at]);
            own == word && !digits.is_empty()
        })
}

/// A text without the digits at its end, and those.
fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.trim_end_matches(|c: char| c.is_ascii_digit()).len())
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
