//! The folder that students get.

use std::path::{Path, PathBuf};

use siglab_lab::{Lab, MANIFEST, Manifest};
use toml::{Table, Value};

use super::bundle::{Bundle, normal};
use super::sheet;
use super::workspace::{self, Workspace};
use crate::exit;
use crate::failure::Failure;

/// Of a lab's folder, students get these, the starters, and nothing else.
const GIVEN: [&str; 5] = ["Cargo.toml", "README.md", "build.rs", "src", "tests"];

/// What students get.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bundle: Bundle,
    /// The criteria that aren't in their manifest.
    pub(super) left_out: Vec<String>,
}

/// Packs a lab for students: siglab's packages, the sheet, the starters, what was handed
/// out, and a manifest that says nothing about hidden scenarios and solutions.
pub(super) fn pack(lab: &Lab) -> Result<Packed, Failure> {
    let workspace = Workspace::of(lab)?;
    let folder = workspace.folder(lab);
    let mut bundle = workspace.bundle(lab)?;
    add_given(lab, &folder, &mut bundle)?;
    let mut manifest = workspace::read(&lab.dir().join(MANIFEST))?;
    let left_out = without_hidden(&mut manifest, lab);
    if let Some(files) = manifest.get_mut("files").and_then(Value::as_table_mut) {
        files.remove("solution");
        files.remove("wrong");
    }
    add_originals(lab, &folder, &mut manifest, &mut bundle)?;
    let text = format!(
        "# What happens to the program, and what must hold.\n\n{}",
        manifest
    );
    // What is left must still be a lab.
    Manifest::parse(&text, MANIFEST, Some(lab.id())).map_err(|error| {
        Failure::new(
            exit::INTERNAL,
            format_args!("the students' manifest would be wrong: {error}"),
        )
    })?;
    bundle.add(folder.join(MANIFEST), text);
    bundle.add(".gitignore", "/target\n");
    // Last, as it tells of the others.
    if let Some(text) = sheet::read(lab, left_out.len())? {
        for here in [Path::new(""), &folder] {
            let text = sheet::relinked(&text, &folder, here, &bundle);
            bundle.add(here.join("README.md"), text);
        }
    }
    Ok(Packed { bundle, left_out })
}

/// Adds what of the lab's folder isn't secret.
pub(super) fn add_given(lab: &Lab, folder: &Path, bundle: &mut Bundle) -> Result<(), Failure> {
    let files = &lab.manifest.files;
    let mut given: Vec<PathBuf> = GIVEN.iter().map(PathBuf::from).collect();
    given.push(files.starter.clone());
    let secret = |path: &Path| {
        let secrets = files.solution.iter().chain([&files.wrong]);
        let mut secrets = secrets.map(|secret| normal(secret));
        secrets.any(|secret| path.starts_with(secret))
    };
    let is_given = |path: &Path| {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let wanted = |given: &PathBuf| path.starts_with(given) || given.starts_with(path);
        !is_hidden && !secret(path) && given.iter().any(wanted)
    };
    bundle.copy_tree(lab.dir(), folder, &is_given)
}

/// Takes hidden scenarios out of a manifest, with the requirements and criteria that are
/// about nothing else; their ids.
///
/// A scenario without its steps would be another scenario, in which the criteria mean
/// something else.
fn without_hidden(manifest: &mut Table, lab: &Lab) -> Vec<String> {
    let hidden: Vec<_> = lab
        .manifest
        .scenarios
        .iter()
        .filter(|scenario| scenario.hidden)
        .map(|scenario| scenario.id.as_str())
        .collect();
    if hidden.is_empty() {
        return Vec::new();
    }
    let is_hidden = |id: &Value| id.as_str().is_some_and(|id| hidden.contains(&id));
    if let Some(scenarios) = manifest.get_mut("scenario").and_then(Value::as_array_mut) {
        scenarios.retain(|scenario| !scenario.get("id").is_some_and(is_hidden));
    }
    let mut left_out = Vec::new();
    if let Some(criteria) = manifest.get_mut("criterion").and_then(Value::as_array_mut) {
        criteria.retain_mut(|criterion| {
            let id = criterion
                .get("id")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let mut kept = keep(criterion, &is_hidden);
            if let Some(list) = criterion.get_mut("require").and_then(Value::as_array_mut) {
                list.retain_mut(|requirement| keep(requirement, &is_hidden));
                kept &= !list.is_empty();
            }
            if !kept {
                left_out.extend(id);
            }
            kept
        });
    }
    left_out
}

/// Takes hidden scenarios out of a criterion's or requirement's list; whether it still is
/// about any.
fn keep(item: &mut Value, is_hidden: &dyn Fn(&Value) -> bool) -> bool {
    match item.get_mut("scenarios").and_then(Value::as_array_mut) {
        None => true,
        Some(list) => {
            list.retain(|id| !is_hidden(id));
            !list.is_empty()
        }
    }
}

/// Makes sure that the programs as they were handed out are there, wherever the lab has
/// them.
pub(super) fn add_originals(
    lab: &Lab,
    folder: &Path,
    manifest: &mut Table,
    bundle: &mut Bundle,
) -> Result<(), Failure> {
    for (language, path) in &lab.manifest.files.original {
        let from = lab.dir().join(path);
        if bundle.contains(folder.join(path)) || !from.is_file() {
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        let own = Path::new("original").join(name);
        bundle.copy(&from, folder.join(&own))?;
        let originals = manifest
            .get_mut("files")
            .and_then(|files| files.get_mut("original"))
            .and_then(Value::as_table_mut);
        if let Some(originals) = originals {
            originals.insert(language.to_string(), own.display().to_string().into());
        }
    }
    Ok(())
}
