//! The C programs of the labs, and unsafe handlers with a safe twin of each. The build
//! script compiles each `*.c` in this package's folder and in `unsafe/`; here the
//! executables are found by name.
//!
//! ```
//! let program = c_samples::path("simple_handler")?;
//! assert!(program.is_file());
//! # Ok::<(), c_samples::UnknownSample>(())
//! ```
//!
//! To add a program, add a C file. A line in it that says
//! `siglab-build: NAME OPTION...` builds it once more, with more compiler options.

use std::fmt;
use std::path::{Path, PathBuf};

pub mod recipe;

/// One executable, as the build script lists it.
struct Sample {
    name: &'static str,
    /// Where it was built: nothing else writes there.
    built: &'static str,
    /// Where people find it: `target/<profile>/c-samples/NAME`.
    shown: &'static str,
}

/// The programs of the labs.
const SAMPLES: &[Sample] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Unsafe handlers and their safe twins.
const TWINS: &[Sample] = include!(concat!(env!("OUT_DIR"), "/twins.rs"));

/// The executable of one sample, such as `simple_handler`, `more_info_rt` or
/// `printf_in_handler_safe`.
///
/// # Errors
/// When there is no sample of that name; the error lists those that there are.
pub fn path(name: &str) -> Result<PathBuf, UnknownSample> {
    find(name).map(|sample| PathBuf::from(sample.built))
}

/// The programs of the labs, sorted by file name: their names and executables.
pub fn all() -> impl Iterator<Item = (&'static str, PathBuf)> {
    SAMPLES.iter().map(name_and_path)
}

/// The same for the programs in `unsafe/`: `NAME` has a handler that goes wrong at some
/// moment, `NAME_safe` does the same thing right. Each says in its first lines what
/// trying every moment finds.
pub fn twins() -> impl Iterator<Item = (&'static str, PathBuf)> {
    TWINS.iter().map(name_and_path)
}

fn name_and_path(sample: &Sample) -> (&'static str, PathBuf) {
    (sample.name, PathBuf::from(sample.built))
}

/// The same executable as [`path`], under a path that stays the same from build to
/// build and is short enough to be shown: `target/<profile>/c-samples/NAME`.
///
/// # Errors
/// When there is no sample of that name.
pub fn shown_path(name: &str) -> Result<PathBuf, UnknownSample> {
    let sample = find(name)?;
    let shown = Path::new(sample.shown);
    Ok(if shown.is_file() {
        shown
    } else {
        Path::new(sample.built)
    }
    .to_owned())
}

fn find(name: &str) -> Result<&'static Sample, UnknownSample> {
    everything()
        .find(|sample| sample.name == name)
        .ok_or_else(|| UnknownSample {
            name: name.to_owned(),
        })
}

fn everything() -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter().chain(TWINS)
}

/// There is no sample of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSample {
    name: String,
}

impl fmt::Display for UnknownSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no sample {:?}; there are", self.name)?;
        for (index, sample) in everything().enumerate() {
            write!(f, "{} {}", if index == 0 { "" } else { "," }, sample.name)?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownSample {}
