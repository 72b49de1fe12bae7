//! System calls without safe wrappers.

#![expect(
    unsafe_code,
    reason = "pidfd_getfd(2) and this ioctl have no safe wrappers"
)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use nix::unistd::Pid;

/// A duplicate of standard input of the process `pid`.
pub(super) fn duplicate_stdin(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open(2) has no preconditions.
    let pidfd = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })?;
    // SAFETY: pidfd_getfd(2) has no preconditions.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), 0, 0) })
}

/// Makes a timerfd expire by hand.
pub(super) fn expire_timerfd() -> io::Result<()> {
    const TFD_IOC_SET_TICKS: libc::c_ulong = 0x4008_5400;
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty())?;
    let ticks = 1u64;
    let fd = std::os::fd::AsFd::as_fd(&timer).as_raw_fd();
    // SAFETY: timerfd_create(2), "ioctl(2) operations": the argument points to a u64.
    let done = unsafe { libc::ioctl(fd, TFD_IOC_SET_TICKS, &raw const ticks) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn owned(fd: i64) -> io::Result<OwnedFd> {
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
