//! System calls that matter: what the engine does before and after each.
//!
//! The seccomp filter makes these calls stop ([`filter`]); all others run at native speed
//! and are seen only if they block, or while [`Run::on_untraced_call`] watches every call
//! of a task. What is known of each is in [`table`].

mod children;
mod clocks;
mod descriptors;
mod doomed;
mod exit;
mod failed;
mod filter;
mod kill;
mod machine;
mod messages;
mod opens;
mod processes;
mod signals;
mod sockets;
mod table;
mod time;
mod timed;

use siglab_model::{Kind, Signal, WaitFor, WaitResult};

use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call, Timeout, Waits};
use crate::world::task::Phase;

pub(crate) use exit::transfers_all;
pub(crate) use filter::filter;

/// Whether nobody but the task itself can see that it made this call: of its own memory, or
/// about who it is.
pub(crate) fn is_private(sys: Sys) -> bool {
    table::record(sys).private
}

/// What a call returns for an errno.
pub(crate) fn failure(errno: Errno) -> i64 {
    -i64::from(errno as i32)
}

impl Run<'_> {
    /// A traced call, before it is made.
    pub(crate) fn on_call_entry(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.check_jumps(tid, &regs)?;
        if self.world.options.lines {
            self.note_caller(tid, &regs)?;
        }
        let task = self.world.task(tid)?;
        // While calls are watched, an enter-stop came first, and took the interrupted call.
        if let Some(call) = task.take_call()
            && call.is_restart
        {
            task.begin(Phase::Interrupted { call, mask: None });
        }
        if let Some(next) = self.repeat_call(tid)? {
            return Ok(next);
        }
        self.forget_other_restart(tid, &regs)?;
        if let Phase::Interrupted { mask, .. } = &mut self.world.task(tid)?.phase
            && let Some(mask) = mask.take()
        {
            self.tracer.stopped(tid)?.set_signal_mask(mask)?;
        }
        let Some(sys) = regs.sys() else {
            return Ok(Next::USER);
        };
        self.count_call(tid, table::seen(sys, &regs), &regs)?;
        table::record(sys).enter.act(self, tid, regs)
    }

    /// A call that isn't traced but is watched, before it is made.
    pub(crate) fn on_untraced_call(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if !self.tracer.stopped(tid)?.is_entry()? {
            return Ok(Next::USER);
        }
        let clock = self.world.options.clock;
        if regs
            .sys()
            .is_some_and(|sys| table::record(sys).stops.always(clock))
        {
            // The stop that the filter asks for comes next.
            return Ok(Next::KERNEL);
        }
        if let Some(sys) = regs.sys() {
            self.count_call(tid, table::seen(sys, &regs), &regs)?;
        }
        self.check_jumps(tid, &regs)?;
        self.forget_other_restart(tid, &regs)?;
        self.begin_plain(tid, regs)
    }

    /// Lets a call be made that the kernel won't take, to see how it fails.
    fn begin_to_fail(&mut self, tid: Pid, regs: &Regs) -> Outcome<Next> {
        self.begin(tid, regs, After::Nothing, WaitFor::Unnamed, None)
    }

    fn begin_plain(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.share_descriptors(tid, &regs)?;
        let (what, after, timeout) = self.describe_descriptor_wait(tid, &regs)?;
        self.begin(tid, &regs, after, what, timeout)
    }

    /// Lets the call be made, with a stop at its exit. A call that goes on after an
    /// interruption keeps its deadline, and its wait is already in the trace.
    fn begin(
        &mut self,
        tid: Pid,
        regs: &Regs,
        after: After,
        what: WaitFor,
        timeout: Option<Timeout>,
    ) -> Outcome<Next> {
        let Some(sys) = regs.sys() else {
            // No call has this number: it fails.
            return Ok(Next::KERNEL);
        };
        let record = table::record(sys);
        self.world.stirred.call(record.wakes);
        let mut call = Call {
            entry: *regs,
            sys,
            waits: record.waits,
            swaps_mask: record.swaps_mask,
            after,
            timeout,
            what,
            wait_begun: false,
            is_restart: false,
            written: 0,
        };
        let task = self.world.task(tid)?;
        match std::mem::take(&mut task.phase) {
            Phase::HalfWritten { entry, written } => {
                call.entry = entry;
                call.written = written;
            }
            Phase::Interrupted { call: before, .. } => {
                call.is_restart = true;
                call.wait_begun = before.wait_begun;
                call.timeout = before.timeout;
            }
            Phase::User | Phase::AtCall => {}
            other => task.phase = other,
        }
        task.begin(Phase::In(call));
        Ok(Next::KERNEL)
    }

    /// An interrupted call that isn't the one being made now will not go on.
    fn forget_other_restart(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        let other = self
            .world
            .task(tid)?
            .interrupted_call()
            .is_some_and(|call| Some(call.sys) != regs.sys() || call.entry.ip() != regs.ip());
        if other {
            self.end_restart(tid, WaitResult::Failed("EINTR".to_owned()))?;
        }
        Ok(())
    }

    /// An interrupted call ended after all.
    pub(crate) fn end_restart(&mut self, tid: Pid, result: WaitResult) -> Outcome<()> {
        if let Some(call) = self.world.task(tid)?.take_interrupted_call()
            && call.wait_begun
        {
            self.wait_ended(tid, call.sys, result);
        }
        Ok(())
    }

    fn wait_ended(&mut self, tid: Pid, sys: Sys, result: WaitResult) {
        let syscall = sys.name().to_owned();
        self.world
            .task_event(tid, Kind::WaitEnded { syscall, result });
    }

    /// The task blocks in its call.
    pub(crate) fn wait_begun(&mut self, tid: Pid) -> Outcome<()> {
        let Some(call) = self.world.task(tid)?.call_mut() else {
            return Ok(());
        };
        if std::mem::replace(&mut call.wait_begun, true) {
            return Ok(());
        }
        let (sys, is_known) = (
            call.sys,
            !matches!(call.waits, Waits::Never | Waits::Unknown),
        );
        let kind = Kind::WaitBegun {
            syscall: sys.name().to_owned(),
            what: call.what.clone(),
            until: call.timeout.map(|timeout| timeout.deadline),
        };
        self.drain_for(Some(tid));
        self.world.task_event(tid, kind);
        self.world.task(tid)?.told_failures.clear();
        if !is_known {
            // Nobody knows what could end it: never a deadlock.
            if let Some(call) = self.world.task(tid)?.call_mut() {
                call.waits = Waits::Unknown;
            }
            self.world.task_event(
                tid,
                Kind::Unsupported {
                    syscall: sys.name().to_owned(),
                    what: "a wait for something that siglab doesn't know".to_owned(),
                },
            );
        }
        Ok(())
    }

    /// Makes a call return without being made.
    fn answer(&mut self, tid: Pid, mut regs: Regs, value: i64) -> Outcome<Next> {
        regs.skip_call(value);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        Ok(Next::USER)
    }

    /// Records a use that the engine doesn't control, and lets the call fail.
    fn unsupported(&mut self, tid: Pid, regs: &Regs, what: &str, errno: Errno) -> Outcome<Next> {
        self.world.task_event(
            tid,
            Kind::Unsupported {
                syscall: name(regs),
                what: what.to_owned(),
            },
        );
        self.answer(tid, *regs, failure(errno))
    }
}

/// The name of the call that a task is at.
fn name(regs: &Regs) -> String {
    match regs.sys() {
        Some(sys) => sys.name().to_owned(),
        None => format!("syscall {}", regs.number()),
    }
}

/// A result for the trace: a number, or the name of an errno.
fn returned(result: i64) -> WaitResult {
    if (-4095..0).contains(&result) {
        WaitResult::Failed(errno_name(result))
    } else {
        WaitResult::Returned(result)
    }
}

/// The name of the errno in a negative result.
fn errno_name(result: i64) -> String {
    format!("{:?}", Errno::from_raw(i32::try_from(-result).unwrap_or(0)))
}

/// The signal in an argument; 0 is none.
fn signal_argument(value: u64) -> Option<Signal> {
    Signal::new(value as u32 as i32)
}
