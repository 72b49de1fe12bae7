//! Building the test programs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Flags of every C program of the tests.
const C_FLAGS: [&str; 8] = [
    "-std=gnu17",
    "-D_GNU_SOURCE",
    "-pthread",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// Compiles a C file of `tests/programs`, once per test process, and returns the
/// executable. `name` is without its ending, and may lead to another folder. `flags` come
/// after the usual ones.
///
/// # Panics
/// If it doesn't compile: the tests' own programs have to.
#[must_use]
pub fn c_program(name: &str, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(format!("{name}.c"));
    let folder = scratch();
    let name = name.replace('/', "_");
    let program = folder.join(format!("{name}{}", flags.concat().replace('/', "_")));
    // Another test process may be building the same program.
    let unfinished = folder.join(format!(
        "{name}.{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let output = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(C_FLAGS)
        .arg(&source)
        .arg("-o")
        .arg(&unfinished)
        .args(flags)
        .output()
        .expect("a C compiler");
    assert!(
        output.status.success(),
        "{}: {}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::rename(&unfinished, &program).expect("the scratch folder is writable");
    program
}

/// A folder for built programs below cargo's target folder.
fn scratch() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../target/siglab-tests")
        .join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).expect("target is writable");
    folder
}
