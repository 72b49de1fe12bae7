//! The sandbox: which layers there are, tried out one by one, and what programs get of them.

use std::fs::Permissions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::cgroup::{Bounds, Cgroup};
use crate::confinement::{Confinement, Wants};
use crate::landlock::{Landlock, Reach};
use crate::layers::{LayerId, Layers, State};
use crate::namespaces::{self, Ended, Inside, Plan, Side, View, has_capability};
use crate::sys::{creds, process};
use crate::temporary::Temporary;
use crate::uid::Uids;

/// CAP_SETGID, CAP_SETUID and CAP_SYS_PTRACE: capabilities(7).
const CAPABILITIES_FOR_USERS: [u32; 2] = [6, 7];
const CAP_SYS_PTRACE: u32 = 19;

/// What a sandbox is for.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders that compilers need to read besides the system's: `rustc --print sysroot`.
    pub tools: Vec<PathBuf>,
    /// Memory of everything in the sandbox together, in bytes (L5).
    pub memory: u64,
    /// Processes and threads of everything in the sandbox together (L5).
    pub tasks: u64,
    /// Files of everything in the sandbox together, in bytes (L3 with namespaces).
    pub file_bytes: u64,
}

impl Default for Config {
    /// No tools, 2 GiB of memory, 3000 tasks, 512 MiB of files.
    fn default() -> Self {
        Self {
            tools: Vec::new(),
            memory: 2 << 30,
            tasks: 3000,
            file_bytes: 512 << 20,
        }
    }
}

/// A sandbox for programs and compilers. Clones are the same sandbox, and can be used by
/// several threads.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
    /// A folder in the sandbox's, for what belongs together.
    within: Option<PathBuf>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    layers: Layers,
    folder: Temporary,
    tools: Vec<PathBuf>,
    pub(crate) uids: Option<Uids>,
    pub(crate) view: Option<View>,
    pub(crate) landlock: Option<Landlock>,
}

/// The two sides of [`Sandbox::enter`].
#[derive(Debug)]
pub enum Entered {
    /// This process goes on with its work, in the sandbox's namespaces where there are
    /// any. Programs have to be run with this sandbox.
    Worker(Sandbox),
    /// This process was only waiting. Its worker, which did the work, has ended.
    Outside(Ended),
}

impl Sandbox {
    /// Makes a sandbox, and lets a forked worker in namespaces of its own go on. To be
    /// called early: the caller must have no other threads, or L2, and all that needs it,
    /// is missing. Signals `SIGINT`, `SIGTERM` and `SIGHUP` that the outside gets are
    /// passed on to the worker, and the worker dies with the outside.
    ///
    /// # Errors
    /// If not even L0 can be had. Other layers may be missing: see [`Layers`].
    pub fn enter(config: &Config) -> io::Result<Entered> {
        if !process::is_single_threaded() {
            let why = "siglab has several threads already";
            return Self::without_worker(config, why).map(Entered::Worker);
        }
        let folder = new_folder()?;
        let bounds = Bounds {
            memory: config.memory,
            tasks: config.tasks,
        };
        let cgroup = Cgroup::new(&folder, bounds);
        let plan = Plan {
            folder: folder.path(),
            tools: &config.tools,
            file_bytes: config.file_bytes,
            cgroup: cgroup.as_ref().ok(),
        };
        match namespaces::split(&plan) {
            Ok(Side::Outside(ended)) => Ok(Entered::Outside(ended)),
            Ok(Side::Worker(inside)) => {
                let state = match cgroup {
                    Ok(group) => {
                        let state = State::Active(format!("version {}", group.version));
                        // The outside's to remove.
                        std::mem::forget(group);
                        state
                    }
                    Err(error) => State::Missing(text(&error)),
                };
                // What is in it is on a file system that ends with the namespace; the outside
                // removes where that is.
                Self::build(config, folder.keep(), Ok(inside), state).map(Entered::Worker)
            }
            Err(error) => Self::without_worker(config, &text(&error)).map(Entered::Worker),
        }
    }

    /// A sandbox for a process that goes on as it is: without L2 and L5.
    ///
    /// # Errors
    /// If not even L0 can be had.
    pub fn in_process(config: &Config) -> io::Result<Self> {
        Self::without_worker(config, "siglab wasn't started in a worker")
    }

    fn without_worker(config: &Config, why: &str) -> io::Result<Self> {
        let folder = new_folder()?;
        let cgroup = State::Missing("only together with L2".to_owned());
        Self::build(config, folder, Err(why.to_owned()), cgroup)
    }

    /// Tries every layer out, alone, and then all together.
    fn build(
        config: &Config,
        folder: Temporary,
        inside: Result<Inside, String>,
        cgroup: State,
    ) -> io::Result<Self> {
        let mut layers = Layers::basic("");
        layers.set(LayerId::Cgroup, cgroup);
        let uids = layer(&mut layers, LayerId::Uid, try_users());
        let landlock = Landlock::new().map_err(|error| {
            io::Error::new(error.kind(), format!("no Landlock: {}", text(&error)))
        });
        layers.set(LayerId::Signals, tried(try_signals(&landlock)));
        let in_user_namespace = inside.as_ref().is_ok_and(|inside| inside.in_user_namespace);
        let (pids, view) = match inside {
            Ok(inside) => {
                let how = if inside.in_user_namespace {
                    "in a user namespace"
                } else {
                    ""
                };
                (State::Active(how.to_owned()), inside.view)
            }
            Err(why) => (State::Missing(why), Err(io::Error::other("no L2"))),
        };
        layers.set(LayerId::Pids, pids);
        let (files, view) = try_files(view, &landlock);
        layers.set(LayerId::Files, files);
        let inner = Inner {
            layers,
            folder,
            tools: config.tools.clone(),
            uids,
            view,
            landlock: landlock.ok(),
        };
        let this = Self {
            inner: Arc::new(inner),
            within: None,
        };
        this.try_all()?;
        // A same-uid program could read siglab's memory otherwise. Only where siglab has
        // the right to trace whatever it has forked: until their exec, its children
        // can't be looked into either.
        if !in_user_namespace && has_capability(CAP_SYS_PTRACE) {
            creds::set_dumpable(false)?;
        }
        Ok(this)
    }

    /// Everything together, as for a program: a forked child enters, and may then signal
    /// this process only if nothing but L0 would keep it from that.
    fn try_all(&self) -> io::Result<()> {
        let confinement = self.begin(&Wants::default())?;
        let this = nix::unistd::getpid().as_raw();
        let must_fail = self.layers().has(LayerId::Uid) || self.layers().has(LayerId::Signals);
        let child = process::spawn(|| {
            confinement.apply(false)?;
            if must_fail { denied(this) } else { Ok(()) }
        })?;
        process::finish(child).map_err(|error| {
            io::Error::new(error.kind(), format!("enter the sandbox: {}", text(&error)))
        })
    }

    /// Which layers are active.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.inner.layers
    }

    /// The sandbox's folder: what is run has to be below it, or in the system's folders.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.within.as_deref().unwrap_or(self.inner.folder())
    }

    /// The same sandbox, which writes to this folder in its own: who removes that removes
    /// all. Others have to be let through.
    #[must_use]
    pub fn within(&self, folder: &Path) -> Self {
        Self {
            within: Some(folder.to_owned()),
            ..self.clone()
        }
    }

    /// Prepares everything for one program or compiler and its descendants.
    ///
    /// # Errors
    /// If a folder, a user id or a Landlock domain can't be made.
    pub fn begin(&self, wants: &Wants) -> io::Result<Confinement> {
        Confinement::new(self, wants)
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether each program has a `/tmp` and a `/dev/shm` of its own: with a view, unless
    /// that would cover the sandbox's folder, where the programs are.
    pub(crate) fn has_own_tmp(&self) -> bool {
        self.view.is_some()
            && !self.folder().starts_with("/tmp")
            // An own /tmp would hide them.
            && !self.tools.iter().any(|tool| tool.starts_with("/tmp"))
    }

    /// Whether the tools are where only siglab's own user can look (a toolchain in
    /// `/root`), and no view makes them reachable. They are run as that user then, as long
    /// as Landlock keeps their files and signals apart.
    pub(crate) fn needs_own_user_for_tools(&self) -> bool {
        self.view.is_none()
            && self.landlock.is_some_and(Landlock::scopes_signals)
            && !self.tools.iter().all(|path| is_open(path))
    }

    pub(crate) fn tools(&self) -> &[PathBuf] {
        &self.tools
    }
}

/// A folder that others may pass through, but not list. Not below `/tmp` if there is
/// another place: see [`Inner::has_own_tmp`].
fn new_folder() -> io::Result<Temporary> {
    let usual = std::env::temp_dir();
    let elsewhere = Path::new("/var/tmp");
    let elsewhere = usual
        .starts_with("/tmp")
        .then(|| Temporary::new_in("", elsewhere));
    let folder = match elsewhere {
        Some(Ok(folder)) => folder,
        _ => Temporary::new_in("", &usual)?,
    };
    folder.open_to_others(false)?;
    Ok(folder)
}

/// Makes a folder that others may pass through, but not list, whatever the umask is.
pub(crate) fn passable_folder(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
    Ok(folder)
}

/// Whether everybody may pass through to `path`, which is absolute.
fn is_open(path: &Path) -> bool {
    path.ancestors().all(|folder| {
        std::fs::metadata(folder).is_ok_and(|data| data.permissions().mode() & 0o001 != 0)
    })
}

/// The users to take, if a child that has become one can't signal this process.
fn try_users() -> io::Result<Uids> {
    if !CAPABILITIES_FOR_USERS.into_iter().all(has_capability) {
        return Err(io::Error::other("siglab may not change its user id"));
    }
    let uids = Uids::new()?;
    let lease = uids.lease()?;
    let this = nix::unistd::getpid().as_raw();
    let child = process::spawn(|| {
        creds::become_user(lease.uid)?;
        denied(this)
    })?;
    process::finish(child)?;
    Ok(uids)
}

/// Whether a child in a Landlock domain can't signal this process.
fn try_signals(landlock: &io::Result<Landlock>) -> io::Result<String> {
    let landlock = available(landlock)?;
    if !landlock.scopes_signals() {
        return Err(io::Error::other(format!(
            "Landlock has ABI {}, and 6 is needed",
            landlock.version
        )));
    }
    let domain = landlock.domain(&Reach::default())?;
    let this = nix::unistd::getpid().as_raw();
    let child = process::spawn(|| {
        creds::no_new_privileges()?;
        creds::restrict(domain.as_fd())?;
        denied(this)
    })?;
    process::finish(child)?;
    Ok(format!("Landlock ABI {}", landlock.version))
}

/// L3: the view of files, if a child can enter it; or else Landlock, if it keeps a child
/// from opening the root.
fn try_files(view: io::Result<View>, landlock: &io::Result<Landlock>) -> (State, Option<View>) {
    let enters = view.and_then(|view| {
        let child = process::spawn(|| view.enter())?;
        process::finish(child)?;
        Ok(view)
    });
    let why = match enters {
        Ok(view) => {
            let how = match landlock {
                Ok(_) => "namespaces, and Landlock for files",
                Err(_) => "namespaces",
            };
            return (State::Active(how.to_owned()), Some(view));
        }
        Err(error) => text(&error),
    };
    let restricts = || -> io::Result<()> {
        let domain = available(landlock)?.domain(&Reach::default())?;
        let child = process::spawn(|| {
            creds::no_new_privileges()?;
            creds::restrict(domain.as_fd())?;
            match creds::open_folder(c"/") {
                Err(error) if error.raw_os_error() == Some(libc::EACCES) => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::ENOTSUP)),
            }
        })?;
        process::finish(child)
    };
    let state = match restricts() {
        Ok(()) => State::Active(format!(
            "Landlock for files, no sockets but local ones; no namespaces: {why}"
        )),
        Err(error) => State::Missing(format!("{why}; {}", text(&error))),
    };
    (state, None)
}

fn available(landlock: &io::Result<Landlock>) -> io::Result<Landlock> {
    match landlock {
        Ok(landlock) => Ok(*landlock),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Fails unless `pid` may not be signalled.
fn denied(pid: i32) -> io::Result<()> {
    match creds::may_signal(pid) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()),
        Err(error) => Err(error),
        // What the parent shows as "not supported".
        Ok(()) => Err(io::Error::from_raw_os_error(libc::ENOTSUP)),
    }
}

/// Records whether a layer works.
fn layer<T>(layers: &mut Layers, id: LayerId, tried: io::Result<T>) -> Option<T> {
    match tried {
        Ok(value) => {
            layers.set(id, State::Active(String::new()));
            Some(value)
        }
        Err(error) => {
            layers.set(id, State::Missing(text(&error)));
            None
        }
    }
}

fn tried(result: io::Result<String>) -> State {
    match result {
        Ok(how) => State::Active(how),
        Err(error) => State::Missing(text(&error)),
    }
}

/// An error without its number.
fn text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
