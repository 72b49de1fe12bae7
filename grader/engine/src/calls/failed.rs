//! Calls that fail at once, of those that a reader wants to hear of.

use siglab_model::{BadArgument, Kind};

use super::table::{self, Format};
use super::{errno_name, signal_argument};
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid, memory};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::call::Call;

impl Run<'_> {
    /// A call returned `result` without having waited. Tells if it failed, unless it was told
    /// since the thread last waited: a loop around such a call would fill the trace.
    pub(super) fn note_failure(&mut self, tid: Pid, call: &Call, result: i64) -> Outcome<()> {
        /// How many different ones are kept in mind.
        const KEPT: usize = 16;
        // The kernel asks for a restart with numbers beyond those of errnos.
        let is_errno = (-511..0).contains(&result);
        if !is_errno || !table::record(call.sys).tells_failure {
            return Ok(());
        }
        let errno = errno_name(result);
        // Of a wait without time: that nothing was there. Others may try again.
        let is_tried = call.sys == Sys::RtSigtimedwait && errno == "EAGAIN";
        if matches!(errno.as_str(), "EAGAIN" | "EINTR") && !is_tried {
            return Ok(());
        }
        let is_invalid = result == -i64::from(Errno::EINVAL as i32);
        let argument = is_invalid.then(|| bad_argument(tid, call.sys, &call.entry));
        let kind = Kind::CallFailed {
            syscall: call.sys.name().to_owned(),
            what: call.what.clone(),
            errno,
            argument: argument.flatten(),
        };
        let told = &mut self.world.task(tid)?.told_failures;
        if !told.contains(&kind) && told.len() < KEPT {
            told.push(kind.clone());
            self.world.task_event(tid, kind);
        }
        Ok(())
    }
}

/// The argument that the kernel doesn't take.
fn bad_argument(tid: Pid, sys: Sys, entry: &Regs) -> Option<BadArgument> {
    let number = |index: usize| entry.arg(index) as u32 as i32;
    let of_time = |index: usize| bad_timespec(tid, entry.arg(index));
    match sys {
        Sys::RtSigprocmask => Some(number(0))
            .filter(|how| !(libc::SIG_BLOCK..=libc::SIG_SETMASK).contains(how))
            .map(BadArgument::How),
        Sys::RtSigaction => signal_argument(entry.arg(0))
            .filter(|signal| signal.can_be_caught())
            .is_none()
            .then(|| BadArgument::Signal(number(0))),
        Sys::Nanosleep => of_time(0),
        Sys::ClockNanosleep => of_time(2),
        _ => match table::record(sys).timeout?.format {
            Format::Millis => None,
            Format::Timeval => bad_timeval(tid, entry.arg(table::record(sys).timeout?.argument)),
            Format::Timespec | Format::At(_) | Format::AtClockIn(_) => {
                of_time(table::record(sys).timeout?.argument)
            }
        },
    }
}

fn bad_timespec(tid: Pid, address: u64) -> Option<BadArgument> {
    let time = memory::read::<libc::timespec>(tid, address).ok()?;
    match (time.tv_sec, time.tv_nsec) {
        (seconds @ ..0, _) => Some(BadArgument::Seconds(seconds)),
        (_, 0..1_000_000_000) => None,
        (_, nanos) => Some(BadArgument::Nanoseconds(nanos)),
    }
}

/// Of select(2), whose microseconds may be more than a second.
fn bad_timeval(tid: Pid, address: u64) -> Option<BadArgument> {
    let time = memory::read::<libc::timeval>(tid, address).ok()?;
    match (time.tv_sec, time.tv_usec) {
        (seconds @ ..0, _) => Some(BadArgument::Seconds(seconds)),
        (_, micros @ ..0) => Some(BadArgument::Microseconds(micros)),
        _ => None,
    }
}
