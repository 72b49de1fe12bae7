//! What siglab was started with: ignored and blocked signals, a umask.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::stat::{Mode, umask};
use siglab_tests::surroundings::bounded;
use tempfile::TempDir;

use crate::grade::{Course, GOOD};
use crate::interrupt::{WAITS, waiting_with};

/// Lets siglab start with what `change` does to the process.
fn changed(command: &mut Command, change: fn() -> io::Result<()>) -> &mut Command {
    #[expect(unsafe_code, reason = "nobody else can change what siglab starts with")]
    // SAFETY: pre_exec: the callers' functions make system calls only.
    unsafe {
        command.pre_exec(change)
    }
}

fn ignore(number: Signal) -> io::Result<()> {
    #[expect(unsafe_code, reason = "the test is about dispositions")]
    // SAFETY: sigaction(2): this sets no handler.
    unsafe {
        signal(number, SigHandler::SigIgn)?;
    }
    Ok(())
}

fn block_all() -> io::Result<()> {
    Ok(SigSet::all().thread_set_mask()?)
}

/// `siglab check` of a correct program gives full marks.
fn check_works(sandbox: &str, change: fn() -> io::Result<()>) {
    let course = Course::new(&[("alice.c", GOOD)]);
    let mut siglab = Command::new(env!("CARGO_BIN_EXE_siglab"));
    let output = changed(bounded(&mut siglab), change)
        .args(["check", "tiny", "submissions/alice.c", "--labs", "labs"])
        .args(["--sandbox", sandbox])
        .current_dir(course.at(""))
        .env("TMPDIR", course.at("tmp"))
        .stdin(Stdio::null())
        .output()
        .expect("siglab starts");
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert_eq!(output.status.code(), Some(0), "{sandbox}: {out}{err}");
    assert!(out.contains("3 of 3"), "{sandbox}: {out}");
}

/// As some supervisors start everything. With it, nobody could wait for a compiler.
#[test]
fn sigchld_is_ignored() {
    for sandbox in ["off", "auto"] {
        check_works(sandbox, || ignore(Signal::SIGCHLD));
    }
}

#[test]
fn all_signals_are_blocked() {
    for sandbox in ["off", "auto"] {
        check_works(sandbox, block_all);
    }
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let waiting = waiting_with(&[], &file, WAITS, |siglab| {
        changed(siglab, block_all);
    });
    waiting.signal(Signal::SIGTERM);
    let (code, stderr) = waiting.end();
    assert_eq!(code, Some(143), "{stderr}");
}

/// Only its owner may use what siglab makes, but the program is another user's.
#[test]
fn others_get_no_permissions() {
    for sandbox in ["off", "auto"] {
        check_works(sandbox, || {
            umask(Mode::S_IRWXG | Mode::S_IRWXO);
            Ok(())
        });
    }
}

/// As nohup(1) and a shell without job control start it: what is ignored on purpose stays
/// so, for siglab, but not for its program.
#[test]
fn hangups_and_interrupts_are_ignored() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let ignoring = |siglab: &mut Command| {
        changed(siglab, || {
            ignore(Signal::SIGHUP)?;
            ignore(Signal::SIGINT)
        });
    };
    let waiting = waiting_with(&["--quiet"], &file, WAITS, ignoring);
    waiting.signal(Signal::SIGHUP);
    waiting.signal(Signal::SIGINT);
    let (code, stderr) = waiting.close();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));

    let mut siglab = Command::new(env!("CARGO_BIN_EXE_siglab"));
    bounded(&mut siglab)
        .args(["run", "--quiet", "--", "sh", "-c", "kill -INT $$; echo on"])
        .stdin(Stdio::null());
    ignoring(&mut siglab);
    let output = siglab.output().expect("siglab starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), &*stdout), (Some(130), ""));
}
