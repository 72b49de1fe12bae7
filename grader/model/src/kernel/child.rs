//! What a parent learns of its children: `SIGCHLD` and wait(2) (kernel/exit.c).

use crate::{ProcessStatus, SigSet, Signal};

use super::{
    Code, Errno, Happened, Info, Kernel, Life, Pending, ProcessId, Reaction, Target, ThreadId,
};

/// What wait(2) tells of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It has ended.
    Ended(ProcessStatus),
    /// A signal has stopped it.
    Stopped(Signal),
    /// It goes on.
    Continued,
}

/// What wait(2) is asked for, besides children that have ended: its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WaitFor {
    /// `WUNTRACED`: children that have stopped.
    pub stopped: bool,
    /// `WCONTINUED`: stopped children that go on.
    pub continued: bool,
}

impl Kernel {
    /// waitpid(2) for one child, by `thread`, without waiting: what there is to tell, which is
    /// told once.
    ///
    /// # Errors
    /// `ECHILD` if it isn't a child of the process.
    pub fn wait(
        &mut self,
        thread: ThreadId,
        child: ProcessId,
        options: WaitFor,
    ) -> Result<Option<Report>, Errno> {
        let report = self.report(thread, child, options)?;
        let process = self.process_mut(child);
        match report {
            Some(Report::Ended(status)) => process.life = Life::Gone(status),
            Some(_) => process.report = None,
            None => {}
        }
        Ok(report)
    }

    /// The same with `WNOWAIT`: it can be told again.
    ///
    /// # Errors
    /// `ECHILD` if it isn't a child of the process.
    pub fn report(
        &self,
        thread: ThreadId,
        child: ProcessId,
        options: WaitFor,
    ) -> Result<Option<Report>, Errno> {
        let process = self.process(child);
        let parent = process.parent.map(|parent| self.process_of(parent));
        if parent != Some(self.process_of(thread)) {
            return Err(Errno::Echild);
        }
        Ok(match (process.life, process.report) {
            (Life::Gone(_), _) => return Err(Errno::Echild),
            (Life::Zombie(status), _) => Some(Report::Ended(status)),
            (_, report @ Some(Report::Stopped(_))) if options.stopped => report,
            (_, report @ Some(Report::Continued)) if options.continued => report,
            _ => None,
        })
    }

    /// The process ends: nothing is pending any more, its threads are gone, and its parent is
    /// told, with `SIGCHLD`. It is a zombie then; but if the parent ignores `SIGCHLD` or has
    /// set `SA_NOCLDWAIT`, it ceases to exist at once. With the first, no `SIGCHLD` is
    /// generated; with the second it is (POSIX leaves that open): `do_notify_parent`.
    pub(super) fn end(&mut self, id: ProcessId, status: ProcessStatus) {
        for thread in self.process(id).threads.clone() {
            let state = self.thread_mut(thread);
            state.ended = true;
            state.pending = Pending::default();
            state.signalled = false;
        }
        let process = self.process_mut(id);
        process.pending = Pending::default();
        process.life = Life::Zombie(status);
        process.report = None;
        self.happened.push(Happened::Ended {
            process: id,
            status,
        });
        let Some(parent) = self.process(id).parent else {
            return;
        };
        let action = *self.action(self.process_of(parent), Signal::CHLD);
        let ignores = action.reaction == Reaction::Ignore;
        if ignores || action.flags.nocldwait {
            self.process_mut(id).life = Life::Gone(status);
        }
        if !ignores {
            let (code, status) = match status {
                ProcessStatus::Exited(code) => (Code::Exited, code),
                ProcessStatus::Killed(signal) => (Code::Killed, signal.number()),
            };
            self.tell_parent(parent, id, code, status);
        }
    }

    /// All threads stop; the parent is told unless it has set `SA_NOCLDSTOP`:
    /// `do_signal_stop`.
    pub(super) fn stop(&mut self, id: ProcessId, signal: Signal) {
        let process = self.process_mut(id);
        process.life = Life::Stopped(signal);
        process.report = Some(Report::Stopped(signal));
        self.happened.push(Happened::Stopped {
            process: id,
            signal,
        });
        self.tell_parent_of_stop(id, Code::Stopped, signal.number());
    }

    /// A stopped process goes on, when `SIGCONT` is generated: `prepare_signal`. All its
    /// threads look for signals then.
    pub(super) fn continue_process(&mut self, id: ProcessId) {
        if !matches!(self.process(id).life, Life::Stopped(_)) {
            return;
        }
        let process = self.process_mut(id);
        process.life = Life::Running;
        process.report = Some(Report::Continued);
        for thread in self.process(id).threads.clone() {
            self.recalculate(thread);
        }
        self.happened.push(Happened::Continued { process: id });
        self.tell_parent_of_stop(id, Code::Continued, Signal::CONT.number());
    }

    /// `do_notify_parent_cldstop`.
    fn tell_parent_of_stop(&mut self, id: ProcessId, code: Code, status: i32) {
        let Some(parent) = self.process(id).parent else {
            return;
        };
        let action = self.action(self.process_of(parent), Signal::CHLD);
        if action.reaction != Reaction::Ignore && !action.flags.nocldstop {
            self.tell_parent(parent, id, code, status);
        }
    }

    /// `SIGCHLD` is for the parent's process; the thread that made the child takes it first.
    fn tell_parent(&mut self, parent: ThreadId, child: ProcessId, code: Code, status: i32) {
        if self.is_told_of_children {
            return;
        }
        let target = Target::Process(self.process_of(parent));
        let mut info = Info::new(code, Some(child));
        info.status = status;
        let sent = self.send_to(None, parent, target, Signal::CHLD, info);
        debug_assert!(sent.is_ok(), "the kernel's standard signals have no limit");
    }

    /// Whether nobody outside of the process's group could continue it: no member has a
    /// parent in another group of the session: POSIX 3.264, "Orphaned Process Group";
    /// `will_become_orphaned_pgrp` (kernel/exit.c).
    #[must_use]
    pub fn is_orphaned(&self, process: ProcessId) -> bool {
        let (group, session) = (self.process(process).group, self.process(process).session);
        !self.processes.iter().any(|member| {
            member.group == group
                && member.is_alive()
                && member.parent.is_some_and(|parent| {
                    let parent = self.process(self.process_of(parent));
                    parent.group != group && parent.session == session
                })
        })
    }

    /// All signals that are pending for a process or any thread of it.
    #[must_use]
    pub fn all_pending(&self, process: ProcessId) -> SigSet {
        let process = self.process(process);
        let private = process.threads.iter().map(|thread| self.thread(*thread));
        private.fold(process.pending.set(), |all, thread| {
            all.union(thread.pending.set())
        })
    }
}
