//! What to build: every C file of a folder, and the variants that it asks for.
//!
//! `build.rs` includes this file, too, so it uses the standard library only.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How every sample is compiled: the labs' default command line.
pub const FLAGS: [&str; 7] = [
    "-std=gnu17",
    "-D_GNU_SOURCE",
    "-pthread",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
];

/// A line of a C file that holds this word asks for one more executable: its name
/// follows, and then the compiler options that make it different.
const DIRECTIVE: &str = "siglab-build:";

/// One executable to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The executable's name: the file's, without `.c`, or the directive's.
    pub name: String,
    /// The C file.
    pub source: PathBuf,
    /// Compiler options on top of [`FLAGS`].
    pub options: Vec<String>,
}

/// Lists what to build from the C files in `folder`, sorted by file name.
///
/// # Errors
/// When the folder or a C file in it can't be read or isn't UTF-8, when a directive
/// has no name, or when two executables would have the same name.
pub fn recipes(folder: &Path) -> io::Result<Vec<Recipe>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| about(folder, &error))? {
        let path = entry.map_err(|error| about(folder, &error))?.path();
        if path.extension() == Some(OsStr::new("c")) {
            sources.push(path);
        }
    }
    sources.sort();

    let mut recipes: Vec<Recipe> = Vec::new();
    for source in sources {
        for recipe in recipes_of(&source)? {
            if let Some(other) = recipes.iter().find(|other| other.name == recipe.name) {
                let problem = format!(
                    "builds {}, and so does {}",
                    recipe.name,
                    other.source.display()
                );
                return Err(about(&source, &io::Error::other(problem)));
            }
            recipes.push(recipe);
        }
    }
    Ok(recipes)
}

/// The plain executable of one C file, and those of its directives.
fn recipes_of(source: &Path) -> io::Result<Vec<Recipe>> {
    let text = fs::read_to_string(source).map_err(|error| about(source, &error))?;
    let mut recipes = vec![Recipe {
        name: source
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        source: source.to_owned(),
        options: Vec::new(),
    }];
    for (_, wanted) in text.lines().filter_map(|line| line.split_once(DIRECTIVE)) {
        let mut words = wanted.split_whitespace().map(str::to_owned);
        let name = words.next().ok_or_else(|| {
            about(
                source,
                &io::Error::other(format!("no name after {DIRECTIVE}")),
            )
        })?;
        recipes.push(Recipe {
            name,
            source: source.to_owned(),
            options: words.collect(),
        });
    }
    Ok(recipes)
}

/// Puts the path before the problem.
fn about(path: &Path, problem: &io::Error) -> io::Error {
    io::Error::new(problem.kind(), format!("{}: {problem}", path.display()))
}
