//! `siglab lab check`.

use crate::args::LabsDir;
use crate::exit;
use crate::failure::Failure;

pub(crate) fn run(ids: &[String], labs: &LabsDir) -> Result<u8, Failure> {
    let labs = super::find_labs(labs)?;
    let _ = (ids, labs);
    Ok(exit::OK)
}
