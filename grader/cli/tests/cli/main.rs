//! The command line, as a user and as a script see it.

mod architecture;
mod check;
mod class_hostile;
mod container;
mod doctor;
mod engine_folders;
mod explore;
mod formats;
mod fuzz;
mod grade;
mod grade_killed;
mod gradebook;
mod hostile;
mod interrupt;
mod labs;
mod outcomes;
mod pack;
mod run;
mod sandbox;
mod surroundings;
mod usage;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use siglab_tests::surroundings::bounded;

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

/// What `siglab` wrote to standard output.
fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("siglab writes UTF-8")
}

/// What `siglab` wrote to standard error.
fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("siglab writes UTF-8")
}
