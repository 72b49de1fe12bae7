//! Running one task: resume, wait for its next stop, act on it, until it waits, ends, or
//! somebody else is to run.

use std::time::Duration;

use siglab_model::{Clock, DefaultAction, Signal};

use crate::calls;
use crate::fault::{Fault, Outcome};
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::ptrace::{self, Resume};
use crate::kernel::sys::wait::{self, Ready, Status};
use crate::kernel::sys::{Errno, Pid, cpu, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::next::Next;
use crate::tracer::{Run, Serves};
use crate::world::meter::Meter;
use crate::world::polls::{Busy, CALLS_BEFORE_OTHERS, CALLS_WHEN_BUSY, CALLS_WHEN_COMPUTING};
use crate::world::task::{Interrupt, Phase, Spin, State};

/// What came of waiting for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Stopped(Status),
    /// It waits in the kernel.
    Blocked,
    /// It has used up its share of processor time without a stop.
    OutOfTime,
    /// It waits for its vfork child.
    InVfork,
    /// It is a process's first thread, and ended before the others.
    Zombie,
    /// It is no tracee any more: another thread of its process exec'd.
    Vanished,
}

/// Where a task is when it is to be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// On its way to its next stop.
    Moving,
    /// In a stop, from which this takes it into user code.
    Parked(Resume, Option<Signal>),
    /// In a stop, from which this ends its process.
    Dying(Resume, Option<Signal>),
    /// In a stop that hasn't been acted on yet.
    Stopped(Status),
}

/// Whether user code may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Yes: it is this task's turn.
    Run,
    /// No: it is only brought to where it would go on.
    Settle,
}

/// When siglab looks first at a task that runs.
const FIRST_LOOK: Duration = Duration::from_micros(50);
/// How often siglab looks at a task that runs.
const TICK: Duration = Duration::from_millis(2);
/// How often a task gets the processor before siglab waits for it in the kernel.
const YIELDS: usize = 3;
/// A yield that takes longer was given to somebody else.
const LONG_YIELD: Duration = Duration::from_micros(500);
/// After that, siglab doesn't yield for so many stops.
const STOPS_WITHOUT_YIELDS: u32 = 1000;

impl Run<'_> {
    /// Runs a parked task until it waits, ends, or has to make room for another.
    pub(crate) fn run_task(&mut self, tid: Pid) -> Outcome<()> {
        let task = self.world.task(tid)?;
        let State::Parked { resume, signal } = task.state else {
            return Ok(());
        };
        let first = if matches!(task.phase, Phase::AtCall) {
            task.phase = Phase::User;
            First::Stopped(Status::Seccomp)
        } else {
            First::Parked(resume, signal)
        };
        task.state = State::Running;
        self.world.has_arrived = false;
        self.drive(tid, first, Mode::Run)
    }

    /// Brings a task that siglab has interrupted to where it would go on.
    pub(crate) fn bring_to_stop(&mut self, tid: Pid) -> Outcome<()> {
        self.drive(tid, First::Moving, Mode::Settle)
    }

    /// Brings a task that was held in this stop to where it would go on.
    pub(crate) fn bring_on(&mut self, tid: Pid, status: Status) -> Outcome<()> {
        self.drive(tid, First::Stopped(status), Mode::Settle)
    }

    /// Drives a task from `first` until it is parked, blocks, or is gone.
    pub(super) fn drive(&mut self, tid: Pid, first: First, mode: Mode) -> Outcome<()> {
        match self.drive_until_off(tid, first, mode) {
            Err(Fault::Died(died)) if self.is_held(died) => Err(Fault::bug(format!(
                "task {died} was taken for dead, and waits for siglab"
            ))),
            Err(Fault::Died(died)) => {
                if let Ok(task) = self.world.task(died) {
                    task.state = State::Ending;
                }
                Ok(())
            }
            other => other,
        }
    }

    /// Whether it is in a stop that was taken: nobody else would let it go on.
    fn is_held(&self, tid: Pid) -> bool {
        self.tracer.stopped(tid).is_ok() && self.tracer.state(tid) == Some(b't')
    }

    fn drive_until_off(&mut self, tid: Pid, first: First, mode: Mode) -> Outcome<()> {
        let mut next = match first {
            First::Moving => None,
            First::Parked(resume, signal) => Some(Next::User(resume, signal)),
            First::Dying(resume, signal) => Some(Next::Kernel(resume, signal)),
            First::Stopped(status) => Some(self.act_on(tid, status, mode)?),
        };
        loop {
            match next {
                Some(Next::Off) => return Ok(()),
                Some(Next::Kernel(resume, signal)) => self.resume(tid, resume, signal)?,
                Some(Next::User(resume, signal)) => {
                    let goes_on = self.resume_user(tid, resume, signal)?;
                    if !goes_on {
                        return Ok(());
                    }
                }
                None => {}
            }
            next = match self.await_stop(tid)? {
                Awaited::Stopped(Status::Seccomp | Status::Syscall)
                    if self.is_interrupted_before_call(tid)? =>
                {
                    match self.take_interrupt_before_call(tid)? {
                        Some(end) => Some(self.act_on(tid, end, mode)?),
                        None => None,
                    }
                }
                Awaited::Stopped(status) => {
                    let task = self.world.task(tid)?;
                    // Whether it is still in its loop has to be proved again.
                    task.polls.round = false;
                    if status != Status::EventStop {
                        task.spin = Spin::default();
                    }
                    if let Some(trapped) = self.on_own_trap(tid, status)? {
                        if mode == Mode::Settle
                            && let Next::User(resume, signal) = trapped
                        {
                            self.world.task(tid)?.state = State::Parked { resume, signal };
                            return Ok(());
                        }
                        next = Some(trapped);
                        continue;
                    }
                    if mode == Mode::Run {
                        self.drain_for(Some(tid));
                        if status == Status::Seccomp && self.makes_room_before_call(tid)? {
                            return Ok(());
                        }
                    }
                    Some(self.act_on(tid, status, mode)?)
                }
                Awaited::Blocked => match self.on_blocked(tid)? {
                    true => {
                        // Others run now, with whom it may share its code.
                        self.disarm(tid)?;
                        return Ok(());
                    }
                    false => None,
                },
                Awaited::OutOfTime => {
                    self.world.task(tid)?.interrupted = Some(Interrupt::OutOfTime);
                    ptrace::interrupt(tid)?;
                    None
                }
                Awaited::InVfork => return Ok(()),
                Awaited::Zombie => {
                    let task = self.world.task(tid)?;
                    task.state = State::Zombie;
                    // The others of its process may be on their way out.
                    let pid = task.pid;
                    self.world.stirred.process(pid);
                    return Ok(());
                }
                Awaited::Vanished => return self.on_vanished(tid),
            };
        }
    }

    /// Lets another task run before this one makes its call, if the policy wants that.
    /// What the engine checks and records before a call it does in one go with the call.
    fn makes_room_before_call(&mut self, tid: Pid) -> Outcome<bool> {
        if !self.world.scheduler.preempts() {
            return Ok(false);
        }
        // A part of a call that siglab makes in several, or one that goes on: that would be
        // forgotten, and natively nothing comes in between.
        if !matches!(self.world.task(tid)?.phase, Phase::User) {
            return Ok(false);
        }
        self.settle()?;
        if !self.world.preempts() {
            return Ok(false);
        }
        let task = self.world.task(tid)?;
        task.phase = Phase::AtCall;
        task.state = State::Parked {
            resume: Resume::Cont,
            signal: None,
        };
        Ok(true)
    }

    /// Acts on a stop. A task that may go on into user code is parked if it isn't its
    /// turn, or not any more.
    fn act_on(&mut self, tid: Pid, status: Status, mode: Mode) -> Outcome<Next> {
        let call = self.world.task(tid)?.call().map(|call| call.sys);
        let next = self.on_stop(tid, status)?;
        let Next::User(resume, signal) = next else {
            return Ok(next);
        };
        let goes_on = mode == Mode::Run && {
            let ready = self.world.ready();
            self.settle()?;
            let has_woken = self.world.ready() > ready;
            let is_visible = status != Status::Seccomp && !call.is_some_and(calls::is_private);
            let may_preempt = is_visible || self.world.yielded.is_some();
            !(self.has_used_its_share(tid, has_woken)?
                || (may_preempt && self.world.preempts())
                || self.is_something_due()
                || self.is_typed()
                || self.must_stop_now())
        };
        if goes_on {
            return Ok(next);
        }
        self.world.task(tid)?.state = State::Parked { resume, signal };
        Ok(Next::Off)
    }

    /// A trap that siglab caused. At any other stop a breakpoint is taken away.
    fn on_own_trap(&mut self, tid: Pid, status: Status) -> Outcome<Option<Next>> {
        if self.tracer.armed.is_none() && self.tracer.follower.is_none() {
            return Ok(None);
        }
        let trapped = match status {
            Status::Signal(Signal::TRAP) => self.on_trap(tid)?,
            _ => None,
        };
        match (trapped, status) {
            (Some(_), _) => {}
            (None, Status::EventStop) if self.is_about_to_trap(tid)? => {
                self.world.task(tid)?.interrupted = None;
                return Ok(Some(Next::Kernel(Resume::Cont, None)));
            }
            // The code that it was in is gone.
            (None, Status::Exec) => self.forget_addresses(),
            (None, _) => self.disarm(tid)?,
        }
        Ok(trapped)
    }

    /// Resumes a task into user code: the moment before its next instruction. Not if others
    /// are to run instead.
    fn resume_user(&mut self, tid: Pid, resume: Resume, signal: Option<Signal>) -> Outcome<bool> {
        let options = self.world.options;
        let intervenes = !(options.injections.is_empty() && options.preemptions.is_empty());
        if !intervenes && self.tracer.follower.is_none() {
            self.resume(tid, resume, signal)?;
            return Ok(true);
        }
        let mut resume = resume;
        // Before a call it isn't at an instruction: that was made.
        let at_entry = std::mem::take(&mut self.world.task(tid)?.at_entry);
        if let Some(signal) = signal {
            resume = self.deliver_and_hold(tid, signal, resume)?;
        } else if !at_entry && self.inject_here(tid)? {
            return Ok(false);
        }
        let is_followed = self.is_followed(tid)?;
        if is_followed && self.is_time_to_look() && self.must_stop_now() {
            self.end_now();
            return Err(Fault::Over);
        }
        let mut steps = false;
        if is_followed {
            let other = match signal {
                None if !at_entry => self.visit(tid)?,
                _ => None,
            };
            match other {
                Some(other) => resume = other,
                None => {
                    steps = true;
                    if resume == Resume::Cont {
                        resume = self.step_or_watch(tid);
                    }
                }
            }
        } else if resume == Resume::Cont
            && let Some(step) = self.arm(tid, at_entry)?
        {
            resume = step;
        }
        self.world.task(tid)?.stepping = steps;
        self.resume_with(tid, resume, signal)?;
        Ok(true)
    }

    fn resume(&mut self, tid: Pid, resume: Resume, signal: Option<Signal>) -> Outcome<()> {
        self.world.task(tid)?.at_entry = false;
        let resume = match signal {
            Some(signal) => self.deliver_and_hold(tid, signal, resume)?,
            None => resume,
        };
        self.resume_with(tid, resume, signal)
    }

    /// Prepares the delivery of a signal. If it is the end of the process, the process that
    /// will have its zombies is held.
    fn deliver_and_hold(&mut self, tid: Pid, signal: Signal, resume: Resume) -> Outcome<Resume> {
        let action = *self.world.process_of(tid)?.action(signal);
        let resume = self.deliver(tid, signal, resume)?;
        let default = signal.default_action();
        let is_deadly = matches!(default, DefaultAction::Terminate | DefaultAction::Core);
        if is_deadly && !action.is_handler() && !action.ignores() {
            self.hold_heir(tid)?;
        }
        Ok(resume)
    }

    pub(super) fn resume_with(
        &mut self,
        tid: Pid,
        resume: Resume,
        signal: Option<Signal>,
    ) -> Outcome<()> {
        let mut resume = resume;
        if resume == Resume::Cont && self.must_watch(tid) {
            resume = Resume::Syscall;
        }
        self.world.task(tid)?.state = State::Running;
        self.tracer.resume(tid, resume, signal)?;
        match self.tracer.serves.take_if(|(of, _)| *of == tid) {
            Some((_, Serves::Timerfd { at_exec })) => self.serve_timerfd(tid, at_exec),
            Some((_, Serves::Status { of })) => self.serve_status(tid, of),
            None => Ok(()),
        }
    }

    /// Whether each call of the task has to stop: if it owns descriptors whose reads
    /// matter, if a task waits on a descriptor, which any call could make ready, or if
    /// others may run after any call.
    fn must_watch(&mut self, tid: Pid) -> bool {
        let may_switch = self.world.scheduler.preempts() && self.world.tasks.len() > 1;
        may_switch
            || self.world.tasks.iter().any(|task| {
                task.tid != tid
                    && task.state == State::Blocked
                    && task.call().is_some_and(|call| call.waits.is_for_others())
            })
            || self
                .world
                .process_of(tid)
                .is_ok_and(|process| process.watch_calls)
            || self.world.task(tid).is_ok_and(|task| {
                task.polls.watched || matches!(task.phase, Phase::HalfWritten { .. })
            })
    }

    /// Whether the clock has moved by what tasks did, and something is due now.
    fn is_something_due(&mut self) -> bool {
        let now = self.world.clock.now();
        let is_due = self.world.options.clock == Clock::Virtual
            && self.world.clock.has_moved()
            && self.world.next_due().is_some_and(|due| due <= now);
        self.world.has_arrived |= is_due;
        is_due
    }

    /// Whether others are to run instead of a task that could go on.
    fn has_used_its_share(&mut self, tid: Pid, has_woken: bool) -> Outcome<bool> {
        let others = self
            .world
            .tasks
            .iter()
            .any(|task| task.tid != tid && matches!(task.state, State::Parked { .. }));
        let polls = &mut self.world.task(tid)?.polls;
        let is_hog =
            polls.calls >= CALLS_BEFORE_OTHERS || polls.busy.is_some() || polls.leavings > 0;
        if others && is_hog && (has_woken || polls.since_others >= CALLS_BEFORE_OTHERS) {
            // Whoever was woken has its turn while what it was woken for is there.
            polls.since_others = 0;
            self.world.yielded = Some(tid);
            return Ok(true);
        }
        let Some(busy) = polls.busy else {
            return Ok(false);
        };
        if busy == Busy::Computes {
            let has_stopped = std::mem::take(&mut polls.has_computed);
            if !has_stopped && (polls.look.is_some() || polls.in_turn < CALLS_WHEN_COMPUTING) {
                return Ok(false);
            }
            polls.in_turn = 0;
            return Ok(true);
        }
        if polls.look.is_some() || polls.in_turn < CALLS_WHEN_BUSY {
            return Ok(false);
        }
        polls.in_turn = 0;
        polls.watches_clock = std::mem::take(&mut polls.clock_reads) > 0;
        let did_more = std::mem::take(&mut polls.did_more);
        if busy == Busy::Asks && (did_more || self.has_moved_bytes(tid)?) {
            // It has got its answer.
            let polls = &mut self.world.task(tid)?.polls;
            polls.busy = None;
            polls.look_at = polls.calls.saturating_mul(2);
            return Ok(false);
        }
        Ok(true)
    }

    /// Waits until the task stops, blocks, or ends.
    pub(crate) fn await_stop(&mut self, tid: Pid) -> Outcome<Awaited> {
        if self.is_disturbed(tid)? {
            return Ok(Awaited::OutOfTime);
        }
        // On a processor of their own, the task stops or blocks before siglab has its turn
        // again, and that is the fastest way. Beside others it is the slowest: who yields
        // goes to the end of the queue, and since Linux 6.18 pays for a whole time slice.
        for _ in 0..YIELDS {
            if self.tracer.crowded > 0 {
                self.tracer.crowded -= 1;
                break;
            }
            let begun = real_now();
            cpu::yield_now();
            let awaited = self.look(tid)?;
            if begun.elapsed() > LONG_YIELD {
                self.tracer.crowded = STOPS_WITHOUT_YIELDS;
            }
            if let Some(awaited) = awaited {
                return Ok(awaited);
            }
        }
        self.tracer
            .ticker
            .start(FIRST_LOOK, TICK)
            .map_err(Fault::own("use a timer"))?;
        let awaited = self.await_patiently(tid);
        self.tracer
            .ticker
            .stop()
            .map_err(Fault::own("use a timer"))?;
        awaited
    }

    fn await_patiently(&mut self, tid: Pid) -> Outcome<Awaited> {
        let pid = self.world.task(tid)?.pid;
        let may_look = self.may_look(tid)?;
        let user_time = || proc::user_time(pid).unwrap_or_default();
        let (before, begun) = (self.world.task(tid)?.spin, user_time());
        let mut meter = Meter::new(proc::processor_time(pid).unwrap_or_default(), TICK * 2);
        loop {
            let waited = self.tracer.ticker.wait(|| wait::wait_for(tid));
            waited.map_err(Fault::of(tid, "wait for a task"))?;
            if let Some(awaited) = self.look(tid)? {
                return Ok(awaited);
            }
            self.drain_for(Some(tid));
            let used = meter.read(proc::processor_time(pid).unwrap_or_default());
            let (must_stop, is_typed) = (self.must_stop_now(), self.is_typed());
            let task = self.world.task(tid)?;
            if must_stop && task.interrupted.is_some() && self.tracer.state(tid) == Some(b'D') {
                // It was asked to stop, and can't: it is deep in the kernel.
                self.end_now();
                return Err(Fault::Over);
            }
            task.spin.used = before.used + used;
            task.spin.user = before.user + user_time().saturating_sub(begun);
            let has_used_up = (task.is_out_of_time() || is_typed) && task.is_in_user_code();
            if has_used_up || (may_look && task.is_worth_a_look()) || must_stop {
                return Ok(Awaited::OutOfTime);
            }
        }
    }

    fn look(&mut self, tid: Pid) -> Outcome<Option<Awaited>> {
        let stop = wait::take_stop(tid).map_err(Fault::of(tid, "wait for a task"))?;
        if let Some(report) = stop {
            return Ok(Some(Awaited::Stopped(self.tracer.keep(tid, report))));
        }
        match wait::ready(tid) {
            // It has just stopped.
            Ok(Ready::Stop) => {}
            Ok(Ready::Exit) => {
                self.drain_for(Some(tid));
                self.before_heirs(tid)?;
                self.before_end(tid)?;
            }
            Ok(Ready::No) => {
                let task = self.world.task(tid)?;
                let in_vfork = task.state == State::Vfork;
                return Ok(match self.tracer.state(tid) {
                    Some(b'D') if in_vfork => Some(Awaited::InVfork),
                    Some(b'D') => {
                        self.take_ended_siblings(tid)?;
                        None
                    }
                    Some(b'S') => self
                        .tracer
                        .asleep_in(tid)
                        .filter(|call| call.number >= 0)
                        .map(|_| Awaited::Blocked),
                    Some(b'Z') if wait::ready(tid) == Ok(Ready::No) => Some(Awaited::Zombie),
                    _ => None,
                });
            }
            Err(Errno::ECHILD) => return Ok(Some(Awaited::Vanished)),
            Err(errno) => return Err(Fault::of(tid, "wait for a task")(errno)),
        }
        Ok(self.tracer.take(tid, false)?.map(Awaited::Stopped))
    }

    /// exec(2) waits until the process's other threads are gone, which they are only when
    /// the tracer has taken their ends.
    fn take_ended_siblings(&mut self, tid: Pid) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        let siblings: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| task.pid == pid && task.tid != tid && task.tid != pid)
            .map(|task| task.tid)
            .collect();
        for sibling in siblings {
            if wait::ready(sibling) == Ok(Ready::Exit)
                && let Some(status) = self.tracer.take(sibling, false)?
            {
                self.on_end(sibling, status)?;
            }
        }
        Ok(())
    }

    /// The task waits in the kernel. Returns whether that wait is under control; if not,
    /// it is interrupted, and begins again under control.
    fn on_blocked(&mut self, tid: Pid) -> Outcome<bool> {
        let before = self.world.recorder.output_bytes;
        self.drain_for(Some(tid));
        if self.world.recorder.output_bytes != before {
            // It may have waited for nothing but room for its output.
            if self.must_stop_now() {
                self.world.task(tid)?.interrupted = Some(Interrupt::OutOfTime);
                ptrace::interrupt(tid)?;
            }
            return Ok(false);
        }
        if self.world.task(tid)?.call().is_none() {
            self.world.task(tid)?.interrupted = Some(Interrupt::ToWatch);
            ptrace::interrupt(tid)?;
            return Ok(false);
        }
        let task = self.world.task(tid)?;
        task.state = State::Blocked;
        self.has_waited(tid)?;
        self.wait_begun(tid)?;
        self.follow_wait(tid)?;
        Ok(true)
    }

    pub(crate) fn on_stop(&mut self, tid: Pid, status: Status) -> Outcome<Next> {
        match status {
            Status::Exited(_) | Status::Killed { .. } => {
                self.on_end(tid, status)?;
                Ok(Next::Off)
            }
            Status::Signal(signal) => self.on_signal_stop(tid, signal),
            Status::Syscall => {
                let regs = self.tracer.stopped(tid)?.regs()?;
                if self.world.task(tid)?.call().is_some() {
                    self.on_call_exit(tid, regs)
                } else {
                    self.on_untraced_call(tid, regs)
                }
            }
            Status::Seccomp => {
                let regs = self.tracer.stopped(tid)?.regs()?;
                let task = self.world.task(tid)?;
                task.calls += 1;
                task.at_entry = true;
                if regs.sys() == Some(Sys::ExitGroup) {
                    self.hold_heir(tid)?;
                }
                if self.end_doomed_before(tid, &regs)? {
                    self.settle()?;
                }
                self.on_call_entry(tid, regs)
            }
            Status::Fork(how) => self.on_fork(tid, how),
            Status::VforkDone => Ok(Next::USER),
            Status::Exec => self.on_exec(tid),
            Status::GroupStop(signal) => self.on_group_stop(tid, signal),
            Status::EventStop => self.on_event_stop(tid),
        }
    }
}
