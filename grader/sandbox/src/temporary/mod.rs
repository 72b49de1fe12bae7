//! Temporary folders that can be told from all others, and whose owner can be told to be dead.
//!
//! Beside each folder `siglab-AbCdEf` is a file `siglab-AbCdEf.lock`, which its siglab keeps
//! locked (flock(2)). The kernel gives the lock back when the last process that has the file open
//! ends, however it ends; a process id would be used again. The lock comes first and goes last, so
//! there is no folder without one, and what a dead siglab left can be removed: [`tidy`].

mod remove;
mod tidying;

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::linkat;
use tempfile::{Builder, NamedTempFile};

pub use tidying::{Tidied, tidy, tidy_usual};

/// What all names begin with.
pub(crate) const PREFIX: &str = "siglab-";

/// What is appended to a folder's name for its lock.
const LOCK: &str = ".lock";

/// What a lock's first line begins with; the folder's name follows.
const MAGIC: &str = "siglab's temporary folder ";

/// What a lock's other lines begin with: a control group that goes with the folder.
const CGROUP: &str = "control group ";

/// A temporary folder of this process. It is removed with all that is in it when this is dropped;
/// if the process is killed before, by the next [`tidy`].
///
/// A forked child that goes on using it has to [`keep`](Self::keep) it.
#[derive(Debug)]
pub struct Temporary {
    folder: PathBuf,
    lock: Lock,
}

/// The lock of a folder.
#[derive(Debug)]
enum Lock {
    /// Removed with this.
    Own(NamedTempFile<File>),
    /// Removed by the parent; kept open, so that the folder isn't taken for a dead one's.
    Inherited(#[expect(dead_code, reason = "what counts is that it is open")] File),
    /// While it changes.
    None,
}

impl Temporary {
    /// Makes a folder in the usual place, for this user only. `kind` becomes a part of its name:
    /// ASCII letters, or nothing.
    ///
    /// # Errors
    /// If it can't be made or locked.
    pub fn new(kind: &str) -> io::Result<Self> {
        Self::new_in(kind, &std::env::temp_dir())
    }

    /// The same in the folder `parent`.
    ///
    /// # Errors
    /// If it can't be made or locked.
    pub fn new_in(kind: &str, parent: &Path) -> io::Result<Self> {
        let prefix = if kind.is_empty() {
            PREFIX.to_owned()
        } else {
            format!("{PREFIX}{kind}-")
        };
        let parent = std::path::absolute(parent)?;
        let mut made = None;
        let lock = Builder::new()
            .prefix(&prefix)
            .suffix(LOCK)
            .make_in(&parent, |path| {
                let lock = locked(path)?;
                let folder = path.with_extension("");
                match DirBuilder::new().mode(0o700).create(&folder) {
                    Ok(()) => {
                        made = Some(folder);
                        Ok(lock)
                    }
                    Err(error) => {
                        // Somebody else's folder has that name, and another one is tried; or there
                        // is no room.
                        let _ = fs::remove_file(path);
                        Err(error)
                    }
                }
            })?;
        Ok(Self {
            folder: made.ok_or(io::ErrorKind::NotFound)?,
            lock: Lock::Own(lock),
        })
    }

    /// Lets other users pass through or, if `list`, also see what is in it; whatever the umask
    /// is.
    ///
    /// # Errors
    /// If the kernel refuses that.
    pub fn open_to_others(&self, list: bool) -> io::Result<()> {
        let mode = if list { 0o755 } else { 0o711 };
        fs::set_permissions(&self.folder, Permissions::from_mode(mode))
    }

    /// The folder: absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder's name.
    pub(crate) fn name(&self) -> &OsStr {
        self.folder.file_name().unwrap_or_default()
    }

    /// Notes that a control group goes with the folder, before it is made.
    pub(crate) fn note_cgroup(&self, group: &Path) -> io::Result<()> {
        let Lock::Own(lock) = &self.lock else {
            return Err(io::ErrorKind::PermissionDenied.into());
        };
        let mut line = OsString::from(CGROUP);
        line.push(group);
        line.push("\n");
        lock.as_file().write_all(line.as_encoded_bytes())
    }

    /// For a forked child: the folder is the parent's to remove, and counts as used until both
    /// have ended.
    #[must_use]
    pub fn keep(mut self) -> Self {
        if let Lock::Own(lock) = std::mem::replace(&mut self.lock, Lock::None) {
            match lock.keep() {
                Ok((file, _)) => self.lock = Lock::Inherited(file),
                // Nothing but Windows refuses that.
                Err(error) => self.lock = Lock::Inherited(error.file.into_file()),
            }
        }
        self
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if matches!(self.lock, Lock::Own(_))
            && let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name())
        {
            // What can't be removed now stays recognisable only as long as its lock is there.
            let _ = remove::tree_in(parent, name);
        }
    }
}

/// Makes the file `path`, which has its first line and is locked as soon as it has that name.
fn locked(path: &Path) -> io::Result<File> {
    let parent = path.parent().ok_or(io::ErrorKind::NotFound)?;
    let unnamed = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
    let Ok(file) = open(parent, unnamed, Mode::S_IRUSR | Mode::S_IWUSR) else {
        return locked_later(path);
    };
    let file = File::from(file);
    lock_and_begin(&file, path)?;
    let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(
        AT_FDCWD,
        itself.as_str(),
        AT_FDCWD,
        path,
        AtFlags::AT_SYMLINK_FOLLOW,
    ) {
        Ok(()) => Ok(file),
        Err(Errno::EEXIST) => Err(io::ErrorKind::AlreadyExists.into()),
        // Without /proc, for example.
        Err(_) => locked_later(path),
    }
}

/// The same on a file system that has no files without names. Who is killed in between leaves an
/// empty file, which nobody can tell from others.
fn locked_later(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(path)?;
    lock_and_begin(&file, path)?;
    Ok(file)
}

fn lock_and_begin(mut file: &File, path: &Path) -> io::Result<()> {
    file.try_lock()?;
    let folder = path.with_extension("");
    let mut line = OsString::from(MAGIC);
    line.push(folder.file_name().unwrap_or_default());
    line.push("\n");
    file.write_all(line.as_encoded_bytes())
}

#[cfg(test)]
mod tests;
