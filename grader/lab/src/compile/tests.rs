//! Compilers with deadlines, and what they are given.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use siglab_engine::Cancel;
use tempfile::TempDir;

use super::process::{Ended, Finished, KEPT, run};
use super::{Compiled, Workshop};
use crate::manifest::Manifest;
use crate::submission::Submission;

const MINUTE: Duration = Duration::from_secs(60);

fn shell(script: &str, deadline: Duration, cancel: &Cancel) -> Finished {
    siglab_sandbox::own_signals().expect("the kernel permits it");
    run(
        Command::new("sh").arg("-c").arg(script),
        deadline,
        cancel,
        KEPT,
    )
    .expect("there is a shell")
}

#[test]
fn what_a_compiler_writes_is_kept() {
    let finished = shell("echo out; echo err >&2", MINUTE, &Cancel::default());
    assert_eq!(finished.ended, Ended::Success);
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(
        shell("exit 3", MINUTE, &Cancel::default()).ended,
        Ended::Failure
    );
    assert_eq!(
        shell("kill -9 $$", MINUTE, &Cancel::default()).ended,
        Ended::Failure
    );
}

#[test]
fn a_flood_is_cut_off() {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x";
    let finished = shell(script, MINUTE, &Cancel::default());
    assert_eq!(finished.ended, Ended::Success);
    assert!(finished.stdout.ends_with("\n[2737856 more bytes]\n"));
    assert_eq!(finished.stdout.matches('x').count(), 256 << 10);
}

#[test]
fn deadlines_are_kept_by_whatever_it_started() {
    let soon = Duration::from_millis(20);
    for script in [
        "sleep 1000",
        "exec sleep 1000",
        "sleep 1000 & exit 0",
        "exec >&- 2>&-; sleep 1000",
        "trap '' TERM; sleep 1000",
    ] {
        let ended = shell(script, soon, &Cancel::default()).ended;
        assert_eq!(ended, Ended::TimedOut, "{script}");
    }
}

#[test]
fn a_compiler_can_be_stopped() {
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(shell("sleep 1000", MINUTE, &cancel).ended, Ended::Cancelled);
}

#[test]
fn a_compiler_that_is_not_there() {
    let result = run(
        &mut Command::new("/no/such/cc"),
        MINUTE,
        &Cancel::default(),
        KEPT,
    );
    let error = result.expect_err("there is none");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

/// What compiling `source` for a lab with these lines in its manifest gives.
fn compile(name: &str, source: &str, lines: &str) -> Result<String, String> {
    siglab_sandbox::own_signals().expect("the kernel permits it");
    let dir = TempDir::new().expect("there is room");
    let path = dir.path().join(name);
    fs::write(&path, source).expect("there is room");
    let manifest = format!(
        "id = \"lab\"\ntitle = \"A lab\"\n{lines}\n[[scenario]]\nid = \"run\"\n\
         [[criterion]]\nid = \"builds\"\ntitle = \"It compiles\"\npoints = 1\nkind = \"builds\"\n"
    );
    let manifest = Manifest::parse(&manifest, "lab.toml", None).expect("it is in order");
    let workshop = Workshop {
        cache: dir.path().join("cache"),
        lock_file: None,
        deadline: MINUTE,
        cancel: Cancel::default(),
        sandbox: None,
        temporary: None,
    };
    let submission = Submission::open(&path, "lab").expect("it can be read");
    let place = dir.path().display().to_string();
    match workshop
        .compile(&submission, &manifest)
        .expect("there is a compiler")
    {
        Compiled::Built(built) => {
            assert!(built.program.is_file());
            let folder = built.program.parent().map(Path::to_owned);
            let output = built.output.replace(&place, "DIR");
            drop(built);
            assert!(!folder.expect("it is in a folder").exists());
            Ok(output)
        }
        Compiled::Failed { output } => Err(output.replace(&place, "DIR")),
    }
}

#[test]
fn c_is_compiled_as_the_manifest_says() {
    assert_eq!(
        compile("a.c", "int main(void) { return 0; }", ""),
        Ok(String::new())
    );
    let warned = compile("a.c", "int main(void) { int unused; return 0; }", "");
    assert!(
        warned
            .expect("a warning is no error")
            .contains("DIR/a.c:1:22: warning:")
    );
    let defined =
        "#if MY_SIGNAL != 7 || defined(EMPTY) != 1\n#error\n#endif\nint main(void) { return 0; }";
    let build = "[build.c]\nstd = \"c11\"\ndefinitions = { MY_SIGNAL = \"7\", EMPTY = \"\" }";
    assert_eq!(compile("a.c", defined, build), Ok(String::new()));
    let flags = "[build.c]\nflags = [\"-Werror\", \"-Wall\", \"-lm\"]";
    let failed = compile("a.c", "int main(void) { int unused; return 0; }", flags);
    assert!(
        failed
            .expect_err("a warning is an error")
            .contains("unused")
    );
    // What a compiler leaves behind when it is killed goes with the program.
    let verbose = compile(
        "a.c",
        "int main(void) { return 0; }",
        "[build.c]\nflags = [\"-v\"]",
    );
    let verbose = verbose.expect("it is correct");
    // Its name may have spaces in it.
    let folder = std::env::temp_dir().display().to_string();
    let verbose = verbose.replace(&folder, "/TMPDIR");
    let temporary: Vec<_> = verbose
        .split_whitespace()
        .filter(|word| word.ends_with(".s") || word.ends_with(".o"))
        .filter(|word| word.starts_with('/') && !word.contains("crt"))
        .collect();
    assert!(!temporary.is_empty(), "{verbose}");
    for file in temporary {
        assert!(file.contains("/siglab-"), "{file}");
    }
    let no_main = compile("a.c", "int other(void) { return 0; }", "");
    assert!(no_main.expect_err("there is no main").contains("main"));
}
