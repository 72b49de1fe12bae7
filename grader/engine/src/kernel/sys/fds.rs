//! File descriptors that siglab shares with the program: timerfds, which it makes for it, and
//! terminals.

use std::ffi::CStr;
use std::fs::File;
use std::io::Write;
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

/// A file without a name in a folder that holds `content` and can only be read.
pub(crate) fn file_of(name: &CStr, content: &[u8]) -> Result<OwnedFd> {
    let made = owned(|| {
        // SAFETY: memfd_create(2): a NUL-terminated string.
        i64::from(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })
    })?;
    let mut file = File::from(made);
    let written = file.write_all(content);
    let opened = written.and_then(|()| File::open(format!("/proc/self/fd/{}", file.as_raw_fd())));
    opened
        .map(OwnedFd::from)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// When a timerfd of siglab's would expire, in seconds on its clock: 280 years from 1970 on.
const NEVER: i64 = 8_900_000_000;

/// Makes a timerfd, for whoever gets it, with a mark by which it is known. It never expires by
/// itself.
pub(crate) fn new_timerfd(clock: i32, flags: i32, mark: u64) -> Result<OwnedFd> {
    let fd = owned(|| {
        // SAFETY: timerfd_create(2) has no preconditions.
        i64::from(unsafe { libc::timerfd_create(clock, flags | libc::TFD_CLOEXEC) })
    })?;
    clear_timerfd(&fd, mark)?;
    Ok(fd)
}

/// Takes back expirations of a timerfd that nobody has read. Its mark is its interval, in
/// seconds: proc_pid_fdinfo(5) shows that.
pub(crate) fn clear_timerfd(timerfd: &OwnedFd, mark: u64) -> Result<()> {
    let at = |seconds| libc::timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let never = libc::itimerspec {
        it_interval: at(i64::try_from(mark).unwrap_or(0) + 1),
        it_value: at(NEVER),
    };
    // SAFETY: timerfd_settime(2): `never` is valid, no old value is asked for.
    let done = unsafe {
        libc::timerfd_settime(
            timerfd.as_raw_fd(),
            libc::TFD_TIMER_ABSTIME,
            &raw const never,
            std::ptr::null_mut(),
        )
    };
    Errno::result(done).map(drop)
}

/// The mark of the timerfd that is descriptor `number` of a process; `None` if it is none of
/// siglab's.
pub(crate) fn mark_of_timerfd(pid: Pid, number: i32) -> Option<u64> {
    let info = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
    let seconds = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name))?;
        let (seconds, _) = line.trim().strip_prefix('(')?.split_once(',')?;
        seconds.parse::<i64>().ok()
    };
    let left = seconds("it_value:")?;
    let mark = seconds("it_interval:")? - 1;
    // The real-time clock has used up some of it.
    let is_far = left > NEVER / 2;
    u64::try_from(mark).ok().filter(|_| is_far)
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
