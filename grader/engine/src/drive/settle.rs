//! Bringing those to a stop that somebody else has woken or killed.

use std::time::Duration;

use siglab_model::{Clock, Signal};

use super::task::{First, Mode};
use crate::fault::Outcome;
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::wait::{self, Ready};
use crate::kernel::sys::{Pid, cpu, fds, proc};
use crate::signals::deliver::is_fatal;
use crate::tracer::Run;
use crate::world::task::{State, Task};

impl Run<'_> {
    /// Brings every task that was woken or killed to a stop, or makes sure that it still
    /// waits. Afterwards the state of all tasks is known, and stays so until one runs.
    ///
    /// One at a time, and the cause before the effect: a process that continues or ends
    /// tells its parent, whose own wake-up comes next, before another one ends.
    pub(crate) fn settle(&mut self) -> Outcome<()> {
        if self.world.has_terminals {
            self.process_terminals();
        }
        if self.world.has_other_signals
            || self.tracer.plumbing.is_terminal()
            || self.world.options.clock == Clock::Real
        {
            self.world.stirred.all();
        }
        loop {
            if let Some(tid) = self.first_moved(None) {
                self.drive(tid, First::Moving, Mode::Settle)?;
            } else if let Some((tid, dying)) = self.first_dying() {
                self.world.task(tid)?.state = State::Running;
                self.drive(tid, dying, Mode::Settle)?;
            } else {
                break;
            }
        }
        // What `Stirred` is relied on for.
        if cfg!(debug_assertions) {
            for task in &self.world.tasks {
                assert!(
                    self.needs_nothing(task),
                    "nobody has stirred {task:?}, and it has moved ({:?}, {:?}, {:?}): {:?}",
                    self.tracer.state(task.tid).map(char::from),
                    self.tracer.asleep_in(task.tid),
                    wait::ready(task.tid),
                    self.world.stirred,
                );
            }
        }
        self.world.stirred.clear();
        Ok(())
    }

    /// Whether a task is where it was left. One that the kernel kills (out of memory, a limit)
    /// isn't, and is on its way to its end; one that was woken in vain sleeps again.
    fn needs_nothing(&self, task: &Task) -> bool {
        const PATIENCE: Duration = Duration::from_secs(2);
        let is_over = || matches!(self.tracer.state(task.tid), None | Some(b'Z' | b'X'));
        let mut begun = None;
        while self.has_moved(task) && !is_over() {
            if begun.get_or_insert_with(real_now).elapsed() > PATIENCE {
                return false;
            }
            cpu::yield_now();
        }
        true
    }

    /// A thread that another one of its process, which runs, has sent a signal to that is the
    /// process's end. For a tracee, unlike natively, that comes only when this thread takes
    /// it (complete_signal in kernel/signal.c), and the sender would go on until then.
    fn first_dying(&self) -> Option<(Pid, First)> {
        let is_running = |task: &&Task| task.state == State::Running;
        let pid = self.world.tasks.iter().find(is_running)?.pid;
        if !self.world.expected.has_any(pid) {
            return None;
        }
        let process = self.world.processes.iter().rev().find(|p| p.pid == pid)?;
        let is_deadly = |signal: Signal| is_fatal(process.action(signal), signal);
        let of_process = self.world.tasks.iter().filter(|task| task.pid == pid);
        of_process
            .filter_map(|task| match task.state {
                State::Parked { resume, signal } => Some((task.tid, resume, signal)),
                _ => None,
            })
            .find(|(tid, _, signal)| match signal {
                Some(signal) => is_deadly(*signal),
                None => proc::signal_sets(*tid).is_ok_and(|sets| {
                    let pending = sets.thread_pending.union(sets.process_pending);
                    pending.difference(sets.blocked).iter().any(is_deadly)
                }),
            })
            .map(|(tid, resume, signal)| (tid, First::Dying(resume, signal)))
    }

    /// Does the same for the tasks of one process.
    pub(crate) fn settle_process(&mut self, pid: Pid) -> Outcome<()> {
        while let Some(tid) = self.first_moved(Some(pid)) {
            self.drive(tid, First::Moving, Mode::Settle)?;
        }
        Ok(())
    }

    /// What is written to one side of a pseudo-terminal reaches the other by way of a
    /// kernel work queue. Polling a side waits for what is under way to it.
    fn process_terminals(&self) {
        for process in self.world.processes.iter().filter(|p| p.status.is_none()) {
            for number in proc::fds(process.pid) {
                let is_terminal = proc::fd_target(process.pid, number)
                    .is_some_and(|to| to.starts_with("/dev/pts/") || to == "/dev/ptmx");
                if is_terminal && let Ok(copy) = fds::duplicate(process.pid, number) {
                    fds::wait_for_terminal(&copy);
                }
            }
        }
    }

    /// The first task, in the order in which they are to be settled, that isn't where it
    /// was left.
    fn first_moved(&self, of: Option<Pid>) -> Option<Pid> {
        let order = |task: &Task| match task.state {
            State::GroupStopped(_) => 0,
            // Its end tells an heir of its children's, or has told it already. Several that are
            // killed together come in the order of their tasks, not in that of their ends.
            _ if self.world.heir_of_zombies(task.tid).is_some()
                && (self.is_killed(task.pid) || self.tracer.state(task.tid) == Some(b'Z')) =>
            {
                0
            }
            State::Ending | State::Zombie => 2,
            _ => 1,
        };
        self.world
            .tasks
            .iter()
            .filter(|task| of.is_none_or(|pid| task.pid == pid))
            .filter(|task| self.world.stirred.may_have_reached(task) && self.has_moved(task))
            .min_by_key(|task| order(task))
            .map(|task| task.tid)
    }

    fn is_killed(&self, pid: Pid) -> bool {
        let mut processes = self.world.processes.iter().rev();
        processes.find(|p| p.pid == pid).is_some_and(|p| p.killed)
    }

    fn has_moved(&self, task: &Task) -> bool {
        let letter = |expected: u8| self.tracer.state(task.tid) != Some(expected);
        let reports = || wait::ready(task.tid) != Ok(Ready::No);
        match task.state {
            State::Blocked => self.tracer.asleep_in(task.tid).is_none(),
            State::Parked { .. } | State::Held(_) => letter(b't'),
            State::Vfork => letter(b'D'),
            State::GroupStopped(_) => letter(b't') || reports(),
            State::Zombie => reports(),
            State::Ending => true,
            State::Running => false,
        }
    }
}
