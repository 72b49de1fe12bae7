//! A tracee's file descriptors, reached from outside: pidfd_getfd(2), kcmp(2), and the
//! ioctl with which a timerfd is made to expire.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::{Errno, Pid, Result};

/// A duplicate of descriptor `fd` of the process `pid`.
pub(crate) fn duplicate(pid: Pid, fd: i32) -> Result<OwnedFd> {
    let pidfd = owned(|| {
        // SAFETY: pidfd_open(2) has no preconditions.
        unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) }
    })?;
    owned(|| {
        // SAFETY: pidfd_getfd(2) has no preconditions.
        unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) }
    })
}

fn owned(call: impl FnOnce() -> i64) -> Result<OwnedFd> {
    let fd = Errno::result(call())?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether two descriptors, `ours` in this process and `theirs` in `pid`, are the same
/// open file description.
pub(crate) fn same_file(ours: &OwnedFd, pid: Pid, theirs: i32) -> bool {
    const KCMP_FILE: i32 = 0;
    // SAFETY: getpid(2) and kcmp(2) have no preconditions.
    let order = unsafe {
        libc::syscall(
            libc::SYS_kcmp,
            libc::getpid(),
            pid.as_raw(),
            KCMP_FILE,
            ours.as_raw_fd(),
            theirs,
        )
    };
    order == 0
}

/// Makes a timerfd readable with this many expirations, waking who waits for it:
/// `TFD_IOC_SET_TICKS` of ioctl_timerfd.
pub(crate) fn set_timerfd_ticks(timerfd: &OwnedFd, ticks: u64) -> Result<()> {
    const TFD_IOC_SET_TICKS: libc::c_ulong = 0x4008_5400;
    // SAFETY: timerfd_create(2), "ioctl(2) operations": the argument points to a u64.
    let done = unsafe { libc::ioctl(timerfd.as_raw_fd(), TFD_IOC_SET_TICKS, &raw const ticks) };
    Errno::result(done).map(drop)
}

/// The number of expirations that a timerfd holds unread.
pub(crate) fn timerfd_ticks(timerfd: &OwnedFd) -> u64 {
    std::fs::read_to_string(format!("/proc/self/fdinfo/{}", timerfd.as_raw_fd()))
        .ok()
        .and_then(|info| {
            let line = info.lines().find_map(|line| line.strip_prefix("ticks:"))?;
            line.trim().parse().ok()
        })
        .unwrap_or(0)
}

/// Disarms a timerfd and takes back expirations that nobody has read.
pub(crate) fn clear_timerfd(timerfd: &OwnedFd) -> Result<()> {
    let zero = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let never = libc::itimerspec {
        it_interval: zero,
        it_value: zero,
    };
    // SAFETY: timerfd_settime(2): `never` is valid, no old value is asked for.
    let done = unsafe {
        libc::timerfd_settime(
            timerfd.as_raw_fd(),
            0,
            &raw const never,
            std::ptr::null_mut(),
        )
    };
    Errno::result(done).map(drop)
}

/// Sets the window size of a terminal: ioctl_tty(2), `TIOCSWINSZ`.
pub(crate) fn set_window_size(
    terminal: std::os::fd::BorrowedFd<'_>,
    size: &libc::winsize,
) -> Result<()> {
    // SAFETY: ioctl_tty(2): the argument points to a winsize.
    let done = unsafe {
        libc::ioctl(
            terminal.as_raw_fd(),
            libc::TIOCSWINSZ,
            std::ptr::from_ref(size),
        )
    };
    Errno::result(done).map(drop)
}

/// Waits until all that was written to the other side of a pseudo-terminal has arrived at
/// this one: n_tty_poll() flushes the work queue if there is nothing to read yet.
pub(crate) fn wait_for_terminal(side: &OwnedFd) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let mut fds = [PollFd::new(side.as_fd(), PollFlags::POLLIN)];
    let _ = poll(&mut fds, PollTimeout::ZERO);
}
