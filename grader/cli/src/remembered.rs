//! What `siglab check` gave last for each lab, for `siglab labs` to show.
//!
//! One small file for each lab, in the user's folder for such things: `XDG_STATE_HOME`, or else
//! `.local/state` in the home folder. It is of no use to anybody else, so what can't be read or
//! written is as if it weren't there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siglab_lab::{GradeResult, Lab, Status};
use siglab_sandbox::regular;

/// The name and version of the files.
const SCHEMA: &str = "siglab/progress/v1";

/// Such a file is smaller.
const MOST_BYTES: u64 = 64 << 10;

/// The last result of a lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    schema: String,
    /// The folder of labs: another course may have a lab of the same name.
    labs: PathBuf,
    lab: String,
    /// What became of it.
    pub(crate) status: Status,
    /// Points reached.
    pub(crate) score: u32,
    /// Points that could be reached.
    pub(crate) max_score: u32,
    /// Whether all of them were.
    pub(crate) full_marks: bool,
}

/// Remembers a result, if it says something about what was checked.
pub(crate) fn keep(lab: &Lab, result: &GradeResult) {
    let Some((path, labs)) = place(lab) else {
        return;
    };
    if result.status == Status::InternalError {
        return;
    }
    let last = Last {
        schema: SCHEMA.to_owned(),
        labs,
        lab: lab.id().to_owned(),
        status: result.status,
        score: result.score,
        max_score: result.max_score,
        full_marks: result.full_marks(),
    };
    let Ok(mut text) = serde_json::to_vec_pretty(&last) else {
        return;
    };
    text.push(b'\n');
    let folder = path.parent().unwrap_or(Path::new("/"));
    let _ = fs::create_dir_all(folder).and_then(|()| regular::replace(&path, &text, 0o666));
}

/// What `siglab check` gave last for a lab.
pub(crate) fn last(lab: &Lab) -> Option<Last> {
    let (path, labs) = place(lab)?;
    let text = regular::read_unlinked(&path, MOST_BYTES).ok()?;
    let last: Last = serde_json::from_slice(&text).ok()?;
    (last.schema == SCHEMA && last.labs == labs && last.lab == lab.id()).then_some(last)
}

/// The file for a lab, and the folder that the lab is in.
fn place(lab: &Lab) -> Option<(PathBuf, PathBuf)> {
    let labs = fs::canonicalize(lab.dir()).ok()?.parent()?.to_owned();
    let course = format!("{:016x}", hash(labs.as_os_str().as_encoded_bytes()));
    let file = format!("{}.json", lab.id());
    Some((folder()?.join("labs").join(course).join(file), labs))
}

/// The user's folder for what siglab remembers: basedir-spec, "state".
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Some(state?.join("siglab"))
}

/// FNV-1a: the same in every version, unlike the standard library's.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
