//! Removes a folder of which nobody knows what is in it: no link is followed, no other file
//! system is entered, and no depth is too much.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, fchmodat, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

/// How often a folder is read again because somebody put something into it: a compiler whose
/// siglab was killed may still be writing.
const MOST_PASSES: usize = 1000;

/// Removes the folder `name` in `parent`, if it is there.
///
/// # Errors
/// If it isn't a folder of this user's, or something in it can't be removed.
pub(super) fn tree_in(parent: &Path, name: &OsStr) -> io::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let parent = open(parent, flags, Mode::empty())?;
    tree(parent, &CString::new(name.as_bytes())?)
}

/// The same in an open folder.
pub(super) fn tree(parent: OwnedFd, name: &CStr) -> io::Result<()> {
    let found = match fstatat(&parent, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Err(Errno::ENOENT) => return Ok(()),
        found => found?,
    };
    if found.st_uid != geteuid().as_raw() || !is_folder(&found) {
        return Err(io::Error::other("it isn't a folder of this user's"));
    }
    let mut walk = Walk {
        device: fstat(&parent)?.st_dev,
        // Whoever comes up again must arrive where it went down.
        above: vec![(place(&fstat(&parent)?), CString::default())],
        here: parent,
        passes: 0,
    };
    walk.down(name)?;
    while walk.above.len() > 1 {
        match walk.folder_within()? {
            Some(name) => walk.down(&name)?,
            None => walk.up()?,
        }
    }
    Ok(())
}

fn is_folder(found: &FileStat) -> bool {
    found.st_mode & libc::S_IFMT == libc::S_IFDIR
}

/// What no other file is at the same time: device and inode.
fn place(of: &FileStat) -> (u64, u64) {
    (of.st_dev, of.st_ino)
}

/// A way through a tree that holds one folder open, however deep it is.
struct Walk {
    device: u64,
    here: OwnedFd,
    /// The folders above the current one, and the name of each below them.
    above: Vec<((u64, u64), CString)>,
    passes: usize,
}

impl Walk {
    /// Enters a folder of the current one.
    fn down(&mut self, name: &CStr) -> io::Result<()> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        if !geteuid().is_root() {
            // Its owner can't enter or change it otherwise. Which file a descriptor of this kind
            // is can't change any more.
            let it = openat(&self.here, name, flags | OFlag::O_PATH, Mode::empty())?;
            let itself = format!("/proc/self/fd/{}", it.as_raw_fd());
            let _ = fchmodat(
                nix::fcntl::AT_FDCWD,
                itself.as_str(),
                Mode::S_IRWXU,
                FchmodatFlags::FollowSymlink,
            );
        }
        let below = openat(&self.here, name, flags | OFlag::O_RDONLY, Mode::empty())?;
        if fstat(&below)?.st_dev != self.device {
            return Err(io::Error::other("something is mounted in it"));
        }
        let here = place(&fstat(&self.here)?);
        self.above.push((here, name.to_owned()));
        self.here = below;
        Ok(())
    }

    /// Leaves the current folder, which is empty, and removes it.
    fn up(&mut self) -> io::Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let above = openat(&self.here, c"..", flags, Mode::empty())?;
        let Some((expected, name)) = self.above.pop() else {
            return Ok(());
        };
        if place(&fstat(&above)?) != expected {
            return Err(io::Error::other("it was moved while it was removed"));
        }
        match unlinkat(&above, name.as_c_str(), UnlinkatFlags::RemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => self.here = above,
            // Somebody has put something into it.
            Err(Errno::ENOTEMPTY | Errno::EEXIST) if self.passes < MOST_PASSES => {
                self.passes += 1;
                self.above.push((expected, name));
            }
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    /// Removes all but folders from the current one; the first folder that isn't empty, if there
    /// is one.
    fn folder_within(&self) -> io::Result<Option<CString>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut entries = Dir::from_fd(openat(&self.here, c".", flags, Mode::empty())?)?;
        for entry in entries.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let is_folder = match entry.file_type() {
                Some(kind) => kind == Type::Directory,
                None => {
                    let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
                    is_folder(&fstatat(self.here.as_fd(), name, flags)?)
                }
            };
            let (flags, full) = if is_folder {
                (UnlinkatFlags::RemoveDir, [Errno::ENOTEMPTY, Errno::EEXIST])
            } else {
                (UnlinkatFlags::NoRemoveDir, [Errno::EISDIR; 2])
            };
            match unlinkat(&self.here, name, flags) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(errno) if full.contains(&errno) => return Ok(Some(name.to_owned())),
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(None)
    }
}
