//! Control groups of siglabs that were killed: what is known for one of siglab's, and for nobody's
//! any more.
//!
//! Temporary folders know which group goes with them. But a folder may be gone before: who
//! is killed had perhaps a `TMPDIR` of its own, and whoever made that has removed it. So a group
//! carries what it is on itself. It is marked with its own name, and locked (flock(2)) for as long
//! as somebody lives who was started with it. The mark comes after the lock: a group that is
//! marked and not locked is a dead siglab's.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::poll::PollTimeout;
use nix::unistd::{Pid, geteuid};

use super::ROOT;
use crate::sys::{mark, process};
use crate::temporary::{PREFIX, Tidied};

/// The attributes that the mark may be, the first one that can be had: root has both, and others
/// the second one where the kernel lets them.
const MARKS: [&CStr; 2] = [c"trusted.siglab", c"user.siglab"];

/// The most groups that are looked at: more than any machine has that grades.
const MOST_GROUPS: usize = 20_000;

/// The deepest ones that are looked at.
const DEEPEST: usize = 16;

/// How many of its processes are waited for, one after another.
const MOST_DYING: usize = 4_000;

/// How many milliseconds a process of a dead siglab may take to die.
const DYING: u16 = 2_000;

/// Locks a group that was just made, and then marks it. Where groups can't be marked, only its
/// folder knows of it.
pub(super) fn claim(group: &Path) -> io::Result<File> {
    let lock = open(group)?;
    lock.try_lock()?;
    let name = group.file_name().unwrap_or_default().as_bytes();
    let _ = MARKS
        .iter()
        .any(|attribute| mark::set(lock.as_fd(), attribute, name).is_ok());
    Ok(lock)
}

fn open(group: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(group)
}

/// Removes the groups that siglabs of this user left that are dead, wherever they are. A living
/// siglab's stay, and so does every other, whatever its name is.
pub(crate) fn tidy(tidied: &mut Tidied) {
    tidy_below(Path::new(ROOT), tidied);
}

fn tidy_below(root: &Path, tidied: &mut Tidied) {
    // Version 2, alone or beside version 1, and the controllers of version 1 that siglab uses.
    let hierarchies = ["cgroup.controllers", "unified", "memory", "pids"];
    let mut folders: Vec<(PathBuf, usize)> = Vec::new();
    for hierarchy in hierarchies {
        let path = root.join(hierarchy);
        if path.is_file() {
            folders.push((root.to_owned(), 0));
        } else if path.is_dir() && !folders.iter().any(|(folder, _)| folder == root) {
            folders.push((path, 0));
        }
    }
    let mut looked_at = 0;
    while let Some((folder, depth)) = folders.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries.filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir())) {
            looked_at += 1;
            if looked_at > MOST_GROUPS {
                return;
            }
            let path = entry.path();
            if !entry.file_name().as_bytes().starts_with(PREFIX.as_bytes()) {
                if depth < DEEPEST {
                    folders.push((path, depth + 1));
                }
                continue;
            }
            if let Ok(Some(lock)) = dead(&path) {
                match remove(&path) {
                    Ok(()) => tidied.removed.push(path),
                    Err(error) => tidied.left.push((path, error)),
                }
                drop(lock);
            }
        }
    }
}

/// The lock of a group, if it is one that a dead siglab of this user left.
fn dead(group: &Path) -> io::Result<Option<File>> {
    let lock = open(group)?;
    let is_ours = lock.metadata()?.uid() == geteuid().as_raw();
    let name = group.file_name().unwrap_or_default().as_bytes();
    let is_marked =
        |attribute: &&CStr| mark::get(lock.as_fd(), attribute).is_ok_and(|value| value == name);
    let is_dead = is_ours && MARKS.iter().any(is_marked) && lock.try_lock().is_ok();
    Ok(is_dead.then_some(lock))
}

/// Removes a control group, whose last processes may still be dying.
pub(crate) fn remove(group: &Path) -> io::Result<()> {
    let is_below = group.starts_with(ROOT)
        && group
            .components()
            .all(|part| part != std::path::Component::ParentDir);
    if !is_below {
        return Ok(());
    }
    let mut waited = 0;
    loop {
        match fs::remove_dir(group) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::ResourceBusy => return Err(error),
            Err(error) if waited == MOST_DYING || !await_end(group)? => return Err(error),
            Err(_) => waited += 1,
        }
    }
}

/// Waits for the end of one of a group's processes: nobody is left who could keep them from it,
/// and their namespace has ended. Whether one ended.
fn await_end(group: &Path) -> io::Result<bool> {
    let processes = fs::read_to_string(group.join("cgroup.procs"))?;
    // One that this namespace doesn't have is 0.
    let first = processes.lines().filter_map(|line| line.parse().ok());
    let Some(first) = first.filter(|pid| *pid > 0).map(Pid::from_raw).next() else {
        return Ok(false);
    };
    process::await_end(first, PollTimeout::from(DYING))
}
