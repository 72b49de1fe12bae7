//! Landlock domains: what files a program reaches, and whom it may signal (L3, L4).

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
    path_beneath_rules,
};

use crate::sys::creds;

/// Folders with programs, libraries and settings that anybody may read.
pub(crate) const SYSTEM: [&str; 9] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix",
];

/// What programs need of `/etc`. The rest is for those that run as somebody who owns
/// nothing there: root owns the hashes of passwords.
const SETTINGS: [&str; 12] = [
    "/etc/alternatives",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/terminfo",
];

/// Devices that hold nothing of anybody's.
const DEVICES: [&str; 7] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
];

/// What the kernel has of Landlock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landlock {
    /// The version, from 1.
    pub(crate) version: i32,
}

/// What a program may reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// Folders and files to read and to execute, besides the system's.
    pub(crate) read: Vec<PathBuf>,
    /// Folders to do anything in.
    pub(crate) write: Vec<PathBuf>,
    /// Whether it runs as a user who owns nothing.
    pub(crate) as_stranger: bool,
}

impl Landlock {
    /// Looks what the kernel has.
    pub(crate) fn new() -> io::Result<Self> {
        let version = creds::landlock_version()?;
        Ok(Self { version })
    }

    /// Whether signals can be kept within a domain: ABI 6.
    pub(crate) fn scopes_signals(self) -> bool {
        self.version >= 6
    }

    /// A domain in which `reach` can be reached, no TCP port (ABI 4), and no process
    /// outside by a signal or by an abstract socket (ABI 6).
    pub(crate) fn domain(self, reach: &Reach) -> io::Result<OwnedFd> {
        let abi = ABI::from(self.version);
        let read = AccessFs::from_read(abi);
        let all = AccessFs::from_all(abi);
        let devices = AccessFs::from_file(abi) & !AccessFs::Execute;
        let system = SYSTEM
            .into_iter()
            .filter(|folder| reach.as_stranger || *folder != "/etc");
        let build = || {
            // Best effort is the crate's default: what an older kernel doesn't know is
            // left out, and which version it has is in the report.
            Ruleset::default()
                .handle_access(all)?
                .handle_access(AccessNet::from_all(abi))?
                .scope(Scope::from_all(abi))?
                .create()?
                .add_rules(path_beneath_rules(system, read))?
                .add_rules(path_beneath_rules(SETTINGS, read))?
                .add_rules(path_beneath_rules(
                    ["/proc", "/sys/devices/system/cpu"],
                    read,
                ))?
                .add_rules(path_beneath_rules(&reach.read, read))?
                .add_rules(path_beneath_rules(DEVICES, devices))?
                // Pseudo-terminals of the program's own.
                .add_rules(path_beneath_rules(
                    ["/dev/pts"],
                    devices | AccessFs::ReadDir,
                ))?
                .add_rules(path_beneath_rules(&reach.write, all))
        };
        let ruleset = build().map_err(io::Error::other)?;
        Option::<OwnedFd>::from(ruleset)
            .ok_or_else(|| io::Error::other("the kernel made no ruleset"))
    }
}

/// Whether `path` is in a folder that every program may read anyway.
pub(crate) fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}
