//! Which clocks there are, and what they are good for. A call with any other is the kernel's
//! to refuse.

use crate::fault::Outcome;
use crate::kernel::sys::{Pid, proc};
use crate::tracer::Run;
use crate::world::clock::ClockKind;

impl Run<'_> {
    /// The clock with this id, if the task can read it.
    pub(super) fn clock_of(&mut self, tid: Pid, id: i32) -> Outcome<ClockKind> {
        let kind = self.world.clock.kind(id);
        let exists = match kind {
            ClockKind::Machine { .. } => !wakes_machine(id) || proc::has_clock(id),
            ClockKind::Processor => self.has_processor_clock(tid, id)?,
            ClockKind::Unknown => false,
        };
        Ok(if exists { kind } else { ClockKind::Unknown })
    }

    /// The same, if there are timers and sleeps on that clock: `posix_clocks` in
    /// kernel/time/posix-timers.c, and alarmtimer.c.
    pub(super) fn timer_clock_of(&mut self, tid: Pid, id: i32) -> Outcome<ClockKind> {
        /// linux/capability.h.
        const CAP_WAKE_ALARM: u32 = 35;
        let is_only_read = matches!(
            id,
            libc::CLOCK_MONOTONIC_RAW | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_MONOTONIC_COARSE
        );
        if is_only_read || (wakes_machine(id) && !proc::is_capable(tid, CAP_WAKE_ALARM)) {
            return Ok(ClockKind::Unknown);
        }
        self.clock_of(tid, id)
    }

    /// Whether a clock of processor time is one of a process, or of a thread of the caller's:
    /// `pid_for_clock` in kernel/time/posix-cpu-timers.c.
    fn has_processor_clock(&mut self, tid: Pid, id: i32) -> Outcome<bool> {
        /// The lowest bits: which time, and whether a thread's.
        const KINDS: i32 = 3;
        const OF_THREAD: i32 = 4;
        if id >= 0 {
            return Ok(true);
        }
        let named = Pid::from_raw(!(id >> 3));
        let own = self.world.task(tid)?.pid;
        let of_whom = if id & OF_THREAD == 0 {
            self.tgid_in_run(named).filter(|pid| *pid == named)
        } else {
            self.tgid_in_run(named).filter(|pid| *pid == own)
        };
        Ok(id & KINDS != KINDS && (named.as_raw() == 0 || of_whom.is_some()))
    }
}

/// Whether a timer on this clock wakes the machine from sleep: it needs a clock that runs then.
fn wakes_machine(id: i32) -> bool {
    matches!(id, libc::CLOCK_REALTIME_ALARM | libc::CLOCK_BOOTTIME_ALARM)
}
