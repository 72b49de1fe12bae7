//! System calls about signals, past the C library: that keeps signals 32 and 33 for itself, and refuses or
//! leaves them out silently.

#![expect(
    unsafe_code,
    reason = "the C library's wrappers refuse its own signals, and there are no others"
)]

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::ptr::{null, null_mut};

use nix::unistd::Pid;
use siglab_model::Signal;

/// The size of the kernel's set of signals, in bytes: sigprocmask(2), "C library/kernel differences".
const SET: usize = 8;

/// The kernel's `struct sigaction` on x86-64: sigaction(2), "C library/kernel differences".
#[repr(C)]
struct KernelAction {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

fn done(result: i64) -> io::Result<()> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ignores a signal, or takes its default action again.
pub(super) fn set_ignored(signal: Signal, is_ignored: bool) -> io::Result<()> {
    let handler = if is_ignored {
        libc::SIG_IGN
    } else {
        libc::SIG_DFL
    };
    let action = KernelAction {
        handler,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let (number, old) = (signal.number(), null_mut::<KernelAction>());
    // SAFETY: rt_sigaction(2): `action` is the kernel's struct; a null `oldact` isn't written to. Without a
    // handler no restorer is needed.
    done(unsafe { libc::syscall(libc::SYS_rt_sigaction, number, &raw const action, old, SET) })
}

/// Blocks these signals, as bits from number 1 on, and no others.
pub(super) fn set_mask(mask: u64) -> io::Result<()> {
    let how = libc::SIG_SETMASK;
    let old = null_mut::<u64>();
    // SAFETY: rt_sigprocmask(2): `mask` is SET bytes long; a null `oldset` isn't written to.
    done(unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const mask, old, SET) })
}

/// What is blocked.
pub(super) fn mask() -> io::Result<u64> {
    let mut mask = 0_u64;
    let new = null::<u64>();
    // SAFETY: rt_sigprocmask(2): a null `set` changes nothing; `mask` has room for SET bytes.
    done(unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, new, &raw mut mask, SET) })?;
    Ok(mask)
}

/// What has become of a child, with these flags of waitpid(2); nothing if there is nothing to tell and
/// `WNOHANG` is among them.
pub(super) fn wait(pid: Pid, flags: libc::c_int) -> io::Result<Option<ExitStatus>> {
    let mut status = 0;
    loop {
        // SAFETY: waitpid(2): `status` is an int that can be written to.
        let told = unsafe { libc::waitpid(pid.as_raw(), &raw mut status, flags) };
        match done(told.into()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => {
                result?;
                return Ok((told != 0).then(|| ExitStatus::from_raw(status)));
            }
        }
    }
}

/// Sends a signal.
pub(super) fn kill(pid: Pid, signal: Signal) -> io::Result<()> {
    // SAFETY: kill(2) has no preconditions.
    done(unsafe { libc::kill(pid.as_raw(), signal.number()) }.into())
}

/// Sends a signal to this process, which has one thread.
pub(super) fn raise(signal: Signal) -> io::Result<()> {
    kill(Pid::this(), signal)
}

/// Sends a signal to this process, to be queued if the kernel does so.
pub(super) fn queue(signal: Signal) -> io::Result<()> {
    let value = libc::sigval {
        sival_ptr: null_mut(),
    };
    // SAFETY: sigqueue(3) has no preconditions.
    done(unsafe { libc::sigqueue(Pid::this().as_raw(), signal.number(), value) }.into())
}

/// Takes one of these signals if one is pending; whether one was.
pub(super) fn take(set: u64) -> io::Result<bool> {
    let now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let info = null_mut::<libc::siginfo_t>();
    // SAFETY: rt_sigtimedwait(2): `set` is SET bytes long; a null `info` isn't written to; with a time-out
    // of 0 it doesn't wait.
    let taken = done(unsafe {
        libc::syscall(
            libc::SYS_rt_sigtimedwait,
            &raw const set,
            info,
            &raw const now,
            SET,
        )
    });
    match taken {
        Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => Ok(false),
        taken => taken.map(|()| true),
    }
}

/// Permits core dumps as far as this process may, or forbids them.
pub(super) fn permit_core(is_permitted: bool) -> io::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    let soft = if is_permitted { hard } else { 0 };
    if is_permitted && hard == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(setrlimit(Resource::RLIMIT_CORE, soft, hard)?)
}
