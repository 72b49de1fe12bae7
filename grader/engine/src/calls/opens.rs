//! Opening files: what proc_pid_status(5) says of a process that nobody traces.
//!
//! Only of programs in which the word `TracerPid` occurs: for all others, opening a file costs
//! nothing.

use std::os::fd::AsFd;

use siglab_model::WaitFor;

use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid, fds, memory, proc, serve};
use crate::kernel::syscalls::Sys;
use crate::tracer::next::Next;
use crate::tracer::{Run, Serves};
use crate::world::call::After;

/// The longest path, with its NUL: limits.h.
const PATH_MAX: usize = 4096;

impl Run<'_> {
    /// open(path, flags, mode), openat(directory, path, flags, mode), openat2(directory, path,
    /// how, size).
    pub(super) fn open_file(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let Some(task) = self.wanted_status(tid, &regs) else {
            return self.begin_plain(tid, regs);
        };
        let mut marked = regs;
        marked.set_arg(usize::from(serve::MARKED), u64::from(serve::mark()));
        self.tracer.stopped(tid)?.set_regs(&marked)?;
        self.tracer.serves = Some((tid, Serves::Status { of: task }));
        self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None)
    }

    /// The task of the run whose status a call opens for reading, if siglab can answer it.
    fn wanted_status(&mut self, tid: Pid, regs: &Regs) -> Option<Pid> {
        self.tracer.listener.as_ref()?;
        let (directory, path, flags) = opened(tid, regs)?;
        if flags & libc::O_ACCMODE != libc::O_RDONLY || !path.ends_with("status") {
            return None;
        }
        let pid = self.world.task(tid).ok()?.pid;
        let path = if path.starts_with('/') {
            path
        } else {
            format!("{}/{path}", proc::folder(pid, directory)?)
        };
        let (process, task) = named(&path, pid, tid)?;
        let mut tasks = self.world.tasks.iter();
        let is_known = tasks.any(|it| it.tid == task && it.pid == process);
        is_known.then_some(task)
    }

    /// Answers the call that opens the status of the task `of`, which was handed over when it
    /// went on.
    pub(crate) fn serve_status(&mut self, tid: Pid, of: Pid) -> Outcome<()> {
        let failed = || Fault::own("open a file for the program");
        let flags = match self.world.task(tid)?.call() {
            Some(call) => opened(tid, &call.entry).map_or(0, |(_, _, flags)| flags),
            None => return Ok(()),
        };
        let Some(request) = self.next_request(tid)? else {
            return Ok(());
        };
        let Some(listener) = &self.tracer.listener else {
            return Ok(());
        };
        let made = proc::untraced_status(of, of == tid)
            .and_then(|text| fds::file_of(c"status", text.as_bytes()));
        match made {
            Ok(fd) => {
                let cloexec = flags & libc::O_CLOEXEC != 0;
                match listener.give(&request, fd.as_fd(), cloexec) {
                    // It has all the descriptors that it may have, and was told.
                    Ok(()) | Err(Errno::EMFILE) => Ok(()),
                    Err(errno) => Err(failed()(errno)),
                }
            }
            Err(errno) => listener.fail(&request, errno).map_err(failed()),
        }
    }
}

/// Where a call looks, what for, and with which flags.
fn opened(tid: Pid, regs: &Regs) -> Option<(i32, String, i32)> {
    let directory = regs.arg(0) as u32 as i32;
    let (directory, path, flags) = match regs.sys()? {
        Sys::Open => (libc::AT_FDCWD, regs.arg(0), regs.arg(1) as u32 as i32),
        Sys::Openat => (directory, regs.arg(1), regs.arg(2) as u32 as i32),
        Sys::Openat2 => {
            let flags: u64 = memory::read(tid, regs.arg(2)).ok()?;
            (directory, regs.arg(1), flags as u32 as i32)
        }
        _ => return None,
    };
    let path = memory::read_string(tid, path, PATH_MAX)?;
    Some((directory, path, flags))
}

/// The process and the task whose status an absolute path names, as the task `tid` of the process
/// `pid` sees it: proc(5). Links aren't followed but for those of /proc itself.
fn named(path: &str, pid: Pid, tid: Pid) -> Option<(Pid, Pid)> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let number = |text: &str| text.parse().ok().map(Pid::from_raw);
    match parts.as_slice() {
        ["proc", "thread-self", "status"] => Some((pid, tid)),
        ["proc", process, rest @ ..] => {
            let process = if *process == "self" {
                pid
            } else {
                number(process)?
            };
            match rest {
                ["status"] => Some((process, process)),
                ["task", task, "status"] => Some((process, number(task)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pid, named};

    #[test]
    fn paths_name_tasks() {
        let task = |path: &str| {
            let named = named(path, Pid::from_raw(10), Pid::from_raw(11));
            named.map(|(process, task)| (process.as_raw(), task.as_raw()))
        };
        for (path, expected) in [
            ("/proc/self/status", Some((10, 10))),
            ("//proc/./self//status", Some((10, 10))),
            ("/etc/../proc/self/status", Some((10, 10))),
            ("/proc/thread-self/status", Some((10, 11))),
            ("/proc/7/status", Some((7, 7))),
            ("/proc/self/task/12/status", Some((10, 12))),
            ("/proc/7/task/8/status", Some((7, 8))),
            ("/proc/self/stat", None),
            ("/proc/status", None),
            ("/proc/self/task/status", None),
            ("/tmp/self/status", None),
            ("/proc/x/status", None),
        ] {
            assert_eq!(task(path), expected, "{path}");
        }
    }
}
