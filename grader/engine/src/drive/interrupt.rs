//! Interruptions: siglab's own (`PTRACE_INTERRUPT`), and taking them back.

use siglab_model::{Clock, WaitResult};

use crate::calls;
use crate::fault::{Fault, Outcome};
use crate::kernel::sys::errno::{EINTR, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::kernel::sys::{Pid, cpu, ptrace};
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::schedule::Disturber;
use crate::world::task::{Interrupt, Phase, State};

impl Run<'_> {
    /// A task that was to be interrupted makes a call first, which that would interrupt. So the
    /// call isn't made, the interruption is taken, and it makes its call again.
    /// Returns its end, if somebody kills it meanwhile.
    pub(super) fn take_interrupt_before_call(&mut self, tid: Pid) -> Outcome<Option<Status>> {
        // A stop takes back an interruption that came before it (ptrace_stop in
        // kernel/signal.c), but not one that came after it.
        ptrace::interrupt(tid)?;
        let saved = self.tracer.stopped(tid)?.regs()?;
        let mut skipped = saved;
        skipped.set_number(-1);
        self.tracer.stopped(tid)?.set_regs(&skipped)?;
        loop {
            self.tracer.resume(tid, Resume::Cont, None)?;
            match self.next_stop(tid)? {
                Status::EventStop => break,
                // The filter has seen that there is no such call.
                Status::Seccomp => {}
                end @ (Status::Exited(_) | Status::Killed { .. }) => return Ok(Some(end)),
                status => {
                    let what = format!("an interrupted task stops with {status:?}");
                    return Err(Fault::bug(what));
                }
            }
        }
        self.world.task(tid)?.interrupted = None;
        let mut again = saved;
        again.call_again(saved.number());
        self.tracer.stopped(tid)?.set_regs(&again)?;
        self.resume_with(tid, Resume::Cont, None)?;
        Ok(None)
    }

    /// Whether a task, in a stop at a system call, is before that, and was to be interrupted
    /// before.
    pub(super) fn is_interrupted_before_call(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.world.task(tid)?;
        // The rest of a write hasn't begun either.
        let is_before = task.is_in_user_code() || matches!(task.phase, Phase::HalfWritten { .. });
        Ok(task.interrupted.is_some() && is_before && self.tracer.stopped(tid)?.is_entry()?)
    }

    /// Whether a task may be interrupted to see what it does.
    pub(super) fn may_look(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.world.task(tid)?;
        Ok(task.is_in_user_code()
            && task.state == State::Running
            && !task.stepping
            && self.tracer.armed.is_none()
            && self.world.options.clock == Clock::Virtual)
    }

    /// Whether [`crate::Options::disturb`] interrupts the task now.
    pub(super) fn is_disturbed(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.world.task(tid)?;
        let is_between_parts = matches!(task.phase, Phase::HalfWritten { .. });
        let is_interrupted = task.interrupted.is_some();
        if self.world.disturber.is_none()
            || is_interrupted
            || !(is_between_parts || self.may_look(tid)?)
        {
            return Ok(false);
        }
        let disturber = self.world.disturber.as_mut();
        let Some(yields) = disturber.and_then(Disturber::strikes) else {
            return Ok(false);
        };
        for _ in 0..yields {
            cpu::yield_now();
        }
        Ok(true)
    }

    /// `PTRACE_EVENT_STOP`: siglab interrupted the task, or its group-stop is over, or it got
    /// `SIGCONT` without one: a tracee is told of that, and natively nobody notices.
    pub(super) fn on_event_stop(&mut self, tid: Pid) -> Outcome<Next> {
        let task = self.world.task(tid)?;
        let mut interrupted = task.interrupted.take();
        let was_stopped = matches!(task.state, State::GroupStopped(_));
        if was_stopped {
            // Whatever it was interrupted for before it stopped is over.
            interrupted = None;
            self.on_continue(tid)?;
        }
        let task = self.world.task(tid)?;
        if matches!(task.phase, Phase::HalfWritten { .. }) {
            // It hasn't begun to write the rest: its registers are those for that call, and say
            // nothing of how one ended. If the run has to end, that is seen at the next stop.
            return Ok(Next::KERNEL);
        }
        let mut regs = self.tracer.stopped(tid)?.regs()?;
        let in_call = regs.number() >= 0;
        match regs.result() {
            // The call begins again, this time with stops.
            ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND if in_call => Ok(Next::KERNEL),
            // Some calls say EINTR although nothing came for the program.
            EINTR if in_call && (interrupted.is_some() || !was_stopped) => {
                regs.set_result(ERESTARTSYS);
                self.tracer.stopped(tid)?.set_regs(&regs)?;
                Ok(Next::KERNEL)
            }
            written @ 1..
                if interrupted.is_some()
                    && calls::transfers_all(&regs)
                    && written.unsigned_abs() < regs.arg(2) =>
            {
                self.transfer_rest(tid, &regs, written)
            }
            EINTR if in_call => {
                // The call is over: should siglab interrupt the task again before it runs, it
                // is not to begin again.
                regs.skip_call(EINTR);
                self.tracer.stopped(tid)?.set_regs(&regs)?;
                self.end_restart(tid, WaitResult::Failed("EINTR".to_owned()))?;
                Ok(Next::USER)
            }
            _ if interrupted == Some(Interrupt::OutOfTime) => self.on_out_of_time(tid),
            _ => Ok(Next::USER),
        }
    }
}
