//! `siglab doctor --tidy`: removes what siglabs left that were killed, and says so.

use std::fmt::Write as _;

use serde::Serialize;
use siglab_sandbox::temporary::{Tidied, tidy_usual};

use crate::args::TextOrJson;
use crate::failure::{Failure, reason};
use crate::{exit, output};

/// The name and version of the JSON form.
const SCHEMA: &str = "siglab/tidy/v1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    /// The temporary folders, and control groups without one, that were removed.
    removed: Vec<String>,
    /// Those that can't be removed.
    left: Vec<Left>,
}

#[derive(Serialize)]
struct Left {
    folder: String,
    reason: String,
}

/// Tidies, and says what was removed; the exit status.
pub(super) fn tidy(format: TextOrJson) -> Result<u8, Failure> {
    let tidied = tidy_usual();
    let is_tidy = tidied.left.is_empty();
    match format {
        TextOrJson::Json => output::print_json(&document(&tidied))?,
        TextOrJson::Text => output::print(text(&document(&tidied)))?,
    }
    Ok(if is_tidy { exit::OK } else { exit::ENVIRONMENT })
}

fn document(tidied: &Tidied) -> Document {
    let left = tidied.left.iter().map(|(folder, error)| Left {
        folder: folder.display().to_string(),
        reason: reason(error),
    });
    Document {
        schema: SCHEMA,
        removed: tidied
            .removed
            .iter()
            .map(|it| it.display().to_string())
            .collect(),
        left: left.collect(),
    }
}

fn text(document: &Document) -> String {
    let mut text = String::new();
    for folder in &document.removed {
        let _ = writeln!(text, "removed {}", siglab_report::escape_lines(folder));
    }
    for Left { folder, reason } in &document.left {
        let folder = siglab_report::escape_lines(folder);
        let _ = writeln!(text, "can't remove {folder}: {reason}");
    }
    if text.is_empty() {
        text.push_str("No siglab that was killed has left anything.\n");
    }
    text
}
