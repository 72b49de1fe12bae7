//! An autograder for Gradescope.

use std::path::Path;

use siglab_lab::{Lab, Language, MANIFEST};
use siglab_sandbox::regular;

use super::bundle::Bundle;
use super::workspace::{self, Workspace};
use super::{fill, student};
use crate::failure::Failure;

/// Prepares the container, when it is built.
const SETUP: &str = include_str!("templates/setup.sh");
/// Grades one submission.
const RUN: &str = include_str!("templates/run_autograder");

/// The zip file's content.
///
/// It has siglab's packages in it, from which setup.sh builds the command, unless `binary`
/// is one that is ready; and of the lab what grading needs: the manifest with everything
/// hidden, and the programs as they were handed out, but no solution. `seed` is what moments
/// are drawn from.
pub(super) fn pack(
    lab: &Lab,
    binary: Option<&Path>,
    seed: Option<u64>,
) -> Result<Vec<u8>, Failure> {
    // Any will do that can be drawn from at all.
    lab.clone().with_seed(seed)?;
    let workspace = Workspace::of(lab)?;
    let folder = workspace.folder(lab);
    let mut tree = workspace.bundle(lab)?;
    student::add_given(lab, &folder, &mut tree)?;
    let path = lab.dir().join(MANIFEST);
    let mut manifest = workspace::read(&path)?;
    student::add_originals(lab, &folder, &mut manifest, &mut tree)?;
    tree.add(folder.join(MANIFEST), manifest.to_string());

    let mut bundle = Bundle::default();
    bundle.extend("siglab", tree);
    if let Some(binary) = binary {
        let content = regular::read(binary, regular::MOST_PROGRAM)
            .map_err(|error| Failure::file("read", binary, &error))?;
        bundle.add_program("bin/siglab", content);
    }
    let files = &lab.manifest.files;
    let starter = lab.dir().join(files.starter_file(lab.id(), Language::Rust));
    let languages = if starter.is_file() { "c rust" } else { "c" };
    for (name, template) in [("setup.sh", SETUP), ("run_autograder", RUN)] {
        let text = fill(template, lab)
            .replace("@LANGUAGES@", languages)
            .replace(
                "@SEED@",
                &seed.map_or_else(String::new, |seed| format!("--seed {seed}")),
            )
            .replace("@FOLDER@", &folder.display().to_string());
        bundle.add_program(name, text);
    }
    bundle.zip()
}
