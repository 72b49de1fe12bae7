//! `siglab pack`: a lab, made ready for another place.

mod bundle;
mod gradescope;
mod sheet;
mod student;
mod workspace;

use std::path::Path;

use siglab_lab::Lab;

use crate::args::{LabsDir, Pack};
use crate::command::find_labs;
use crate::failure::Failure;
use crate::file::Target;
use crate::{exit, output};

/// The workflow for GitHub Actions.
const WORKFLOW: &str = include_str!("templates/workflow.yml");

pub(crate) fn run(args: &Pack) -> Result<u8, Failure> {
    match args {
        Pack::Gradescope {
            lab,
            output,
            binary,
            seed,
            labs,
        } => {
            let lab = find(lab, labs)?;
            let target = Target::prepare(output)?;
            target.write(&gradescope::pack(&lab, binary.as_deref(), *seed)?)?;
            output::tell(format_args!(
                "siglab: {} is an autograder for {}",
                output.display(),
                lab.id()
            ));
        }
        Pack::GitHub { lab, output, labs } => github(&find(lab, labs)?, output)?,
        Pack::Student { lab, output, labs } => {
            let lab = find(lab, labs)?;
            let packed = student::pack(&lab)?;
            packed.bundle.write_to(output)?;
            output::tell(format_args!(
                "siglab: {} is what students get of {}",
                output.display(),
                lab.id()
            ));
            for id in &packed.left_out {
                output::tell(format_args!(
                    "siglab: criterion {id} is left out: only hidden scenarios decide it"
                ));
            }
        }
    }
    Ok(exit::OK)
}

/// The lab with this id, if the id may go into scripts.
fn find(id: &str, labs: &LabsDir) -> Result<Lab, Failure> {
    let lab = find_labs(labs)?.find(id)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.starts_with('-') || !id.chars().all(is_plain) {
        return Err(Failure::usage(format_args!(
            "`{id}` can't be packed: its id must be of letters, digits, `_` and `-`"
        )));
    }
    Ok(lab)
}

/// A template for a lab.
fn fill(template: &str, lab: &Lab) -> String {
    template.replace("@LAB@", lab.id())
}

fn github(lab: &Lab, folder: &Path) -> Result<(), Failure> {
    let workflows = folder.join(".github/workflows");
    let file = workflows.join(format!("siglab-{}.yml", lab.id()));
    if file.exists() {
        return Err(Failure::usage(format_args!(
            "{} is there already",
            file.display()
        )));
    }
    std::fs::create_dir_all(&workflows)
        .map_err(|error| Failure::file("make", &workflows, &error))?;
    Target::prepare(&file)?.write(fill(WORKFLOW, lab).as_bytes())?;
    output::tell(format_args!("siglab: {} grades every push", file.display()));
    Ok(())
}
