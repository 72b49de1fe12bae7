//! Loops that can't end by themselves: proved, not guessed.
//!
//! A thread that computes and computes may get somewhere in the end. One that comes back to
//! a state in which it was before, with the same registers and the same memory, and has made
//! no system call on its way, doesn't: it goes round and round until a signal comes, or
//! somebody else changes what it looks at.

use std::collections::HashMap;

use siglab_model::{BusyKind, Kind, Signal};

use crate::arch;
use crate::code;
use crate::drive::{Awaited, Next};
use crate::fault::{Fault, Outcome};
use crate::run::{POLLS_WHEN_BUSY, Run};
use crate::sys::ptrace::{self, Resume};
use crate::sys::wait::Status;
use crate::sys::{Pid, memory};
use crate::task::{Spin, State};

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

/// Memory that was written, byte by byte.
#[derive(Debug, Default)]
struct Written {
    /// What was there at first.
    first: HashMap<u64, u8>,
    /// Whether anything was ever different afterwards.
    changed: bool,
}

impl Written {
    /// Remembers what is at the places that an instruction is about to write.
    fn before(&mut self, tid: Pid, places: &[(u64, usize)]) -> Option<Vec<(u64, u8)>> {
        let mut contents = Vec::new();
        for (address, length) in places {
            let mut bytes = vec![0; *length];
            memory::read_bytes(tid, *address, &mut bytes).ok()?;
            for (address, byte) in (*address..).zip(bytes) {
                self.first.entry(address).or_insert(byte);
                contents.push((address, byte));
            }
        }
        Some(contents)
    }

    /// Looks at these places again.
    fn after(&mut self, tid: Pid, contents: &[(u64, u8)]) {
        let is_as_before =
            |(address, byte): &(u64, u8)| memory::read::<u8>(tid, *address) == Ok(*byte);
        self.changed |= !contents.iter().all(is_as_before);
    }

    /// Whether everything is as it was at first.
    fn is_restored(&self, tid: Pid) -> bool {
        !self.changed
            || self
                .first
                .iter()
                .all(|(address, byte)| memory::read::<u8>(tid, *address) == Ok(*byte))
    }
}

impl Run<'_> {
    /// A thread has used up its share of processor time, or enough of it for a look at what
    /// it does there.
    pub(crate) fn on_out_of_time(&mut self, tid: Pid) -> Outcome<Next> {
        let stepped = match self.must_stop_now() {
            true => Stepped::On,
            false => self.step_round(tid)?,
        };
        let task = self.task(tid)?;
        task.spin.looked = true;
        match stepped {
            Stepped::Round { still } => {
                task.vain_looks = 0;
                task.polls.round = true;
                task.polls.still = still;
                self.found_spinning(tid)?;
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
                    self.found_spinning(tid)?;
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
            .tasks
            .iter()
            .filter(|task| matches!(task.state, State::Parked { .. }));
        let alone = match busy.clone().count() {
            0 => return false,
            count => count == 1,
        };
        busy.all(|task| task.polls.had_turn && task.polls.round && (alone || task.polls.still))
    }

    fn found_spinning(&mut self, tid: Pid) -> Outcome<()> {
        let stopping = self.options.cancel.is_cancelled();
        let task = self.task(tid)?;
        task.spin = Spin::default();
        task.polls.count = POLLS_WHEN_BUSY;
        // The few clock reads that it may have made before it began to spin don't count.
        task.polls.clock_reads = 0;
        if task.polls.reported || stopping {
            return Ok(());
        }
        task.polls.reported = true;
        // Where in another loop the time ran out differs from run to run.
        let stack = match task.polls.round {
            true => self.user_stack(tid),
            false => Vec::new(),
        };
        self.task_event(
            tid,
            Kind::BusyWaiting {
                how: BusyKind::Spinning,
                syscall: None,
                stack,
            },
        );
        Ok(())
    }

    /// Steps through what a thread does next, which is in a stop in user code.
    fn step_round(&mut self, tid: Pid) -> Outcome<Stepped> {
        let start = ptrace::regs(tid)?;
        let vectors = ptrace::extended_state(tid)?;
        let mut written = Written::default();
        let mut states = Vec::new();
        loop {
            let regs = ptrace::regs(tid)?;
            if !states.is_empty()
                && regs.is_same_state(&start)
                && written.is_restored(tid)
                && ptrace::extended_state(tid)? == vectors
            {
                break;
            }
            if states.len() == LONGEST_LOOP {
                return Ok(Stepped::On);
            }
            let Some(places) = code::read_instruction(tid, regs.ip())
                .and_then(|bytes| arch::written(&bytes, &regs))
            else {
                return Ok(Stepped::On);
            };
            let Some(contents) = written.before(tid, &places) else {
                return Ok(Stepped::On);
            };
            states.push(regs);
            if let Some(status) = self.step_once(tid)? {
                return Ok(Stepped::Stopped(status));
            }
            written.after(tid, &contents);
        }
        // Round once more, to where it is always left.
        let Some(place) = states.iter().min_by_key(|regs| regs.order()) else {
            return Ok(Stepped::On);
        };
        for _ in &states {
            if ptrace::regs(tid)?.is_same_state(place) {
                return Ok(Stepped::Round {
                    still: !written.changed,
                });
            }
            if let Some(status) = self.step_once(tid)? {
                return Ok(Stepped::Stopped(status));
            }
        }
        // Somebody from outside has changed its memory.
        Ok(Stepped::On)
    }

    /// One instruction. Returns why the thread has stopped, if not because of that.
    fn step_once(&mut self, tid: Pid) -> Outcome<Option<Status>> {
        ptrace::resume(tid, Resume::Step, None)?;
        loop {
            return match self.await_stop(tid)? {
                Awaited::Stopped(Status::Signal(Signal::TRAP))
                    if ptrace::siginfo(tid)?.si_code == TRAP_TRACE =>
                {
                    Ok(None)
                }
                Awaited::Stopped(status) => Ok(Some(status)),
                // It is waiting for memory.
                Awaited::OutOfTime | Awaited::Blocked => continue,
                Awaited::InVfork | Awaited::Zombie | Awaited::Vanished => Err(Fault::Gone),
            };
        }
    }
}
