//! A run: its state, and the loop that decides what happens next.

use std::time::Duration;

use siglab_model::{
    Clock as ClockMode, Header, Kind, LimitKind, Outcome as RunOutcome, Role, TRACE_SCHEMA, Time,
    Trace,
};

use crate::command::Command;
use crate::error::Error;
use crate::fault::{Fault, Outcome};
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::{Pid, proc, ptrace, send, wait};
use crate::tracer::Run;
use crate::world::polls::Busy;
use crate::world::task::State;

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
        while !self.world.tasks.is_empty() {
            self.sync_real_clock();
            match self.turn() {
                Ok(()) | Err(Fault::Died(_) | Fault::Over) => {}
                Err(Fault::Fatal(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// One thing that happens.
    fn turn(&mut self) -> Outcome<()> {
        self.end_doomed()?;
        self.settle()?;
        if self.world.tasks.is_empty() {
            return Ok(());
        }
        if let Some(limit) = self.limit_reached() {
            self.end_by(limit);
            return Ok(());
        }
        if self.end_instant()? || self.inject_into_wait()? {
            return Ok(());
        }
        // All that is due at this instant is due before anybody runs.
        if self.fire_due()? || self.timed_step()? || self.typed()? {
            self.world.give_turns();
            return Ok(());
        }
        if let Some(tid) = self.choose(Class::Ready) {
            return self.run_task(tid);
        }
        if self.script_steps()? {
            self.world.give_turns();
            return Ok(());
        }
        if let Some(tid) = self.choose(Class::Busy) {
            let polls = &mut self.world.task(tid)?.polls;
            polls.had_turn = true;
            if polls.busy == Some(Busy::Circles) {
                self.look_again(tid)?;
            }
            return self.run_task(tid);
        }
        if self.is_woken_late()? {
            return Ok(());
        }
        let deadline = self.next_deadline();
        let waits_for_outside = deadline.is_none() && self.waits_for_outside();
        if deadline.is_none() && !waits_for_outside && self.goes_round_for_ever() {
            self.end_by(LimitKind::NoProgress);
            return Ok(());
        }
        let (last, limit) = self.last_moment();
        let is_over = limit == LimitKind::Linger && self.world.clock.now() >= last;
        if !is_over && self.world.tasks.iter().any(|task| task.polls.had_turn) {
            if deadline.is_none() {
                self.look_for_circles()?;
            }
            let latest = self.world.lingers_until().unwrap_or(Time::MAX);
            self.advance_past_busy(deadline.map(|deadline| deadline.min(latest)))?;
            self.world.give_turns();
            return Ok(());
        }
        match deadline {
            _ if self.world.options.clock == ClockMode::Real => self.wait_really(deadline),
            Some(deadline) if deadline > last => {
                self.advance_to(last, true)?;
                self.end_by(limit);
                Ok(())
            }
            Some(deadline) => {
                self.advance_to(deadline, true)?;
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
        if self.world.options.clock == ClockMode::Real {
            return Ok(false);
        }
        let late = self
            .world
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter(|task| self.world.has_other_signals || self.world.expected.has_any(task.pid))
            .find(|task| {
                proc::signal_sets(task.tid).is_ok_and(|sets| {
                    let pending = sets.thread_pending.union(sets.process_pending);
                    !pending.difference(sets.blocked).is_empty()
                })
            })
            .map(|task| task.tid);
        let Some(tid) = late else {
            self.world.late_looks = 0;
            return Ok(false);
        };
        self.world.late_looks += 1;
        if self.world.late_looks > LATE_LOOKS {
            return Err(Error::Internal(format!(
                "{} sleeps although a signal is pending for it",
                self.world.task(tid)?.role
            ))
            .into());
        }
        self.tracer
            .ticker
            .start(Duration::from_millis(1), Duration::from_millis(1))
            .map_err(Fault::own("use a timer"))?;
        self.world.stirred.all();
        let waited = self.tracer.ticker.wait(|| wait::wait_for(tid));
        self.tracer
            .ticker
            .stop()
            .map_err(Fault::own("use a timer"))?;
        waited.map_err(Fault::own("wait for tasks"))?;
        Ok(true)
    }

    /// With nothing due, those who ask again and again may go round in a circle.
    fn look_for_circles(&mut self) -> Outcome<()> {
        let asking: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| task.polls.busy == Some(Busy::Asks) && !task.polls.circle)
            .map(|task| task.tid)
            .collect();
        asking.into_iter().try_for_each(|tid| self.look_again(tid))
    }

    /// Moves the clock although tasks are busy: to the next deadline, or, if one of them
    /// looks at a clock, or nothing else is due, in small steps.
    fn advance_past_busy(&mut self, deadline: Option<Time>) -> Outcome<()> {
        if self.world.options.clock == ClockMode::Real {
            return Ok(());
        }
        let busy = self.world.tasks.iter().filter(|task| task.polls.had_turn);
        let watches_clock = busy.clone().any(|task| task.polls.watches_clock);
        let asks = busy
            .clone()
            .any(|task| matches!(task.polls.busy, Some(Busy::Asks | Busy::Circles)));
        let step = self.world.clock.now() + BUSY_STEP;
        match deadline {
            Some(deadline) if watches_clock => self.advance_to(deadline.min(step), false),
            Some(deadline) => self.advance_to(deadline, true),
            None if watches_clock || asks => self.advance_to(step, false),
            None => Ok(()),
        }
    }

    fn sync_real_clock(&mut self) {
        if self.world.options.clock == ClockMode::Real {
            let elapsed =
                u64::try_from(self.world.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.world.clock.advance_to(Time::from_nanos(elapsed));
        }
    }

    /// The next task of this class to run.
    fn choose(&mut self, class: Class) -> Option<Pid> {
        let first = match class {
            Class::Ready => self.first_of_instant(),
            Class::Busy => None,
        };
        let ready: Vec<usize> = (0..self.world.tasks.len())
            .filter(|index| {
                let task = &self.world.tasks[*index];
                matches!(task.state, State::Parked { .. })
                    && match class {
                        Class::Ready => task.polls.busy.is_none(),
                        Class::Busy => task.polls.busy.is_some() && !task.polls.had_turn,
                    }
            })
            .collect();
        if ready.len() < 2 {
            self.world.yielded = None;
            let tid = self.world.tasks[*ready.first()?].tid;
            self.world.last = Some(tid);
            return Some(tid);
        }
        let last = self
            .world
            .tasks
            .iter()
            .position(|task| Some(task.tid) == self.world.last);
        let passes_on = class == Class::Busy || self.world.yielded.take() == self.world.last;
        let first = ready
            .iter()
            .position(|index| Some(self.world.tasks[*index].tid) == first);
        let next = || {
            last.and_then(|last| {
                ready
                    .iter()
                    .position(|index| *index >= last + usize::from(passes_on))
            })
        };
        let in_order = first.or_else(next).unwrap_or(0);
        let among: Vec<Role> = ready
            .iter()
            .map(|i| self.world.tasks[*i].role.clone())
            .collect();
        let chosen = self.world.scheduler.choose(&among, in_order);
        let role = among[chosen].clone();
        let tid = self.world.tasks[ready[chosen]].tid;
        self.world.event(Some(role), Kind::Chosen { among });
        self.world.last = Some(tid);
        Some(tid)
    }

    /// The next moment at which something is due.
    fn next_deadline(&mut self) -> Option<Time> {
        let task = self
            .world
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter_map(|task| Some(task.call()?.timeout?.deadline))
            .min();
        let timer = self.next_timer().map(|(at, _)| at);
        let script = self.world.script_deadline();
        let over = self.world.after_linger();
        [task, timer, script, over].into_iter().flatten().min()
    }

    /// Carries out what the program itself has due: one timer or one time-out.
    fn fire_due(&mut self) -> Outcome<bool> {
        let now = self.world.clock.now();
        let timeout = self
            .world
            .tasks
            .iter()
            .filter(|task| task.state == State::Blocked)
            .filter_map(|task| {
                let timeout = task.call()?.timeout?;
                Some(((timeout.deadline, timeout.order), task.tid))
            })
            .filter(|((deadline, _), _)| *deadline <= now)
            .min_by_key(|(due, _)| *due);
        let timer = self.next_timer().filter(|(deadline, _)| *deadline <= now);
        match (timeout, timer) {
            (Some((_, tid)), None) => self.fire_timeout(tid)?,
            (Some((due, tid)), Some(timer)) if due < timer => self.fire_timeout(tid)?,
            (_, Some(_)) => self.fire_timer()?,
            (None, None) => return Ok(false),
        }
        Ok(true)
    }

    /// The deadline of a task's call is here.
    pub(crate) fn fire_timeout(&mut self, tid: Pid) -> Outcome<()> {
        if let Some(timeout) = self
            .world
            .task(tid)?
            .call_mut()
            .and_then(|c| c.timeout.as_mut())
        {
            timeout.fired = true;
        }
        ptrace::interrupt(tid)?;
        self.bring_to_stop(tid)
    }

    /// Waits in real time until a task reports something or `until`.
    fn wait_really(&mut self, until: Option<Time>) -> Outcome<()> {
        const LOOK_AROUND: Duration = Duration::from_millis(20);
        /// Shorter than anybody notices between a key and what comes of it.
        const LOOK_FOR_KEYS: Duration = Duration::from_millis(4);
        self.world.recorder.flush();
        let by_person = self.world.options.keyboard.is_some();
        let (look, again) = match by_person {
            true => (LOOK_FOR_KEYS, LOOK_FOR_KEYS),
            false => (LOOK_AROUND, Duration::from_millis(1)),
        };
        let begun = real_now();
        let left = until.map(|until| until.since(self.world.clock.now()));
        if left == Some(Duration::ZERO) {
            return Ok(());
        }
        let first = left.unwrap_or(look).min(look);
        self.tracer
            .ticker
            .start(first, again)
            .map_err(Fault::own("use a timer"))?;
        self.world.stirred.all();
        let waited = self.tracer.ticker.wait(wait::wait_any);
        self.tracer
            .ticker
            .stop()
            .map_err(Fault::own("use a timer"))?;
        if by_person || (until.is_none() && self.world.options.clock == ClockMode::Virtual) {
            self.world.idle += begun.elapsed();
        }
        waited.map_err(Fault::own("wait for tasks"))?;
        Ok(())
    }

    fn limit_reached(&self) -> Option<LimitKind> {
        let limits = &self.world.options.limits;
        let over = |limit: Option<u64>, value: u64| limit.is_some_and(|limit| value > limit);
        if self.world.options.cancel.is_cancelled() || self.has_escaped() {
            Some(LimitKind::Cancelled)
        } else if over(limits.output, self.world.recorder.output_bytes) {
            Some(LimitKind::Output)
        } else if self.world.tasks.len() > limits.tasks {
            Some(LimitKind::Processes)
        } else if self.world.recorder.events.len() > limits.events {
            Some(LimitKind::Events)
        } else if self.world.clock.now() > self.last_moment().0 {
            Some(self.last_moment().1)
        } else if self
            .world
            .real_time
            .is_some_and(|limit| self.has_run_for(limit))
        {
            Some(LimitKind::RealTime)
        } else {
            None
        }
    }

    /// Whether the run has used this much processor time; or twice as much together with what
    /// siglab has used for it; or, whatever it does, sixty times as much by the wall clock: on
    /// a busy machine that alone says nothing.
    fn has_run_for(&self, limit: Duration) -> bool {
        /// What following an instruction may take. What bounds that is the number of
        /// instructions: how far it gets must not depend on how busy the machine is.
        const STEP: Duration = Duration::from_micros(10);
        let steps = self.tracer.follower.as_ref().map_or(0, |it| it.steps);
        let limit = limit + STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        let elapsed = self.world.started.elapsed().saturating_sub(self.world.idle);
        if elapsed <= limit {
            return false;
        }
        let used: Duration = self
            .world
            .processes
            .iter()
            .filter(|process| process.status.is_none())
            .filter_map(|process| proc::processor_time(process.pid).ok())
            .sum();
        if self.world.options.keyboard.is_some() {
            // siglab looks for keys as long as the person likes.
            return used > limit;
        }
        let own = proc::own_processor_time().saturating_sub(self.world.own_time_before);
        used > limit || used + own > limit.saturating_mul(2) || elapsed > limit.saturating_mul(60)
    }

    /// Whether a limit was reached while one task runs and runs.
    pub(crate) fn must_stop_now(&self) -> bool {
        self.limit_reached().is_some()
    }

    /// Ends the run at once, because of the limit that is reached.
    pub(crate) fn end_now(&mut self) {
        match self.limit_reached() {
            Some(limit) => self.end_by(limit),
            None => self.kill_all(),
        }
    }

    pub(crate) fn end_by(&mut self, limit: LimitKind) {
        self.world.limit = Some(limit);
        if limit == LimitKind::Cancelled && self.has_escaped() {
            self.on_terminal("escape", true);
        }
        let ended = match limit {
            LimitKind::Linger => self.world.living(),
            _ => Vec::new(),
        };
        self.world.event(None, Kind::Limit { limit, ended });
        self.kill_all();
    }

    fn end_deadlocked(&mut self) -> Outcome<()> {
        self.world.deadlock = true;
        let waiting = self.describe_waiting();
        self.world.event(None, Kind::Deadlock { waiting });
        self.kill_all();
        Ok(())
    }

    /// Ends all processes, and takes their ends without recording them: they are siglab's
    /// doing, and the event before says so.
    pub(crate) fn kill_all(&mut self) {
        self.drain_for(None);
        self.world.recorder.flush();
        for task in &self.world.tasks {
            // It may be gone already.
            let _ = send::kill(task.tid, siglab_model::Signal::KILL);
        }
        // Threads before their process's first, which is reported last.
        for task in self.world.tasks.iter().filter(|task| task.tid != task.pid) {
            reap(task.tid);
        }
        for task in self.world.tasks.iter().filter(|task| task.tid == task.pid) {
            reap(task.tid);
        }
        for task in self.world.tasks.drain(..) {
            self.tracer.forget(task.tid);
        }
        self.drain_for(None);
    }

    /// The finished trace.
    pub(crate) fn take_trace(&mut self) -> Trace {
        self.drain_for(None);
        self.world.recorder.flush();
        for index in self.world.progress.step..self.world.script.steps.len() {
            let what = self.world.script.steps[index].to_string();
            self.world.event(
                None,
                Kind::ScriptUnfinished {
                    step: index + 1,
                    what,
                },
            );
        }
        let missed: Vec<_> = self.missed_injections().collect();
        for (role, what) in missed {
            self.world
                .event(Some(role), Kind::ScriptUnfinished { step: 0, what });
        }
        self.reap_orphans();
        let status = self
            .world
            .processes
            .first()
            .and_then(|process| process.status);
        Trace {
            header: Header {
                schema: TRACE_SCHEMA.to_owned(),
                program: file_name(self.world.command),
                args: self
                    .world
                    .command
                    .args
                    .iter()
                    .map(|a| a.to_string_lossy().into_owned())
                    .collect(),
                clock: self.world.options.clock,
                policy: self.world.options.policy.clone(),
                script: self
                    .world
                    .script
                    .steps
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                injections: self.world.options.injections.clone(),
                preemptions: self.world.options.preemptions.clone(),
                addresses_vary: self.world.addresses_vary,
            },
            events: std::mem::take(&mut self.world.recorder.events),
            outcome: RunOutcome {
                status,
                deadlock: self.world.deadlock,
                limit: self.world.limit,
            },
        }
    }
}

/// Waits for the end of a task that was killed, and takes it.
pub(crate) fn reap(tid: Pid) {
    while let Ok(report) = wait::take(tid, true) {
        if report.is_some_and(|report| report.stopped.is_none()) {
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
