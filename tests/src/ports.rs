//! The Rust ports of the C samples: built by cargo, and compared with them. Also the Rust
//! programs of `exercises/unsafe_handlers`, which aren't call for call what a C program is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use siglab_model::{Disposition, Event, Kind, Signal, Trace};

use crate::surroundings;

/// The packages below `exercises/` that are ports.
const PACKAGES: [&str; 4] = ["simple_handler", "signal_mask", "more_info", "terminator"];

/// The executables of all ports by name, built once per test process. Cargo itself does
/// it: no stable cargo feature makes the executables of one package known to another.
///
/// `target` is cargo's target folder; what the tests' own build left there is used again.
///
/// # Panics
/// If they don't build.
pub fn ports(target: &Path) -> &'static BTreeMap<String, PathBuf> {
    static PORTS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    PORTS.get_or_init(|| build(&PACKAGES, target))
}

/// The same for the programs of `exercises/unsafe_handlers`.
///
/// # Panics
/// If they don't build.
pub fn unsafe_handlers(target: &Path) -> &'static BTreeMap<String, PathBuf> {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    PROGRAMS.get_or_init(|| build(&["unsafe_handlers"], target))
}

fn build(packages: &[&str], target: &Path) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = surroundings::known(&mut Command::new(cargo))
        .args(["build", "--frozen", "--quiet", "--message-format=json"])
        .args(packages.iter().flat_map(|package| ["-p", package]))
        .arg("--target-dir")
        .arg(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .output()
        .expect("cargo can be executed");
    assert!(
        output.status.success(),
        "{packages:?} don't build: {}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(executable)
        .collect()
}

/// The executable that one of cargo's messages is about, if it is about one.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value =
        serde_json::from_str(message).expect("cargo writes one JSON object a line");
    let path = message.get("executable")?.as_str()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    Some((name.to_owned(), path.into()))
}

/// What the languages force to be different in the trace of a port.
#[derive(Debug)]
pub struct Forced {
    /// What, and why.
    pub why: &'static str,
    /// Whether an event of the port is an instance of it; the second argument is the
    /// event of the C program in its place, if there is one.
    pub is: fn(&Event, Option<&Event>) -> bool,
}

/// All of them.
pub const FORCED: [Forced; 3] = [
    Forced {
        why: "Rust's start-up code ignores SIGPIPE, so that a write to a closed pipe is an \
              error and not the end; the ports begin with setting it back to its default",
        is: |port, c| {
            let new = match &port.kind {
                Kind::DispositionChanged {
                    signal: Signal::PIPE,
                    new,
                } => new,
                _ => return false,
            };
            c.is_none() && matches!(new, Disposition::Ignore | Disposition::Default)
        },
    },
    Forced {
        why: "Rust's start-up code installs a handler for SIGSEGV and SIGBUS that tells a \
              stack overflow from other bad accesses",
        is: |port, c| match &port.kind {
            Kind::DispositionChanged {
                signal: Signal::SEGV | Signal::BUS,
                new: Disposition::Handler { function, .. },
            } => {
                let of_std = |name: &String| name.starts_with("std::");
                c.is_none() && function.as_ref().is_some_and(of_std)
            }
            _ => false,
        },
    },
    Forced {
        why: "the full name of a Rust function begins with its crate's",
        is: |port, c| {
            let (Some(name), Some(c)) = (handler_name(port), c) else {
                return false;
            };
            let Some((_, last)) = name.rsplit_once("::") else {
                return false;
            };
            with_handler_name(port, last) == *c
        },
    },
];

fn handler_name(event: &Event) -> Option<&str> {
    match &event.kind {
        Kind::HandlerEntered { function, .. }
        | Kind::DispositionChanged {
            new: Disposition::Handler { function, .. },
            ..
        } => function.as_deref(),
        _ => None,
    }
}

fn with_handler_name(event: &Event, name: &str) -> Event {
    let mut event = event.clone();
    if let Kind::HandlerEntered { function, .. }
    | Kind::DispositionChanged {
        new: Disposition::Handler { function, .. },
        ..
    } = &mut event.kind
    {
        *function = Some(name.to_owned());
    }
    event
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Differences that nothing in [`FORCED`] explains, in words.
    pub unexplained: Vec<String>,
    /// How often each of [`FORCED`] was met.
    pub met: [usize; FORCED.len()],
}

/// Compares the traces of a C program and of its port: all events, with all that is in
/// them. Only what isn't an event of the program is left out: stacks, which name source
/// lines.
#[must_use]
pub fn compare(c: &Trace, port: &Trace) -> Comparison {
    let mut comparison = Comparison::default();
    let mut left: Vec<Event> = c.events.iter().map(without_stacks).collect();
    left.reverse();
    for event in port.events.iter().map(without_stacks) {
        if left.last() == Some(&event) {
            left.pop();
            continue;
        }
        let explained_by = |c: Option<&Event>| FORCED.iter().position(|it| (it.is)(&event, c));
        if let Some(at) = explained_by(left.last()) {
            comparison.met[at] += 1;
            left.pop();
        } else if let Some(at) = explained_by(None) {
            comparison.met[at] += 1;
        } else {
            let c = left.pop();
            let line = format!("port: {event:?}\n   C: {c:?}");
            comparison.unexplained.push(line);
        }
    }
    left.reverse();
    let more = left.iter().map(|event| format!("only in C: {event:?}"));
    comparison.unexplained.extend(more);
    if c.outcome != port.outcome {
        let (c, port) = (&c.outcome, &port.outcome);
        comparison
            .unexplained
            .push(format!("port: {port:?}\n   C: {c:?}"));
    }
    comparison
}

fn without_stacks(event: &Event) -> Event {
    let mut event = event.clone();
    match &mut event.kind {
        Kind::UnsafeCall { stack, .. } | Kind::BusyWaiting { stack, .. } => stack.clear(),
        Kind::Deadlock { waiting } => {
            for thread in waiting {
                thread.stack.clear();
                thread.interrupted.clear();
            }
        }
        _ => {}
    }
    event
}
