//! What the sheets of all platforms have in common.

use std::collections::BTreeMap;

use super::{ClassError, ClassRow};

/// A CSV file in memory.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// Whether it begins with a byte order mark.
    has_mark: bool,
    delimiter: u8,
    pub(super) headings: Vec<String>,
    pub(super) lines: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a sheet whose first line holds the headings. The delimiter is the one of
    /// comma, semicolon and tabulator that the headings hold most of.
    pub(super) fn read(text: &str) -> Result<Self, ClassError> {
        let (has_mark, text) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let first = text.lines().next().unwrap_or_default();
        let often = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
        // Of several that are as frequent, the last: the comma.
        let delimiter = *b"\t;,".iter().max_by_key(|it| often(it)).unwrap_or(&b',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let headings = fields(reader.headers()?);
        let mut lines = Vec::new();
        for record in reader.records() {
            lines.push(fields(&record?));
        }
        Ok(Self {
            has_mark,
            delimiter,
            headings,
            lines,
        })
    }

    /// The file's content.
    pub(super) fn write(&self) -> Result<String, ClassError> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        writer.write_record(&self.headings)?;
        for line in &self.lines {
            writer.write_record(line)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))?;
        let mark = if self.has_mark { "\u{feff}" } else { "" };
        Ok(format!("{mark}{}", String::from_utf8_lossy(&bytes)))
    }

    /// The column with this heading, capitals aside.
    pub(super) fn column(&self, heading: &str) -> Option<usize> {
        self.headings
            .iter()
            .position(|it| it.trim().eq_ignore_ascii_case(heading))
    }

    /// That a column is missing or not clear.
    pub(super) fn unclear(&self, what: &str) -> ClassError {
        ClassError::Column {
            what: what.to_owned(),
            headings: self.headings.clone(),
        }
    }
}

/// Which result belongs to which line.
#[derive(Debug)]
pub(super) struct Matches<'a> {
    /// The results by the index of their line.
    pub(super) by_line: BTreeMap<usize, &'a ClassRow>,
    /// The identifiers that belong to no line.
    pub(super) not_in_sheet: Vec<String>,
}

/// Finds each result's line. `keys` are the names that each line goes by, each list for
/// one kind of name, the surest kind first.
pub(super) fn matches<'a>(
    rows: &'a [ClassRow],
    keys: &[Vec<Vec<String>>],
) -> Result<Matches<'a>, ClassError> {
    let mut by_line: BTreeMap<usize, &ClassRow> = BTreeMap::new();
    let mut not_in_sheet = Vec::new();
    for row in rows {
        let Some(line) = find(row, keys)? else {
            not_in_sheet.push(row.identifier.clone());
            continue;
        };
        if let Some(other) = by_line.insert(line, row) {
            return Err(ClassError::Ambiguous {
                identifier: row.identifier.clone(),
                why: format!("`{}` is the same line of the sheet", other.identifier),
            });
        }
    }
    Ok(Matches {
        by_line,
        not_in_sheet,
    })
}

fn find(row: &ClassRow, keys: &[Vec<Vec<String>>]) -> Result<Option<usize>, ClassError> {
    for wanted in [&row.identifier, &row.name] {
        let wanted = wanted.trim();
        if wanted.is_empty() {
            continue;
        }
        for kind in keys {
            let has = |names: &[String]| names.iter().any(|name| name.trim() == wanted);
            let found: Vec<_> = (0..kind.len()).filter(|at| has(&kind[*at])).collect();
            match found[..] {
                [] => {}
                [line] => return Ok(Some(line)),
                _ => {
                    return Err(ClassError::Ambiguous {
                        identifier: row.identifier.clone(),
                        why: format!("{} lines of the sheet have `{wanted}`", found.len()),
                    });
                }
            }
        }
    }
    Ok(None)
}

/// The highest score of all results.
pub(super) fn max_score(rows: &[ClassRow]) -> Result<Option<u32>, ClassError> {
    let mut all = rows.iter().map(|row| row.max_score);
    let Some(first) = all.next() else {
        return Ok(None);
    };
    match all.find(|max| *max != first) {
        Some(other) => Err(ClassError::MaxScore(first, other)),
        None => Ok(Some(first)),
    }
}

/// A number as platforms write it: with a decimal point or a decimal comma.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    if !is_number {
        return None;
    }
    text.replace(',', ".").parse().ok()
}

/// `score` of `max`, on a scale that ends at `highest`, with at most two decimals.
pub(super) fn scaled(score: u32, max: u32, highest: f64) -> String {
    let value = if max == 0 {
        f64::from(score)
    } else {
        f64::from(score) * highest / f64::from(max)
    };
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_scaled() {
        assert_eq!(scaled(7, 10, 10.0), "7");
        assert_eq!(scaled(7, 10, 100.0), "70");
        assert_eq!(scaled(1, 3, 10.0), "3.33");
        assert_eq!(scaled(0, 3, 10.0), "0");
        assert_eq!(scaled(0, 0, 10.0), "0");
    }

    #[test]
    fn numbers_have_points_or_commas() {
        assert_eq!(number("10,00"), Some(10.0));
        assert_eq!(number(" 7.5 "), Some(7.5));
        for text in ["", "-", "1 of 2", "1.2.3", "ten"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
