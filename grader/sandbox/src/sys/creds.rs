//! What a process may do: its user, its capabilities, its Landlock domain, its namespaces.
//! Everything in here is async-signal-safe.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check;

/// Becomes the user and the group `id`, for good, with no other groups. Raw calls: the
/// wrappers of libc would tell other threads, which a forked child doesn't have.
pub(crate) fn become_user(id: u32) -> io::Result<()> {
    // SAFETY: setgroups(2): an empty list, for which the pointer isn't followed.
    check(unsafe { libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<libc::gid_t>()) })?;
    // SAFETY: setresgid(2) has no preconditions.
    check(unsafe { libc::syscall(libc::SYS_setresgid, id, id, id) })?;
    // SAFETY: setresuid(2) has no preconditions.
    check(unsafe { libc::syscall(libc::SYS_setresuid, id, id, id) })?;
    // SAFETY: geteuid(2) has no preconditions.
    if unsafe { libc::geteuid() } == id {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::EPERM))
    }
}

/// Takes every capability out of the bounding set, so that no exec gives any back.
/// Without `CAP_SETPCAP` there is nothing to be taken.
pub(crate) fn drop_bounding_set() {
    for capability in 0..=63 {
        // SAFETY: PR_CAPBSET_DROP takes an integer: prctl(2). Numbers that the kernel
        // doesn't know are refused.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
}

/// Gives all capabilities up, those that an exec would inherit, too.
pub(crate) fn drop_capabilities() -> io::Result<()> {
    /// linux/capability.h.
    const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
    let header = [LINUX_CAPABILITY_VERSION_3, 0];
    let none = [0u32; 6];
    // SAFETY: capset(2): a header of a version and a pid, and, for this version, two
    // structures of three 32-bit sets.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) })?;
    Ok(())
}

/// `no_new_privs`: no exec gives privileges.
pub(crate) fn no_new_privileges() -> io::Result<()> {
    // SAFETY: PR_SET_NO_NEW_PRIVS takes integers: prctl(2).
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.into())?;
    Ok(())
}

/// Enters the Landlock domain of `ruleset`; `no_new_privs` has to be set.
pub(crate) fn restrict(ruleset: BorrowedFd<'_>) -> io::Result<()> {
    let fd = ruleset.as_raw_fd();
    // SAFETY: landlock_restrict_self(2) takes a descriptor and flags.
    check(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, fd, 0) })?;
    Ok(())
}

/// The version of Landlock that the kernel has.
pub(crate) fn landlock_version() -> io::Result<i32> {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: landlock_create_ruleset(2): with this flag no attributes are read.
    let version = check(unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<libc::c_void>(),
            0,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    })?;
    i32::try_from(version).map_err(io::Error::other)
}

/// Changes the working directory.
pub(crate) fn change_folder(folder: &CStr) -> io::Result<()> {
    // SAFETY: chdir(2): a NUL-terminated path.
    check(unsafe { libc::chdir(folder.as_ptr()) }.into())?;
    Ok(())
}

/// Opens a folder for reading, and closes it again.
pub(crate) fn open_folder(folder: &CStr) -> io::Result<()> {
    // SAFETY: open(2): a NUL-terminated path.
    let fd =
        check(unsafe { libc::open(folder.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY) }.into())?;
    // SAFETY: close(2): `fd` was opened above, and isn't used again.
    unsafe { libc::close(fd as libc::c_int) };
    Ok(())
}

/// Enters a namespace.
pub(crate) fn enter(namespace: BorrowedFd<'_>, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: setns(2) takes a descriptor and a number.
    check(unsafe { libc::syscall(libc::SYS_setns, namespace.as_raw_fd(), kind) })?;
    Ok(())
}

/// Makes this process the first that the kernel ends when memory runs out. Where that
/// can't be said, the kernel chooses by size.
pub(crate) fn prefer_for_oom() {
    // SAFETY: open(2): a NUL-terminated path.
    let fd = unsafe { libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY) };
    if fd < 0 {
        return;
    }
    let score = b"1000";
    // SAFETY: write(2): `score` is readable for its length.
    unsafe { libc::write(fd, score.as_ptr().cast(), score.len()) };
    // SAFETY: close(2): `fd` was opened above, and isn't used again.
    unsafe { libc::close(fd) };
}

/// Lets the calling process be killed when the thread that made it ends. Has to follow
/// any change of user, which clears it.
pub(crate) fn die_with_parent() -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number: prctl(2).
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) }.into())?;
    Ok(())
}

/// Whether other processes of the same user may look into this one: prctl(2).
pub(crate) fn set_dumpable(dumpable: bool) -> io::Result<()> {
    // SAFETY: PR_SET_DUMPABLE takes an integer: prctl(2).
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, u64::from(dumpable), 0, 0, 0) }.into())?;
    Ok(())
}

/// Gives the open file `fd` to the user and the group `id`.
pub(crate) fn give(fd: libc::c_int, id: u32) -> io::Result<()> {
    // SAFETY: fchown(2) has no preconditions.
    check(unsafe { libc::fchown(fd, id, id) }.into())?;
    Ok(())
}

/// Whether this process may send a signal to `pid`: kill(2) with signal 0.
pub(crate) fn may_signal(pid: i32) -> io::Result<()> {
    // SAFETY: kill(2) has no preconditions, and sends nothing for signal 0.
    check(unsafe { libc::kill(pid, 0) }.into())?;
    Ok(())
}
