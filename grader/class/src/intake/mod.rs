//! Who handed in what: the folder of submissions, as a learning platform wrote it or as
//! people did.

mod archive;
mod gradescope;
mod layout;
pub mod roster;
pub mod source;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::error::ClassError;
use crate::keys;
use layout::{Layout, Named};

/// Names of submissions longer than this, in bytes, are cut: they become names of files.
const LONGEST_NAME: usize = 180;

/// One submission: what belongs together in the folder of submissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name: unique in the class, stable, and fit for a file's name.
    pub name: String,
    /// What is known about those who handed it in.
    pub who: Who,
    /// The files and folders, each with the name under which it was handed in.
    pub files: Vec<(PathBuf, String)>,
}

/// What a platform says about those who handed a submission in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Their names, as the platform writes them; or the name of the file or folder.
    pub names: Vec<String>,
    /// What identifies them: numbers of users, e-mail addresses.
    pub ids: Vec<String>,
    /// Whether the platform says that it came late.
    pub late: bool,
}

/// All submissions in a folder, by name. What is hidden, and what operating systems leave
/// behind, is none; `leave_out` isn't either.
///
/// # Errors
/// If the folder can't be read, or holds no submission.
pub fn scan(dir: &Path, leave_out: Option<&Path>) -> Result<Vec<Entry>, ClassError> {
    let read_error = |source| ClassError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(read_error)? {
        let entry = entry.map_err(read_error)?;
        let is_folder = entry.file_type().map_err(read_error)?.is_dir();
        names.push((entry.file_name(), is_folder));
    }
    names.sort();
    let metadata = dir.join(gradescope::METADATA);
    let submitters = match fs::read(&metadata) {
        Ok(text) => gradescope::parse(&String::from_utf8_lossy(&text)),
        Err(_) => BTreeMap::new(),
    };
    let mut groups: BTreeMap<String, Vec<(PathBuf, Named)>> = BTreeMap::new();
    for (name, is_folder) in names {
        let path = dir.join(&name);
        let text = readable(&name);
        if layout::is_litter(&text)
            || text == gradescope::METADATA
            || leave_out.is_some_and(|it| fs::canonicalize(&path).is_ok_and(|path| path == it))
        {
            continue;
        }
        let named = Named::parse(&text, is_folder);
        groups
            .entry(named.group.clone())
            .or_default()
            .push((path, named));
    }
    if groups.is_empty() {
        return Err(ClassError::NoSubmissions {
            dir: dir.to_owned(),
        });
    }
    let entries = groups
        .into_iter()
        .map(|(group, files)| entry(&group, files, &submitters));
    Ok(entries.collect())
}

fn entry(
    group: &str,
    files: Vec<(PathBuf, Named)>,
    submitters: &BTreeMap<String, Vec<gradescope::Submitter>>,
) -> Entry {
    let mut who = Who::default();
    for (_, named) in &files {
        who.late |= named.late;
        if !named.student.is_empty() && !who.names.contains(&named.student) {
            who.names.push(named.student.clone());
        }
        // Gradescope's number is the submission's, and says nothing about the student.
        if let (Some(number), false) = (&named.number, named.layout == Layout::Gradescope)
            && !who.ids.contains(number)
        {
            who.ids.push(number.clone());
        }
    }
    for submitter in submitters.get(group).into_iter().flatten() {
        who.names.push(submitter.name.clone());
        let ids = [&submitter.sid, &submitter.email].into_iter().cloned();
        who.ids.extend(ids.filter(|id| !id.is_empty()));
    }
    let layout = files
        .first()
        .map_or(Layout::Plain, |(_, named)| named.layout);
    Entry {
        name: safe(group),
        who,
        files: handed_in(layout, files),
    }
}

/// The files of a group under the names they were handed in with. Of several attempts that
/// Canvas numbered, only the last counts; text typed into Moodle only if there is nothing
/// else.
fn handed_in(layout: Layout, files: Vec<(PathBuf, Named)>) -> Vec<(PathBuf, String)> {
    let last_attempt = |name: &str| {
        let attempts = files.iter().filter(|(_, named)| named.file.0 == name);
        attempts.map(|(_, named)| named.file.1).max()
    };
    let is_typed = |path: &Path| {
        let name = path.file_name().unwrap_or_default().as_bytes();
        String::from_utf8_lossy(name).contains("_assignsubmission_onlinetext")
    };
    let all_typed = files.iter().all(|(path, _)| is_typed(path));
    let counts = |path: &Path, named: &Named| match layout {
        Layout::Canvas => last_attempt(&named.file.0) == Some(named.file.1),
        Layout::Moodle => all_typed || !is_typed(path),
        Layout::Plain | Layout::Gradescope => true,
    };
    files
        .iter()
        .filter(|(path, named)| counts(path, named))
        .map(|(path, named)| (path.clone(), named.file.0.clone()))
        .collect()
}

/// A file's name as text; bytes that aren't UTF-8 become `%` and two digits, and so does
/// `%` itself, so that different names stay different.
fn readable(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A name without control characters, and short enough for a file's name.
fn safe(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_control() {
            text.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    if text.len() > LONGEST_NAME {
        let hash = keys::hex([name.as_bytes()]);
        let fits = |at: &usize| *at <= LONGEST_NAME - 17;
        let end = text
            .char_indices()
            .map(|(at, _)| at)
            .take_while(fits)
            .last();
        text.truncate(end.unwrap_or(0));
        text.push('~');
        text.push_str(&hash[..16]);
    }
    text
}
