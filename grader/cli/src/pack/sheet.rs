//! The sheet that students get: without what is for instructors, with what isn't in their folder,
//! and with links that lead somewhere.

use std::path::Path;

use siglab_lab::Lab;
use siglab_sandbox::regular;

use super::bundle::Bundle;
use crate::failure::Failure;

/// The part of the sheet that students don't get, up to the next heading of its kind.
const FOR_INSTRUCTORS: &str = "## For instructors";

/// The sheet of a lab for students, if there is one. `left_out`: how many criteria aren't in their
/// manifest.
pub(super) fn read(lab: &Lab, left_out: usize) -> Result<Option<String>, Failure> {
    let path = lab.dir().join("README.md");
    if !path.is_file() {
        return Ok(None);
    }
    let text = regular::read_text(&path, regular::MOST_TEXT)
        .map_err(|error| Failure::file("read", &path, &error))?;
    let hidden = lab.manifest.scenarios.iter().filter(|it| it.hidden).count();
    let sheet = without_section(&text, FOR_INSTRUCTORS);
    Ok(Some(format!("{sheet}\n{}", missing(hidden, left_out))))
}

/// What students don't have.
fn missing(hidden: usize, left_out: usize) -> String {
    let mut text = String::from("## What isn't in this folder\n\nSolutions.");
    if hidden == 0 {
        text += " Everything that is graded can be tested here.\n";
        return text;
    }
    let scenarios = siglab_report::count(hidden, "scenario", "scenarios");
    text += &format!(" And {scenarios} in which your program is graded, too");
    if left_out > 0 {
        let criteria = siglab_report::count(left_out, "criterion", "criteria");
        text += &format!(", with {criteria} that they alone decide");
    }
    text += ". So full marks here aren't full marks yet.\n";
    text
}

fn without_section(text: &str, heading: &str) -> String {
    let mut out = String::new();
    let mut is_in = false;
    for line in text.lines() {
        if line.starts_with("## ") || line.starts_with("# ") {
            is_in = line.trim_end() == heading;
        }
        if !is_in {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A sheet from `folder` for the folder `here`: its links lead to the same files from there. A link
/// to what isn't in the bundle becomes its text.
pub(super) fn relinked(sheet: &str, folder: &Path, here: &Path, bundle: &Bundle) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some((open, middle, close)) = link(rest) {
        let (text, target) = (&rest[open + 1..middle], &rest[middle + 2..close]);
        out.push_str(&rest[..open]);
        rest = &rest[close + 1..];
        let (path, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
        let is_elsewhere = path.is_empty() || path.contains(':') || path.starts_with('/');
        if is_elsewhere {
            out.push_str(&format!("[{text}]({target})"));
        } else if bundle.has(&folder.join(path)) {
            let from_here = match folder.strip_prefix(here) {
                Ok(below) if here != folder => below.join(path).display().to_string(),
                _ => path.to_owned(),
            };
            out.push_str(&format!("[{text}]({from_here}{fragment})"));
        } else {
            out.push_str(text);
        }
    }
    out.push_str(rest);
    out
}

/// Where the next link begins, where its text ends, and where it ends.
fn link(text: &str) -> Option<(usize, usize, usize)> {
    let mut from = 0;
    loop {
        let middle = from + text[from..].find("](")?;
        let close = middle + text[middle..].find(')')?;
        let open = text[from..middle].rfind('[').map(|open| from + open);
        match open.filter(|_| !text[middle..close].contains(char::is_whitespace)) {
            Some(open) => return Some((open, middle, close)),
            None => from = middle + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_end_at_the_next_heading() {
        let sheet = "# Lab\n\ntext\n\n## For instructors\n\nsecret\n### more\nsecret\n## Then\nx\n";
        assert_eq!(
            without_section(sheet, FOR_INSTRUCTORS),
            "# Lab\n\ntext\n\n## Then\nx\n"
        );
        assert_eq!(
            without_section("a\n\n## For instructors\nsecret", FOR_INSTRUCTORS),
            "a\n"
        );
    }

    #[test]
    fn links_lead_somewhere() {
        let mut bundle = Bundle::default();
        bundle.add("exercises/lab/starter/lab.c", "");
        bundle.add("c-samples/lab.c", "");
        let folder = Path::new("exercises/lab");
        let sheet = "[a](starter/lab.c), [b](starter#top), [c](../../c-samples/lab.c),\n\
                     [d](../../docs/labs.md), [e](https://example.org/), [f](#below), [g] (h) [i](";
        assert_eq!(
            relinked(sheet, folder, folder, &bundle),
            sheet.replace("[d](../../docs/labs.md)", "d")
        );
        assert_eq!(
            relinked(sheet, folder, Path::new(""), &bundle),
            "[a](exercises/lab/starter/lab.c), [b](exercises/lab/starter#top), \
             [c](exercises/lab/../../c-samples/lab.c),\n\
             d, [e](https://example.org/), [f](#below), [g] (h) [i]("
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(missing(0, 0).contains("Everything that is graded can be tested here."));
        let some = missing(2, 1);
        assert!(
            some.contains("2 scenarios") && some.contains("1 criterion"),
            "{some}"
        );
    }
}
