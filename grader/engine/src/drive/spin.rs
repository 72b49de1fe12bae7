//! Loops that can't end by themselves: proved, not guessed.
//!
//! A thread that computes and computes may get somewhere in the end. One that comes back to
//! a place where it was before, with the same in all registers and all memory that decide
//! where it goes ([`Round`]), and has made no system call on its way, doesn't: it goes round
//! and round until a signal comes, or somebody else changes what it looks at.

use siglab_model::{BusyKind, Kind, Signal};

use crate::drive::task::Awaited;
use crate::fault::{Fault, Outcome};
use crate::inspect::round::Round;
use crate::kernel::sys::Pid;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::moments::breakpoint::is_call;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::polls::{Busy, Polls};
use crate::world::task::{Spin, State};

/// How many instructions a loop may have, functions that it calls included. Loops that wait
/// for a flag have a few.
const LONGEST_LOOP: usize = 400;

/// A `SIGTRAP` after a single step: `TRAP_TRACE` of asm-generic/siginfo.h.
const TRAP_TRACE: i32 = 2;

/// What stepping through a thread's next instructions has shown.
#[derive(Debug)]
enum Stepped {
    /// It goes round in a loop that can't end by itself. It is now at a place in that loop
    /// which is always the same.
    Round {
        /// Whether nobody who looks at its memory could see it go round.
        still: bool,
    },
    /// Nothing, so far.
    On,
    /// It has stopped for another reason than a step.
    Stopped(Status),
}

impl Run<'_> {
    /// A thread has used up its share of processor time, or enough of it for a look at what
    /// it does there.
    pub(crate) fn on_out_of_time(&mut self, tid: Pid) -> Outcome<Next> {
        if self.is_typed() {
            // Somebody has pressed a key: that comes first.
            return Ok(Next::USER);
        }
        let stepped = match self.must_stop_now() {
            true => Stepped::On,
            false => self.step_round(tid)?,
        };
        let task = self.world.task(tid)?;
        task.spin.looked = true;
        match stepped {
            Stepped::Round { still } => {
                task.vain_looks = 0;
                task.polls.round = true;
                task.polls.still = still;
                self.found_computing(tid)?;
                Ok(Next::USER)
            }
            Stepped::Stopped(status) => {
                task.spin = Spin::default();
                self.on_stop(tid, status)
            }
            Stepped::On => {
                task.vain_looks += 1;
                task.polls.round = false;
                if task.is_out_of_time() || self.must_stop_now() {
                    self.found_computing(tid)?;
                    return Ok(Next::USER);
                }
                // When it was looked at depends on the machine: that is no occasion for
                // anything else.
                Ok(Next::Kernel(Resume::Cont, None))
            }
        }
    }

    /// Whether nothing will ever happen any more, when no deadline is left: those that don't
    /// wait go round in loops that can't end by themselves, and nobody is left who could end
    /// them. One that can be seen going round may end another one's.
    pub(crate) fn goes_round_for_ever(&self) -> bool {
        let mut busy = self
            .world
            .tasks
            .iter()
            .filter(|task| matches!(task.state, State::Parked { .. }));
        let alone = match busy.clone().count() {
            0 => return false,
            count => count == 1,
        };
        busy.all(|task| {
            let polls = &task.polls;
            let in_loop = polls.round && (alone || polls.still);
            polls.had_turn && (in_loop || (alone && polls.circle))
        })
    }

    /// It has used all the time that a task may use without a call that siglab sees.
    fn found_computing(&mut self, tid: Pid) -> Outcome<()> {
        let stopping = self.world.options.cancel.is_cancelled();
        let polls = self.share_of_time(tid)?;
        // Perhaps it makes calls that run at native speed.
        polls.watched = true;
        if !polls.round || polls.reported || stopping {
            return Ok(());
        }
        polls.reported = true;
        let stack = self.user_stack(tid);
        self.world.task_event(
            tid,
            Kind::BusyWaiting {
                how: BusyKind::Spinning,
                syscall: None,
                stack,
            },
        );
        Ok(())
    }

    fn share_of_time(&mut self, tid: Pid) -> Outcome<&mut Polls> {
        let task = self.world.task(tid)?;
        task.spin = Spin::default();
        let polls = &mut task.polls;
        polls.busy = Some(Busy::Computes);
        polls.has_computed = true;
        polls.in_turn = 0;
        // The few clock reads that it may have made before it began don't count.
        polls.clock_reads = 0;
        polls.watches_clock = false;
        Ok(polls)
    }

    /// Steps through what a thread does next, which is in a stop in user code.
    fn step_round(&mut self, tid: Pid) -> Outcome<Stepped> {
        let vectors = self.tracer.stopped(tid)?.extended_state()?;
        let mut round = Round::default();
        loop {
            let regs = self.tracer.stopped(tid)?.regs()?;
            let are_same = || {
                let now = self.tracer.stopped(tid).ok()?.extended_state().ok()?;
                Some(now == vectors)
            };
            if round.is_endless(tid, &regs, are_same) {
                break;
            }
            // A loop with a system call is none of these, and what others may notice of a call is
            // to be noticed.
            let makes_call = is_call(tid, regs.ip());
            if makes_call || round.len() == LONGEST_LOOP || !round.add(tid, regs) {
                return Ok(Stepped::On);
            }
            if let Some(status) = self.step_once(tid)? {
                return Ok(Stepped::Stopped(status));
            }
            round.executed(tid);
        }
        // On to where it is always left; if others could run, which may need something that it
        // has only at some places, somewhere else each time.
        let leavings = match self.world.ready() {
            0 => 0,
            _ => {
                let polls = &mut self.world.task(tid)?.polls;
                polls.leavings += 1;
                polls.leavings - 1
            }
        };
        let place = round.place() + leavings % round.len().max(1);
        for _ in 0..place {
            if let Some(status) = self.step_once(tid)? {
                return Ok(Stepped::Stopped(status));
            }
        }
        if Some(self.tracer.stopped(tid)?.regs()?.ip()) != round.ip(place % round.len().max(1)) {
            // Somebody from outside has changed its memory.
            return Ok(Stepped::On);
        }
        Ok(Stepped::Round {
            still: !round.changed,
        })
    }

    /// One instruction. Returns why the thread has stopped, if not because of that.
    fn step_once(&mut self, tid: Pid) -> Outcome<Option<Status>> {
        self.tracer.resume(tid, Resume::Step, None)?;
        loop {
            return match self.await_stop(tid)? {
                Awaited::Stopped(Status::Signal(Signal::TRAP))
                    if self.tracer.stopped(tid)?.siginfo()?.si_code == TRAP_TRACE =>
                {
                    self.undo_reset(tid, Signal::TRAP)?;
                    Ok(None)
                }
                Awaited::Stopped(status) => Ok(Some(status)),
                // It is waiting for memory.
                Awaited::OutOfTime | Awaited::Blocked => continue,
                Awaited::InVfork | Awaited::Zombie | Awaited::Vanished => Err(Fault::Died(tid)),
            };
        }
    }
}
