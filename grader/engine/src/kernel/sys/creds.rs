//! The user as whom the tracer looks at its tracees.

use std::fs;
use std::io::ErrorKind;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Errno, Pid, Result};

/// Who changes the ids of a thread makes all that have its memory such as may not be traced
/// (`commit_creds` in kernel/cred.c); prctl(2) puts that back, a moment later. Nobody makes and seizes
/// a tracee in between.
static CHANGES: RwLock<()> = RwLock::new(());

/// While there is one, children that have siglab's memory may be traced.
pub(crate) type Kept = RwLockReadGuard<'static, ()>;

/// While this is held, children that have siglab's memory may be traced.
pub(crate) fn keep_traceable() -> Kept {
    CHANGES.read().unwrap_or_else(PoisonError::into_inner)
}

/// While there is one, ids of somebody who has siglab's memory are changed.
#[derive(Debug)]
pub(crate) struct Changing {
    _nobody_seizes: RwLockWriteGuard<'static, ()>,
}

impl Changing {
    pub(crate) fn begin() -> Self {
        Self {
            _nobody_seizes: CHANGES.write().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        // SAFETY: PR_SET_DUMPABLE takes an integer: prctl(2).
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
    }
}

/// Changes ids. The process may be traced afterwards, as before: by its own kind only, since the
/// effective ids stay.
fn change(ids: impl FnOnce() -> Result<()>) -> Result<()> {
    let _changing = Changing::begin();
    ids()
}

/// The ids that a thread has taken from a tracee, until this is dropped.
#[derive(Debug)]
pub(crate) struct Borrowed {
    user: libc::uid_t,
    group: libc::gid_t,
}

/// Lets the calling thread read what /proc says of `pid`, and its memory, if it may not: the
/// tracee has another user id, and siglab is root without `CAP_SYS_PTRACE`, as in containers.
/// `None` if it may.
///
/// ptrace_may_access in kernel/ptrace.c asks for the same ids: those for files where a file in
/// /proc is read, the real ones for process_vm_readv(2). The thread takes the tracee's for both.
/// Its effective ids stay, and with them its right to send signals and to trace.
pub(crate) fn become_like(pid: Pid) -> Result<Option<Borrowed>> {
    let may_look = match fs::read_to_string(format!("/proc/{pid}/syscall")) {
        Err(error) => error.kind() != ErrorKind::PermissionDenied,
        Ok(_) => true,
    };
    let ids = if may_look { None } else { ids_of(pid) };
    let Some((user, group)) = ids else {
        return Ok(None);
    };
    let own = Borrowed {
        // SAFETY: getuid(2) and getgid(2) have no preconditions.
        user: unsafe { libc::getuid() },
        // SAFETY: as above.
        group: unsafe { libc::getgid() },
    };
    change(|| {
        set_real(user, group)?;
        // SAFETY: setfsgid(2) and setfsuid(2) take integers. The calls of libc would do it for
        // all threads.
        unsafe {
            libc::syscall(libc::SYS_setfsgid, group);
            libc::syscall(libc::SYS_setfsuid, user);
        }
        Ok(())
    })?;
    Ok(Some(own))
}

/// Sets the real ids of the calling thread; those for files become the effective ones.
fn set_real(user: libc::uid_t, group: libc::gid_t) -> Result<()> {
    let keep = libc::uid_t::MAX;
    // SAFETY: setresgid(2) and setresuid(2) take integers. The calls of libc would do it for all
    // threads.
    unsafe {
        Errno::result(libc::syscall(libc::SYS_setresgid, group, keep, keep))?;
        Errno::result(libc::syscall(libc::SYS_setresuid, user, keep, keep))?;
    }
    Ok(())
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        // The effective ids, which permit it, were kept.
        let _ = change(|| set_real(self.user, self.group));
    }
}

/// The real user and group ids of a process: proc_pid_status(5).
fn ids_of(pid: Pid) -> Option<(libc::uid_t, libc::gid_t)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let id = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    Some((id("Uid:")?, id("Gid:")?))
}
