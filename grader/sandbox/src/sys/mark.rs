//! Extended attributes of an open folder: xattr(7).

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check;

/// Sets an attribute.
pub(crate) fn set(folder: BorrowedFd<'_>, name: &CStr, value: &[u8]) -> io::Result<()> {
    let fd = folder.as_raw_fd();
    // SAFETY: fsetxattr(2) reads a string that ends with NUL, and `value.len()` bytes.
    let done = unsafe { libc::fsetxattr(fd, name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    check(done.into()).map(drop)
}

/// The value of an attribute, if it isn't longer than 256 bytes.
pub(crate) fn get(folder: BorrowedFd<'_>, name: &CStr) -> io::Result<Vec<u8>> {
    let fd = folder.as_raw_fd();
    let mut value = vec![0; 256];
    // SAFETY: fgetxattr(2) reads a string that ends with NUL, and writes at most `value.len()`
    // bytes to `value`.
    let length =
        unsafe { libc::fgetxattr(fd, name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    let length = check(length as libc::c_long)?;
    value.truncate(usize::try_from(length).unwrap_or(0));
    Ok(value)
}
