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
#[cfg(feature = "store")]
pub(crate) mod unpack;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

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
    let entries = scan_all(dir, leave_out)?;
    if entries.is_empty() {
        return Err(ClassError::NoSubmissions {
            dir: dir.to_owned(),
        });
    }
    Ok(entries)
}

/// As [`scan`], also of a folder that holds none yet.
///
/// # Errors
/// If the folder can't be read.
pub(crate) fn scan_all(dir: &Path, leave_out: Option<&Path>) -> Result<Vec<Entry>, ClassError> {
    let names = names(dir)?;
    let metadata = dir.join(gradescope::METADATA);
    // Whatever has that name, and isn't the platform's file, stops nobody else's grading.
    let submitters = match regular::read_unlinked(&metadata, regular::MOST_TEXT) {
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
    let entries = groups
        .into_iter()
        .map(|(group, files)| entry(&group, files, &submitters));
    Ok(entries.collect())
}

/// The submissions to `lab` in a folder with a folder for each student: what is in there and called
/// like the lab, whatever its ending is. Whoever has none of that has handed nothing in.
///
/// # Errors
/// If the folder, or a student's, can't be read.
#[cfg(feature = "store")]
pub(crate) fn scan_students(dir: &Path, lab: &str) -> Result<Vec<Entry>, ClassError> {
    let mut groups: BTreeMap<String, (Who, Vec<(PathBuf, Named)>)> = BTreeMap::new();
    for (folder, named) in students(dir)? {
        let who = Who {
            names: vec![student_name(&named)],
            ids: named.number.into_iter().collect(),
            late: named.late,
        };
        for (name, is_folder) in names(&folder)? {
            let text = readable(&name);
            if text.split('.').next() == Some(lab) {
                let file = (folder.join(&name), layout::plain(&text, is_folder));
                let group = groups.entry(named.group.clone());
                let (_, files) = group.or_insert_with(|| (who.clone(), Vec::new()));
                files.push(file);
            }
        }
    }
    let entries = groups.into_iter().map(|(group, (who, files))| Entry {
        who,
        ..entry(&group, files, &BTreeMap::new())
    });
    Ok(entries.collect())
}

/// The names of the students who have a folder in `dir`.
///
/// # Errors
/// If it can't be read.
#[cfg(feature = "store")]
pub(crate) fn student_names(dir: &Path) -> Result<Vec<String>, ClassError> {
    let students = students(dir)?;
    Ok(students.iter().map(|(_, it)| student_name(it)).collect())
}

#[cfg(feature = "store")]
fn student_name(named: &Named) -> String {
    match named.student.as_str() {
        "" => named.group.clone(),
        student => student.to_owned(),
    }
}

/// The students' folders in `dir`, with what their names say.
#[cfg(feature = "store")]
fn students(dir: &Path) -> Result<Vec<(PathBuf, Named)>, ClassError> {
    let folders = names(dir)?.into_iter().filter(|(_, is_folder)| *is_folder);
    let named = folders.map(|(name, _)| (dir.join(&name), readable(&name)));
    let kept = named.filter(|(_, text)| !layout::is_litter(text));
    Ok(kept
        .map(|(path, text)| (path, Named::parse(&text, true)))
        .collect())
}

/// What is in a folder, sorted, and whether it is a folder itself.
fn names(dir: &Path) -> Result<Vec<(OsString, bool)>, ClassError> {
    let read = || -> std::io::Result<Vec<(OsString, bool)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            names.push((entry.file_name(), entry.file_type()?.is_dir()));
        }
        names.sort();
        Ok(names)
    };
    read().map_err(|source| ClassError::Read {
        path: dir.to_owned(),
        source,
    })
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
