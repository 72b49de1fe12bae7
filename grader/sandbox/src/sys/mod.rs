//! The kernel's interfaces that have no safe wrappers, or none that may be called between
//! fork and exec.

#![expect(
    unsafe_code,
    reason = "fork(2), credentials, namespaces and Landlock between fork and exec; xattr(7)"
)]

pub(crate) mod creds;
pub(crate) mod mark;
pub(crate) mod mounts;
pub(crate) mod process;

use std::io;

/// The result of a raw system call as an error.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
