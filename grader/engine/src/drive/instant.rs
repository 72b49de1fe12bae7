//! What several steps of the script do at the same instant.
//!
//! Children that end at the same instant are all dead before their parent runs again: the
//! `SIGCHLD`s merge, as they do natively when a shell kills several at once. A parent that
//! waits would take the first as soon as it is generated. So it is taken out of its wait,
//! and held there until all of them have had their turn; its call then goes on. The same is
//! done for a subreaper that is told of a child's end and of the zombies that this leaves.

use std::collections::{BTreeMap, BTreeSet};

use crate::calls;
use crate::drive::task::Awaited;
use crate::fault::Outcome;
use crate::kernel::sys::Pid;
use crate::kernel::sys::errno::{EINTR, ERESTARTNOHAND};
use crate::kernel::sys::ptrace;
use crate::kernel::sys::wait::Status;
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::task::{State, Task};

impl Run<'_> {
    /// The script has signalled these processes, all at this instant. Those among them that
    /// have a parent in common, which isn't among them, run before it does.
    pub(crate) fn begin_instant(&mut self, signalled: &[Pid]) -> Outcome<()> {
        if self.world.scheduler.preempts() {
            // Any order may be chosen.
            return Ok(());
        }
        let mut families: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
        for pid in signalled {
            let parent = self.world.process(*pid)?.parent;
            if let Some(parent) = parent.filter(|parent| !signalled.contains(parent)) {
                let children = families.entry(parent).or_default();
                if !children.contains(pid) {
                    children.push(*pid);
                }
            }
        }
        families.retain(|_, children| children.len() > 1);
        self.hold_waiting(&families.keys().copied().collect())?;
        let first = |pid: &&Pid| families.values().any(|children| children.contains(pid));
        self.world.instant = signalled.iter().filter(first).copied().collect();
        Ok(())
    }

    /// A process is about to end, and leaves zombies to its parent. Natively that is told of
    /// them and of this end in one go, and its `SIGCHLD`s merge. Here the tracer lies in between.
    pub(crate) fn hold_heir(&mut self, tid: Pid) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        let heir = self.world.heir_of_zombies(pid);
        let parent = self.world.process(pid)?.parent;
        if let Some(heir) = heir.filter(|heir| parent == Some(*heir)) {
            self.hold_waiting(&BTreeSet::from([heir]))?;
        }
        Ok(())
    }

    /// Takes the tasks of these processes out of their waits, and holds them there. Those
    /// that are held now are returned.
    pub(crate) fn hold_waiting(&mut self, pids: &BTreeSet<Pid>) -> Outcome<Vec<Pid>> {
        let waiting: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| pids.contains(&task.pid) && can_be_held(task))
            .map(|task| task.tid)
            .collect();
        for tid in &waiting {
            self.hold(*tid)?;
        }
        Ok(waiting)
    }

    fn hold(&mut self, tid: Pid) -> Outcome<()> {
        ptrace::interrupt(tid)?;
        match self.await_stop(tid)? {
            Awaited::Stopped(status @ (Status::Exited(_) | Status::Killed { .. })) => {
                self.on_end(tid, status)
            }
            Awaited::Stopped(status) => {
                self.world.task(tid)?.state = State::Held(status);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Who goes first at this instant, if it can run.
    pub(crate) fn first_of_instant(&mut self) -> Option<Pid> {
        while let Some(pid) = self.world.instant.pop_front() {
            let parked = self
                .world
                .tasks
                .iter()
                .find(|task| task.pid == pid && matches!(task.state, State::Parked { .. }));
            if let Some(task) = parked {
                return Some(task.tid);
            }
        }
        None
    }

    /// Lets those go on that were held, when everybody has had a turn who goes first. Whether
    /// there was somebody.
    pub(crate) fn end_instant(&mut self) -> Outcome<bool> {
        let is_parked = |pid: &Pid| {
            let mut tasks = self.world.tasks.iter();
            tasks.any(|task| task.pid == *pid && matches!(task.state, State::Parked { .. }))
        };
        if self.world.instant.iter().any(is_parked) {
            return Ok(false);
        }
        self.world.instant.clear();
        let held: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| matches!(task.state, State::Held(_)))
            .map(|task| task.tid)
            .collect();
        self.release(&held)?;
        Ok(!held.is_empty())
    }

    /// Lets tasks go on that are held, if they still are.
    pub(crate) fn release(&mut self, tids: &[Pid]) -> Outcome<()> {
        for tid in tids {
            let Some(State::Held(status)) = self.world.state_of(*tid) else {
                continue;
            };
            let mut regs = self.tracer.stopped(*tid)?.regs()?;
            if regs.result() == EINTR {
                // Some calls say so after any interruption. With a handler they say so again.
                regs.set_result(ERESTARTNOHAND);
                self.tracer.stopped(*tid)?.set_regs(&regs)?;
            }
            self.bring_on(*tid, status)?;
        }
        Ok(())
    }
}

/// Whether a task waits in a call that can be made again as if nothing had happened.
fn can_be_held(task: &Task) -> bool {
    task.state == State::Blocked
        && task
            .call()
            .is_some_and(|call| !calls::transfers_all(&call.entry) && call.sys != Sys::Connect)
}
