//! Where labs are, and what a lab is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

use crate::manifest::{Manifest, ManifestError};
use crate::original::Originals;

/// The name of a lab's manifest in its folder.
pub const MANIFEST: &str = "lab.toml";

/// The most bytes of a manifest; those of this repository have some thousand.
const MOST_MANIFEST: u64 = 1 << 20;

/// The name of the folder that holds labs.
pub const EXERCISES: &str = "exercises";

/// A lab: a folder with a manifest.
#[derive(Clone, Debug)]
pub struct Lab {
    /// What `lab.toml` says.
    pub manifest: Manifest,
    dir: PathBuf,
    /// The programs that were handed out, compiled when they are needed.
    pub(crate) originals: Originals,
}

impl Lab {
    /// Reads the lab in the folder `dir`.
    ///
    /// # Errors
    /// If there is no readable manifest, or it is malformed or contradicts itself.
    pub fn load(dir: &Path) -> Result<Self, LabError> {
        let path = dir.join(MANIFEST);
        let text = regular::read_text(&path, MOST_MANIFEST).map_err(|source| LabError::Read {
            path: path.clone(),
            source,
        })?;
        let folder = fs::canonicalize(dir).map_err(|source| LabError::Read {
            path: dir.to_owned(),
            source,
        })?;
        let name = folder.file_name().map(|name| name.to_string_lossy());
        let manifest = Manifest::parse(&text, &path.display().to_string(), name.as_deref())?;
        Ok(Self {
            manifest,
            dir: folder,
            originals: Originals::default(),
        })
    }

    /// The same lab, with the moments that it draws drawn from this seed; without one, from its
    /// own.
    ///
    /// # Errors
    /// None is expected: see [`Manifest::with_seed`].
    pub fn with_seed(self, seed: Option<u64>) -> Result<Self, LabError> {
        let manifest = match seed {
            Some(seed) => self.manifest.with_seed(seed)?,
            None => self.manifest,
        };
        Ok(Self { manifest, ..self })
    }

    /// Its folder, absolute.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.id
    }
}

/// An entry of [`Labs::list`].
#[derive(Debug)]
pub struct Listed {
    /// The lab's id.
    pub id: String,
    /// The lab, if its manifest can be read.
    pub lab: Result<Lab, LabError>,
}

/// A folder of labs.
#[derive(Clone, Debug)]
pub struct Labs {
    dir: PathBuf,
}

impl Labs {
    /// The nearest folder `exercises/` at or above `from`. If `from` itself is inside
    /// one, that is the nearest.
    ///
    /// # Errors
    /// If there is none.
    pub fn nearest(from: &Path) -> Result<Self, LabError> {
        let from = fs::canonicalize(from).map_err(|source| LabError::Read {
            path: from.to_owned(),
            source,
        })?;
        from.ancestors()
            .map(|folder| {
                if folder.file_name().is_some_and(|name| name == EXERCISES) {
                    folder.to_owned()
                } else {
                    folder.join(EXERCISES)
                }
            })
            .find(|folder| folder.is_dir())
            .map(|dir| Self { dir })
            .ok_or(LabError::NoLabs { from })
    }

    /// The folder `dir`.
    ///
    /// # Errors
    /// If it isn't a folder.
    pub fn at(dir: &Path) -> Result<Self, LabError> {
        let read_error = |source| LabError::Read {
            path: dir.to_owned(),
            source,
        };
        if !fs::metadata(dir).map_err(read_error)?.is_dir() {
            return Err(read_error(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The ids of all labs, sorted: the folders that hold a `lab.toml`.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn ids(&self) -> Result<Vec<String>, LabError> {
        let read_error = |source| LabError::Read {
            path: self.dir.clone(),
            source,
        };
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            if entry.path().join(MANIFEST).is_file() {
                ids.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Every lab, in the order of [`Labs::ids`]; one that can't be read is an error in
    /// its place.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn list(&self) -> Result<Vec<Listed>, LabError> {
        let mut labs: Vec<Listed> = self
            .ids()?
            .into_iter()
            .map(|id| {
                let lab = Lab::load(&self.dir.join(&id));
                Listed { id, lab }
            })
            .collect();
        // Those of the same place stay sorted by id.
        labs.sort_by_key(|it| {
            let order = it.lab.as_ref().ok().and_then(|lab| lab.manifest.order);
            order.unwrap_or(usize::MAX)
        });
        Ok(labs)
    }

    /// The lab with this id.
    ///
    /// # Errors
    /// If there is none, with the most similar id; or if its manifest can't be read.
    pub fn find(&self, id: &str) -> Result<Lab, LabError> {
        let ids = self.ids()?;
        if ids.iter().any(|known| known == id) {
            return Lab::load(&self.dir.join(id));
        }
        Err(LabError::Unknown {
            id: id.to_owned(),
            nearest: nearest(id, ids.iter().map(String::as_str)).map(str::to_owned),
            dir: self.dir.clone(),
            ids,
        })
    }
}

/// The most similar of `candidates`, if one is similar enough to be what was meant.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The time that it takes, and the room, are the product of both lengths.
    const LONGEST: usize = 64;
    if wrong.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(wrong, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| {
            *distance <= 1 + wrong.chars().count().max(candidate.chars().count()) / 4
        })
        .map(|(_, candidate)| candidate)
}

/// Why a lab can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No folder `exercises/` anywhere above.
    #[error(
        "no folder `{EXERCISES}` at or above {}; name the folder of labs with --labs",
        from.display()
    )]
    NoLabs {
        /// Where the search began.
        from: PathBuf,
    },
    /// No lab has this id.
    #[error("no lab `{id}` in {}{}", dir.display(), suggestion(nearest.as_deref(), ids))]
    Unknown {
        /// What was asked for.
        id: String,
        /// The lab with the most similar id, if one is similar at all.
        nearest: Option<String>,
        /// The folder of labs.
        dir: PathBuf,
        /// All labs there.
        ids: Vec<String>,
    },
    /// A file or folder can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest is malformed or contradicts itself.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

fn suggestion(nearest: Option<&str>, ids: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None if ids.is_empty() => "; there is none at all".to_owned(),
        None => format!("; there are: {}", ids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::Labs;

    #[test]
    fn labs_are_found_from_below() {
        let dir = TempDir::new().expect("there is room");
        let lab = dir.path().join("exercises/terminator/src");
        fs::create_dir_all(&lab).expect("there is room");
        fs::write(lab.join("../lab.toml"), "id = 7").expect("there is room");
        let exercises = fs::canonicalize(dir.path().join("exercises")).expect("it is there");
        for from in [dir.path(), &exercises, &lab] {
            let labs = Labs::nearest(from).expect("it is above");
            assert_eq!(labs.dir(), exercises, "{}", from.display());
        }
        let labs = Labs::nearest(&lab).expect("it is above");
        assert_eq!(labs.ids().expect("it can be read"), ["terminator"]);
        assert!(labs.list().expect("it can be read")[0].lab.is_err());
        for (id, said) in [
            ("termnator", "; did you mean `terminator`?"),
            ("more_info", "; there are: terminator"),
        ] {
            let error = labs.find(id).expect_err("there is no such lab").to_string();
            let dir = exercises.display();
            assert_eq!(error, format!("no lab `{id}` in {dir}{said}"));
        }
    }
}
