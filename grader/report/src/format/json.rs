//! `siglab/result/v1`, for programs.

use std::io::{self, Write};

use siglab_lab::Graded;

use super::{Format, ReportOptions};

/// The result as JSON.
#[derive(Debug)]
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "for programs: schema siglab/result/v1"
    }

    fn write(&self, graded: &Graded, _: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &graded.result)?;
        writeln!(out)
    }
}
