//! Processes of the sandbox's own: those that hold namespaces, sweep, or try something out.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

/// Forks. The child's pid in the parent, nothing in the child. The caller has to have a
/// single thread, or the child must not do more than is async-signal-safe.
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: fork(2): the callers see to what its notes on threads ask for.
    Ok(match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Some(child),
        ForkResult::Child => None,
    })
}

/// Runs `body` in a child, which then ends without returning into the caller's code, with
/// 0 or else the errno that `body` returned. Its pid.
///
/// `body` must not rely on other threads of the caller: it may only call functions that
/// are async-signal-safe, unless the caller has a single thread.
pub(crate) fn spawn(body: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    if let Some(child) = fork()? {
        return Ok(child);
    }
    leave(match body() {
        Ok(()) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EINVAL),
    })
}

/// Ends the calling process at once: no destructor and no handler of the process that it
/// was forked from may run in it.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: _exit(2) has no preconditions.
    unsafe { libc::_exit(status) }
}

/// Waits for a child of [`spawn`]: whether its body succeeded.
pub(crate) fn finish(child: Pid) -> io::Result<()> {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, 0)) => return Ok(()),
            Ok(WaitStatus::Exited(_, errno)) => return Err(io::Error::from_raw_os_error(errno)),
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                return Err(io::Error::other(format!("killed by {signal}")));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Waits until a process that need not be a child has ended, but not longer than this. Whether
/// it has; it may stay a zombie.
pub(crate) fn await_end(pid: Pid, timeout: PollTimeout) -> io::Result<bool> {
    // SAFETY: pidfd_open(2): it takes no pointers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = match Errno::result(fd) {
        Err(Errno::ESRCH) => return Ok(true),
        fd => i32::try_from(fd?).map_err(io::Error::other)?,
    };
    // SAFETY: the kernel has just made this descriptor for this process, and nobody else knows
    // of it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let ready = poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], timeout)?;
    Ok(ready > 0)
}

/// Undoes what a process that runs programs must not have inherited: a `SIGCHLD` that is
/// ignored, with which nobody can wait for a compiler (wait(2), notes), and blocked signals, by
/// which it couldn't be stopped. Supervisors and CI runners start programs like that. What else
/// is ignored may be so on purpose, and stays: nohup(1).
///
/// To be called before there are other threads, whose masks are their own.
///
/// # Errors
/// If the kernel refuses that.
pub fn own_signals() -> io::Result<()> {
    // SAFETY: sigaction(2): this sets no handler.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl)? };
    Ok(SigSet::empty().thread_set_mask()?)
}

/// Kills everything that the user `id` runs, in this pid namespace.
///
/// By a child that becomes that user: then nobody else can be hit, and the caller isn't.
pub(crate) fn sweep(id: u32) -> io::Result<()> {
    let child = spawn(|| {
        super::creds::become_user(id)?;
        // kill(-1) as root would be the end of everything.
        // SAFETY: getuid(2) has no preconditions.
        if unsafe { libc::getuid() } != id || id == 0 {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
        // SAFETY: kill(2) has no preconditions. The calling process isn't hit by -1.
        unsafe { libc::kill(-1, libc::SIGKILL) };
        Ok(())
    })?;
    finish(child)
}

/// Whether nobody has the other end of a pipe open any more.
pub(crate) fn is_closed(pipe: &io::PipeReader) -> bool {
    let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    let _ = poll(&mut fds, PollTimeout::ZERO);
    fds[0]
        .revents()
        .is_some_and(|events| events.contains(PollFlags::POLLHUP))
}

/// Whether the caller is the only thread of its process.
pub(crate) fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// What the processes between the caller and its worker pass on.
fn passed_on() -> SigSet {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        set.add(signal);
    }
    set
}

/// Blocks the signals that [`tend`] waits for. The mask before.
pub(crate) fn block_for_tending() -> io::Result<SigSet> {
    let mut set = passed_on();
    set.add(Signal::SIGCHLD);
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), Some(&mut before))?;
    Ok(before)
}

/// Sets the signal mask.
pub(crate) fn set_mask(mask: &SigSet) -> io::Result<()> {
    Ok(sigprocmask(SigmaskHow::SIG_SETMASK, Some(mask), None)?)
}

/// How a process ended: its exit status or the number of the signal that killed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
}

/// Waits until `child` has ended, reaps all others that end meanwhile, and passes
/// `SIGINT`, `SIGTERM` and `SIGHUP` on to it. [`block_for_tending`] has to come first.
pub(crate) fn tend(child: Pid) -> io::Result<Ended> {
    let mut set = passed_on();
    set.add(Signal::SIGCHLD);
    loop {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, status)) if pid == child => {
                    return Ok(Ended::Exited(status));
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                    return Ok(Ended::Killed(signal as i32));
                }
                Ok(WaitStatus::StillAlive) => break,
                // Death by a real-time signal, which nix has no name for, is an error.
                Ok(_) | Err(Errno::EINTR | Errno::EINVAL) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        match set.wait() {
            Ok(Signal::SIGCHLD) | Err(Errno::EINTR) => {}
            // It may have ended meanwhile.
            Ok(signal) => drop(kill(child, signal)),
            Err(errno) => return Err(errno.into()),
        }
    }
}
