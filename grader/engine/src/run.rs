//! A run: its state, and the loop that decides what happens next.

use std::time::{Duration, Instant};

use nix::sched::CpuSet;
use siglab_model::{
    Clock as ClockMode, Header, Kind, LimitKind, Outcome as RunOutcome, ProcessStatus, Role,
    TRACE_SCHEMA, Time, Trace,
};

use crate::clock::Clock;
use crate::command::Command;
use crate::error::Error;
use crate::expected::Expected;
use crate::fault::{Fault, Outcome};
use crate::options::Options;
use crate::recorder::Recorder;
use crate::schedule::{Scheduler, SplitMix};
use crate::script::Script;
use crate::stack::Symbols;
use crate::stdio::Plumbing;
use crate::sys::ticker::Ticker;
use crate::sys::{Pid, proc, send, wait};
use crate::task::{Process, State, Target, Task};
use crate::timers::Timers;

/// The state of a run.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) script: &'a Script,
    pub(crate) clock: Clock,
    /// In order of creation.
    pub(crate) tasks: Vec<Task>,
    /// In order of creation, those that have ended, too.
    pub(crate) processes: Vec<Process>,
    pub(crate) recorder: Recorder,
    pub(crate) plumbing: Plumbing,
    pub(crate) timers: Timers,
    pub(crate) scheduler: Scheduler,
    pub(crate) random: SplitMix,
    pub(crate) ticker: Ticker,
    pub(crate) symbols: Symbols,
    /// Signals that were generated and not delivered or accepted yet.
    pub(crate) expected: Expected,
    /// The process that the first one is a copy of, while a copy is run.
    pub(crate) copy_of: Option<Pid>,
    /// Where the first process's libc keeps its id; 0 if that is unknown.
    pub(crate) tid_address: Option<u64>,
    /// The program's name and arguments, for traces.
    pub(crate) command: &'a Command,
    /// What is to be injected.
    pub(crate) injections: crate::inject::Injections,
    /// The breakpoint that is in place.
    pub(crate) armed: Option<crate::inject::Armed>,
    /// What was last taken away: its address, and the byte that it was in the place of.
    pub(crate) disarmed: Option<(u64, u8)>,
    /// Who looks at each instruction.
    pub(crate) follower: Option<Box<crate::follow::Follower<'a>>>,
    /// The parent of the process whose end is about to be taken.
    pub(crate) parent_before_end: Option<Target>,
    /// The processors that siglab may use, which is what the program is told.
    pub(crate) processors: CpuSet,
    /// Whether the program has made pseudo-terminals of its own.
    pub(crate) has_terminals: bool,
    /// The next step of the script.
    pub(crate) step: usize,
    /// When the step before was carried out.
    pub(crate) step_time: Time,
    /// Whether a signal was injected.
    pub(crate) has_injected: bool,
    /// The task that ran last.
    pub(crate) last: Option<Pid>,
    /// The task that gave up its turn.
    pub(crate) yielded: Option<Pid>,
    pub(crate) limit: Option<LimitKind>,
    pub(crate) deadlock: bool,
    /// Processor time after which the run is cut off: [`crate::Limits::real_time`].
    pub(crate) real_time: Option<Duration>,
    pub(crate) started: Instant,
    /// How often in a row a task was on its way out of its wait.
    pub(crate) late_looks: u32,
    /// For so many stops, somebody else probably wants this processor, too.
    pub(crate) crowded: u32,
    /// Real time spent waiting for something from outside the run.
    pub(crate) idle: Duration,
}

/// How far a busy task may get each time before the clock moves on by
/// [`Run::BUSY_STEP`].
pub(crate) const POLLS_WHEN_BUSY: u32 = 16;
/// How many calls that can't block a task may make in a row before it counts as busy.
pub(crate) const POLLS_BEFORE_BUSY: u32 = 1000;
/// How much virtual time passes while a busy task uses its share.
const BUSY_STEP: Duration = Duration::from_millis(1);

/// How often siglab looks, a millisecond apart, for a task to get out of its wait.
const LATE_LOOKS: u32 = 10_000;

/// Which tasks are to be chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Those that can go on and aren't busy waiting.
    Ready,
    /// Those that are busy waiting, and haven't run since something changed.
    Busy,
}

impl Run<'_> {
    /// The loop. Returns when no task is left.
    pub(crate) fn go(&mut self) -> Result<(), Error> {
        while !self.tasks.is_empty() {
            self.sync_real_clock();
            match self.turn() {
                Ok(()) | Err(Fault::Gone) => {}
                Err(Fault::Fatal(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// One thing that happens.
    fn turn(&mut self) -> Outcome<()> {
        self.settle()?;
        if self.tasks.is_empty() {
            return Ok(());
        }
        if let Some(limit) = self.limit_reached() {
            return self.end_by(limit);
        }
        if self.inject_into_wait()? {
            return Ok(());
        }
        // What happens at the same time may happen in any order.
        if self.scheduler.preempts() && self.fire_due()? {
            self.give_turns();
            return Ok(());
        }
        if let Some(tid) = self.choose(Class::Ready) {
            return self.run_task(tid);
        }
        if self.fire_due()? || self.script_step()? {
            self.give_turns();
            return Ok(());
        }
        if let Some(tid) = self.choose(Class::Busy) {
            self.task(tid)?.polls.had_turn = true;
            return self.run_task(tid);
        }
        if self.is_woken_late()? {
            return Ok(());
        }
        let deadline = self.next_deadline();
        let waits_for_outside = self.waits_for_outside();
        if deadline.is_none() && !waits_for_outside && self.goes_round_for_ever() {
            return self.end_by(LimitKind::NoProgress);
        }
        if self.tasks.iter().any(|task| task.polls.had_turn) {
            self.advance_past_busy(deadline);
            self.give_turns();
            return Ok(());
        }
        match deadline {
            _ if self.options.clock == ClockMode::Real => self.wait_really(deadline),
            Some(deadline) if deadline > self.options.limits.virtual_time => {
                self.advance_to(self.options.limits.virtual_time, true);
                self.end_by(LimitKind::VirtualTime)
            }
            Some(deadline) => {
                self.advance_to(deadline, true);
                Ok(())
            }
            None if waits_for_outside => self.wait_really(None),
            None => self.end_deadlocked(),
        }
    }

    /// Whether a task that seems to wait has a signal pending that it doesn't block: then it
    /// is on its way out of its wait, and nothing may happen before it is there. (Its state
    /// letter should have said so. It was seen once that it didn't, on a crowded machine:
    /// a deadlock was reported of a parent whose `SIGCHLD` was on its way.)
    fn is_woken_late(&mut self) -> Outcome<bool> {
        if self.options.clock == ClockMode::Real {
            return Ok(false);
        }
        let late = self
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .find(|task| {
                proc::signal_sets(task.tid).is_ok_and(|sets| {
                    let pending = sets.thread_pending.union(sets.process_pending);
                    !pending.difference(sets.blocked).is_empty()
                })
            })
            .map(|task| task.tid);
        let Some(tid) = late else {
            self.late_looks = 0;
            return Ok(false);
        };
        self.late_looks += 1;
        if self.late_looks > LATE_LOOKS {
            return Err(Error::Internal(format!(
                "{} sleeps although a signal is pending for it",
                self.task(tid)?.role
            ))
            .into());
        }
        self.ticker
            .start(Duration::from_millis(1), Duration::from_millis(1))?;
        let waited = wait::wait_for(tid);
        self.ticker.stop()?;
        waited?;
        Ok(true)
    }

    /// Moves the clock. `recorded`: whether that is an event.
    fn advance_to(&mut self, time: Time, recorded: bool) {
        let from = self.clock.now();
        if time <= from {
            return;
        }
        self.recorder.flush();
        self.clock.advance_to(time);
        if recorded {
            self.event(None, Kind::ClockAdvanced { from });
        }
    }

    /// Every busy task may run again: something has changed.
    fn give_turns(&mut self) {
        for task in &mut self.tasks {
            task.polls.had_turn = false;
        }
    }

    /// Moves the clock although tasks are busy: to the next deadline, or, if one of them
    /// looks at a clock, in small steps.
    fn advance_past_busy(&mut self, deadline: Option<Time>) {
        if self.options.clock == ClockMode::Real {
            return;
        }
        if self
            .tasks
            .iter()
            .any(|task| task.polls.had_turn && task.polls.watches_clock)
        {
            let step = self.clock.now() + BUSY_STEP;
            self.advance_to(deadline.unwrap_or(step).min(step), false);
        } else if let Some(deadline) = deadline {
            self.advance_to(deadline, true);
        }
    }

    fn sync_real_clock(&mut self) {
        if self.options.clock == ClockMode::Real {
            let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.clock.advance_to(Time::from_nanos(elapsed));
        }
    }

    /// The next task of this class to run.
    fn choose(&mut self, class: Class) -> Option<Pid> {
        let ready: Vec<usize> = (0..self.tasks.len())
            .filter(|index| {
                let task = &self.tasks[*index];
                matches!(task.state, State::Parked { .. })
                    && match class {
                        Class::Ready => !task.polls.reported,
                        Class::Busy => task.polls.reported && !task.polls.had_turn,
                    }
            })
            .collect();
        if ready.len() < 2 {
            self.yielded = None;
            let tid = self.tasks[*ready.first()?].tid;
            self.last = Some(tid);
            return Some(tid);
        }
        let last = self
            .tasks
            .iter()
            .position(|task| Some(task.tid) == self.last);
        let passes_on = class == Class::Busy || self.yielded.take() == self.last;
        let in_order = last
            .and_then(|last| {
                ready
                    .iter()
                    .position(|index| *index >= last + usize::from(passes_on))
            })
            .unwrap_or(0);
        let among: Vec<Role> = ready.iter().map(|i| self.tasks[*i].role.clone()).collect();
        let chosen = self.scheduler.choose(&among, in_order);
        let role = among[chosen].clone();
        let tid = self.tasks[ready[chosen]].tid;
        self.event(Some(role), Kind::Chosen { among });
        self.last = Some(tid);
        Some(tid)
    }

    /// Whether another task should run now, in place of the one that just stopped.
    pub(crate) fn preempts(&self) -> bool {
        (self.scheduler.preempts() || self.yielded.is_some())
            && self
                .tasks
                .iter()
                .any(|task| matches!(task.state, State::Parked { .. }))
    }

    /// The next moment at which something is due.
    fn next_deadline(&mut self) -> Option<Time> {
        let task = self
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter_map(|task| Some(task.call.as_ref()?.timeout?.deadline))
            .min();
        let timer = self.next_timer();
        let script = self.script_deadline();
        [task, timer, script].into_iter().flatten().min()
    }

    /// Carries out what the program itself has due: one timer or one time-out.
    fn fire_due(&mut self) -> Outcome<bool> {
        let now = self.clock.now();
        let task = self
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter_map(|task| Some((task.call.as_ref()?.timeout?.deadline, task.tid)))
            .filter(|(deadline, _)| *deadline <= now)
            .min_by_key(|(deadline, _)| *deadline);
        let timer = self.next_timer().filter(|deadline| *deadline <= now);
        match (task, timer) {
            (Some((deadline, _)), Some(timer)) if timer < deadline => self.fire_timer()?,
            (Some((_, tid)), _) => self.fire_timeout(tid)?,
            (None, Some(_)) => self.fire_timer()?,
            (None, None) => return Ok(false),
        }
        Ok(true)
    }

    /// Waits in real time until a task reports something or `until`.
    fn wait_really(&mut self, until: Option<Time>) -> Outcome<()> {
        const LOOK_AROUND: Duration = Duration::from_millis(20);
        self.recorder.flush();
        let begun = real_now();
        let left = until.map(|until| until.since(self.clock.now()));
        if left == Some(Duration::ZERO) {
            return Ok(());
        }
        let first = left.unwrap_or(LOOK_AROUND).min(LOOK_AROUND);
        self.ticker.start(first, Duration::from_millis(1))?;
        let waited = wait::wait_any();
        self.ticker.stop()?;
        if until.is_none() && self.options.clock == ClockMode::Virtual {
            self.idle += begun.elapsed();
        }
        waited?;
        Ok(())
    }

    fn limit_reached(&self) -> Option<LimitKind> {
        let limits = &self.options.limits;
        let over = |limit: Option<u64>, value: u64| limit.is_some_and(|limit| value > limit);
        if self.options.cancel.is_cancelled() {
            Some(LimitKind::Cancelled)
        } else if over(limits.output, self.recorder.output_bytes) {
            Some(LimitKind::Output)
        } else if self.tasks.len() > limits.tasks {
            Some(LimitKind::Processes)
        } else if self.recorder.events.len() > limits.events {
            Some(LimitKind::Events)
        } else if self.clock.now() > limits.virtual_time {
            Some(LimitKind::VirtualTime)
        } else if self.real_time.is_some_and(|limit| self.has_run_for(limit)) {
            Some(LimitKind::RealTime)
        } else {
            None
        }
    }

    /// Whether the run has used this much processor time; or, whatever it does, sixty times
    /// as much by the wall clock: on a busy machine that alone says nothing.
    fn has_run_for(&self, limit: Duration) -> bool {
        let elapsed = self.started.elapsed().saturating_sub(self.idle);
        if elapsed <= limit {
            return false;
        }
        let used: Duration = self
            .processes
            .iter()
            .filter(|process| process.status.is_none())
            .filter_map(|process| proc::processor_time(process.pid).ok())
            .sum();
        used > limit || elapsed > limit.saturating_mul(60)
    }

    /// Whether a limit was reached while one task runs and runs.
    pub(crate) fn must_stop_now(&self) -> bool {
        self.limit_reached().is_some()
    }

    /// Ends the run at once, because of the limit that is reached.
    pub(crate) fn end_now(&mut self) {
        if let Some(limit) = self.limit_reached() {
            self.limit = Some(limit);
            self.event(None, Kind::Limit { limit });
        }
        self.kill_all();
    }

    fn end_by(&mut self, limit: LimitKind) -> Outcome<()> {
        self.limit = Some(limit);
        self.event(None, Kind::Limit { limit });
        self.kill_all();
        Ok(())
    }

    fn end_deadlocked(&mut self) -> Outcome<()> {
        self.deadlock = true;
        let waiting = self.describe_waiting();
        self.event(None, Kind::Deadlock { waiting });
        self.kill_all();
        Ok(())
    }

    /// Ends all processes, and takes their ends without recording them: they are siglab's
    /// doing, and the event before says so.
    pub(crate) fn kill_all(&mut self) {
        self.drain_for(None);
        self.recorder.flush();
        for task in &self.tasks {
            // It may be gone already.
            let _ = send::kill(task.tid, siglab_model::Signal::KILL);
        }
        // Threads before their process's first, which is reported last.
        for task in self.tasks.iter().filter(|task| task.tid != task.pid) {
            reap(task.tid);
        }
        for task in self.tasks.iter().filter(|task| task.tid == task.pid) {
            reap(task.tid);
        }
        self.tasks.clear();
        self.drain_for(None);
    }

    /// The finished trace.
    pub(crate) fn take_trace(&mut self) -> Trace {
        self.drain_for(None);
        self.recorder.flush();
        for index in self.step..self.script.steps.len() {
            let what = self.script.steps[index].to_string();
            self.event(
                None,
                Kind::ScriptUnfinished {
                    step: index + 1,
                    what,
                },
            );
        }
        let missed: Vec<_> = self.missed_injections().collect();
        for (role, what) in missed {
            self.event(Some(role), Kind::ScriptUnfinished { step: 0, what });
        }
        self.reap_orphans();
        let status = self.processes.first().and_then(|process| process.status);
        Trace {
            header: Header {
                schema: TRACE_SCHEMA.to_owned(),
                program: file_name(self.command),
                args: self
                    .command
                    .args
                    .iter()
                    .map(|a| a.to_string_lossy().into_owned())
                    .collect(),
                clock: self.options.clock,
                policy: self.options.policy.clone(),
                script: self.script.steps.iter().map(ToString::to_string).collect(),
                injections: self.options.injections.clone(),
                preemptions: self.options.preemptions.clone(),
            },
            events: std::mem::take(&mut self.recorder.events),
            outcome: RunOutcome {
                status,
                deadlock: self.deadlock,
                limit: self.limit,
            },
        }
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

    /// Takes what was written, as output of `tid`, or of the task that ran last.
    pub(crate) fn drain_for(&mut self, tid: Option<Pid>) {
        let tid = tid.or(self.last);
        let role = self
            .tasks
            .iter()
            .find(|task| Some(task.tid) == tid)
            .map(|task| &task.role)
            .or_else(|| {
                self.processes
                    .iter()
                    .find(|p| Some(p.pid) == tid)
                    .map(|p| &p.role)
            })
            .or_else(|| self.processes.first().map(|process| &process.role));
        let Some(role) = role else { return };
        let now = self.clock.now();
        let recorder = &mut self.recorder;
        self.plumbing
            .drain(|stream, bytes| recorder.output(now, Some(role), stream, bytes));
    }

    /// Takes what the terminal echoed of what was typed.
    pub(crate) fn drain_echo(&mut self) {
        let now = self.clock.now();
        let recorder = &mut self.recorder;
        self.plumbing
            .drain(|stream, bytes| recorder.output(now, None, stream, bytes));
        self.recorder.flush();
    }

    pub(crate) fn task(&mut self, tid: Pid) -> Outcome<&mut Task> {
        self.tasks
            .iter_mut()
            .find(|task| task.tid == tid)
            .ok_or(Fault::Gone)
    }

    /// The latest process with this pid.
    pub(crate) fn process(&mut self, pid: Pid) -> Outcome<&mut Process> {
        self.processes
            .iter_mut()
            .rev()
            .find(|process| process.pid == pid)
            .ok_or(Fault::Gone)
    }

    /// The process of a task.
    pub(crate) fn process_of(&mut self, tid: Pid) -> Outcome<&mut Process> {
        let pid = self.task(tid)?.pid;
        self.process(pid)
    }

    /// How the process with this role ended.
    pub(crate) fn status_of(&self, role: &str) -> Option<ProcessStatus> {
        self.processes
            .iter()
            .find(|process| process.role == *role)?
            .status
    }
}

/// Waits for the end of a task that was killed, and takes it.
pub(crate) fn reap(tid: Pid) {
    while let Ok(status) = wait::take(tid, true) {
        if matches!(
            status,
            Some(wait::Status::Exited(_) | wait::Status::Killed { .. })
        ) {
            return;
        }
    }
}

fn file_name(command: &Command) -> String {
    command
        .program
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The machine's clock: the one place where the engine reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "real time bounds a run and paces `--clock real`"
)]
pub(crate) fn real_now() -> Instant {
    Instant::now()
}
