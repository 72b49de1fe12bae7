//! What the running kernel does with each signal, tried out with processes that send it to themselves.
//! Such a process is siglab itself, as for the doctor: nothing has to be forked by hand.

mod probe;
mod sys;

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use siglab_model::{DefaultAction, Signal};
use siglab_sandbox::Temporary;
use siglab_tutor::signals::Tried;

pub(crate) use probe::run as probe;

/// What a process finds out before it sends itself the signal: one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    can_be_caught: bool,
    /// Whether two instances stay two; nothing if it can't be blocked.
    queues: Option<bool>,
    /// Whether it may dump core.
    dumps: bool,
}

/// Tries every signal.
///
/// # Errors
/// If processes can't be started.
pub(crate) fn try_all() -> io::Result<Vec<Tried>> {
    // Where core dumps go that are made to be seen.
    let folder = Temporary::new("")?;
    let sees_cores = dumps_here();
    Signal::all()
        .map(|signal| try_one(signal, folder.path(), sees_cores))
        .collect()
}

fn try_one(signal: Signal, folder: &Path, sees_cores: bool) -> io::Result<Tried> {
    let mut child = start(signal, folder, sees_cores, false)?;
    let pid = pid(&child);
    let status = wait(pid, libc::WUNTRACED)?;
    let action = match status {
        _ if status.success() && is_continued_by(signal, folder)? => DefaultAction::Continue,
        _ if status.success() => DefaultAction::Ignore,
        _ if status.stopped_signal().is_some() => {
            sys::kill(pid, Signal::KILL)?;
            wait(pid, 0)?;
            DefaultAction::Stop
        }
        _ if status.core_dumped() => DefaultAction::Core,
        _ if status.signal() == Some(signal.number()) => DefaultAction::Terminate,
        _ => return Err(io::Error::other(format!("{signal}: {status}"))),
    };
    let told = child.stdout.take().map(io::read_to_string).transpose()?;
    let asked: Asked = serde_json::from_str(&told.unwrap_or_default())?;
    Ok(Tried {
        signal,
        action,
        sees_cores: asked.dumps,
        can_be_caught: asked.can_be_caught,
        queues: asked.queues,
    })
}

/// Whether the signal lets a stopped process go on. The kernel decides that when the signal is
/// generated, so nobody has to wait for it.
fn is_continued_by(signal: Signal, folder: &Path) -> io::Result<bool> {
    let child = start(signal, folder, false, true)?;
    let pid = pid(&child);
    wait(pid, libc::WUNTRACED)?;
    sys::kill(pid, signal)?;
    let now = sys::wait(pid, libc::WCONTINUED | libc::WNOHANG)?;
    // It may have gone on and ended by now.
    if now.is_none_or(|status| status.continued()) {
        sys::kill(pid, Signal::KILL)?;
        wait(pid, 0)?;
    }
    Ok(now.is_some())
}

/// Starts a process that sends itself a signal; or, if it `stops`, stops itself before.
fn start(signal: Signal, folder: &Path, dumps: bool, stops: bool) -> io::Result<Child> {
    let probe = format!("{},{dumps},{stops}", signal.number());
    Command::new(std::env::current_exe()?)
        .args(["explain", "--probe", &probe])
        .current_dir(folder)
        // In a group of its own, in which somebody could continue it: else nothing stops for a terminal.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

fn wait(pid: Pid, flags: libc::c_int) -> io::Result<ExitStatus> {
    let status = sys::wait(pid, flags)?;
    status.ok_or_else(|| io::Error::other("a wait without a time-out returned"))
}

/// Whether a core dump would be a file in the current folder, and nobody else's affair: core(5).
fn dumps_here() -> bool {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    let pattern = pattern.trim();
    !pattern.is_empty() && !pattern.starts_with('|') && !pattern.contains('/')
}
