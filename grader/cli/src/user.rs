//! Giving up root.

use std::path::Path;

use nix::sys::prctl;
use nix::unistd::{User, chown, setgid, setgroups, setuid};

use crate::exit;
use crate::failure::Failure;

fn find(name: &str) -> Result<User, Failure> {
    User::from_name(name)
        .map_err(|error| Failure::new(exit::ENVIRONMENT, format_args!("no user {name}: {error}")))?
        .ok_or_else(|| Failure::usage(format_args!("there is no user `{name}`")))
}

/// Gives a folder to `name`.
///
/// # Errors
/// If there is no such user, or siglab isn't root.
pub(crate) fn give(folder: &Path, name: &str) -> Result<(), Failure> {
    let user = find(name)?;
    chown(folder, Some(user.uid), Some(user.gid)).map_err(|error| {
        Failure::new(
            exit::ENVIRONMENT,
            format_args!("can't give a folder to {name}: {}", error.desc()),
        )
        .hint("only root can")
    })
}

/// Becomes `name` for good: its user and group, and no other groups. What root alone may
/// read has to be read before.
///
/// # Errors
/// If there is no such user, or siglab isn't root.
pub(crate) fn become_user(name: &str) -> Result<(), Failure> {
    let user = find(name)?;
    let denied = |error: nix::Error| {
        Failure::new(
            exit::ENVIRONMENT,
            format_args!("can't become {name}: {}", error.desc()),
        )
        .hint("only root can")
    };
    // setgid(2) and setuid(2) of root set the real, effective and saved ids of all threads.
    setgroups(&[]).map_err(denied)?;
    setgid(user.gid).map_err(denied)?;
    setuid(user.uid).map_err(denied)?;
    // Who gives up root is made undumpable, and so is who is forked: ptrace(2) then refuses
    // to trace a child that hasn't executed its program yet.
    prctl::set_dumpable(true).map_err(denied)
}
