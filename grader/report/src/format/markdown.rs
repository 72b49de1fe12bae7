//! Markdown, as GitHub and GitLab show it.

use std::fmt::Write as _;
use std::io::{self, Write};

use siglab_lab::{Graded, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions, SUMMARY_LIMIT};

/// The result as Markdown: a table of the criteria, and a section for each that doesn't
/// hold.
#[derive(Debug)]
pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "Markdown, for comments and summaries"
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        out.write_all(page(graded, options, SUMMARY_LIMIT).as_bytes())
    }
}

/// The whole document, of at most `limit` bytes: sections that don't fit are left out, and
/// the last line says how many. What must always be there takes less than a KiB.
pub(super) fn page(graded: &Graded, options: &ReportOptions, limit: usize) -> String {
    let result = &graded.result;
    let mut sections = Vec::new();
    let refusal = seen::refusal(result);
    let compiler = seen::compiler(result);
    if refusal.is_some() || !compiler.is_empty() {
        let mut text = String::new();
        if let Some(reason) = refusal {
            let _ = writeln!(text, "**{}**\n", escape(&reason));
        }
        if !compiler.is_empty() {
            let _ = writeln!(text, "The compiler says:\n\n{}", fenced(&compiler));
        }
        sections.push(text);
    }
    let rows = seen::rows(graded, options);
    if !rows.is_empty() {
        sections.push(table(&rows));
    }
    sections.extend(rows.iter().filter_map(section));

    let mut page = format!("## {}\n", escape(&seen::verdict(result)));
    // Room for the remark.
    let room = limit.saturating_sub(80);
    let total = sections.len();
    let mut kept = 0;
    for section in sections {
        if page.len() + 1 + section.trim_end().len() + 1 > room {
            break;
        }
        let _ = writeln!(page, "\n{}", section.trim_end());
        kept += 1;
    }
    if kept < total {
        let _ = writeln!(page, "\n*{} more sections don't fit here.*", total - kept);
    }
    page
}

fn table(rows: &[Row<'_>]) -> String {
    let mut text = String::from("| | points | criterion |\n|---|---|---|\n");
    for row in rows {
        let (mark, points) = (mark(row), row.points());
        let _ = writeln!(
            text,
            "| {mark} | {points} | `{}`: {} |",
            code(&row.id),
            escape(&row.title)
        );
    }
    text
}

fn mark(row: &Row<'_>) -> &'static str {
    match row.criterion.verdict {
        Verdict::Pass => "✔ pass",
        Verdict::Fail | Verdict::Error if row.is_advice => "• advice",
        Verdict::Fail => "✘ fail",
        Verdict::Error => "! error",
        Verdict::Skipped => "- skipped",
    }
}

fn section(row: &Row<'_>) -> Option<String> {
    let why = row.why.as_ref()?;
    let mut text = format!("### `{}`\n\n{}\n", code(&row.id), escape(&why.message));
    if let Some(hint) = &why.hint {
        let _ = writeln!(text, "\nLook at: {}", escape(hint));
    }
    if let Some(scenario) = &why.scenario {
        let _ = writeln!(text, "\nIn the scenario {}", escape(scenario));
    }
    if !why.timeline.is_empty() {
        let _ = writeln!(
            text,
            "\n<details><summary>What happened</summary>\n\n{}\n</details>",
            fenced(&why.timeline)
        );
    }
    Some(text)
}

/// A text of others in a line of Markdown: nothing in it is markup, a link or a mention.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // A backslash wouldn't keep a mention or a link from being made.
            '@' => out.push_str("&#64;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// What goes between two backticks in a table's cell.
fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|")
}

/// Lines in a block that none of them can end.
fn fenced(lines: &[String]) -> String {
    let longest = lines
        .iter()
        .flat_map(|line| line.split(|c| c != '`'))
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("<b>*@ada* [x](https://x) a|b www.x"),
            "\\<b\\>\\*&#64;ada\\* \\[x\\](https&#58;//x) a\\|b www&#46;x"
        );
    }

    #[test]
    fn no_line_ends_its_block() {
        let lines = ["```".to_owned(), "x ````` y".to_owned()];
        assert_eq!(fenced(&lines), "``````text\n```\nx ````` y\n``````");
    }
}
