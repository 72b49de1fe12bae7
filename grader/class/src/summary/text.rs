//! For a terminal, and for summary.txt.

use std::fmt;

use siglab_report::escape_lines;

use super::{Section, Summary};

/// The width of the longest bar of the distribution.
const WIDTH: usize = 40;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        if let Some(middle) = self.middle() {
            writeln!(f, "{middle}\n")?;
            self.distribution(f)?;
        }
        self.criteria(f)?;
        for Section { title, lines } in self.sections() {
            writeln!(f, "\n{title}: {}", lines.len())?;
            for (who, more) in lines {
                let colon = if more.is_empty() { "" } else { ": " };
                let (who, more) = (escape_lines(&who), escape_lines(&more));
                writeln!(f, "  {who}{colon}{more}")?;
            }
        }
        if let Some(gradebook) = &self.gradebook {
            writeln!(f, "\n{}", escape_lines(&gradebook.line()))?;
        }
        Ok(())
    }
}

impl Summary {
    /// A row for each score, from none to all.
    fn distribution(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.scores.values().copied().max().unwrap_or(1);
        for (score, count) in &self.scores {
            // Whoever is there is seen.
            let length = (count * WIDTH).div_ceil(most);
            writeln!(f, "  {score:>3}  {count:>5}  {}", "#".repeat(length))?;
        }
        Ok(())
    }

    /// Each criterion, with what was wrong with it.
    fn criteria(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n   pass   fail  other  criterion and diagnoses")?;
        for criterion in &self.criteria {
            let [pass, fail, other] = Self::verdicts(criterion);
            writeln!(f, "  {pass:>5}  {fail:>5}  {other:>5}  {}", criterion.id)?;
            for it in self.diagnoses_of(&criterion.id) {
                writeln!(f, "         {:>5}           {}", it.count, it.diagnosis)?;
            }
        }
        Ok(())
    }
}
