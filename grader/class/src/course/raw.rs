//! `course.toml` as written: the types that read it and from which its JSON Schema is made.

use std::path::PathBuf;

use serde::Deserialize;
use serde_spanned::Spanned;

/// Several labs that are graded at once, for one gradebook. Paths are relative to this file.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(rename = "Course"))]
pub(super) struct RawCourse {
    /// What the course is called, for the summary.
    pub(super) title: Option<String>,
    /// The folder of results, with one for each lab in it. `--out` on the command line goes before
    /// it; one of the two has to be there.
    pub(super) out: Option<PathBuf>,
    /// The folder of labs. `--labs` on the command line goes before it; the nearest `exercises` at or
    /// above the current folder if both are absent.
    pub(super) labs: Option<PathBuf>,
    /// The course's list of students: a CSV file with a column such as ID, Username, Email or Name,
    /// or a gradebook exported from Canvas.
    pub(super) roster: Option<PathBuf>,
    /// A folder with a folder for each student. What is in there and called like a lab is handed
    /// in for it: a folder, a file or an archive.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PathBuf>"))]
    pub(super) students: Option<Spanned<PathBuf>>,
    /// The labs, in the order of their columns.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawLab>"))]
    pub(super) lab: Vec<Spanned<RawLab>>,
}

/// A lab of the course.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(rename = "Lab"))]
pub(super) struct RawLab {
    /// Its id: see `siglab labs`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) id: Option<Spanned<String>>,
    /// The folder of its submissions, or a zip or tar archive of it. If absent, they are in the
    /// students' folders.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PathBuf>"))]
    pub(super) submissions: Option<Spanned<PathBuf>>,
    /// What full marks in this lab are worth in the gradebook; the lab's own points if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>", range(min = 1)))]
    pub(super) points: Option<Spanned<u32>>,
    /// The assignment's column, if the roster is a gradebook exported from Canvas; the one that is
    /// called like the lab if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) gradebook: Option<Spanned<String>>,
    /// What the lab's moments are drawn from, the same for all students; `--seed` on the command
    /// line goes before it, and the lab's own is used if both are absent.
    pub(super) seed: Option<u64>,
}

/// The JSON Schema of `course.toml`, generated from the types that read it.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    use serde_json::json;
    let mut schema = schemars::schema_for!(RawCourse);
    schema.insert("title".into(), json!("siglab course.toml"));
    // They are optional where they are read, so that a better message can be given.
    schema.insert("required".into(), json!(["lab"]));
    if let Some(lab) = schema.pointer_mut("/$defs/Lab")
        && let Some(lab) = lab.as_object_mut()
    {
        lab.insert("required".into(), json!(["id"]));
    }
    schema.to_value()
}
