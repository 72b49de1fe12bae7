//! What is tried out, one function each.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use super::helper::{self, Waiting};
use siglab_lab::LayerState;
use siglab_sandbox::LayerId;

use super::{Checked, State, sys};
use crate::failure::{PERMIT_PTRACE, reason};

/// Something to try out.
struct Check {
    id: &'static str,
    title: &'static str,
    required: bool,
    /// What to do if it is missing.
    advice: &'static str,
    /// What was found, or why it is missing.
    probe: fn() -> io::Result<String>,
}

const SECCOMP_ADVICE: &str = "a kernel with CONFIG_SECCOMP_FILTER, and no outer filter that \
    forbids seccomp(2)";
const RUST_ADVICE: &str = "needed to grade Rust submissions: install it from https://rustup.rs";

/// The ids of the sandbox's layers.
const SANDBOX_IDS: [&str; 6] = [
    "sandbox-L0",
    "sandbox-L1",
    "sandbox-L2",
    "sandbox-L3",
    "sandbox-L4",
    "sandbox-L5",
];

const CHECKS: &[Check] = &[
    Check {
        id: "ptrace",
        title: "trace a child with ptrace",
        required: true,
        advice: PERMIT_PTRACE,
        probe: ptrace_seize,
    },
    Check {
        id: "yama",
        title: "Yama's ptrace_scope",
        required: false,
        advice: "`sudo sysctl kernel.yama.ptrace_scope=1`",
        probe: yama,
    },
    Check {
        id: "seccomp",
        title: "install a seccomp filter",
        required: true,
        advice: SECCOMP_ADVICE,
        probe: || helper::ask(helper::SECCOMP).map(said("")),
    },
    Check {
        id: "personality",
        title: "switch address randomisation off",
        required: false,
        advice: "addresses that programs print differ from run to run; nothing else does",
        probe: || helper::ask(helper::PERSONALITY).map(said("")),
    },
    Check {
        id: "proc",
        title: "read /proc/PID/syscall",
        required: true,
        advice: "mount /proc; permit ptrace",
        probe: proc_syscall,
    },
    Check {
        id: "listener",
        title: "make calls in a program's place",
        required: true,
        advice: "a kernel from 5.9 on, and no other seccomp filter with a listener",
        probe: || helper::ask(helper::LISTENER).map(said("")),
    },
    Check {
        id: "pidfd",
        title: "reach pseudo-terminals that programs open",
        required: false,
        advice: "without pidfd_getfd(2), what programs such as script(1) show may come in another \
            order; in a container: `--cap-add=SYS_PTRACE`",
        probe: || with_child(|child| sys::duplicate_stdin(child.pid()).map(|_| String::new())),
    },
    Check {
        id: "timerfd",
        title: "make a timerfd expire",
        required: true,
        advice: "a kernel with CONFIG_CHECKPOINT_RESTORE",
        probe: || sys::expire_timerfd().map(said("")),
    },
    Check {
        id: "pty",
        title: "open a pseudo-terminal",
        required: true,
        advice: "mount devpts at /dev/pts",
        probe: || Ok(nix::pty::openpty(None, None).map(|_| String::new())?),
    },
    Check {
        id: "one-cpu",
        title: "pin a process to one processor",
        required: false,
        advice: "works without, about four times slower",
        probe: || helper::ask(helper::PIN).map(said("")),
    },
    Check {
        id: "cc",
        title: "compile a C program",
        required: true,
        advice: "install gcc or clang, or set CC",
        probe: compile_c,
    },
    Check {
        id: "rustc",
        title: "find rustc",
        required: false,
        advice: RUST_ADVICE,
        probe: || version("rustc", "RUSTC"),
    },
    Check {
        id: "cargo",
        title: "find cargo",
        required: false,
        advice: RUST_ADVICE,
        probe: || version("cargo", "CARGO"),
    },
];

/// Tries everything out.
pub(super) fn all() -> Vec<Checked> {
    CHECKS.iter().map(Check::run).chain(sandbox()).collect()
}

/// The layers of the sandbox. Whoever grades only files of their own needs none of them.
fn sandbox() -> Vec<Checked> {
    let checked = |id, title, state, detail, advice| Checked {
        id,
        title,
        state,
        required: false,
        detail,
        advice: (state == State::Missing).then_some(advice),
    };
    let report = match helper::layers() {
        Ok(report) => report,
        Err(error) => {
            let advice = "look at docs/sandbox.md";
            let why = reason(&error);
            return vec![checked(
                "sandbox",
                "confine programs",
                State::Missing,
                why,
                advice,
            )];
        }
    };
    let layers = LayerId::ALL.into_iter().zip(report.layers).zip(SANDBOX_IDS);
    layers
        .map(|((layer, found), id)| {
            let state = match found.state {
                LayerState::Active => State::Ok,
                LayerState::Missing => State::Missing,
            };
            checked(id, layer.title(), state, found.detail, layer.advice())
        })
        .collect()
}

impl Check {
    fn run(&self) -> Checked {
        let (state, detail, advice) = match (self.probe)() {
            Ok(detail) => (State::Ok, detail, None),
            Err(error) => (State::Missing, reason(&error), Some(self.advice)),
        };
        Checked {
            id: self.id,
            title: self.title,
            state,
            required: self.required,
            detail,
            advice,
        }
    }
}

fn said(text: &'static str) -> impl Fn(()) -> String {
    move |()| text.to_owned()
}

fn with_child(probe: impl FnOnce(&Waiting) -> io::Result<String>) -> io::Result<String> {
    probe(&Waiting::start()?)
}

/// Seizes a child, stops it and lets it go on: ptrace(2).
fn ptrace_seize() -> io::Result<String> {
    with_child(|child| {
        let pid = child.pid();
        ptrace::seize(pid, ptrace::Options::PTRACE_O_EXITKILL)?;
        ptrace::interrupt(pid)?;
        let stopped = waitpid(pid, Some(WaitPidFlag::__WALL))?;
        if !matches!(
            stopped,
            WaitStatus::PtraceEvent(..) | WaitStatus::Stopped(..)
        ) {
            return Err(io::Error::other(format!(
                "unexpected wait status {stopped:?}"
            )));
        }
        ptrace::getregs(pid)?;
        ptrace::detach(pid, None)?;
        Ok(String::new())
    })
}

fn yama() -> io::Result<String> {
    let scope = match fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok("not there: no restriction".into());
        }
        scope => scope?,
    };
    match scope.trim() {
        "0" => Ok("0: no restriction".into()),
        "1" => Ok("1: descendants may be traced, which is all that siglab needs".into()),
        "2" if nix::unistd::geteuid().is_root() => Ok("2: administrators may trace".into()),
        "2" => Err(io::Error::other("2: only administrators may trace")),
        scope => Err(io::Error::other(format!(
            "{scope}: nobody may trace, until the next boot"
        ))),
    }
}

fn proc_syscall() -> io::Result<String> {
    with_child(|child| {
        fs::read_to_string(format!("/proc/{}/syscall", child.pid())).map(|_| String::new())
    })
}

/// Compiles and links an empty program.
fn compile_c() -> io::Result<String> {
    let compiler = std::env::var_os("CC")
        .filter(|cc| !cc.is_empty())
        .unwrap_or("cc".into());
    let folder = siglab_sandbox::Temporary::new("")?;
    let mut child = Command::new(&compiler)
        .args(["-x", "c", "-", "-o"])
        .arg(folder.path().join("empty"))
        .env("TMPDIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| missing(&compiler.to_string_lossy(), &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"#include <signal.h>\nint main(void) { return 0; }\n")?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(
            text.lines().next().unwrap_or("it fails").to_owned(),
        ));
    }
    first_line(&compiler.to_string_lossy())
}

fn version(name: &str, variable: &str) -> io::Result<String> {
    first_line(&std::env::var(variable).unwrap_or_else(|_| name.to_owned()))
}

/// The first line that `program --version` prints.
fn first_line(program: &str) -> io::Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| missing(program, &error))?;
    if !output.status.success() {
        return Err(io::Error::other(format!(
            "{program} --version: {}",
            output.status
        )));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn missing(program: &str, error: &io::Error) -> io::Error {
    io::Error::other(format!("can't execute {program}: {}", reason(error)))
}
