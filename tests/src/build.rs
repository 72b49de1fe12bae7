//! Building the test programs.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::surroundings;

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

/// Flags of every C++ program of the tests.
const CXX_FLAGS: [&str; 7] = [
    "-std=gnu++17",
    "-pthread",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// Flags of every Rust program of the tests.
const RUST_FLAGS: [&str; 4] = ["--edition=2024", "-g", "-Copt-level=1", "-Dwarnings"];

/// Compiles a C file of `tests/programs`, unless that was done before, and returns the
/// executable. `name` is without its ending, and may lead to another folder. `flags` come
/// after the usual ones.
///
/// # Panics
/// If it doesn't compile: the tests' own programs have to.
#[must_use]
pub fn c_program(name: &str, flags: &[&str]) -> PathBuf {
    compile(name, "c", ("CC", "cc"), &C_FLAGS, flags)
}

/// The same for a C++ file.
///
/// # Panics
/// If it doesn't compile.
#[must_use]
pub fn cxx_program(name: &str, flags: &[&str]) -> PathBuf {
    compile(name, "cc", ("CXX", "c++"), &CXX_FLAGS, flags)
}

/// The same for a Rust file, which can use the standard library only.
///
/// # Panics
/// If it doesn't compile.
#[must_use]
pub fn rust_program(name: &str) -> PathBuf {
    compile(name, "rs", ("RUSTC", "rustc"), &RUST_FLAGS, &[])
}

/// `compiler`: the environment variable that may name it, and its usual name.
fn compile(
    name: &str,
    ending: &str,
    compiler: (&str, &str),
    usual_flags: &[&str],
    flags: &[&str],
) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(format!("{name}.{ending}"));
    let compiler = std::env::var_os(compiler.0).unwrap_or_else(|| compiler.1.into());
    let folder = folder_for(&source, &compiler, usual_flags);
    let name = name.replace('/', "_");
    let program = folder.join(format!("{name}{}", flags.concat().replace('/', "_")));
    // Tests of one program may start at the same time. Only one builds it: a program that is
    // replaced while another test runs it has no name and no symbols any more.
    let lock = File::create(folder.join("lock")).expect("target is writable");
    lock.lock().expect("target's file system has locks");
    if program.exists() {
        return program;
    }
    // Of a build that was interrupted, nothing appears; rustc puts other files beside.
    let unfinished = folder.join("unfinished");
    std::fs::create_dir_all(&unfinished).expect("target is writable");
    let output = surroundings::known(&mut Command::new(&compiler))
        .args(usual_flags)
        .arg(&source)
        .arg("-o")
        .arg(unfinished.join(&name))
        .args(flags)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", compiler.display()));
    assert!(
        output.status.success(),
        "{}: {}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::rename(unfinished.join(&name), &program).expect("target is writable");
    // Empty, or of no use.
    let _ = std::fs::remove_dir_all(&unfinished);
    program
}

/// A folder below cargo's target folder for what is built of this source, the headers
/// beside it, and these flags: another one for each content.
fn folder_for(source: &Path, compiler: &OsString, flags: &[&str]) -> PathBuf {
    let read = |file: &Path| {
        std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    let mut headers: Vec<PathBuf> = source
        .parent()
        .and_then(|folder| folder.read_dir().ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "h"))
        .collect();
    headers.sort();
    let mut hasher = DefaultHasher::new();
    (compiler, flags, read(source)).hash(&mut hasher);
    for header in &headers {
        read(header).hash(&mut hasher);
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../target/siglab-tests")
        .join(format!("{:016x}", hasher.finish()));
    std::fs::create_dir_all(&folder).expect("target is writable");
    folder
}
