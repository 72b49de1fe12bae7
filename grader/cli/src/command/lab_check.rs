//! `siglab lab check`.

use std::fmt::Write as _;

use siglab_lab::{CheckedFile, GradeOptions, Lab, LabReport, Labs, Status};
use siglab_report::escape_lines;

use crate::args::LabsDir;
use crate::failure::Failure;
use crate::progress::Waiting;
use crate::{exit, interrupt, output};

pub(crate) fn run(ids: &[String], seed: Option<u64>, labs: &LabsDir) -> Result<u8, Failure> {
    let labs = super::find_labs(labs)?;
    let chosen = choose(&labs, ids)?;
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let options = GradeOptions {
        cancel,
        ..GradeOptions::default()
    };
    let mut status = exit::OK;
    for lab in chosen {
        let lab = lab.with_seed(seed)?;
        let waiting = Waiting::new(&format!("checking {}", lab.id()));
        let report = lab.check(&options);
        drop(waiting);
        let report = report?;
        if let Some(signal) = interrupt::received() {
            return Err(Failure::interrupted(signal));
        }
        output::print(text(&report, lab.manifest.seed))?;
        if !report.is_fine() {
            status = exit::FOUND;
        }
    }
    Ok(status)
}

/// The labs with these ids, all if there are none; an error if one can't be read.
fn choose(labs: &Labs, ids: &[String]) -> Result<Vec<Lab>, Failure> {
    let ids = if ids.is_empty() {
        labs.ids()?
    } else {
        ids.to_vec()
    };
    if ids.is_empty() {
        output::tell(format_args!("siglab: no labs in {}", labs.dir().display()));
    }
    ids.iter().map(|id| Ok(labs.find(id)?)).collect()
}

/// `seed` is what moments were drawn from, if some were.
fn text(report: &LabReport, seed: Option<u64>) -> String {
    let drawn = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let mut text = format!("{}{drawn}\n", escape_lines(&report.lab));
    for file in &report.files {
        describe(&mut text, file);
    }
    for problem in &report.problems {
        let _ = writeln!(text, "  FAIL  {}", escape_lines(&problem.to_string()));
    }
    let bad = report
        .files
        .iter()
        .filter(|file| !file.problems.is_empty())
        .count();
    let verdict = match bad + report.problems.len() {
        0 => "everything is as it should be".to_owned(),
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    let files = report.files.len();
    let _ = writeln!(text, "  {files} files, {verdict}\n");
    text
}

fn describe(text: &mut String, file: &CheckedFile) {
    let word = if file.problems.is_empty() {
        "ok"
    } else {
        "FAIL"
    };
    let path = escape_lines(&file.path.display().to_string());
    let score = match &file.result {
        Some(result) if result.status == Status::CompileError => "doesn't compile".to_owned(),
        Some(result) => format!("{} of {}", result.score, result.max_score),
        None => "not graded".to_owned(),
    };
    let _ = writeln!(text, "  {word:<4}  {:<8}  {path}: {score}", file.part);
    for problem in &file.problems {
        let problem = escape_lines(&problem.to_string());
        let _ = writeln!(
            text,
            "                  {}",
            problem.replace('\n', "\n                  ")
        );
    }
    if let (false, Some(because)) = (file.problems.is_empty(), &file.because) {
        let _ = writeln!(text, "                  ({})", escape_lines(because));
    }
}
