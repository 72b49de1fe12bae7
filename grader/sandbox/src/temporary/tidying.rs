//! Removes what siglabs left that were killed, and only that.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::{CGROUP, LOCK, MAGIC, PREFIX, remove};
use crate::cgroup;

/// The most bytes of a lock.
const LONGEST_LOCK: u64 = 16 << 10;

/// What [`tidy`] found.
#[derive(Debug, Default)]
pub struct Tidied {
    /// The folders, and the control groups without a folder, that were removed.
    pub removed: Vec<PathBuf>,
    /// Those that a dead siglab left and that can't be removed, and why.
    pub left: Vec<(PathBuf, io::Error)>,
}

/// Tidies the places where siglab makes folders, `TMPDIR`, `/tmp` and `/var/tmp`, and control groups.
#[must_use]
pub fn tidy_usual() -> Tidied {
    let mut tidied = Tidied::default();
    let usual = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    for parent in usual {
        tidy(&parent, &mut tidied);
    }
    cgroup::tidying::tidy(&mut tidied);
    tidied
}

/// Removes the folders in `parent` that siglabs of this user left that are dead. A living
/// siglab's stay, and so does everything without a lock that a siglab made, whatever its name
/// is. What can't be read isn't there.
pub fn tidy(parent: &Path, tidied: &mut Tidied) {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(folder) = open(parent, flags, Mode::empty()) else {
        return;
    };
    for name in locks(&folder) {
        let stem = Path::new(OsStr::from_bytes(name.to_bytes())).with_extension("");
        let path = parent.join(&stem);
        match dead(&folder, &name, &stem) {
            Ok(None) => {}
            Ok(Some(dead)) => match dead.remove(&folder) {
                Ok(()) => tidied.removed.push(path),
                Err(error) => tidied.left.push((path, error)),
            },
            // Gone by now, or nothing of siglab's.
            Err(_) => {}
        }
    }
}

/// The names in a folder that locks have.
fn locks(folder: &OwnedFd) -> Vec<CString> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let again = openat(folder, c".", flags, Mode::empty());
    let Ok(mut entries) = again.and_then(Dir::from_fd) else {
        return Vec::new();
    };
    let names = entries.iter().flatten();
    let names = names.map(|entry| entry.file_name().to_owned());
    let is_lock = |name: &CString| {
        let name = name.as_bytes();
        name.starts_with(PREFIX.as_bytes()) && name.ends_with(LOCK.as_bytes())
    };
    names.filter(is_lock).collect()
}

/// A folder whose siglab is dead.
struct Dead {
    /// Its lock, which is this process's now.
    lock: File,
    name: CString,
    folder: CString,
    groups: Vec<PathBuf>,
}

/// Takes the lock of this name, if it is one that a siglab of this user left.
fn dead(parent: &OwnedFd, name: &CStr, stem: &Path) -> io::Result<Option<Dead>> {
    // Something else of that name must not make anybody wait.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let lock = File::from(openat(parent, name, flags, Mode::empty())?);
    let found = lock.metadata()?;
    let is_ours = found.is_file()
        && found.uid() == geteuid().as_raw()
        && found.nlink() == 1
        && found.len() <= LONGEST_LOCK;
    if !is_ours || lock.try_lock().is_err() {
        return Ok(None);
    }
    // Another one may have tidied it in the meantime, and yet another taken the name.
    let now = fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    if (now.st_dev, now.st_ino) != (found.dev(), found.ino()) {
        return Ok(None);
    }
    let mut content = Vec::new();
    (&lock).take(LONGEST_LOCK).read_to_end(&mut content)?;
    let mut lines = content.split(|byte| *byte == b'\n');
    let first = [MAGIC.as_bytes(), stem.as_os_str().as_bytes()].concat();
    if lines.next() != Some(&first) {
        return Ok(None);
    }
    let groups = lines.filter_map(|line| line.strip_prefix(CGROUP.as_bytes()));
    let groups = groups.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    // A group has the name of its folder.
    let groups = groups.filter(|path| path.file_name() == Some(stem.as_os_str()));
    Ok(Some(Dead {
        groups: groups.collect(),
        name: name.to_owned(),
        folder: CString::new(stem.as_os_str().as_bytes())?,
        lock,
    }))
}

impl Dead {
    /// Removes the folder, its control groups, and last its lock.
    fn remove(self, parent: &OwnedFd) -> io::Result<()> {
        remove::tree(parent.try_clone()?, &self.folder)?;
        for group in &self.groups {
            cgroup::tidying::remove(group)?;
        }
        match unlinkat(
            parent.as_fd(),
            self.name.as_c_str(),
            UnlinkatFlags::NoRemoveDir,
        ) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        drop(self.lock);
        Ok(())
    }
}
