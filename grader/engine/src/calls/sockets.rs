//! Where what a task waits for may come from: from outside of the run, or only from within.

use super::descriptors::descriptors_of;
use crate::fault::Outcome;
use crate::kernel::sys::sockets::{Peer, peer};
use crate::kernel::sys::{Pid, memory, proc};
use crate::tracer::Run;
use crate::world::call::{Call, Waits};
use crate::world::task::State;

impl Run<'_> {
    /// socketpair(2) returned: the two descriptors are at this address. Nobody outside has
    /// either.
    pub(super) fn new_pair(&mut self, tid: Pid, result: i64, address: u64) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        if result == 0
            && let Ok(both) = memory::read::<u64>(tid, address)
        {
            let ends = [both as u32 as i32, (both >> 32) as u32 as i32];
            let targets = ends.into_iter().filter_map(|fd| proc::fd_target(pid, fd));
            self.world.pairs.extend(targets);
        }
        Ok(())
    }

    /// Whether a task waits for something that may come from outside of the run, or for
    /// something that siglab doesn't know, so that waiting for ever isn't proved.
    pub(crate) fn waits_for_outside(&self) -> bool {
        self.world.tasks.iter().any(|task| {
            task.state == State::Blocked
                && task
                    .call()
                    .is_some_and(|call| self.may_come_from_outside(task.pid, task.tid, call))
        })
    }

    fn may_come_from_outside(&self, pid: Pid, tid: Pid, call: &Call) -> bool {
        if call.waits == Waits::Unknown {
            return true;
        }
        if !self.tracer.plumbing.external_stdin {
            return false;
        }
        let stdin = proc::fd_target(Pid::this(), 0).unwrap_or_default();
        descriptors_of(pid, tid, call).into_iter().any(|fd| {
            proc::fd_target(pid, fd).is_some_and(|target| {
                (target == stdin && !stdin.is_empty()) || self.reaches_outside(pid, fd, &target)
            })
        })
    }

    /// Whether what a descriptor leads to may be written to, or change, from outside. Other
    /// descriptors than standard input aren't inherited, so a pipe can't.
    fn reaches_outside(&self, pid: Pid, fd: i32, target: &str) -> bool {
        match target {
            "/dev/tty" | "anon_inode:inotify" | "anon_inode:[fanotify]" => true,
            _ if target.starts_with("socket:") => self.socket_reaches_outside(pid, target),
            _ if target.contains("pidfd") => {
                proc::pidfd_target(pid, fd).is_some_and(|other| self.tgid_in_run(other).is_none())
            }
            _ => false,
        }
    }

    fn socket_reaches_outside(&self, pid: Pid, target: &str) -> bool {
        if self.world.pairs.contains(target) {
            return false;
        }
        let inode = target
            .strip_prefix("socket:[")
            .and_then(|rest| rest.strip_suffix(']')?.parse().ok());
        match inode.map(|inode| peer(pid, inode)) {
            Some(Peer::Inode(inode)) => !self.is_socket_of_run(&format!("socket:[{inode}]")),
            Some(Peer::Nobody) => false,
            Some(Peer::Unknown) | None => true,
        }
    }

    fn is_socket_of_run(&self, target: &str) -> bool {
        self.world
            .processes
            .iter()
            .filter(|process| process.status.is_none())
            .any(|process| {
                proc::fds(process.pid)
                    .into_iter()
                    .any(|fd| proc::fd_target(process.pid, fd).as_deref() == Some(target))
            })
    }
}
