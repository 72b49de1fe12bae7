//! Trying a signal on a copy of the program: at the moment where it is, instead of running
//! it again from the start.
//!
//! The task is made to call clone(2). The copy is like it in all that the program itself
//! can see but for its pid; it shares descriptors and shared mappings with it, which is why
//! only a program is copied that has none but its standard streams, and no timer and no child,
//! and never had another thread.

use std::time::Duration;

use siglab_model::{Signal, Trace};

use crate::error::Error;
use crate::fault::{Fault, Outcome};
use crate::inspect::follower::Seen;
use crate::kernel::arch::{Regs, scratch};
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::kernel::sys::{Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::{Probe, Run};

/// Is called at each new moment.
pub type OnMoment<'f> = dyn FnMut(&Seen, &mut Fork<'_, '_>) -> Result<(), Error> + Send + 'f;

/// Passes moments on to [`OnMoment`].
pub(crate) struct Watcher<'f>(pub(crate) &'f mut OnMoment<'f>);

impl Probe for Watcher<'_> {
    fn at(
        &mut self,
        seen: &Seen,
        run: &mut Run<'_>,
        tid: Pid,
        syscall_at: Option<u64>,
    ) -> Outcome<()> {
        let mut fork = Fork {
            run,
            tid,
            syscall_at,
        };
        Ok((self.0)(seen, &mut fork)?)
    }
}

/// A program at a moment, of which copies can be made.
#[derive(Debug)]
pub struct Fork<'r, 'a> {
    pub(crate) run: &'r mut Run<'a>,
    pub(crate) tid: Pid,
    /// Where the program has a `syscall` instruction, if that is known.
    pub(crate) syscall_at: Option<u64>,
}

impl Fork<'_, '_> {
    /// Nothing more is to be seen of the program: it is ended.
    pub fn end(&mut self) {
        self.run.world.real_time = Some(Duration::ZERO);
    }

    /// Runs a copy of the program to its end, into which `signal` is injected here and
    /// now; it may use this much processor time. The trace is that of a run from the start,
    /// but for what depends on the pid.
    /// `None`: the program can't be copied at this moment.
    ///
    /// # Errors
    /// If the copy can't be controlled.
    pub fn inject(&mut self, signal: Signal, limit: Duration) -> Result<Option<Trace>, Error> {
        let Some(syscall_at) = self.syscall_at else {
            return Ok(None);
        };
        match self.run.branch(self.tid, syscall_at, signal, limit) {
            Ok(trace) => Ok(trace),
            Err(Fault::Fatal(error)) => Err(error),
            Err(Fault::Died(_) | Fault::Over) => Err(Error::Internal(
                "a program vanished while it was copied".to_owned(),
            )),
        }
    }
}

impl Run<'_> {
    fn branch(
        &mut self,
        tid: Pid,
        syscall_at: u64,
        signal: Signal,
        limit: Duration,
    ) -> Outcome<Option<Trace>> {
        if !self.can_be_copied(tid)? {
            return Ok(None);
        }
        self.drain_for(Some(tid));
        let Some(copy) = self.copy(tid, syscall_at)? else {
            return Ok(None);
        };
        let original = self.world.copied(copy)?;
        let pid = original.processes[0].pid;
        let limits = &mut self.world;
        let begun = real_now();
        (limits.started, limits.idle, limits.real_time) = (begun, Duration::ZERO, Some(limit));
        limits.own_time_before = proc::own_processor_time();
        self.tracer.symbols.copy(pid, copy);
        self.watch(copy, copy)?;

        let result = match self.inject_signal(copy, signal) {
            Ok(()) | Err(Fault::Died(_) | Fault::Over) => self.go(),
            Err(Fault::Fatal(error)) => Err(error),
        };
        if result.is_err() {
            self.kill_all();
        }
        let trace = self.take_trace();

        self.tracer.symbols.forget(copy);
        self.world = original;
        // The time that the copy took isn't the program's.
        self.world.started += begun.elapsed();
        result?;
        Ok(Some(trace))
    }

    /// Makes the task call clone(2), as fork(3) does, with siglab as the parent. Leaves it
    /// as it was, and the copy at the same instruction.
    fn copy(&mut self, tid: Pid, syscall_at: u64) -> Outcome<Option<Pid>> {
        let saved = self.tracer.stopped(tid)?.regs()?;
        let mut flags = libc::CLONE_PARENT;
        let at = self.tid_address(tid, syscall_at, &saved)?;
        if at != 0 {
            // libc keeps the thread's id in its memory, and goes by it in raise(3).
            flags |= libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID;
        }
        let flags = u64::from(flags.cast_unsigned());
        let mut regs = saved;
        regs.make_call(syscall_at, Sys::Clone, [flags, 0, 0, at]);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        let mut copy = None;
        loop {
            match self.go_to_stop(tid, Resume::Step)? {
                Status::Fork(_) => {
                    let number = self.tracer.stopped(tid)?.event_message()?;
                    copy = Some(Pid::from_raw(i32::try_from(number).unwrap_or(0)));
                }
                Status::Signal(Signal::TRAP) => break,
                _ => return Err(Fault::Died(tid)),
            }
        }
        self.tracer.stopped(tid)?.set_regs(&saved)?;
        let Some(copy) = copy else { return Ok(None) };
        self.undo_reset(tid, Signal::TRAP)?;
        match self.next_stop(copy)? {
            Status::Exited(_) | Status::Killed { .. } => return Ok(None),
            _ => {}
        }
        self.tracer.stopped(copy)?.set_regs(&saved)?;
        Ok(Some(copy))
    }

    /// The address at which the kernel clears the task's id at its end: prctl(2),
    /// `PR_GET_TID_ADDRESS`. 0 if it doesn't say.
    fn tid_address(&mut self, tid: Pid, syscall_at: u64, saved: &Regs) -> Outcome<u64> {
        if let Some(known) = self.world.tid_address {
            return Ok(known);
        }
        // Below what a function may use without moving the stack pointer: the ABI's red zone.
        let buffer = scratch(saved, 1024);
        let get = libc::PR_GET_TID_ADDRESS as u64;
        let mut regs = *saved;
        regs.make_call(syscall_at, Sys::Prctl, [get, buffer, 0, 0]);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        if self.go_to_stop(tid, Resume::Step)? != Status::Signal(Signal::TRAP) {
            return Err(Fault::Died(tid));
        }
        let result = self.tracer.stopped(tid)?.regs()?.result();
        self.tracer.stopped(tid)?.set_regs(saved)?;
        self.undo_reset(tid, Signal::TRAP)?;
        let address = if result == 0 {
            memory::read::<u64>(tid, buffer)
                .map_err(Fault::of(tid, "reach the memory of a task"))?
        } else {
            0
        };
        self.world.tid_address = Some(address);
        Ok(address)
    }
}
