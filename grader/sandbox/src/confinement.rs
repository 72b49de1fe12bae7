//! One program or compiler in the sandbox: what is prepared before its fork, what is
//! applied in the child, and what is cleaned up after it.

#![expect(unsafe_code, reason = "what runs between fork and exec")]

use std::ffi::{CStr, CString};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::landlock::Reach;
use crate::limits::ResourceLimits;
use crate::sandbox::{self, Inner, Sandbox};
use crate::sys::{creds, mounts};
use crate::uid::Lease;

/// Everything for one program or compiler and its descendants. When it is dropped, what
/// they left is killed and removed: drop it after the last of them has been waited for.
#[derive(Debug)]
pub struct Confinement {
    // In this order: nobody may be left who could write to the folder.
    user: Option<Lease>,
    scratch: TempDir,
    rules: Rules,
}

/// What [`Confinement::apply`] needs; nothing may be allocated there.
#[derive(Debug)]
struct Rules {
    sandbox: Arc<Inner>,
    user: Option<u32>,
    domain: Option<OwnedFd>,
    /// The folders of the scratch: working directory and `/tmp`; `/dev/shm`.
    tmp: CString,
    shm: CString,
    limits: ResourceLimits,
}

/// What a program or compiler is to have.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// Folders to read and to execute from, besides the system's.
    pub read: Vec<PathBuf>,
    /// Its limits, which add to the sandbox's own.
    pub limits: ResourceLimits,
    /// Whether it needs the tools of [`Config::tools`](crate::Config::tools).
    pub tools: bool,
}

impl Confinement {
    pub(crate) fn new(sandbox: &Sandbox, wants: &Wants) -> io::Result<Self> {
        let inner = Arc::clone(sandbox.inner());
        let uids = inner.uids.as_ref();
        let user = uids
            .filter(|_| !(wants.tools && inner.needs_own_user_for_tools()))
            .map(|uids| uids.lease())
            .transpose()?;
        let scratch = sandbox::passable_folder("run-", sandbox.folder())?;
        let (tmp, shm) = (scratch.path().join("tmp"), scratch.path().join("shm"));
        for folder in [&tmp, &shm] {
            DirBuilder::new().mode(0o700).create(folder)?;
            if let Some(lease) = &user {
                chown(folder, Some(lease.uid), Some(lease.uid))?;
            }
        }
        let domain = match inner.landlock {
            Some(landlock) => {
                let mut reach = Reach {
                    read: wants.read.clone(),
                    write: vec![tmp.clone(), shm.clone()],
                    as_stranger: user.is_some(),
                };
                if wants.tools {
                    reach.read.extend(inner.tools().iter().cloned());
                }
                Some(landlock.domain(&reach)?)
            }
            None => None,
        };
        let mut limits = wants.limits;
        limits.core = Some(0);
        if user.is_none() {
            // It would count what else the user runs.
            limits.processes = None;
        }
        let c_string = |path: &Path| CString::new(path.as_os_str().as_bytes());
        let rules = Rules {
            user: user.as_ref().map(|lease| lease.uid),
            domain,
            tmp: c_string(&tmp)?,
            shm: c_string(&shm)?,
            limits,
            sandbox: inner,
        };
        Ok(Self {
            user,
            scratch,
            rules,
        })
    }

    /// The folder that is the working directory, and `/tmp` if the sandbox has a view of
    /// its own. Only this program may write there, and it may be full of surprises.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.scratch.path().join("tmp")
    }

    /// What the program itself calls its working directory.
    #[must_use]
    pub fn working_directory(&self) -> PathBuf {
        if self.rules.sandbox.has_own_tmp() {
            PathBuf::from("/tmp")
        } else {
            self.scratch()
        }
    }

    /// Puts a file into the working directory, for the program to read and write. `name` may
    /// have folders in it, which are made. To be called before the program is started: it
    /// could put a link in the way.
    ///
    /// # Errors
    /// If `name` leads out of the working directory, or the file can't be written.
    pub fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut path = self.scratch();
        let mut parts = Path::new(name).components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(part) = part else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            path.push(part);
            if parts.peek().is_none() {
                fs::write(&path, content)?;
            } else if !path.is_dir() {
                fs::create_dir(&path)?;
            }
            if let Some(lease) = &self.user {
                chown(&path, Some(lease.uid), Some(lease.uid))?;
            }
        }
        Ok(())
    }

    /// Copies a file that the program has made to `to`, if it is a regular file of at
    /// most `most` bytes. It is read as it was made: no link is followed, and a FIFO
    /// isn't waited for.
    ///
    /// # Errors
    /// If there is no such file, or it is something else, or larger.
    pub fn take(&self, name: &str, to: &Path, most: u64) -> io::Result<()> {
        use nix::fcntl::{OFlag, open};
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let path = self.scratch().join(name);
        let mut from = File::from(open(&path, flags, nix::sys::stat::Mode::empty())?);
        let data = from.metadata()?;
        if !data.is_file() || data.len() > most {
            return Err(io::Error::other("not a regular file, or too large"));
        }
        let mut to = File::create(to)?;
        io::copy(&mut from, &mut to)?;
        to.set_permissions(Permissions::from_mode(0o755))
    }

    /// Enters the sandbox. To be called in a child between fork and exec, after it has
    /// been seized by its tracer, if it has one; async-signal-safe. `terminal`: whether
    /// standard input is a terminal made for this program, which it is to own.
    ///
    /// # Errors
    /// What the system calls say. The child must not exec then.
    pub fn apply(&self, terminal: bool) -> io::Result<()> {
        self.rules.apply(terminal)
    }

    /// Lets `command` run in the sandbox, with the working directory of this, and be
    /// killed if the thread that starts it ends.
    pub fn confine(self: &Arc<Self>, command: &mut Command) {
        let this = Arc::clone(self);
        // SAFETY: pre_exec: `apply` is async-signal-safe, allocates nothing, and touches
        // no memory that another thread could have left half-changed.
        unsafe {
            command.pre_exec(move || {
                this.apply(false)?;
                creds::die_with_parent()
            })
        };
    }
}

impl Drop for Confinement {
    fn drop(&mut self) {
        // First everybody, then everything that belonged to them, then their name.
        if let Some(lease) = &self.user {
            lease.sweep();
        }
        make_removable(self.scratch.path());
    }
}

/// Opens all folders below this one to their owner: one that can't be entered or changed can't
/// be removed, except by root. Follows no link.
fn make_removable(folder: &Path) {
    if nix::unistd::geteuid().is_root() {
        return;
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let within = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(within.map(|entry| entry.path()));
    }
}

impl Rules {
    /// The folders that only this program has, and where it is to find them. In any
    /// case writable there: the view is read-only.
    fn folders(&self) -> [(&CStr, &CStr); 2] {
        if self.sandbox.has_own_tmp() {
            [(&self.tmp, c"/tmp"), (&self.shm, c"/dev/shm")]
        } else {
            [(&self.tmp, &self.tmp), (&self.shm, c"/dev/shm")]
        }
    }

    fn apply(&self, terminal: bool) -> io::Result<()> {
        creds::prefer_for_oom();
        if let Some(view) = &self.sandbox.view {
            view.enter()?;
            mounts::own_folders(self.folders())?;
        }
        self.limits.apply()?;
        creds::drop_bounding_set();
        if let Some(user) = self.user {
            if terminal {
                creds::give(0, user)?;
            }
            creds::become_user(user)?;
        } else {
            creds::drop_capabilities()?;
        }
        let has_own_tmp = self.sandbox.has_own_tmp();
        creds::change_folder(if has_own_tmp { c"/tmp" } else { &self.tmp })?;
        creds::no_new_privileges()?;
        if let Some(domain) = &self.domain {
            creds::restrict(domain.as_fd())?;
        }
        Ok(())
    }
}
