//! L5: a control group for a worker and all that it starts: cgroups(7). Version 2 where
//! its controllers are ours to use, else version 1.
//!
//! One group for a worker and not one for each run: moving a process costs several
//! milliseconds (the kernel waits for all processors), being born in a group nothing.

pub(crate) mod tidying;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use crate::temporary::Temporary;

pub(crate) const ROOT: &str = "/sys/fs/cgroup";

/// Bounds of a control group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Memory of all its processes, in bytes.
    pub(crate) memory: u64,
    /// Processes and threads.
    pub(crate) tasks: u64,
}

/// A control group, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Cgroup {
    /// One folder (version 2), or one for each controller (version 1), each with its lock: until
    /// the last process that has it open has ended, the group isn't a dead siglab's.
    folders: Vec<(PathBuf, File)>,
    pub(crate) version: u8,
}

impl Cgroup {
    /// Makes a group below the one that this process is in.
    /// It is called as `folder` is, which no other siglab has, also not in another pid
    /// namespace, and which knows of it should this process be killed.
    pub(crate) fn new(folder: &Temporary, bounds: Bounds) -> io::Result<Self> {
        let membership = fs::read_to_string("/proc/self/cgroup")?;
        match Self::version_2(&membership, folder, bounds) {
            Ok(group) => Ok(group),
            Err(two) => Self::version_1(&membership, folder, bounds).map_err(|one| {
                io::Error::new(one.kind(), format!("version 2: {two}; version 1: {one}"))
            }),
        }
    }

    fn version_2(membership: &str, folder: &Temporary, bounds: Bounds) -> io::Result<Self> {
        let ours = path_of(membership, "").ok_or_else(|| other("not mounted"))?;
        let parent = below(Path::new(ROOT), ours);
        let available = fs::read_to_string(parent.join("cgroup.controllers"))
            .map_err(|_| other("not mounted"))?;
        for controller in ["memory", "pids"] {
            if !available.split_whitespace().any(|it| it == controller) {
                return Err(other("no controllers for memory and pids"));
            }
        }
        let file = parent.join("cgroup.subtree_control");
        let enabled = fs::read_to_string(&file)?;
        if !["memory", "pids"]
            .iter()
            .all(|controller| enabled.split_whitespace().any(|it| it == *controller))
        {
            // Refused for a group with processes of its own, such as ours.
            fs::write(&file, "+memory +pids")?;
        }
        let group = Self::make(vec![parent.join(folder.name())], folder, 2)?;
        group.set(0, "memory.max", bounds.memory)?;
        group.set(0, "memory.swap.max", 0).or_else(if_absent)?;
        group.set(0, "pids.max", bounds.tasks)?;
        Ok(group)
    }

    fn version_1(membership: &str, folder: &Temporary, bounds: Bounds) -> io::Result<Self> {
        let folders = ["memory", "pids"]
            .iter()
            .map(|controller| {
                let ours =
                    path_of(membership, controller).ok_or_else(|| other("no controllers"))?;
                Ok(below(&Path::new(ROOT).join(controller), ours).join(folder.name()))
            })
            .collect::<io::Result<Vec<_>>>()?;
        let group = Self::make(folders, folder, 1)?;
        group.set(0, "memory.limit_in_bytes", bounds.memory)?;
        group.set(1, "pids.max", bounds.tasks)?;
        Ok(group)
    }

    fn make(folders: Vec<PathBuf>, owner: &Temporary, version: u8) -> io::Result<Self> {
        let mut group = Self {
            folders: Vec::new(),
            version,
        };
        for folder in folders {
            owner.note_cgroup(&folder)?;
            fs::create_dir(&folder)?;
            match tidying::claim(&folder) {
                Ok(lock) => group.folders.push((folder, lock)),
                Err(error) => {
                    let _ = fs::remove_dir(&folder);
                    return Err(error);
                }
            }
        }
        Ok(group)
    }

    fn set(&self, folder: usize, file: &str, value: u64) -> io::Result<()> {
        fs::write(self.folders[folder].0.join(file), value.to_string())
    }

    /// Moves a process of a single thread into it; all that it starts is born there.
    pub(crate) fn add(&self, pid: Pid) -> io::Result<()> {
        self.folders
            .iter()
            .try_for_each(|(folder, _)| fs::write(folder.join("cgroup.procs"), pid.to_string()))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for (folder, _) in &self.folders {
            // Version 2, since 5.14. Otherwise only the pid namespace and the sweep by
            // user ids have ended what was in it.
            let _ = fs::write(folder.join("cgroup.kill"), "1");
            let _ = fs::remove_dir(folder);
        }
    }
}

fn other(why: &str) -> io::Error {
    io::Error::other(why)
}

fn if_absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// The group of `controller` in `/proc/PID/cgroup`; version 2 for an empty name.
fn path_of<'a>(membership: &'a str, controller: &str) -> Option<&'a str> {
    membership.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let found = if controller.is_empty() {
            number == "0" && controllers.is_empty()
        } else {
            controllers.split(',').any(|it| it == controller)
        };
        found.then_some(path)
    })
}

/// The folder of the group `path` in the hierarchy mounted at `root`. In a container that
/// sees only its own part of it, the part is what is mounted.
fn below(root: &Path, path: &str) -> PathBuf {
    let folder = root.join(path.trim_start_matches('/'));
    if folder.is_dir() {
        folder
    } else {
        root.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found() {
        let hybrid = "9:name=systemd:/\n8:pids:/jobs/1\n4:memory,hugetlb:/m\n0::/unified\n";
        assert_eq!(path_of(hybrid, "pids"), Some("/jobs/1"));
        assert_eq!(path_of(hybrid, "memory"), Some("/m"));
        assert_eq!(path_of(hybrid, ""), Some("/unified"));
        assert_eq!(path_of(hybrid, "cpu"), None);
        assert_eq!(path_of("8:pids:/\n", ""), None);
    }
}
