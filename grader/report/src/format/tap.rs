//! TAP, the Test Anything Protocol, version 13: `prove` refuses newer ones, whose readers take this
//! one.

use std::io::{self, Write};

use siglab_lab::{Graded, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions};

/// The result as TAP: a test point for each criterion, with a YAML block that says why.
///
/// A submission that wasn't graded begins with a test point of its own that fails.
#[derive(Debug)]
pub(super) struct Tap;

impl Format for Tap {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn about(&self) -> &'static str {
        "TAP version 13, for test harnesses such as prove"
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let rows = seen::rows(graded, options);
        let refusal = seen::refusal(&graded.result);
        let compiler = seen::compiler(&graded.result);
        let own = usize::from(refusal.is_some());
        writeln!(out, "TAP version 13\n1..{}", rows.len() + own)?;
        match refusal {
            Some(reason) => {
                writeln!(out, "not ok 1 - {}\n  ---", description(&reason))?;
                field(out, "severity", "fail")?;
                list(out, "compiler", &compiler)?;
                writeln!(out, "  ...")?;
            }
            None => {
                for line in &compiler {
                    writeln!(out, "# {line}")?;
                }
            }
        }
        for (row, number) in rows.iter().zip(own + 1..) {
            point(out, row, number)?;
        }
        Ok(())
    }
}

fn point(out: &mut dyn Write, row: &Row<'_>, number: usize) -> io::Result<()> {
    let name = description(&row.name());
    let (ok, directive) = match row.criterion.verdict {
        Verdict::Pass => ("ok", ""),
        Verdict::Skipped => ("ok", " # SKIP not tried"),
        // Its failure fails no harness.
        Verdict::Fail | Verdict::Error if row.is_advice => ("not ok", " # TODO advice"),
        Verdict::Fail | Verdict::Error => ("not ok", ""),
    };
    writeln!(out, "{ok} {number} - {name}{directive}")?;
    let Some(why) = &row.why else {
        return Ok(());
    };
    writeln!(out, "  ---")?;
    field(out, "message", &why.message)?;
    let severity = match row.criterion.verdict {
        _ if row.is_advice => "comment",
        Verdict::Error => "error",
        _ => "fail",
    };
    field(out, "severity", severity)?;
    if let Some(hint) = &why.hint {
        field(out, "hint", hint)?;
    }
    if let Some(scenario) = &why.scenario {
        field(out, "scenario", scenario)?;
    }
    let points = format!("{} of {}", row.criterion.points, row.criterion.max_points);
    field(out, "points", &points)?;
    list(out, "timeline", &why.timeline)?;
    writeln!(out, "  ...")
}

/// A description, in which `#` would begin a directive.
fn description(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

fn field(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name}: {}", scalar(value))
}

fn list(out: &mut dyn Write, name: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {name}:")?;
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "    - {}", item(line)))
}

/// A scalar in a list. `prove` takes a colon after the first word for that of a key, even in quotes;
/// so such a colon is written as an escape, which is the same to readers of YAML.
fn item(text: &str) -> String {
    let scalar = scalar(text);
    let first = scalar.find(char::is_whitespace).unwrap_or(scalar.len());
    let (word, rest) = scalar.split_at(first);
    if let Some(word) = word.strip_suffix(':') {
        return format!("{word}\\u003a{rest}");
    }
    let gap = rest.len() - rest.trim_start().len();
    match rest[gap..].strip_prefix(':') {
        Some(after) if after.starts_with(char::is_whitespace) => {
            format!("{word}{}\\u003a{after}", &rest[..gap])
        }
        _ => scalar,
    }
}

/// A double-quoted scalar: what JSON writes is one in YAML, too.
fn scalar(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::item;

    #[test]
    fn no_item_looks_like_a_key() {
        for (text, written) in [
            ("a.c: In function", r#""a.c\u003a In function""#),
            ("a.c:7:9: error: x: y", r#""a.c:7:9\u003a error: x: y""#),
            ("a : b : c", r#""a \u003a b : c""#),
            ("  7 | x: y", r#""  7 | x: y""#),
            (": x", r#""\u003a x""#),
            ("", r#""""#),
        ] {
            assert_eq!(item(text), written);
            let read: String = serde_json::from_str(written).expect("a string");
            assert_eq!(read, text);
        }
    }
}
