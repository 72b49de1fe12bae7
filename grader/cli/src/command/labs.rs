//! `siglab labs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use siglab_lab::{Lab, LabError, Status};

use crate::args::{Labs, TextOrJson};
use crate::failure::Failure;
use crate::{exit, output, remembered};

/// The name and version of the JSON form.
const SCHEMA: &str = "siglab/labs/v1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    /// The lab that comes next, if one is left.
    next: Option<String>,
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
    /// The labs that students have done before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumes: Vec<String>,
    /// Whether the last result had full marks.
    done: bool,
    /// What the last `siglab check` gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The sheet.
    #[serde(skip)]
    sheet: Option<PathBuf>,
}

#[derive(Serialize)]
struct Last {
    status: Status,
    score: u32,
    max_score: u32,
}

impl Entry {
    fn new(id: String, lab: &Result<Lab, LabError>) -> Self {
        match lab {
            Ok(lab) => {
                let last = remembered::last(lab);
                let sheet = lab.dir().join("README.md");
                Self {
                    id,
                    title: Some(lab.manifest.title.clone()),
                    max_score: Some(lab.manifest.max_score()),
                    assumes: lab.manifest.assumes.clone(),
                    done: last.as_ref().is_some_and(|it| it.full_marks),
                    last: last.map(|it| Last {
                        status: it.status,
                        score: it.score,
                        max_score: it.max_score,
                    }),
                    error: None,
                    sheet: sheet.is_file().then_some(sheet),
                }
            }
            Err(error) => Self {
                id,
                title: None,
                max_score: None,
                assumes: Vec::new(),
                done: false,
                last: None,
                error: Some(error.to_string()),
                sheet: None,
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
                next: next(&entries).map(|entry| entry.id.clone()),
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

/// The first lab that isn't done though all that it assumes is; or else the first that isn't done.
fn next(entries: &[Entry]) -> Option<&Entry> {
    let is_done = |id: &String| entries.iter().all(|entry| entry.id != *id || entry.done);
    let mut left = entries
        .iter()
        .filter(|entry| !entry.done && entry.error.is_none());
    let first = left.clone().next();
    left.find(|entry| entry.assumes.iter().all(is_done))
        .or(first)
}

fn text(entries: &[Entry]) -> String {
    let next = next(entries);
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let state = |entry: &Entry| match &entry.last {
        _ if entry.done => "done".to_owned(),
        Some(last) => format!("{} of {}", last.score, last.max_score),
        None if next.is_some_and(|it| it.id == entry.id) => "next".to_owned(),
        None => String::new(),
    };
    let ids = width(&mut entries.iter().map(|entry| entry.id.chars().count()));
    let states = width(&mut entries.iter().map(|entry| state(entry).len()));
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
        let after = match &entry.assumes[..] {
            [] => String::new(),
            assumed => format!(", after {}", assumed.join(", ")),
        };
        let state = state(entry);
        let _ = writeln!(text, "{id:<ids$}  {state:<states$}  {what}{after}");
    }
    match next {
        Some(next) => {
            let sheet = next.sheet.as_deref().map(from_here);
            let sheet = sheet.map_or(String::new(), |it| format!(": {}", it.display()));
            let line = siglab_report::escape_lines(&format!("next: {}{sheet}", next.id));
            let _ = writeln!(text, "\n{line}");
        }
        None if entries.iter().all(|entry| entry.done) => text.push_str("\nAll are done.\n"),
        None => {}
    }
    text
}

/// A path as it is written in the current folder.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| Some(path.strip_prefix(here).ok()?.to_owned()));
    relative.unwrap_or_else(|| path.to_owned())
}
