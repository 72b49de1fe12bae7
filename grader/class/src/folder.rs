//! A results folder: the store, one file for each submission, and what sums them up.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use siglab_lab::GradeResult;
use siglab_sandbox::regular;

use crate::error::ClassError;
use crate::store::{STORE, Store};

/// The folder of results, one file each, in a results folder.
const RESULTS: &str = "results";
/// Locked while a siglab works on a results folder.
const LOCK: &str = ".lock";
/// What the names of files begin with that aren't complete yet.
const TEMPORARY: &str = ".siglab-";

/// The right to work on a results folder, for one siglab at a time.
///
/// A siglab may be two processes: one that was started, and its worker in a sandbox. Each
/// locks a byte of the lock file, with a record lock: fcntl_locking(2). Those aren't
/// inherited by children, and are gone when their process is, however it ended. When the
/// first is killed, its worker dies a moment later, and whoever comes next waits for that.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    /// No other descriptor of this file may be closed: that would unlock it.
    lock: File,
}

/// The byte of the siglab that was started.
const STARTED: libc::off_t = 0;
/// The byte of the process that writes.
const WRITES: libc::off_t = 1;

impl Claim {
    /// Makes the folder `path`, if it isn't there, and claims it.
    ///
    /// # Errors
    /// If it can't be made, is another siglab's at the moment, or holds something else.
    pub(crate) fn make(path: &Path) -> Result<Self, ClassError> {
        if path.exists() && !path.is_dir() {
            return Err(write_error(path)(io::ErrorKind::NotADirectory.into()));
        }
        fs::create_dir_all(path).map_err(write_error(path))?;
        if !path.join(STORE).exists() && !is_empty(path)? {
            return Err(ClassError::NotResults {
                out: path.to_owned(),
            });
        }
        let file = path.join(LOCK);
        let lock = regular::open_lock(&file).map_err(write_error(&file))?;
        match fcntl(&lock, FcntlArg::F_SETLK(&byte(STARTED))) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => {
                return Err(ClassError::Busy {
                    out: path.to_owned(),
                });
            }
            Err(error) => return Err(write_error(&file)(error.into())),
        }
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder and its store, in the process that made the claim or in a child of
    /// it. Waits for the end of a worker whose siglab has ended.
    ///
    /// # Errors
    /// If something can't be read or written, or the store is damaged.
    pub(crate) fn open(self) -> Result<(Folder, Store), ClassError> {
        let path = self.path.clone();
        let locked = fcntl(&self.lock, FcntlArg::F_SETLKW(&byte(WRITES)));
        locked.map_err(|error| write_error(&path.join(LOCK))(error.into()))?;
        let results = path.join(RESULTS);
        fs::create_dir_all(&results).map_err(write_error(&results))?;
        let store = Store::open(&path.join(STORE), true)?;
        let folder = Folder { path, _claim: self };
        folder.sweep(&results)?;
        folder.sweep(&folder.path)?;
        Ok((folder, store))
    }
}

/// A lock for writing on one byte.
fn byte(at: libc::off_t) -> libc::flock {
    // Both are 0 or 1, and smaller there than where they are defined.
    let (l_type, l_whence) = (libc::F_WRLCK as i16, libc::SEEK_SET as i16);
    libc::flock {
        l_type,
        l_whence,
        l_start: at,
        l_len: 1,
        l_pid: 0,
    }
}

/// A results folder that this process alone works on.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _claim: Claim,
}

impl Folder {
    /// Claims the folder `path`, and opens it and its store.
    ///
    /// # Errors
    /// As [`Claim::make`] and [`Claim::open`].
    pub(crate) fn open(path: &Path) -> Result<(Self, Store), ClassError> {
        Claim::make(path)?.open()
    }

    /// Removes what a siglab that was killed has begun to write.
    fn sweep(&self, folder: &Path) -> Result<(), ClassError> {
        for name in names(folder)? {
            if name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(write_error(&path))?;
            }
        }
        Ok(())
    }

    /// Writes the result of the submission with this name, if it isn't there as it is.
    pub(crate) fn write_result(&self, name: &str, result: &GradeResult) -> Result<(), ClassError> {
        let mut content = serde_json::to_vec_pretty(result)
            .map_err(|error| ClassError::Internal(error.to_string()))?;
        content.push(b'\n');
        let path = self.result(name);
        // Interrupted between the store and here, it may be old or missing.
        let most = content.len() as u64;
        if regular::read_unlinked(&path, most).is_ok_and(|old| old == content) {
            return Ok(());
        }
        write(&path, &content)
    }

    /// Removes the results of submissions that `keeps` doesn't know.
    pub(crate) fn remove_others(&self, keeps: &dyn Fn(&str) -> bool) -> Result<(), ClassError> {
        let folder = self.path.join(RESULTS);
        for file in names(&folder)? {
            let name = file.to_str().and_then(|it| it.strip_suffix(".json"));
            if !name.is_some_and(keeps) {
                let path = folder.join(file);
                fs::remove_file(&path).map_err(write_error(&path))?;
            }
        }
        Ok(())
    }

    fn result(&self, name: &str) -> PathBuf {
        self.path.join(RESULTS).join(format!("{name}.json"))
    }

    /// Writes a file beside the store.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), ClassError> {
        write(&self.path.join(name), content)
    }

    /// Removes a file beside the store, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), ClassError> {
        remove(&self.path.join(name))
    }

    /// Makes sure that all that was written survives the machine's end, too.
    pub(crate) fn sync(&self) -> Result<(), ClassError> {
        let error = write_error(&self.path);
        let folder = File::open(&self.path);
        let synced = folder.and_then(|folder| Ok(nix::unistd::syncfs(&folder)?));
        synced.map_err(error)
    }
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), ClassError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(path)(error)),
        _ => Ok(()),
    }
}

/// Whether a siglab has begun to keep results in a folder.
pub(crate) fn is_begun(path: &Path) -> bool {
    path.join(STORE).is_file() || is_empty(path).unwrap_or(false)
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), ClassError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .tempfile_in(folder)?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|error| write_error(path)(plain(&error)))
}

/// An error without the temporary name in it, which means nothing to anybody.
fn plain(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text).to_owned();
    io::Error::new(error.kind(), reason)
}

pub(crate) fn write_error(path: &Path) -> impl FnOnce(io::Error) -> ClassError {
    let path = path.to_owned();
    move |source| ClassError::Write { path, source }
}

fn names(folder: &Path) -> Result<Vec<OsString>, ClassError> {
    let read = || -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    };
    read().map_err(|source| ClassError::Read {
        path: folder.to_owned(),
        source,
    })
}

/// Whether nothing is in a folder but what a siglab makes before its store.
fn is_empty(path: &Path) -> Result<bool, ClassError> {
    let results = path.join(RESULTS);
    Ok(names(path)?.iter().all(|name| {
        name == LOCK
            || (name == RESULTS && fs::read_dir(&results).is_ok_and(|mut it| it.next().is_none()))
    }))
}
