//! Rust, with `rustc` against libraries that `cargo` has built once.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use siglab_sandbox::regular;

use super::process::{Ended, Finished, KEPT};
use super::{CompileError, Job, Workshop};
use crate::manifest::RustBuild;

/// What every submission may use. The versions are those of the lock file.
const LIBRARIES: &str = r#"libc = "*"
nix = { version = "*", features = ["event", "fs", "ioctl", "poll", "process", "resource", "sched", "signal", "socket", "term", "time", "user"] }
signal-hook = "*"
"#;

/// How long cargo may take to build the libraries, in real time.
const LIBRARIES_DEADLINE: Duration = Duration::from_secs(600);

/// Compiles a submission.
pub(super) fn compile(
    workshop: &Workshop,
    job: &Job,
    build: &RustBuild,
) -> Result<Finished, CompileError> {
    let libraries = libraries(workshop, build)?;
    // rustup's proxy would look for the compiler in a home that isn't there in a sandbox.
    let mut command = match &job.confinement {
        Some(_) => Command::new(sysroot()?.join("bin/rustc")),
        None => Command::new(rustc()),
    };
    command
        .args(["--edition", "2024", "--crate-name", "submission"])
        .args(["--crate-type", "bin", "-Cdebuginfo=1", "-Copt-level=1"])
        .args(["--color", "never", "-o"])
        .arg(&job.program)
        .arg(&job.source);
    for (name, file) in &libraries.externs {
        let mut argument = OsString::from(format!("{name}="));
        argument.push(file);
        command.arg("--extern").arg(argument);
    }
    let mut folder = OsString::from("dependency=");
    folder.push(&libraries.folder);
    command.arg("-L").arg(folder);
    workshop.compile_with(job, &mut command, "Rust compiler", KEPT)
}

/// The folder of the compiler itself and its standard library.
pub(super) fn sysroot() -> Result<PathBuf, CompileError> {
    static SYSROOT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let find = || {
        let output = Command::new(rustc())
            .args(["--print", "sysroot"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let folder = PathBuf::from(text.trim());
        folder
            .canonicalize()
            .map_err(|error| format!("{}: {error}", folder.display()))
    };
    SYSROOT
        .get_or_init(find)
        .clone()
        .map_err(|error| CompileError::NoCompiler {
            what: "Rust compiler",
            program: rustc().to_string_lossy().into_owned(),
            source: io::Error::other(error),
        })
}

/// Built libraries.
#[derive(Debug, Serialize, Deserialize)]
struct Libraries {
    /// By name.
    externs: Vec<(String, PathBuf)>,
    /// Where theirs are.
    folder: PathBuf,
}

impl Libraries {
    /// What was built earlier, if it is still there.
    fn load(file: &Path) -> Option<Self> {
        let libraries: Self =
            serde_json::from_slice(&regular::read(file, regular::MOST_TEXT).ok()?).ok()?;
        let complete = libraries.externs.iter().all(|(_, file)| file.is_file());
        complete.then_some(libraries)
    }
}

/// The compiler, without arguments.
pub(super) fn compiler() -> Command {
    Command::new(rustc())
}

fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Sees to it that the libraries are there.
pub(super) fn prepare(workshop: &Workshop, build: &RustBuild) -> Result<(), CompileError> {
    libraries(workshop, build).map(drop)
}

/// The libraries that submissions may use, built if they aren't yet.
fn libraries(workshop: &Workshop, build: &RustBuild) -> Result<Libraries, CompileError> {
    let manifest = package(build);
    let lock = match &workshop.lock_file {
        Some(path) => {
            regular::read_text(path, regular::MOST_TEXT).map_err(io_error("read", path))?
        }
        None => String::new(),
    };
    let version = workshop.run(Command::new(rustc()).arg("-vV"), "Rust compiler")?;
    let mut hasher = DefaultHasher::new();
    (&manifest, &lock, &version.stdout).hash(&mut hasher);
    let dir = workshop
        .cache
        .join(format!("rust-libraries-{:016x}", hasher.finish()));
    let list = dir.join("libraries.json");
    if let Some(libraries) = Libraries::load(&list) {
        return Ok(libraries);
    }
    for folder in ["src", "tmp"] {
        fs::create_dir_all(dir.join(folder)).map_err(io_error("make", &dir))?;
    }
    // Several tests may want them at the same time; one builds, the others wait for it.
    let guard = dir.join("lock");
    let guard = regular::open_lock(&guard).map_err(io_error("write", &guard))?;
    guard.lock().map_err(io_error("lock", &dir))?;
    if let Some(libraries) = Libraries::load(&list) {
        return Ok(libraries);
    }
    for (file, content) in [
        ("Cargo.toml", manifest.as_str()),
        ("Cargo.lock", lock.as_str()),
        ("src/lib.rs", ""),
    ] {
        if !content.is_empty() || file != "Cargo.lock" {
            let path = dir.join(file);
            regular::replace(&path, content.as_bytes(), 0o666).map_err(io_error("write", &path))?;
        }
    }
    let libraries = build_libraries(workshop, &dir, build)?;
    open_to_all(&dir).map_err(io_error("open", &dir))?;
    let json = serde_json::to_vec(&libraries).map_err(io::Error::from);
    json.and_then(|json| regular::replace(&list, &json, 0o666))
        .map_err(io_error("write", &list))?;
    Ok(libraries)
}

/// Lets everybody read what is at `path`, whatever the umask was: in a sandbox, the compiler
/// is another user.
pub(super) fn open_to_all(path: &Path) -> io::Result<()> {
    let data = fs::symlink_metadata(path)?;
    if data.is_symlink() {
        return Ok(());
    }
    let before = data.permissions().mode();
    let is_for_use = data.is_dir() || before & 0o100 != 0;
    let after = before | 0o444 | if is_for_use { 0o111 } else { 0 };
    if after != before {
        fs::set_permissions(path, Permissions::from_mode(after))?;
    }
    if data.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}

fn io_error<'a>(
    operation: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> CompileError + 'a {
    move |source| CompileError::Io {
        operation,
        path: path.to_owned(),
        source,
    }
}

/// The manifest of a package that depends on the libraries and does nothing.
fn package(build: &RustBuild) -> String {
    let mut text = String::from(
        "[package]\nname = \"siglab-rust-libraries\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[profile.dev]\nopt-level = 1\ndebug = false\n\n[dependencies]\n",
    );
    for line in LIBRARIES.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        if !build.dependencies.contains_key(name) {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (name, dependency) in &build.dependencies {
        text.push_str(&format!(
            "{name} = {{ version = {:?}, features = {:?} }}\n",
            dependency.version, dependency.features
        ));
    }
    text
}

fn build_libraries(
    workshop: &Workshop,
    dir: &Path,
    build: &RustBuild,
) -> Result<Libraries, CompileError> {
    // Building them takes longer than compiling a submission may.
    let workshop = &Workshop {
        deadline: workshop.deadline.max(LIBRARIES_DEADLINE),
        ..workshop.clone()
    };
    let mut finished = cargo_build(workshop, dir, true)?;
    if finished.ended == Ended::Failure {
        // Not everything is on this machine yet; whoever has never built the labs'
        // packages gets what is missing once.
        let offline = finished;
        finished = cargo_build(workshop, dir, false)?;
        if finished.ended != Ended::Success {
            finished = offline;
        }
    }
    match finished.ended {
        Ended::Success => {}
        Ended::Cancelled => return Err(CompileError::Cancelled),
        Ended::Failure | Ended::TimedOut => {
            return Err(CompileError::Libraries {
                dir: dir.to_owned(),
                output: finished.stderr.trim_end().to_owned(),
            });
        }
    }
    let wanted = |name: &str| {
        let dashed = name.replace('_', "-");
        LIBRARIES.lines().any(|line| {
            let known = line.split_whitespace().next().unwrap_or_default();
            known == name || known == dashed
        }) || build.dependencies.contains_key(name)
            || build.dependencies.contains_key(&dashed)
    };
    let externs = finished
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| {
            let name = artifact.target.name.replace('-', "_");
            let is_library = |file: &PathBuf| {
                file.extension()
                    .is_some_and(|it| it == "rlib" || it == "so")
            };
            let file = artifact.filenames.into_iter().find(is_library)?;
            wanted(&name).then_some((name, file))
        })
        .collect();
    Ok(Libraries {
        externs,
        folder: dir.join("target/debug/deps"),
    })
}

/// A line of cargo's that tells of something built.
#[derive(Deserialize)]
struct Artifact {
    target: ArtifactTarget,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
}

fn cargo_build(workshop: &Workshop, dir: &Path, offline: bool) -> Result<Finished, CompileError> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "build",
            "--message-format=json-render-diagnostics",
            "--color=never",
        ])
        .arg("--manifest-path")
        .arg(dir.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(dir.join("target"))
        .args(offline.then_some("--offline"))
        .env("TMPDIR", dir.join("tmp"))
        .current_dir(dir);
    // Coverage and lint settings of whoever runs the tests are not for these.
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        command.env_remove(name);
    }
    workshop.run(&mut command, "cargo")
}
