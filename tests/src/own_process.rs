//! Tests that change their process: each has one of its own.

use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rusty_fork::ChildWrapper;

#[doc(hidden)]
pub use rusty_fork;

/// How many milliseconds such a test may take.
const DEADLINE: u32 = 300_000;

/// Like `rusty_fork_test!`, with a deadline. Its own way of having one is a handler for
/// `SIGCHLD` in the process of all tests, in which every call may fail with `EINTR` then.
#[macro_export]
macro_rules! own_process {
    ($($(#[$meta:meta])* fn $name:ident() $body:block)*) => { $(
        $(#[$meta])*
        fn $name() {
            use $crate::own_process::rusty_fork;
            rusty_fork::fork(
                rusty_fork::rusty_fork_test_name!($name),
                rusty_fork::rusty_fork_id!(),
                |command| drop($crate::surroundings::known(command)),
                |child, _| $crate::own_process::supervise(child),
                || $body,
            )
            .expect("this test can be started once more");
        }
    )* };
}

/// Waits for the end of a test.
///
/// # Panics
/// If it has failed, or is late; then it is killed.
pub fn supervise(child: &mut ChildWrapper) {
    let pidfd = open(child.id()).expect("it isn't waited for yet");
    let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(DEADLINE).expect("it is in range");
    let ended = poll(&mut fds, timeout).expect("poll works");
    assert_ne!(ended, 0, "the test has no end");
    let status = child.wait().expect("it is a child");
    assert!(status.success(), "in its own process: {status}");
}

/// A descriptor that becomes readable when the child ends.
fn open(pid: u32) -> Result<OwnedFd, Errno> {
    #[expect(unsafe_code, reason = "pidfd_open(2) has no safe wrapper")]
    // SAFETY: pidfd_open(2) takes two integers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    #[expect(unsafe_code, reason = "pidfd_open(2) has no safe wrapper")]
    // SAFETY: the kernel has made this descriptor for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
