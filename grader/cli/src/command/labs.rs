//! `siglab labs`.

use std::fmt::Write as _;

use serde::Serialize;
use siglab_lab::{Lab, LabError};

use crate::args::{Labs, TextOrJson};
use crate::failure::Failure;
use crate::{exit, output};

/// The name and version of the JSON form.
const SCHEMA: &str = "siglab/labs/v1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    labs: Vec<Entry>,
}

/// A lab, or why it can't be read.
#[derive(Serialize)]
struct Entry {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Entry {
    fn new(id: String, lab: &Result<Lab, LabError>) -> Self {
        match lab {
            Ok(lab) => Self {
                id,
                title: Some(lab.manifest.title.clone()),
                max_score: Some(lab.manifest.max_score()),
                error: None,
            },
            Err(error) => Self {
                id,
                title: None,
                max_score: None,
                error: Some(error.to_string()),
            },
        }
    }
}

pub(crate) fn run(args: &Labs) -> Result<u8, Failure> {
    let labs = super::find_labs(&args.labs)?;
    let entries: Vec<Entry> = labs
        .list()?
        .into_iter()
        .map(|listed| Entry::new(listed.id, &listed.lab))
        .collect();
    let broken = entries.iter().filter(|entry| entry.error.is_some()).count();
    match args.format {
        TextOrJson::Json => {
            output::print_json(&Document {
                schema: SCHEMA,
                labs: entries,
            })?;
        }
        TextOrJson::Text if entries.is_empty() => {
            output::tell(format_args!("siglab: no labs in {}", labs.dir().display()));
        }
        TextOrJson::Text => output::print(text(&entries))?,
    }
    Ok(if broken == 0 { exit::OK } else { exit::USAGE })
}

fn text(entries: &[Entry]) -> String {
    let width = entries
        .iter()
        .map(|entry| entry.id.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for entry in entries {
        let id = siglab_report::escape_lines(&entry.id);
        let what = match (&entry.title, entry.max_score, &entry.error) {
            (_, _, Some(error)) => {
                let error = siglab_report::escape_lines(error);
                format!("can't be read:\n    {}", error.replace('\n', "\n    "))
            }
            (Some(title), Some(1), _) => format!("{title} (1 point)"),
            (Some(title), Some(points), _) => format!("{title} ({points} points)"),
            _ => String::new(),
        };
        let _ = writeln!(text, "{id:<width$}  {what}");
    }
    text
}
