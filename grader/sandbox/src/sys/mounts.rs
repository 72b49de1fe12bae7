//! Mounts that are made out of a place that is about to be covered: open_tree(2),
//! mount_setattr(2), move_mount(2).

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::check;

const AT_RECURSIVE: u32 = 0x8000;
const OPEN_TREE_CLONE: u32 = 1;
const OPEN_TREE_CLOEXEC: u32 = libc::O_CLOEXEC.cast_unsigned();
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
const MOUNT_ATTR_RDONLY: u64 = 1;
const MOUNT_ATTR_NOSUID: u64 = 2;

/// `struct mount_attr` of linux/mount.h.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns: u64,
}

/// A copy of a mount and all below it, attached nowhere yet.
#[derive(Debug)]
pub(crate) struct Tree(OwnedFd);

impl Tree {
    /// Copies what is at `path`.
    pub(crate) fn copy(path: &Path) -> io::Result<Self> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
        // SAFETY: open_tree(2): a NUL-terminated path.
        let fd = check(unsafe {
            libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags)
        })?;
        let fd = i32::try_from(fd).map_err(io::Error::other)?;
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Lets nothing be written below it, and no program there give privileges.
    pub(crate) fn read_only(&self) -> io::Result<()> {
        let attributes = MountAttr {
            set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
            clear: 0,
            propagation: 0,
            userns: 0,
        };
        let flags = AT_RECURSIVE | libc::AT_EMPTY_PATH.cast_unsigned();
        // SAFETY: mount_setattr(2): an empty path, and a mount_attr of the given size.
        check(unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                flags,
                &raw const attributes,
                size_of::<MountAttr>(),
            )
        })?;
        Ok(())
    }

    /// Attaches it at `path`, which exists.
    pub(crate) fn attach(self, path: &Path) -> io::Result<()> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        // SAFETY: move_mount(2): two NUL-terminated paths, the first empty.
        check(unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                path.as_ptr(),
                MOVE_MOUNT_F_EMPTY_PATH,
            )
        })?;
        Ok(())
    }
}

/// Makes the calling process's working directory its root: pivot_root(2), whose notes
/// describe the call with twice the same folder, which covers the old root by itself.
pub(crate) fn pivot_into_working_directory() -> io::Result<()> {
    // SAFETY: pivot_root(2): two NUL-terminated paths.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    nix::mount::umount2(c".", nix::mount::MntFlags::MNT_DETACH)?;
    Ok(nix::unistd::chdir(c"/")?)
}

/// Makes a copy of the mount namespace in which the first folder of each pair is also at
/// the second, writable. A second folder that isn't there is left out. Async-signal-safe.
pub(crate) fn own_folders(pairs: [(&CStr, &CStr); 2]) -> io::Result<()> {
    // SAFETY: unshare(2) takes flags.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) }.into())?;
    for (from, to) in pairs {
        match change_mount(Some(from), to, libc::MS_BIND) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => continue,
            bound => bound?,
        }
        // A bind mount is as read-only as what it was made of.
        let flags = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_NOSUID | libc::MS_NODEV;
        change_mount(None, to, flags)?;
    }
    Ok(())
}

fn change_mount(from: Option<&CStr>, to: &CStr, flags: libc::c_ulong) -> io::Result<()> {
    let from = from.map_or(std::ptr::null(), CStr::as_ptr);
    let null = std::ptr::null();
    // SAFETY: mount(2): NUL-terminated paths, or null where they aren't looked at.
    check(unsafe { libc::mount(from, to.as_ptr(), null, flags, null.cast()) }.into())?;
    Ok(())
}
