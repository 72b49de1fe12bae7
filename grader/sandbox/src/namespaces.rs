//! L2 and L3: a worker in namespaces of its own.
//!
//! ```text
//! siglab (outside)          waits, passes signals on, returns the worker's status
//!   '- keeper               in the new user namespace, if one is needed
//!        '- init            pid 1 of the new pid namespace; reaps, has no other work
//!             |- (view)     makes what programs see of the file system, and goes
//!             '- worker     goes on with what siglab was started for: traces, grades
//!                  '- programs and compilers
//! ```
//!
//! The tracer is *inside*: it and its tracees see the same pids, so nothing has to be
//! mapped, and the end of init is the end of all of them. Each of these processes dies
//! with its parent.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, getegid, geteuid, setsid};

use crate::cgroup::Cgroup;
use crate::landlock::{SYSTEM, is_system};
use crate::sys::mounts::{Tree, pivot_into_working_directory};
use crate::sys::{creds, process};

pub use process::Ended;

/// The first pid in a new namespace, about: pids in output are recognised from three
/// digits on.
const FIRST_PID: u32 = 10_000;

/// What programs and compilers see of files and network: L3.
#[derive(Debug)]
pub(crate) struct View {
    mount: OwnedFd,
    net: OwnedFd,
    ipc: OwnedFd,
}

impl View {
    /// Enters it: its root becomes the root and the working directory. Async-signal-safe.
    pub(crate) fn enter(&self) -> io::Result<()> {
        use std::os::fd::AsFd;
        creds::enter(self.net.as_fd(), libc::CLONE_NEWNET)?;
        creds::enter(self.ipc.as_fd(), libc::CLONE_NEWIPC)?;
        creds::enter(self.mount.as_fd(), libc::CLONE_NEWNS)
    }
}

/// What a worker finds.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Or why there is none.
    pub(crate) view: io::Result<View>,
    /// Whether it is in a user namespace of its own.
    pub(crate) in_user_namespace: bool,
}

/// What [`split`] gives to each side.
#[derive(Debug)]
pub(crate) enum Side {
    Worker(Inside),
    /// The worker has ended.
    Outside(Ended),
}

/// What the worker's namespaces are made for.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The sandbox's folder, which exists. A file system of its own is mounted there.
    pub(crate) folder: &'a Path,
    /// What compilers need to read besides the system's folders.
    pub(crate) tools: &'a [PathBuf],
    /// Bytes for files of programs and compilers.
    pub(crate) file_bytes: u64,
    /// Where the worker and all that it starts is to be, if anywhere.
    pub(crate) cgroup: Option<&'a Cgroup>,
}

/// Forks a worker in new namespaces. Returns in the worker, and, when that has ended, in
/// the caller. The caller has to have a single thread.
///
/// # Errors
/// In the caller, if the namespaces can't be made; then there is no worker.
pub(crate) fn split(plan: &Plan<'_>) -> io::Result<Side> {
    let (ready, ready_inside) = io::pipe()?;
    let (go_inside, go) = io::pipe()?;
    let (status, status_inside) = io::pipe()?;
    let needs_user = !may_make_namespaces();
    let before = process::block_for_tending()?;
    let Some(keeper) = process::fork()? else {
        drop((ready, go, status));
        let pipes = Pipes {
            ready: ready_inside,
            go: go_inside,
            status: status_inside,
        };
        let inside = keep(plan, needs_user, pipes);
        process::set_mask(&before)?;
        return Ok(Side::Worker(inside));
    };
    drop((ready_inside, go_inside, status_inside));
    let ended = attend(plan, needs_user, keeper, ready, go, status);
    process::set_mask(&before)?;
    ended.map(Side::Outside)
}

/// The outside's part: permits the keeper to go on, and waits for the worker's end.
fn attend(
    plan: &Plan<'_>,
    needs_user: bool,
    keeper: Pid,
    mut ready: io::PipeReader,
    mut go: io::PipeWriter,
    mut status: io::PipeReader,
) -> io::Result<Ended> {
    let mut begin = || {
        await_step(&mut ready)?;
        if needs_user {
            map_ids(keeper).map_err(at("map user ids"))?;
        }
        if let Some(cgroup) = plan.cgroup {
            cgroup.add(keeper).map_err(at("enter a control group"))?;
        }
        go.write_all(b"!")?;
        await_step(&mut ready)
    };
    if let Err(error) = begin() {
        // It may be in the middle of something.
        let _ = kill(keeper, Signal::SIGKILL);
        let _ = process::finish(keeper);
        return Err(error);
    }
    process::tend(keeper)?;
    let mut report = [0; 8];
    Ok(match status.read_exact(&mut report) {
        Ok(()) => decode(report),
        // Something killed init or the keeper, and with that the worker.
        Err(_) => Ended::Killed(libc::SIGKILL),
    })
}

/// The keeper's and init's ends.
struct Pipes {
    /// Tells the outside how it goes: see [`report`].
    ready: io::PipeWriter,
    go: io::PipeReader,
    /// Tells the outside how the worker ended.
    status: io::PipeWriter,
}

/// The keeper, and whatever it forks. Returns in the worker only.
fn keep(plan: &Plan<'_>, needs_user: bool, mut pipes: Pipes) -> Inside {
    let result = keep_until_forked(plan, needs_user, &mut pipes);
    match result {
        Ok(Some(inside)) => return inside,
        Ok(None) => {}
        Err(error) => report(&mut pipes.ready, &Err(error)),
    }
    process::leave(0)
}

fn keep_until_forked(
    plan: &Plan<'_>,
    needs_user: bool,
    pipes: &mut Pipes,
) -> io::Result<Option<Inside>> {
    creds::die_with_parent()?;
    // Keys at the terminal are for the outside, which passes them on once.
    setsid()?;
    if needs_user {
        unshare(CloneFlags::CLONE_NEWUSER).map_err(of("make a user namespace"))?;
    }
    report(&mut pipes.ready, &Ok(()));
    // Should the outside have gone before it could be seen to, it doesn't answer.
    let mut byte = [0];
    pipes.go.read_exact(&mut byte)?;
    unshare(CloneFlags::CLONE_NEWPID).map_err(of("make a pid namespace"))?;
    let (alive, keeper) = io::pipe()?;
    let Some(init) = process::fork()? else {
        drop(keeper);
        creds::die_with_parent()?;
        if process::is_closed(&alive) {
            process::leave(0);
        }
        return begin_init(plan, needs_user, pipes).map(Some);
    };
    drop(alive);
    process::tend(init)?;
    Ok(None)
}

/// Init: pid 1. Returns in the worker only, or with an error.
fn begin_init(plan: &Plan<'_>, in_user_namespace: bool, pipes: &mut Pipes) -> io::Result<Inside> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(of("make a mount namespace"))?;
    let nothing: Option<&Path> = None;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing).map_err(of("make mounts private"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, nothing).map_err(of("mount /proc"))?;
    // Only for what the output looks like.
    let _ = fs::write("/proc/sys/kernel/ns_last_pid", (FIRST_PID - 1).to_string());
    let options = format!("mode=0711,size={},nr_inodes=65536", plan.file_bytes);
    mount(
        Some("siglab"),
        plan.folder,
        Some("tmpfs"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
        Some(options.as_str()),
    )
    .map_err(of("mount a file system for programs"))?;
    let view = make_view(plan);
    let Some(worker) = process::fork()? else {
        return Ok(Inside {
            view,
            in_user_namespace,
        });
    };
    drop(view);
    report(&mut pipes.ready, &Ok(()));
    let ended = process::tend(worker)?;
    // If the outside has gone, so has the keeper, and soon init.
    let _ = pipes.status.write_all(&encode(ended));
    process::leave(0)
}

/// A process makes the namespaces that programs are to be in; they stay for as long as
/// somebody has them open.
fn make_view(plan: &Plan<'_>) -> io::Result<View> {
    let (mut made, mut making) = io::pipe()?;
    let (wait, holding) = io::pipe()?;
    let Some(helper) = process::fork()? else {
        drop((made, holding));
        let result = creds::die_with_parent().and_then(|()| furnish(plan));
        report(&mut making, &result);
        // Until the namespaces are held elsewhere.
        let _ = { wait }.read(&mut [0]);
        process::leave(0)
    };
    drop((making, wait));
    let open = |kind: &str| -> io::Result<OwnedFd> {
        Ok(File::open(format!("/proc/{helper}/ns/{kind}"))?.into())
    };
    let view = await_step(&mut made).and_then(|()| {
        Ok(View {
            mount: open("mnt")?,
            net: open("net")?,
            ipc: open("ipc")?,
        })
    });
    drop(holding);
    process::finish(helper)?;
    view
}

/// Makes new namespaces for mounts, network and ipc, in which there is only: the system's
/// folders and the tools, read-only, `/dev`, `/proc`, the sandbox's folder, and an empty
/// `/tmp`. No network, not even a loopback that is up.
fn furnish(plan: &Plan<'_>) -> io::Result<()> {
    // In this process only: what is made here is for programs of other users.
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC;
    unshare(flags).map_err(of("make namespaces for mounts, network and ipc"))?;
    let nothing: Option<&Path> = None;
    let root = plan.folder.join("root");
    fs::create_dir(&root)?;
    mount(
        Some("siglab"),
        &root,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755,size=1m"),
    )
    .map_err(of("mount a root"))?;
    let there = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    for path in SYSTEM.iter().map(Path::new) {
        match fs::symlink_metadata(path) {
            Ok(data) if data.is_symlink() => {
                std::os::unix::fs::symlink(fs::read_link(path)?, there(path))?;
            }
            Ok(data) if data.is_dir() => show(path, &there(path))?,
            _ => {}
        }
    }
    let tools = plan.tools.iter().filter(|path| !is_system(path));
    for path in tools
        .map(PathBuf::as_path)
        .chain(["/dev", "/proc"].map(Path::new))
    {
        show(path, &there(path))?;
    }
    fs::create_dir_all(there(Path::new("/tmp")))?;
    let folder = there(plan.folder);
    fs::create_dir_all(&folder)?;
    // Not what is mounted below it: that is this root.
    mount(
        Some(plan.folder),
        &folder,
        nothing,
        MsFlags::MS_BIND,
        nothing,
    )
    .map_err(of("show the sandbox's folder"))?;
    let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    for path in [&folder, &root] {
        let flags = read_only | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(nothing, path, nothing, flags, nothing).map_err(of("make it read-only"))?;
    }
    nix::unistd::chdir(&root)?;
    pivot_into_working_directory().map_err(at("change the root"))
}

/// Shows what is at `path`, and all mounted below it, read-only at `there`.
fn show(path: &Path, there: &Path) -> io::Result<()> {
    let what = |error: io::Error| {
        io::Error::new(error.kind(), format!("show {}: {error}", path.display()))
    };
    let tree = Tree::copy(path).map_err(what)?;
    tree.read_only().map_err(what)?;
    fs::create_dir_all(there).map_err(what)?;
    tree.attach(there).map_err(what)
}

/// Whether namespaces can be made without a user namespace: `CAP_SYS_ADMIN` is effective.
fn may_make_namespaces() -> bool {
    has_capability(21)
}

/// Whether this process has the capability of this number: capabilities(7).
pub(crate) fn has_capability(number: u32) -> bool {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let set = status
                .lines()
                .find_map(|line| line.strip_prefix("CapEff:"))?;
            u64::from_str_radix(set.trim(), 16).ok()
        })
        .is_some_and(|set| set >> number & 1 == 1)
}

/// Gives the keeper's user namespace all ids that this process has to give, or else its
/// own: user_namespaces(7).
fn map_ids(keeper: Pid) -> io::Result<()> {
    let file = |name: &str| PathBuf::from(format!("/proc/{keeper}/{name}"));
    let identity = |name: &str| -> io::Result<String> {
        let map = fs::read_to_string(format!("/proc/self/{name}"))?;
        let lines = map.lines().filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (first, count) = (fields.next()?, fields.nth(1)?);
            Some(format!("{first} {first} {count}\n"))
        });
        Ok(lines.collect())
    };
    let all = fs::write(file("gid_map"), identity("gid_map")?)
        .and_then(|()| fs::write(file("uid_map"), identity("uid_map")?));
    if all.is_ok() {
        return Ok(());
    }
    fs::write(file("setgroups"), "deny")?;
    fs::write(file("gid_map"), format!("{0} {0} 1", getegid()))?;
    fs::write(file("uid_map"), format!("{0} {0} 1", geteuid()))
}

/// Writes one step's result to the process that waits in [`await_step`].
fn report(to: &mut io::PipeWriter, result: &io::Result<()>) {
    let text = match result {
        Ok(()) => "k".to_owned(),
        Err(error) => format!("e{error}"),
    };
    // Should nobody read it, nobody waits.
    let _ = to.write_all(text.as_bytes());
}

fn await_step(from: &mut io::PipeReader) -> io::Result<()> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    if byte == *b"k" {
        return Ok(());
    }
    let mut text = String::new();
    from.read_to_string(&mut text)?;
    Err(io::Error::other(text))
}

pub(crate) fn encode(ended: Ended) -> [u8; 8] {
    let (kind, value) = match ended {
        Ended::Exited(status) => (0i32, status),
        Ended::Killed(signal) => (1, signal),
    };
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&kind.to_ne_bytes());
    bytes[4..].copy_from_slice(&value.to_ne_bytes());
    bytes
}

pub(crate) fn decode([a, b, c, d, w, x, y, z]: [u8; 8]) -> Ended {
    let value = i32::from_ne_bytes([w, x, y, z]);
    match i32::from_ne_bytes([a, b, c, d]) {
        0 => Ended::Exited(value),
        _ => Ended::Killed(value),
    }
}

fn at(step: &'static str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{step}: {error}"))
}

fn of(step: &'static str) -> impl Fn(nix::errno::Errno) -> io::Error {
    move |errno| at(step)(errno.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_cross_a_pipe() {
        for ended in [Ended::Exited(3), Ended::Killed(9), Ended::Exited(0)] {
            assert_eq!(decode(encode(ended)), ended);
        }
    }

    #[test]
    fn steps_cross_a_pipe() {
        for result in [Ok(()), Err(io::Error::other("no way"))] {
            let (mut from, mut to) = io::pipe().expect("there are descriptors");
            report(&mut to, &result);
            drop(to);
            let got = await_step(&mut from);
            assert_eq!(
                got.map_err(|error| error.to_string()),
                result.map_err(|error| error.to_string())
            );
        }
        let (mut from, to) = io::pipe().expect("there are descriptors");
        drop(to);
        await_step(&mut from).expect_err("nobody answers");
    }
}
