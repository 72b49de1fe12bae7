//! For a page: summary.md.

use std::fmt::Write as _;

use siglab_report::escape_markdown as escape;

use super::{Section, Summary};

impl Summary {
    /// The class in numbers, in Markdown. It names students, so it isn't for publishing.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = format!("# {}\n", escape(&self.title()));
        if let Some(middle) = self.middle() {
            let _ = writeln!(page, "\n{middle}\n\n| score | submissions |\n|--:|--:|");
            for (score, count) in &self.scores {
                let _ = writeln!(page, "| {score} | {count} |");
            }
        }
        page += "\n| criterion and diagnoses | pass | fail | other |\n|---|--:|--:|--:|\n";
        for criterion in &self.criteria {
            let [pass, fail, other] = Self::verdicts(criterion);
            let (id, title) = (escape(&criterion.id), escape(&criterion.title));
            let _ = writeln!(page, "| **{id}**: {title} | {pass} | {fail} | {other} |");
            for it in self.diagnoses_of(&criterion.id) {
                let _ = writeln!(page, "| - {} | | {} | |", escape(&it.diagnosis), it.count);
            }
        }
        for Section { title, lines } in self.sections() {
            let _ = writeln!(page, "\n## {title}: {}\n", lines.len());
            for (who, more) in lines {
                let colon = if more.is_empty() { "" } else { ": " };
                let _ = writeln!(page, "- {}{colon}{}", escape(&who), escape(&more));
            }
        }
        if let Some(gradebook) = &self.gradebook {
            let _ = writeln!(page, "\n{}", escape(&gradebook.line()));
        }
        page
    }
}
