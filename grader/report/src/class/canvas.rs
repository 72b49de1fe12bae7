//! Canvas: a file for the gradebook's import.

use super::sheet::{self, Sheet};
use super::{ClassError, ClassRow, Filled};

/// The columns that say who a student is; all but the first may be missing.
const IDENTITY: [&str; 7] = [
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
    "Root Account",
    "Section",
];

/// What the first cell of the line of highest scores says, after spaces.
const POSSIBLE: &str = "Points Possible";

/// Fills a class's scores in for Canvas.
///
/// `export` is the gradebook as Canvas exported it; its columns that say who a student is
/// are kept as they are. `assignment` is the assignment's name. If the export has a column
/// for it, with or without Canvas's number, as in `Terminator (81234)`, the scores go
/// there, on the scale of its points; scores that are there already stay where there is no
/// new one. Otherwise the column is new, and importing it makes the assignment.
///
/// # Errors
/// If `export` isn't such a file, or a result belongs to several students.
pub fn canvas(export: &str, assignment: &str, rows: &[ClassRow]) -> Result<Filled, ClassError> {
    let sheet = Sheet::read(export)?;
    let identity: Vec<_> = IDENTITY
        .iter()
        .filter_map(|heading| sheet.column(heading))
        .collect();
    if sheet.column("Student").is_none() || identity.len() < 2 {
        return Err(sheet.unclear("Canvas's exports have Student and an ID"));
    }
    let column = assignment_column(&sheet, assignment)?;
    let cell = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();

    let max_score = sheet::max_score(rows)?;
    let possible_at = sheet
        .lines
        .iter()
        .position(|line| cell(line, 0).trim() == POSSIBLE);
    let highest = possible_at
        .zip(column)
        .and_then(|(line, column)| sheet::number(&cell(&sheet.lines[line], column)));
    let scale = highest.or(max_score.map(f64::from));

    // Above the students there may be a line about how grades are posted, too.
    let students = possible_at.map_or(0, |at| at + 1);
    let lines = sheet.lines.get(students..).unwrap_or_default();
    if lines.is_empty() {
        return Err(ClassError::Empty);
    }
    let by = |headings: &[&str]| -> Vec<Vec<String>> {
        let columns: Vec<_> = headings.iter().filter_map(|it| sheet.column(it)).collect();
        let names = |line: &Vec<String>| columns.iter().map(|at| cell(line, *at)).collect();
        lines.iter().map(names).collect()
    };
    let keys = [
        by(&["SIS Login ID"]),
        by(&["SIS User ID"]),
        by(&["ID"]),
        by(&["Student"]),
    ];
    let found = sheet::matches(rows, &keys)?;

    let heading = column.map_or(assignment, |at| sheet.headings[at].as_str());
    let kept = |line: &[String], last: String| {
        let mut kept: Vec<_> = identity.iter().map(|at| cell(line, *at)).collect();
        kept.push(last);
        kept
    };
    let mut filled = sheet.clone();
    filled.headings = kept(&sheet.headings, heading.to_owned());
    let possible = scale.map_or_else(String::new, |it| sheet::scaled(1, 1, it));
    let mut first = vec![String::new(); identity.len()];
    first[0] = format!("    {POSSIBLE}");
    first.push(possible);
    filled.lines = vec![first];
    let mut without_score = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let row = found.by_line.get(&at);
        let score = row.and_then(|row| {
            let score = row.score?;
            Some(sheet::scaled(score, row.max_score, scale?))
        });
        if score.is_none() {
            without_score.push(cell(line, identity[0]));
        }
        let old = || column.map_or_else(String::new, |column| cell(line, column));
        filled.lines.push(kept(line, score.unwrap_or_else(old)));
    }
    Ok(Filled {
        csv: filled.write()?,
        not_in_sheet: found.not_in_sheet,
        without_score,
    })
}

/// The assignment's column, if the export has one.
fn assignment_column(sheet: &Sheet, assignment: &str) -> Result<Option<usize>, ClassError> {
    let is_it = |heading: &str| {
        let rest = heading.trim().strip_prefix(assignment.trim());
        rest.is_some_and(|rest| {
            let number = rest
                .trim()
                .strip_prefix('(')
                .and_then(|it| it.strip_suffix(')'));
            rest.is_empty()
                || number.is_some_and(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    let found: Vec<_> = (0..sheet.headings.len())
        .filter(|at| is_it(&sheet.headings[*at]))
        .collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(sheet.unclear(&format!("several columns are called `{assignment}`"))),
    }
}
