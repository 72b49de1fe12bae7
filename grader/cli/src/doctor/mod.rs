//! `siglab doctor`: tries out, by using it, what siglab needs of a machine.

mod checks;
mod helper;
mod sys;
mod tidy;

use std::fmt::Write as _;

use serde::Serialize;

use crate::args::{Doctor, TextOrJson};
use crate::failure::Failure;
use crate::{exit, output};
use tidy::tidy;

/// The name and version of the JSON form.
const SCHEMA: &str = "siglab/doctor/v1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    /// Whether everything required is there.
    ok: bool,
    checks: Vec<Checked>,
}

/// What trying something out gave.
#[derive(Debug, Serialize)]
struct Checked {
    id: &'static str,
    title: &'static str,
    state: State,
    /// Whether siglab can't do without it.
    required: bool,
    /// What was found, or why it is missing.
    detail: String,
    /// What to do, if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ok,
    Missing,
}

pub(crate) fn run(args: &Doctor) -> Result<u8, Failure> {
    if let Some(name) = &args.probe {
        return Ok(helper::run(name));
    }
    if args.tidy {
        return tidy(args.format);
    }
    let checks = checks::all();
    let ok = !checks
        .iter()
        .any(|check| check.required && check.state == State::Missing);
    match args.format {
        TextOrJson::Json => output::print_json(&Document {
            schema: SCHEMA,
            ok,
            checks,
        })?,
        TextOrJson::Text => output::print(text(&checks, ok, output::columns()))?,
    }
    Ok(if ok { exit::OK } else { exit::ENVIRONMENT })
}

/// `columns`: those of the terminal, if the text is for one.
fn text(checks: &[Checked], ok: bool, columns: Option<usize>) -> String {
    /// In less room than this, texts aren't broken.
    const LEAST: usize = 20;
    let width = checks
        .iter()
        .map(|check| check.title.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let word = match (check.state, check.required) {
            (State::Ok, _) => "ok",
            (State::Missing, true) => "MISSING",
            (State::Missing, false) => "missing",
        };
        let detail = siglab_report::escape_lines(&check.detail).replace('\n', " ");
        let left = 9 + width + 2;
        let room = columns.and_then(|columns| columns.checked_sub(left));
        let broken = |text: &str| match room {
            Some(room) if room >= LEAST => siglab_report::wrap(text, room),
            _ => vec![text.to_owned()],
        };
        let mut details = broken(&detail).into_iter();
        let first = details.next().unwrap_or_default();
        let line = format!("{word:<7}  {:<width$}  {first}", check.title);
        let _ = writeln!(text, "{}", line.trim_end());
        let advice = check.advice.map(|advice| broken(&format!("-> {advice}")));
        for line in details.chain(advice.into_iter().flatten()) {
            let _ = writeln!(text, "{:left$}{line}", "");
        }
    }
    let verdict = if ok {
        "Everything that siglab needs is there."
    } else {
        "Something that siglab needs is missing."
    };
    let _ = writeln!(text, "\n{verdict}");
    text
}
