//! A page about a class, in Markdown.

use std::fmt::Write as _;

use super::ClassRow;
use crate::format::markdown::escape;

/// A page about a class for those who teach it: how the scores are distributed, and a table
/// of all students, in the order of `rows`. It names students, so it isn't for publishing.
#[must_use]
pub fn summary(title: &str, rows: &[ClassRow]) -> String {
    let mut page = format!("# {}\n\n", escape(title));
    let mut scores: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row.score?, row.max_score)))
        .collect();
    scores.sort_unstable();
    let full = scores.iter().filter(|(score, max)| score == max).count();
    let missing = rows.len() - scores.len();
    let _ = writeln!(
        page,
        "{} students, {} graded, {full} with the highest score, {missing} without a score.",
        rows.len(),
        scores.len(),
    );
    if let Some(median) = median(&scores) {
        let sum: u32 = scores.iter().map(|(score, _)| score).sum();
        let mean = f64::from(sum) / scores.len() as f64;
        let _ = writeln!(page, "\nMedian {median}, mean {mean:.1}.\n");
        distribution(&mut page, &scores);
    }
    page.push_str("\n| student | name | score | |\n|---|---|---|---|\n");
    for row in rows {
        let score = match row.score {
            Some(score) => format!("{score} of {}", row.max_score),
            None => "-".to_owned(),
        };
        let first = row.feedback.lines().next().unwrap_or_default();
        let _ = writeln!(
            page,
            "| {} | {} | {score} | {} |",
            escape(&row.identifier),
            escape(&row.name),
            escape(first),
        );
    }
    page
}

/// The score in the middle of a sorted list; of two, the lower one.
fn median(scores: &[(u32, u32)]) -> Option<u32> {
    let middle = scores.len().checked_sub(1)? / 2;
    Some(scores[middle].0)
}

/// How many have which score.
fn distribution(page: &mut String, scores: &[(u32, u32)]) {
    page.push_str("| score | students |\n|---|---|\n");
    for group in scores.chunk_by(|a, b| a.0 == b.0) {
        let _ = writeln!(page, "| {} | {} |", group[0].0, group.len());
    }
}
