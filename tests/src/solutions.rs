//! Solutions of the labs, built as a lab builds what is handed in.

use std::fs;
use std::path::Path;

use siglab_lab::{Build, BuiltProgram, GradeOptions, Lab, Part, build};

/// Builds the solution of a lab that has this name, `pid_one.rs` for one; its source is put
/// into `folder`.
///
/// # Panics
/// If there is no such solution, or it doesn't compile.
#[must_use]
pub fn solution(lab: &str, file: &str, folder: &Path) -> BuiltProgram {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../exercises")
        .join(lab);
    let lab = Lab::load(&dir).expect("it is a lab");
    let variants = lab.variants().expect("its folders can be read");
    let solution = variants
        .iter()
        .find(|it| it.part == Part::Solution && it.file_name() == file)
        .expect("there is such a solution");
    let source = folder.join(file);
    let text = solution.text.as_ref().expect("it can be composed");
    fs::write(&source, text).expect("there is room");
    match build(Some(&lab), &source, &GradeOptions::default()).expect("there is a compiler") {
        Build::Built(program) => program,
        Build::Failed { output, .. } => panic!("{output}"),
    }
}
