//! Reading the time-stamp counter, which is forbidden, so that the program gets virtual time;
//! and faults of the program's own, whose signals are forced, too.

use siglab_model::Signal;

use crate::fault::{Fault, Outcome};
use crate::kernel::arch;
use crate::kernel::sys::{Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::busy::Seen;
use crate::world::process::RawAction;

impl Run<'_> {
    /// A `SIGSEGV` because the program read the time-stamp counter: it gets virtual time.
    pub(super) fn emulate_time_stamp(&mut self, tid: Pid) -> Outcome<bool> {
        let info = self.tracer.stopped(tid)?.siginfo()?;
        if info.si_code != arch::SI_KERNEL {
            return Ok(false);
        }
        let mut regs = self.tracer.stopped(tid)?.regs()?;
        let Ok(code) = memory::read::<[u8; 3]>(tid, regs.ip()) else {
            return Ok(false);
        };
        let Some((length, with_processor)) = arch::reads_time_stamp(code) else {
            return Ok(false);
        };
        regs.set_time_stamp(self.world.clock.time_stamp(), with_processor);
        regs.advance_ip(length);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        self.undo_reset(tid, Signal::SEGV)?;
        self.count_call(
            tid,
            Seen {
                sys: Sys::ClockGettime,
                asks: true,
                reads_clock: true,
                is_closed: true,
            },
            &regs,
        )?;
        Ok(true)
    }

    /// The kernel forced a fault's signal: if it was blocked or ignored, that has its default
    /// action now.
    pub(super) fn notice_reset(&mut self, tid: Pid, signal: Signal) -> Outcome<()> {
        let is_fault = matches!(
            signal.number(),
            libc::SIGSEGV
                | libc::SIGBUS
                | libc::SIGFPE
                | libc::SIGILL
                | libc::SIGTRAP
                | libc::SIGSYS
        );
        let action = *self.world.process_of(tid)?.action(signal);
        if !is_fault || action.is_default() || self.tracer.stopped(tid)?.siginfo()?.si_code <= 0 {
            return Ok(());
        }
        let sets =
            proc::signal_sets(tid).map_err(Fault::of(tid, "read the signal sets of a task"))?;
        if !sets.caught.union(sets.ignored).contains(signal) {
            *self.world.process_of(tid)?.action_mut(signal) = RawAction::DEFAULT;
        }
        Ok(())
    }
}
