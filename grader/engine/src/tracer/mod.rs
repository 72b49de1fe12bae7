//! A run: what it knows ([`World`]) and what holds handles of the kernel's ([`Tracer`]).

pub(crate) mod busy;
mod forced;
pub(crate) mod next;
mod stacks;
pub(crate) mod stdio;
mod waiting;

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use siglab_model::Signal;

use crate::fault::{Fault, Outcome};
use crate::inspect::breakpoint::Armed;
use crate::inspect::follower::{Follower, Seen};
use crate::inspect::symbols::Symbols;
use crate::kernel::arch::Patch;
use crate::kernel::sys::Pid;
use crate::kernel::sys::proc::{BlockedIn, TaskFiles};
use crate::kernel::sys::ptrace::{Resume, Stopped};
use crate::kernel::sys::serve::Listener;
use crate::kernel::sys::ticker::Ticker;
use crate::kernel::sys::wait::{self, Report, Status};
use crate::tracer::stdio::Plumbing;
use crate::world::World;
use crate::world::stirred::Wakes;
use crate::world::timers::FdTimer;

/// A run.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) world: World<'a>,
    pub(crate) tracer: Tracer<'a>,
}

/// A call that siglab makes in a program's place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Serves {
    /// timerfd_create(2).
    Timerfd {
        /// What its clock shows at the exec, in nanoseconds.
        at_exec: i64,
    },
    /// An open(2) of what proc_pid_status(5) says of a task.
    Status {
        /// Which.
        of: Pid,
    },
}

/// What holds handles of the kernel's, or only saves looking something up again.
pub(crate) struct Tracer<'a> {
    pub(crate) plumbing: Plumbing,
    pub(crate) ticker: Ticker,
    pub(crate) symbols: Symbols,
    /// The tasks that are in a ptrace-stop.
    pub(crate) stopped: HashMap<Pid, Stopped>,
    /// Open files on each task's state.
    pub(crate) files: HashMap<Pid, TaskFiles>,
    /// Where the calls arrive that siglab makes in the program's place.
    pub(crate) listener: Option<Listener>,
    /// Whose call is about to be handed over.
    pub(crate) serves: Option<(Pid, Serves)>,
    /// Descriptors of siglab's own for the program's timerfds.
    pub(crate) timerfds: HashMap<FdTimer, OwnedFd>,
    /// The breakpoint that is in place.
    pub(crate) armed: Option<Armed>,
    /// What was last taken away: its address, and the code that it was in the place of.
    pub(crate) disarmed: Option<(u64, Patch)>,
    /// What is known of those that are followed, if anybody is.
    pub(crate) follower: Option<Box<Follower>>,
    /// Who is told of each moment.
    pub(crate) probe: Option<Box<dyn Probe + 'a>>,
    /// For so many stops, somebody else probably wants this processor, too.
    pub(crate) crowded: u32,
}

impl Tracer<'_> {
    /// The stop that a task is in.
    ///
    /// # Errors
    /// A bug if it is in none.
    pub(crate) fn stopped(&self, tid: Pid) -> Outcome<&Stopped> {
        self.stopped
            .get(&tid)
            .ok_or_else(|| Fault::bug(format!("task {tid} was taken to be stopped")))
    }

    /// Lets a stopped task go on.
    pub(crate) fn resume(&mut self, tid: Pid, how: Resume, signal: Option<Signal>) -> Outcome<()> {
        let stopped = self
            .stopped
            .remove(&tid)
            .ok_or_else(|| Fault::bug(format!("task {tid} was resumed though it runs")))?;
        Ok(stopped.resume(how, signal)?)
    }

    /// Keeps the stop that was taken.
    pub(crate) fn keep(&mut self, tid: Pid, report: Report) -> Status {
        match report.stopped {
            Some(stopped) => self.stopped.insert(tid, stopped),
            None => self.stopped.remove(&tid),
        };
        report.status
    }

    /// Takes what a task reports, waiting for it if `block`: [`wait::take`].
    pub(crate) fn take(&mut self, tid: Pid, block: bool) -> Outcome<Option<Status>> {
        let report = wait::take(tid, block).map_err(Fault::of(tid, "wait for a task"))?;
        Ok(report.map(|report| self.keep(tid, report)))
    }

    /// The task is no tracee any more.
    pub(crate) fn forget(&mut self, tid: Pid) {
        self.stopped.remove(&tid);
        self.files.remove(&tid);
    }

    /// The letter of a task's state; `None` once it is gone.
    pub(crate) fn state(&self, tid: Pid) -> Option<u8> {
        self.files.get(&tid)?.state()
    }

    /// The call in which a task sleeps until something wakes it.
    pub(crate) fn asleep_in(&self, tid: Pid) -> Option<BlockedIn> {
        self.files.get(&tid)?.asleep_in()
    }
}

/// Is told of each moment that isn't like one before, with the program there.
pub(crate) trait Probe {
    /// `syscall_at`: where the program has an instruction that makes a system call, if that
    /// is known.
    fn at(
        &mut self,
        seen: &Seen,
        run: &mut Run<'_>,
        tid: Pid,
        syscall_at: Option<u64>,
    ) -> Outcome<()>;
}

impl std::fmt::Debug for Tracer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer")
            .field("files", &self.files)
            .field("armed", &self.armed)
            .finish_non_exhaustive()
    }
}

impl Run<'_> {
    /// Takes what was written, as output of `tid`, or of the task that ran last.
    pub(crate) fn drain_for(&mut self, tid: Option<Pid>) {
        let tid = tid.or(self.world.last);
        let role = self
            .world
            .tasks
            .iter()
            .find(|task| Some(task.tid) == tid)
            .map(|task| &task.role)
            .or_else(|| {
                self.world
                    .processes
                    .iter()
                    .find(|p| Some(p.pid) == tid)
                    .map(|p| &p.role)
            })
            .or_else(|| self.world.processes.first().map(|process| &process.role));
        let Some(role) = role else { return };
        let now = self.world.clock.now();
        let recorder = &mut self.world.recorder;
        let mut has_room = false;
        self.tracer.plumbing.drain(|stream, bytes| {
            has_room = true;
            recorder.output(now, Some(role), stream, bytes);
        });
        if has_room {
            self.world.stirred.call(Wakes::Descriptors);
        }
    }

    /// Takes what the terminal echoed of what was typed.
    pub(crate) fn drain_echo(&mut self) {
        let now = self.world.clock.now();
        let recorder = &mut self.world.recorder;
        self.tracer
            .plumbing
            .drain(|stream, bytes| recorder.output(now, None, stream, bytes));
        self.world.recorder.flush();
    }
}
