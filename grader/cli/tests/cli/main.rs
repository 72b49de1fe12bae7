//! The command line, as a user and as a script see it.

mod architecture;
mod check;
mod class_hostile;
mod container;
mod course;
mod doctor;
mod engine_folders;
mod explain;
mod explore;
mod explore_budget;
mod formats;
mod fuzz;
mod grade;
mod grade_killed;
mod gradebook;
mod graders;
mod hostile;
mod interrupt;
mod labs;
mod outcomes;
mod pack;
mod predict;
mod run;
mod sandbox;
mod seed;
mod source;
mod surroundings;
mod terminal;
mod tidy;
mod usage;
mod witness;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use siglab_lab::{Lab, Variant};
use siglab_tests::surroundings::bounded;
use tempfile::NamedTempFile;

/// `siglab` with these arguments, in known surroundings and a fixed locale.
fn siglab<A: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_siglab"));
    bounded(&mut command);
    let mut command = Command::from_std(command);
    command
        .env("LC_ALL", "C.UTF-8")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .args(args);
    command
}

/// Runs `siglab` and compares its exit status and standard error with what is expected,
/// and makes sure that it wrote nothing to standard output.
fn fails(args: &[&str], status: i32, stderr: &str) -> Assert {
    siglab(args)
        .assert()
        .code(status)
        .stdout("")
        .stderr(format!("{}\n", stderr.trim_end()))
}

/// The workspace's folder.
fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder
        .ancestors()
        .nth(2)
        .expect("grader/cli is two levels down")
        .to_owned()
}

/// A file with this program of the lab terminator: `wrong/no_window.c`, say, which may be written
/// down as what differs from another.
fn variant(name: &str) -> PathBuf {
    let lab = Lab::load(&root().join("exercises/terminator")).expect("it is a lab");
    let variants = lab.variants().expect("its folders can be read");
    let found = Variant::find(&variants, lab.id(), name, None).expect("it is there");
    let text = found.text.as_ref().expect("it can be composed");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("variants");
    fs::create_dir_all(&folder).expect("there is room");
    // Other tests may read it at this moment.
    let mut file = NamedTempFile::new_in(&folder).expect("there is room");
    file.write_all(text.as_bytes()).expect("there is room");
    let path = folder.join(found.file_name());
    file.persist(&path).expect("it can be renamed");
    path
}

/// What `siglab` wrote to standard output.
fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("siglab writes UTF-8")
}

/// What `siglab` wrote to standard error.
fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("siglab writes UTF-8")
}
