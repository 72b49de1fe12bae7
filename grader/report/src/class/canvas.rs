//! Canvas: a gradebook's export, and a file for its import.

use super::sheet::{self, Sheet};
use super::{Scores, SheetError};

/// The columns that say who a student is; the first three are in every export.
const IDENTITY: [&str; 7] = [
    "Student",
    "ID",
    "Section",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
    "Root Account",
];

/// What the first cell of the line of highest scores says, after spaces.
const POSSIBLE: &str = "Points Possible";

/// What the line of highest scores says of a column that is computed.
const READ_ONLY: &str = "(read only)";

/// A gradebook that Canvas exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanvasExport {
    sheet: Sheet,
    /// The columns that say who a student is, in the export's order.
    identity: Vec<usize>,
    /// The line of highest scores. Above it there may be one about how grades are posted;
    /// the students are below.
    possible: usize,
}

impl CanvasExport {
    /// Recognises the export by its columns, and by its line of points possible.
    ///
    /// # Errors
    /// If `sheet` isn't one.
    pub fn recognise(sheet: &Sheet) -> Result<Self, SheetError> {
        sheet.check()?;
        if let Some(missing) = IDENTITY[..3].iter().find(|it| sheet.column(it).is_none()) {
            return Err(sheet.unclear(&format!("Canvas's exports have `{missing}`")));
        }
        let mut identity: Vec<_> = IDENTITY.iter().filter_map(|it| sheet.column(it)).collect();
        identity.sort_unstable();
        let is_possible = |line: &Vec<String>| line[identity[0]].trim() == POSSIBLE;
        let possible = sheet
            .lines
            .iter()
            .position(is_possible)
            .ok_or_else(|| sheet.unclear("Canvas's exports have a line `Points Possible`"))?;
        if sheet.lines.len() == possible + 1 {
            return Err(SheetError::Empty);
        }
        Ok(Self {
            sheet: sheet.clone(),
            identity,
            possible,
        })
    }

    /// The headings of its assignments, with Canvas's numbers: `Terminator (81234)`.
    #[must_use]
    pub fn assignments(&self) -> Vec<&str> {
        let columns = 0..self.sheet.headings.len();
        columns
            .filter(|at| self.is_assignment(*at))
            .map(|at| self.sheet.headings[at].trim())
            .collect()
    }

    fn is_assignment(&self, column: usize) -> bool {
        !self.identity.contains(&column)
            && self.sheet.lines[self.possible][column].trim() != READ_ONLY
    }

    /// The file to be imported: the columns that say who a student is, as they are, and those
    /// with the headings of `assignments`. Scores are on the scale of their points possible.
    /// Where there is no score, what is there stays.
    ///
    /// # Errors
    /// If the export doesn't have one of these assignments.
    pub fn fill(&self, assignments: &[(&str, &Scores)]) -> Result<String, SheetError> {
        let mut columns = Vec::new();
        for (assignment, scores) in assignments {
            let column = (0..self.sheet.headings.len())
                .find(|at| {
                    self.is_assignment(*at) && self.sheet.headings[*at].trim() == *assignment
                })
                .ok_or_else(|| self.sheet.unclear(&format!("there is no `{assignment}`")))?;
            columns.push((column, *scores));
        }
        let kept = |line: &[String]| -> Vec<String> {
            let columns = columns.iter().map(|(column, _)| column);
            let columns = self.identity.iter().chain(columns);
            columns.map(|at| line[*at].clone()).collect()
        };
        let possible = &self.sheet.lines[self.possible];
        let mut filled = self.sheet.clone();
        filled.headings = kept(&self.sheet.headings);
        filled.lines = vec![kept(possible)];
        for (at, line) in self.sheet.lines.iter().enumerate().skip(self.possible + 1) {
            let mut line = kept(line);
            let cells = line.iter_mut().skip(self.identity.len());
            for (cell, (column, scores)) in cells.zip(&columns) {
                if let Some(score) = scores.get(&at) {
                    *cell = sheet::scaled(score.points, score.max_points, &possible[*column]);
                }
            }
            filled.lines.push(line);
        }
        filled.write()
    }
}

/// An assignment's heading without Canvas's number.
#[must_use]
pub fn assignment_name(heading: &str) -> &str {
    let numbered = heading.trim().strip_suffix(')').and_then(|rest| {
        let (name, number) = rest.rsplit_once('(')?;
        let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
        is_number.then_some(name)
    });
    numbered.unwrap_or(heading).trim()
}
