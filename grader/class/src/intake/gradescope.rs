//! `submission_metadata.yml` of Gradescope: who handed in which folder.
//!
//! Only the keys that are needed are looked at, in the one form in which Gradescope writes
//! them; everything else is skipped:
//!
//! ```yaml
//! submission_4711:
//!   :submitters:
//!   - :name: Jane Doe
//!     :sid: '1234'
//!     :email: jane@example.edu
//!   :created_at: ...
//! ```

use std::collections::BTreeMap;

/// The name of the file.
pub(crate) const METADATA: &str = "submission_metadata.yml";

/// One of those who handed a submission in together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Submitter {
    pub(crate) name: String,
    pub(crate) sid: String,
    pub(crate) email: String,
}

/// The submitters of each submission, by its folder's name.
pub(crate) fn parse(text: &str) -> BTreeMap<String, Vec<Submitter>> {
    let mut all: BTreeMap<String, Vec<Submitter>> = BTreeMap::new();
    let mut submission = None;
    let mut is_in_submitters = false;
    for line in text.lines() {
        let indentation = line.len() - line.trim_start_matches(' ').len();
        let content = line.trim();
        if indentation == 0 && content.starts_with("submission_") {
            submission = content.strip_suffix(':').map(str::to_owned);
            is_in_submitters = false;
            continue;
        }
        let Some(submission) = &submission else {
            continue;
        };
        let (item, content) = match content.strip_prefix("- ") {
            Some(content) => (true, content.trim_start()),
            None => (false, content),
        };
        let Some((key, value)) = content.trim_start_matches(':').split_once(':') else {
            continue;
        };
        // A key of the submission itself; the items of a list may stand as far left.
        if indentation <= 2 && !item {
            is_in_submitters = key == "submitters";
            continue;
        }
        if !is_in_submitters {
            continue;
        }
        let submitters = all.entry(submission.clone()).or_default();
        if item || submitters.is_empty() {
            submitters.push(Submitter::default());
        }
        if let Some(submitter) = submitters.last_mut() {
            let field = match key {
                "name" => &mut submitter.name,
                "sid" => &mut submitter.sid,
                "email" => &mut submitter.email,
                _ => continue,
            };
            *field = unquoted(value.trim());
        }
    }
    all
}

/// A scalar of YAML: plain, or in quotes of either kind.
fn unquoted(value: &str) -> String {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(text) = inside('\'') {
        text.replace("''", "'")
    } else if let Some(text) = inside('"') {
        // JSON's escapes are among YAML's.
        serde_json::from_str(value).unwrap_or_else(|_| text.to_owned())
    } else if value == "null" || value == "~" {
        String::new()
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Submitter, parse};

    fn submitter(name: &str, sid: &str, email: &str) -> Submitter {
        Submitter {
            name: name.into(),
            sid: sid.into(),
            email: email.into(),
        }
    }

    #[test]
    fn submitters_are_found() {
        let text = "---
submission_1:
  :submitters:
  - :name: Jane Doe
    :sid: '0012'
    :email: jane@example.edu
  - :name: \"Zo\\u00eb: O'Neil\"
    :sid:
    :email: null
  :created_at: 2026-03-01 10:00:00.000000000 Z
  :score: 3.0
  :history:
  - :id: 1
    :submitters:
    - :name: Somebody Else
submission_2:
  :submitters:
    - :name: 'Pat O''Hara'
      :sid: 7
";
        let all = parse(text);
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(names, ["submission_1", "submission_2"]);
        assert_eq!(
            all["submission_1"],
            [
                submitter("Jane Doe", "0012", "jane@example.edu"),
                submitter("Zoë: O'Neil", "", ""),
            ]
        );
        assert_eq!(all["submission_2"], [submitter("Pat O'Hara", "7", "")]);
        assert!(parse("not yaml at all: - :name: x\n\u{0}").is_empty());
    }
}
