//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod course;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod grade;
pub(crate) mod lab_check;
pub(crate) mod lab_show;
pub(crate) mod labs;
pub(crate) mod predict;
pub(crate) mod replay;
pub(crate) mod run;

use siglab_lab::Labs;

use crate::args::LabsDir;
use crate::failure::Failure;
use crate::{exit, output};

/// The folder of labs that was asked for.
pub(crate) fn find_labs(labs: &LabsDir) -> Result<Labs, Failure> {
    match &labs.dir {
        Some(dir) => Ok(Labs::at(dir)?),
        None => {
            let here = std::env::current_dir()
                .map_err(|error| Failure::file("find", ".".as_ref(), &error))?;
            Ok(Labs::nearest(&here)?)
        }
    }
}

/// `siglab lab schema`.
pub(crate) fn schema(result: bool, course: bool) -> Result<u8, Failure> {
    output::print_json(&match (result, course) {
        (true, _) => siglab_lab::result_schema(),
        (false, true) => siglab_class::course_schema(),
        (false, false) => siglab_lab::schema(),
    })?;
    Ok(exit::OK)
}
