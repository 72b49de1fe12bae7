//! A sheet: a table with headings, as platforms and spreadsheets write it.

use super::SheetError;

/// A CSV file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Whether it begins with a byte order mark.
    has_mark: bool,
    delimiter: u8,
    pub(super) headings: Vec<String>,
    pub(super) lines: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a sheet whose first line holds the headings. The delimiter is the one of
    /// comma, semicolon and tabulator that the headings hold most of. Lines that end early
    /// get empty cells.
    ///
    /// # Errors
    /// If it isn't CSV.
    pub fn read(text: &str) -> Result<Self, SheetError> {
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
            .flexible(true)
            .from_reader(text.as_bytes());
        let fields = |record: &csv::StringRecord| -> Vec<String> {
            record.iter().map(str::to_owned).collect()
        };
        let headings = fields(reader.headers()?);
        let mut lines = Vec::new();
        for record in reader.records() {
            let mut line = fields(&record?);
            line.resize(line.len().max(headings.len()), String::new());
            lines.push(line);
        }
        Ok(Self {
            has_mark,
            delimiter,
            headings,
            lines,
        })
    }

    /// The headings.
    #[must_use]
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The lines below the headings, each with a cell for each heading.
    #[must_use]
    pub fn lines(&self) -> &[Vec<String>] {
        &self.lines
    }

    /// The file's content.
    pub(super) fn write(&self) -> Result<String, SheetError> {
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

    /// Makes sure that it can be written again: there are lines, and none is longer than
    /// the headings.
    pub(super) fn check(&self) -> Result<(), SheetError> {
        if self.lines.is_empty() {
            return Err(SheetError::Empty);
        }
        let long = |line: &Vec<String>| line.len() > self.headings.len();
        match self.lines.iter().position(long) {
            // The headings are line 1.
            Some(at) => Err(SheetError::LongLine(at + 2)),
            None => Ok(()),
        }
    }

    /// That a column is missing or not clear.
    pub(super) fn unclear(&self, what: &str) -> SheetError {
        SheetError::Column {
            what: what.to_owned(),
            headings: self.headings.clone(),
        }
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

/// `score` of `max`, on the scale that ends at what the cell `highest` holds, with at most
/// two decimals, and a decimal comma if that has one. As it is if the cell holds no number.
pub(super) fn scaled(score: u32, max: u32, highest: &str) -> String {
    let value = match number(highest) {
        Some(highest) if max > 0 && highest > 0.0 => f64::from(score) * highest / f64::from(max),
        _ => f64::from(score),
    };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if highest.contains(',') {
        text.replace('.', ",")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_scaled() {
        for (score, max, highest, scaled_score) in [
            (7, 10, "10", "7"),
            (7, 10, " 100.00 ", "70"),
            (1, 3, "10", "3.33"),
            (1, 3, "10,00", "3,33"),
            (0, 3, "10", "0"),
            (0, 0, "10", "0"),
            (7, 10, "", "7"),
            (7, 10, "0", "7"),
            (7, 10, "good or bad", "7"),
        ] {
            assert_eq!(scaled(score, max, highest), scaled_score, "{highest}");
        }
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
