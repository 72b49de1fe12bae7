//! Calls that return.

use siglab_model::WaitResult;

use super::table::Transfers;
use super::{returned, table};
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::sys::errno::{
    EINTR, ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS,
};
use crate::kernel::sys::limits::Lifted;
use crate::kernel::sys::{Pid, proc, ptrace};
use crate::kernel::syscalls::Sys;
use crate::signals::deliver::discards;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call};
use crate::world::task::{Interrupt, Phase};

impl Run<'_> {
    /// A call's exit-stop.
    pub(crate) fn on_call_exit(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if self.tracer.stopped(tid)?.is_entry()? {
            // The call before had no exit-stop: it exec'd, or jumped out of a handler.
            self.world.task(tid)?.take_call();
            return self.on_untraced_call(tid, regs);
        }
        let Some(call) = self.world.task(tid)?.take_call() else {
            return Ok(Next::USER);
        };
        self.world.stirred.call(table::record(call.sys).wakes);
        let mut regs = regs;
        restore_arguments(&mut regs, &call);
        if self.was_cut_short(tid, &regs, &call)? {
            let done = call.written + regs.result().max(0);
            regs.set_number(call.entry.number());
            return self.transfer_rest(tid, &regs, done);
        }
        if call.written > 0 {
            return self.on_rest_written(tid, regs, &call);
        }
        if let After::Received(messages) = call.after
            && messages.got > 0
            && is_interrupted(&regs, &call)
        {
            return self.on_receiving_interrupted(tid, &mut regs, &call, messages);
        }
        if is_interrupted(&regs, &call) {
            return match call.timeout {
                Some(timeout) if timeout.fired => self.timed_out(tid, regs, &call, timeout),
                // siglab wants it to begin again; this stop has taken that interruption back.
                _ if self.world.task(tid)?.interrupted == Some(Interrupt::ToWatch) => {
                    self.begin_again(tid, &mut regs, &call, ERESTARTNOHAND)?;
                    Ok(Next::KERNEL)
                }
                _ => self.on_interrupted(tid, regs, call),
            };
        }
        self.write_remainder(tid, &call, false);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        let result = self.finish(tid, &mut regs, &call)?;
        match result {
            Some(result) if call.wait_begun => {
                self.wait_ended(tid, call.sys, result);
            }
            Some(_) => self.note_failure(tid, &call, regs.result())?,
            // Not blocked, but not the end either: see `After::SendOneByOne`.
            None => return Ok(Next::KERNEL),
        }
        Ok(Next::USER)
    }

    /// siglab interrupts a write that has filled a pipe and waits, to see its end. The
    /// kernel then returns what it has written; so the rest is written by a second call,
    /// and the program gets the sum.
    pub(crate) fn transfer_rest(&mut self, tid: Pid, regs: &Regs, written: i64) -> Outcome<Next> {
        let mut original = *regs;
        original.set_result(regs.number());
        let mut rest = *regs;
        let done = written.unsigned_abs();
        rest.set_arg(1, regs.arg(1) + done);
        rest.set_arg(2, regs.arg(2) - done);
        rest.call_again(regs.number());
        self.tracer.stopped(tid)?.set_regs(&rest)?;
        self.world.task(tid)?.begin(Phase::HalfWritten {
            entry: original,
            written,
        });
        Ok(Next::KERNEL)
    }

    /// Whether the call returned a part only because of signals that natively would not
    /// even have woken the task.
    fn was_cut_short(&mut self, tid: Pid, regs: &Regs, call: &Call) -> Outcome<bool> {
        let more = match regs.result() {
            more @ 0.. => more,
            _ if is_interrupted(regs, call) => 0,
            _ => return Ok(false),
        };
        let done = call.written + more;
        if !call.wait_begun
            || done == 0
            || !transfers_all(&call.entry)
            || done.unsigned_abs() >= call.entry.arg(2)
        {
            return Ok(false);
        }
        let sets =
            proc::signal_sets(tid).map_err(Fault::of(tid, "read the signal sets of a task"))?;
        let pending = sets.thread_pending.union(sets.process_pending);
        let deliverable = pending.difference(sets.blocked);
        let process = self.world.process_of(tid)?;
        Ok(!deliverable.is_empty()
            && deliverable
                .iter()
                .all(|signal| discards(process.action(signal), signal)))
    }

    /// The rest of a write is written, or was interrupted or failed: as for one call, what
    /// was written before is its result then.
    fn on_rest_written(&mut self, tid: Pid, mut regs: Regs, call: &Call) -> Outcome<Next> {
        let more = regs.result().max(0);
        regs.skip_call(call.written + more);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        if call.wait_begun {
            self.wait_ended(tid, call.sys, returned(regs.result()));
        }
        Ok(Next::USER)
    }

    /// A signal interrupted the call. Whether it fails with `EINTR` or goes on is decided
    /// when the signal is delivered; until then it is kept as `restart`.
    fn on_interrupted(&mut self, tid: Pid, mut regs: Regs, call: Call) -> Outcome<Next> {
        if call.timeout.is_some() {
            self.write_remainder(tid, &call, false);
        }
        let has_deadline = call.timeout.is_some() && regs.result() != EINTR;
        if has_deadline || regs.result() == ERESTART_RESTARTBLOCK {
            // Natively restart_syscall(2), with what is left of the time; here the same call
            // again, which keeps its deadline if it has one (poll(2) may have none). With a
            // handler: EINTR.
            regs.set_result(ERESTARTNOHAND);
        }
        regs.set_number(call.entry.number());
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        self.world
            .task(tid)?
            .begin(Phase::Interrupted { call, mask: None });
        Ok(Next::KERNEL)
    }

    /// Makes a call that has returned, but natively wouldn't have, begin again as after a
    /// signal that was thrown away. With a handler for another one it ends as `error` says.
    pub(super) fn begin_again(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        error: i64,
    ) -> Outcome<()> {
        regs.set_number(call.entry.number());
        regs.set_result(error);
        self.tracer.stopped(tid)?.set_regs(regs)?;
        let task = self.world.task(tid)?;
        task.begin(Phase::Interrupted {
            call: call.clone(),
            mask: None,
        });
        // The kernel restarts calls only on its way to look for signals.
        task.interrupted = Some(Interrupt::ToWatch);
        ptrace::interrupt(tid)?;
        Ok(())
    }

    /// What follows from a call's result; and what the trace says of it. `None`: the call is
    /// made again.
    fn finish(&mut self, tid: Pid, regs: &mut Regs, call: &Call) -> Outcome<Option<WaitResult>> {
        let result = regs.result();
        let said = match &call.after {
            After::Nothing => returned(result),
            After::Accept(info) => match self.accepted(tid, regs, call, *info)? {
                Some(said) => said,
                None => return Ok(None),
            },
            After::ReadSignals(buffers) => match self.read_signals(tid, regs, call, buffers)? {
                Some(said) => said,
                None => return Ok(None),
            },
            After::Submitted(reads) => {
                self.submitted(tid, call, reads)?;
                returned(result)
            }
            After::Wait4 => self.waited4(tid, result)?,
            After::Waitid(info, keeps) => self.waited_id(tid, result, *info, *keeps)?,
            After::Sent {
                targets,
                signal,
                raw_signal,
                to,
                lifted,
            } => {
                lifted.iter().copied().for_each(Lifted::put_back);
                self.sent(tid, regs, targets, *signal, *raw_signal, to)?;
                returned(result)
            }
            After::SendOneByOne(progress) => {
                if !self.send_next(tid, regs, call, progress)? {
                    return Ok(None);
                }
                returned(regs.result())
            }
            After::Received(messages) => {
                if !self.received(tid, regs, call, *messages)? {
                    return Ok(None);
                }
                returned(regs.result())
            }
            After::NewPair(address) => {
                self.new_pair(tid, result, *address)?;
                returned(result)
            }
            After::NewSignalfd => {
                if result >= 0 {
                    self.world.process_of(tid)?.watch_calls = true;
                }
                returned(result)
            }
        };
        Ok(Some(said))
    }
}

/// Whether a call returns only when all its bytes are transferred, unless something comes
/// in between. These have their buffer and its length in the same places.
pub(crate) fn transfers_all(regs: &Regs) -> bool {
    match regs.sys().map(|sys| table::record(sys).transfers) {
        Some(Transfers::All) => true,
        Some(Transfers::IfWaitAll) => regs.arg(3) as u32 as i32 & libc::MSG_WAITALL != 0,
        Some(Transfers::Some) | None => false,
    }
}

/// Whether the call ended because the task was interrupted.
fn is_interrupted(regs: &Regs, call: &Call) -> bool {
    match regs.result() {
        ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK => true,
        EINTR => {
            call.wait_begun || call.sys == Sys::Semop || table::record(call.sys).timeout.is_some()
        }
        _ => false,
    }
}

/// Puts the original number and arguments back: programs may rely on their registers.
fn restore_arguments(regs: &mut Regs, call: &Call) {
    for index in 0..6 {
        regs.set_arg(index, call.entry.arg(index));
    }
}
