//! What a run knows: values without a handle of the kernel's, so that they can be copied when
//! a program is.

pub(crate) mod call;
mod callers;
pub(crate) mod clock;
pub(crate) mod expected;
pub(crate) mod meter;
pub(crate) mod polls;
pub(crate) mod process;
pub(crate) mod recorder;
pub(crate) mod schedule;
pub(crate) mod stirred;
pub(crate) mod task;
pub(crate) mod timers;

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use nix::sched::CpuSet;
use siglab_model::{Kind, LimitKind, ProcessStatus, Role, Signal, Time};

use crate::command::Command;
use crate::fault::{Fault, Outcome};
use crate::kernel::sys::Pid;
use crate::kernel::sys::send::QueuedInfo;
use crate::options::Options;
use crate::script::{Script, When};
use crate::world::call::{Doomed, Target};
use crate::world::clock::Clock;
use crate::world::expected::Expected;
use crate::world::process::Process;
use crate::world::recorder::Recorder;
use crate::world::schedule::{Disturber, Scheduler, SplitMix};
use crate::world::stirred::Stirred;
use crate::world::task::{State, Task};
use crate::world::timers::Timers;

/// What a run knows.
#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    /// Numbers what is armed: timers and time-outs that are due at the same time come in
    /// this order.
    pub(crate) armed: u64,
    /// The program's name and arguments, for traces.
    pub(crate) command: &'a Command,
    pub(crate) options: &'a Options,
    pub(crate) script: &'a Script,
    pub(crate) clock: Clock,
    /// In order of creation.
    pub(crate) tasks: Vec<Task>,
    /// In order of creation, those that have ended, too.
    pub(crate) processes: Vec<Process>,
    pub(crate) recorder: Recorder,
    pub(crate) timers: Timers,
    pub(crate) scheduler: Scheduler,
    /// Whether address randomisation couldn't be switched off.
    pub(crate) addresses_vary: bool,
    /// Chooses when tasks are interrupted without need.
    pub(crate) disturber: Option<Disturber>,
    pub(crate) random: SplitMix,
    /// Signals that were generated and not delivered or accepted yet.
    pub(crate) expected: Expected,
    /// Signals for a process, by its pid, that its first thread is to take, oldest first.
    pub(crate) passed_on: Vec<(Pid, QueuedInfo)>,
    /// Whether the clock has moved to this instant, and nobody has run at it yet.
    pub(crate) has_arrived: bool,
    /// Calls since the clock last moved on.
    pub(crate) calls_at_instant: u64,
    /// Who may not be where it was left.
    pub(crate) stirred: Stirred,
    /// Whether signals may come in ways that the engine doesn't follow: from terminals that
    /// the program has made, for descriptors that are ready, for leases, for messages.
    pub(crate) has_other_signals: bool,
    /// Children that were killed, and aren't dead yet.
    pub(crate) doomed: Vec<Doomed>,
    /// How far the script was carried out.
    pub(crate) progress: Progress,
    /// Whom the script has signalled at this instant, and who run before their parents do.
    pub(crate) instant: VecDeque<Pid>,
    /// The injections that are still to come.
    pub(crate) injections: Injections,
    /// The process that the first one is a copy of, while a copy is run.
    pub(crate) copy_of: Option<Pid>,
    /// Where the first process's libc keeps its id; 0 if that is unknown.
    pub(crate) tid_address: Option<u64>,
    /// The parent of the process whose end is about to be taken.
    pub(crate) parent_before_end: Option<Target>,
    /// The processors that siglab may use, which is what the program is told.
    pub(crate) processors: CpuSet,
    /// What the descriptors led to that the program got from socketpair(2).
    pub(crate) pairs: BTreeSet<String>,
    /// Whether the program has made pseudo-terminals of its own.
    pub(crate) has_terminals: bool,
    /// The task that ran last.
    pub(crate) last: Option<Pid>,
    /// The task that gave up its turn.
    pub(crate) yielded: Option<Pid>,
    pub(crate) limit: Option<LimitKind>,
    pub(crate) deadlock: bool,
    /// Processor time after which the run is cut off: [`crate::Limits::real_time`].
    pub(crate) real_time: Option<Duration>,
    pub(crate) started: Instant,
    /// Processor time that siglab's thread had used when the run began.
    pub(crate) own_time_before: Duration,
    /// How often in a row a task was on its way out of its wait.
    pub(crate) late_looks: u32,
    /// Real time spent waiting for something from outside the run.
    pub(crate) idle: Duration,
}

/// How far the script was carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The next step.
    pub(crate) step: usize,
    /// When the step before was carried out.
    pub(crate) step_time: Time,
    /// Whether a signal was injected.
    pub(crate) has_injected: bool,
}

/// The injections of a run, and then its pre-emptions, that are still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Injections {
    /// Position of the next one.
    pub(crate) next: usize,
    /// The address of its instruction, once looked up.
    pub(crate) address: Option<u64>,
    /// How often its task was there.
    pub(crate) hits: u32,
}

impl World<'_> {
    /// Makes this what is known of `copy`, a copy of the run's only process. Returns what is
    /// known of the original.
    pub(crate) fn copied(&mut self, copy: Pid) -> Outcome<Self> {
        let original = self.clone();
        let task = self
            .tasks
            .first()
            .ok_or_else(|| Fault::bug("nothing to copy"))?
            .copied(copy);
        self.tasks = vec![task];
        let process = self
            .processes
            .first_mut()
            .ok_or_else(|| Fault::bug("nothing to copy"))?;
        self.copy_of = Some(process.pid);
        process.pid = copy;
        self.recorder.name(copy.as_raw(), process.role.clone());
        self.last = Some(copy);
        Ok(original)
    }

    /// The place of what is armed now in the order of arming.
    pub(crate) fn next_order(&mut self) -> u64 {
        self.armed += 1;
        self.armed
    }

    /// Adds an event that happens now.
    pub(crate) fn event(&mut self, role: Option<Role>, kind: Kind) {
        self.recorder.event(self.clock.now(), role, kind);
    }

    /// Adds an event of a task.
    pub(crate) fn task_event(&mut self, tid: Pid, kind: Kind) {
        let role = self
            .tasks
            .iter()
            .find(|task| task.tid == tid)
            .map(|task| task.role.clone());
        self.event(role, kind);
    }

    pub(crate) fn task(&mut self, tid: Pid) -> Outcome<&mut Task> {
        self.tasks
            .iter_mut()
            .find(|task| task.tid == tid)
            .ok_or_else(|| Fault::bug(format!("task {tid} isn't known")))
    }

    /// What a task is doing; `None` if it has ended.
    pub(crate) fn state_of(&self, tid: Pid) -> Option<State> {
        let task = self.tasks.iter().find(|task| task.tid == tid)?;
        Some(task.state)
    }

    /// The latest process with this pid.
    pub(crate) fn process(&mut self, pid: Pid) -> Outcome<&mut Process> {
        self.processes
            .iter_mut()
            .rev()
            .find(|process| process.pid == pid)
            .ok_or_else(|| Fault::bug(format!("process {pid} isn't known")))
    }

    /// The process of a task.
    pub(crate) fn process_of(&mut self, tid: Pid) -> Outcome<&mut Process> {
        let pid = self.task(tid)?.pid;
        self.process(pid)
    }

    /// The processes that have not ended.
    pub(crate) fn living(&self) -> Vec<Role> {
        self.processes
            .iter()
            .filter(|process| process.status.is_none())
            .map(|process| process.role.clone())
            .collect()
    }

    /// Who adopts the children of a process that ends: the nearest of its ancestors that is a
    /// subreaper and lives. `None`: siglab.
    pub(crate) fn heir_of(&self, pid: Pid) -> Option<Pid> {
        let latest = |pid: Pid| self.processes.iter().rev().find(|p| p.pid == pid);
        let mut ancestor = latest(pid)?.parent;
        while let Some(process) = ancestor.and_then(latest) {
            if process.is_subreaper && process.status.is_none() {
                return Some(process.pid);
            }
            ancestor = process.parent;
        }
        None
    }

    /// Who adopts the zombies that a process leaves when it ends, if it has any.
    pub(crate) fn heir_of_zombies(&self, pid: Pid) -> Option<Pid> {
        let has_zombies = self
            .processes
            .iter()
            .any(|p| p.parent == Some(pid) && p.status.is_some() && !p.gone);
        if has_zombies { self.heir_of(pid) } else { None }
    }

    /// The process executes another program: from now on it tells its parent of its end by
    /// `SIGCHLD`, and is told so by its children: begin_new_exec in fs/exec.c, and
    /// do_notify_parent in kernel/signal.c.
    pub(crate) fn reset_exit_signals(&mut self, pid: Pid) {
        for process in &mut self.processes {
            if (process.pid == pid || process.parent == Some(pid)) && process.status.is_none() {
                process.exit_signal = Some(Signal::CHLD);
            }
        }
    }

    /// How the process with this role ended.
    pub(crate) fn status_of(&self, role: &str) -> Option<ProcessStatus> {
        self.processes
            .iter()
            .find(|process| process.role == *role)?
            .status
    }

    /// How many tasks could go on.
    pub(crate) fn ready(&self) -> usize {
        let is_ready = |task: &&Task| matches!(task.state, State::Parked { .. });
        self.tasks.iter().filter(is_ready).count()
    }

    /// Whether another task should run now, in place of the one that just stopped.
    pub(crate) fn preempts(&self) -> bool {
        (self.scheduler.preempts() || self.yielded.is_some())
            && self
                .tasks
                .iter()
                .any(|task| matches!(task.state, State::Parked { .. }))
    }

    /// Moves the clock. `recorded`: whether that is an event.
    pub(crate) fn advance_to(&mut self, time: Time, recorded: bool) {
        let from = self.clock.now();
        if time <= from {
            return;
        }
        self.recorder.flush();
        self.calls_at_instant = 0;
        self.has_arrived = true;
        self.clock.advance_to(time);
        if recorded {
            self.event(None, Kind::ClockAdvanced { from });
        }
    }

    /// Whether the script has got to where signals may be injected.
    pub(crate) fn may_inject(&self) -> bool {
        self.script
            .injected_step()
            .is_none_or(|position| self.progress.step >= position)
    }

    /// The pid that a program means which is a copy and remembers the pid that it was
    /// copied from.
    pub(crate) fn meant(&self, pid: i32) -> i32 {
        match (self.copy_of, self.processes.first()) {
            (Some(original), Some(copy)) if original.as_raw() == pid => copy.pid.as_raw(),
            _ => pid,
        }
    }

    /// How many processes and threads were made so far.
    pub(crate) fn made(&self) -> usize {
        let threads: usize = self.processes.iter().map(|process| process.threads).sum();
        self.processes.len() + threads
    }

    /// When the next step of the script is due, if that is a matter of time.
    pub(crate) fn script_deadline(&self) -> Option<Time> {
        match self.script.steps.get(self.progress.step)?.when {
            When::At(time) => Some(time),
            When::After(duration) => Some(self.progress.step_time + duration),
            _ => None,
        }
    }

    /// Until when the run goes on after the end of its first process: so long after that, or
    /// after the last step of the script, if that is later. `None`: until nobody is left.
    pub(crate) fn lingers_until(&self) -> Option<Time> {
        let linger = self.options.linger?;
        let ended = self.processes.first()?.ended?;
        let step = self.script_deadline().unwrap_or(self.progress.step_time);
        Some(ended.max(step) + linger)
    }

    /// The first moment that isn't part of the run any more.
    pub(crate) fn after_linger(&self) -> Option<Time> {
        Some(self.lingers_until()? + Duration::from_nanos(1))
    }

    /// When something is due next, as far as that is known without looking at descriptors: a
    /// time-out, a timer, a step of the script.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let timeout = self
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter_map(|task| Some(task.call()?.timeout?.deadline))
            .min();
        let timer = self.timers.earliest().map(|(at, ..)| at);
        [timeout, timer, self.script_deadline(), self.after_linger()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Every busy task may run again: something has changed.
    pub(crate) fn give_turns(&mut self) {
        for task in &mut self.tasks {
            task.polls.had_turn = false;
            task.polls.circle = false;
        }
    }

    /// The busy tasks of a process may run again, but for the one that runs: something has
    /// happened to them.
    pub(crate) fn give_turn_to(&mut self, pid: Pid) {
        let of_process = |task: &&mut Task| task.pid == pid && task.state != State::Running;
        for task in self.tasks.iter_mut().filter(of_process) {
            task.polls.had_turn = false;
            task.polls.circle = false;
        }
    }
}
