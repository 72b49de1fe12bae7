//! A folder that was handed in.

use std::fs;
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

use super::{
    Language, MAX_SOURCE_BYTES, PREDICTIONS, Submission, SubmissionError, Wanted, language, pick,
    read,
};

/// The deepest folder that is looked into.
const DEEPEST: usize = 12;
/// The most files and folders that are looked at.
const MOST_FILES: usize = 5_000;
/// The most bytes of what belongs to the file.
const MOST_BYTES: u64 = 16 << 20;

/// Reads the file of a folder that is meant, and what belongs to it.
pub(super) fn open(folder: &Path, wanted: Wanted<'_>) -> Result<Submission, SubmissionError> {
    let files = files(folder)?;
    let paths: Vec<&str> = files.iter().map(String::as_str).collect();
    let main = pick(&paths, wanted).map_err(|found| {
        if found.is_empty() {
            let program = |stem: &&str| {
                let stem = (*stem).to_owned();
                Language::ALL.map(|it| format!("{stem}.{}", it.extension()))
            };
            let (looked_for, endings) = if wanted.predictions {
                (vec![PREDICTIONS.to_owned()], ".toml")
            } else {
                let programs = [wanted.lab, "main"].iter().flat_map(program).collect();
                (programs, ".c or .rs")
            };
            SubmissionError::NoCandidate {
                path: folder.to_owned(),
                looked_for,
                endings,
            }
        } else {
            SubmissionError::Ambiguous {
                path: folder.to_owned(),
                found: found.into_iter().map(str::to_owned).collect(),
            }
        }
    })?;
    let path = folder.join(main);
    // A link could lead anywhere: to a solution, or to what only root may read.
    if !fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
        return Err(SubmissionError::NotAFile { path });
    }
    let language = language(&path)?;
    let source = read(&path)?;
    let beside = beside(folder, main, language, &paths)?;
    Ok(Submission {
        path,
        language,
        source,
        beside,
    })
}

/// Headers and modules that are in the folder of `main` or below, sorted.
fn beside(
    folder: &Path,
    main: &str,
    language: Language,
    paths: &[&str],
) -> Result<Vec<(String, Vec<u8>)>, SubmissionError> {
    let near = main.rsplit_once('/').map_or("", |(near, _)| near);
    let ending = match language {
        Language::C => ".h",
        Language::Rust => ".rs",
        Language::Predictions => return Ok(Vec::new()),
    };
    let mut beside = Vec::new();
    let mut bytes = 0;
    for path in paths {
        let below = match near {
            "" => Some(*path),
            near => path.strip_prefix(near).and_then(|it| it.strip_prefix('/')),
        };
        let Some(name) = below.filter(|_| *path != main && path.ends_with(ending)) else {
            continue;
        };
        let full = folder.join(path);
        let read_error = |source| SubmissionError::Read {
            path: full.clone(),
            source,
        };
        let found = fs::symlink_metadata(&full).map_err(read_error)?;
        bytes += found.len();
        // What isn't a file can't be included, and what is too large isn't source.
        if !found.is_file() || found.len() > MAX_SOURCE_BYTES {
            continue;
        }
        if bytes > MOST_BYTES {
            return Err(SubmissionError::TooMuch {
                path: folder.to_owned(),
                what: format!("more than {} MiB of source files", MOST_BYTES >> 20),
            });
        }
        let content = regular::read_unlinked(&full, MAX_SOURCE_BYTES).map_err(read_error)?;
        beside.push((name.to_owned(), content));
    }
    Ok(beside)
}

/// The source files in a folder and below, sorted: paths relative to it. What is hidden, and what
/// a build or an operating system left behind, is left out.
fn files(folder: &Path) -> Result<Vec<String>, SubmissionError> {
    let too_much = |what: String| SubmissionError::TooMuch {
        path: folder.to_owned(),
        what,
    };
    let mut files = Vec::new();
    let mut seen = 0;
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((below, depth)) = folders.pop() {
        if depth > DEEPEST {
            return Err(too_much(format!("folders more than {DEEPEST} deep")));
        }
        let path = folder.join(&below);
        let read_error = |source| SubmissionError::Read {
            path: path.clone(),
            source,
        };
        for entry in fs::read_dir(&path).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            seen += 1;
            if seen > MOST_FILES {
                return Err(too_much(format!("more than {MOST_FILES} files")));
            }
            let name = entry.file_name();
            // What isn't UTF-8 has no part in C or Rust that could name it.
            let Some(text) = name.to_str() else { continue };
            let is_folder = entry.file_type().map_err(read_error)?.is_dir();
            if text.starts_with('.') || text == "__MACOSX" || (is_folder && text == "target") {
                continue;
            }
            let at = below.join(text);
            if is_folder {
                folders.push((at, depth + 1));
            } else if [".c", ".h", ".rs", ".toml"]
                .iter()
                .any(|it| text.ends_with(it))
            {
                files.push(at.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}
