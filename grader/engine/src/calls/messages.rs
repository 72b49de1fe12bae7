//! recvmmsg(2): several messages by one call, which looks at its time-out after each.

use siglab_model::Clock as ClockMode;

use super::{failure, returned};
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid, memory, proc};
use crate::signals::deliver::discards;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call, Messages, Timeout};
use crate::world::clock;
use crate::world::task::Phase;

/// The size of a `struct mmsghdr`.
const MESSAGE: u64 = 64;

impl Run<'_> {
    /// recvmmsg(fd, messages, count, flags, timeout). With a time-out, of its own or the
    /// socket's, one message after another is received: do_recvmmsg in net/socket.c.
    pub(super) fn recvmmsg(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let (what, _, timeout) = self.describe_descriptor_wait(tid, &regs)?;
        let has_timeout = regs.arg(4) != 0;
        let is_single = regs.arg(2) as u32 <= 1;
        if self.world.options.clock == ClockMode::Real || (!has_timeout && is_single) {
            return self.begin(tid, &regs, After::Nothing, what, timeout);
        }
        let mut until = None;
        if has_timeout {
            let left = memory::read::<libc::timespec>(tid, regs.arg(4));
            let Some(nanos) = left.ok().and_then(clock::nanos) else {
                // EFAULT or EINVAL.
                return Ok(Next::USER);
            };
            until = Some(self.world.clock.now() + clock::duration(nanos));
        } else if timeout.is_none() {
            return self.begin(tid, &regs, After::Nothing, what, None);
        }
        if regs.arg(2) as u32 == 0 {
            return Ok(Next::USER);
        }
        let after = After::Received(Messages { got: 0, until });
        let next = self.begin(tid, &regs, after, what, timeout)?;
        self.tracer.stopped(tid)?.set_regs(&one_of(&regs, 0))?;
        Ok(next)
    }

    /// One more message was received, or the next wasn't. Whether the call is over.
    pub(super) fn received(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        messages: Messages,
    ) -> Outcome<bool> {
        let got = messages.got + u32::from(regs.result() == 1);
        let is_last = regs.result() != 1
            || got >= call.entry.arg(2) as u32
            || messages
                .until
                .is_some_and(|until| until <= self.world.clock.now())
            || self.has_signal(tid)?;
        if is_last {
            self.end_receiving(tid, regs, call, Messages { got, ..messages })?;
            return Ok(true);
        }
        let (_, _, timeout) = self.describe_descriptor_wait(tid, &call.entry)?;
        self.receive_next(tid, regs, call, Messages { got, ..messages }, timeout)?;
        Ok(false)
    }

    /// The wait for another message was interrupted. What was received is the result,
    /// whatever ends the call; but what is thrown away natively doesn't.
    pub(super) fn on_receiving_interrupted(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        messages: Messages,
    ) -> Outcome<Next> {
        let has_timed_out = call.timeout.is_some_and(|timeout| timeout.fired);
        if !has_timed_out && !self.has_signal(tid)? {
            self.receive_next(tid, regs, call, messages, call.timeout)?;
            return Ok(Next::KERNEL);
        }
        self.end_receiving(tid, regs, call, messages)?;
        if call.wait_begun {
            self.wait_ended(tid, call.sys, returned(regs.result()));
        }
        Ok(Next::USER)
    }

    fn receive_next(
        &mut self,
        tid: Pid,
        regs: &Regs,
        call: &Call,
        messages: Messages,
        timeout: Option<Timeout>,
    ) -> Outcome<()> {
        let mut again = one_of(regs, messages.got);
        again.call_again(call.entry.number());
        self.tracer.stopped(tid)?.set_regs(&again)?;
        self.world.task(tid)?.begin(Phase::Repeat(Call {
            after: After::Received(messages),
            timeout,
            ..call.clone()
        }));
        Ok(())
    }

    /// Whether a signal is about to be delivered that isn't thrown away.
    fn has_signal(&mut self, tid: Pid) -> Outcome<bool> {
        let sets =
            proc::signal_sets(tid).map_err(Fault::of(tid, "read the signal sets of a task"))?;
        let pending = sets.thread_pending.union(sets.process_pending);
        let process = self.world.process_of(tid)?;
        Ok(pending
            .difference(sets.blocked)
            .iter()
            .any(|signal| !discards(process.action(signal), signal)))
    }

    /// The call returns the number of messages, and in its time-out what is left of that; or
    /// an error if there is no message.
    fn end_receiving(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        messages: Messages,
    ) -> Outcome<()> {
        if messages.got == 0 {
            return Ok(());
        }
        let mut result = i64::from(messages.got);
        if let Some(until) = messages.until {
            let left = clock::timespec_of(until.since(self.world.clock.now()));
            if memory::write(tid, call.entry.arg(4), &left).is_err() {
                result = failure(Errno::EFAULT);
            }
        }
        regs.skip_call(result);
        self.tracer.stopped(tid)?.set_regs(regs)?;
        Ok(())
    }
}

/// The registers for receiving one message, after so many.
fn one_of(regs: &Regs, got: u32) -> Regs {
    let mut one = *regs;
    one.set_arg(1, regs.arg(1) + u64::from(got) * MESSAGE);
    one.set_arg(2, 1);
    one.set_arg(4, 0);
    if got > 0 && regs.arg(3) as u32 as i32 & libc::MSG_WAITFORONE != 0 {
        let flags = regs.arg(3) as u32 as i32 | libc::MSG_DONTWAIT;
        one.set_arg(3, u64::from(flags.cast_unsigned()));
    }
    one
}
