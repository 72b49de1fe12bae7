//! Dispositions, masks, and waiting for signals.

use siglab_model::{Kind, MaskHow, SigSet, WaitFor, WaitResult};

use super::{returned, signal_argument};
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::siginfo;
use crate::kernel::sys::{Pid, memory};
use crate::kernel::syscalls::Sys;
use crate::signals::deliver::discards;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call};
use crate::world::process::RawAction;

/// What rt_sigtimedwait(2) and its kin are called with: sigset_t of this size.
const SIGSET_SIZE: u64 = 8;

impl Run<'_> {
    /// rt_sigaction(signal, new, old, size).
    pub(super) fn sigaction(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let signal = signal_argument(regs.arg(0)).filter(|signal| signal.can_be_caught());
        let (Some(signal), 1.., SIGSET_SIZE) = (signal, regs.arg(1), regs.arg(3)) else {
            return Ok(Next::USER);
        };
        // struct kernel_sigaction: handler, flags, restorer, mask.
        let Ok([handler, flags, _, mask]) = memory::read::<[u64; 4]>(tid, regs.arg(1)) else {
            return Ok(Next::USER);
        };
        let new = RawAction {
            handler,
            flags,
            mask: SigSet::from_bits(mask),
        };
        let function = new
            .is_handler()
            .then(|| self.function_at(tid, handler))
            .flatten();
        let process = self.world.process_of(tid)?;
        let pid = process.pid;
        let old = std::mem::replace(process.action_mut(signal), new);
        process.has_handled |= new.is_handler();
        if new.ignores() {
            self.world.expected.discard(pid, signal);
        }
        if old != new {
            let new = new.disposition(function);
            self.world
                .task_event(tid, Kind::DispositionChanged { signal, new });
        }
        Ok(Next::USER)
    }

    /// rt_sigprocmask(how, new, old, size).
    pub(super) fn sigprocmask(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let (1.., SIGSET_SIZE) = (regs.arg(1), regs.arg(3)) else {
            return Ok(Next::USER);
        };
        let Ok(bits) = memory::read::<u64>(tid, regs.arg(1)) else {
            return Ok(Next::USER);
        };
        let set = SigSet::from_bits(bits);
        let old = self.tracer.stopped(tid)?.signal_mask()?;
        let (how, mut mask) = match regs.arg(0) as u32 as i32 {
            libc::SIG_BLOCK => (MaskHow::Block, old.union(set)),
            libc::SIG_UNBLOCK => (MaskHow::Unblock, old.difference(set)),
            libc::SIG_SETMASK => (MaskHow::Set, set),
            _ => return Ok(Next::USER),
        };
        mask.remove(siglab_model::Signal::KILL);
        mask.remove(siglab_model::Signal::STOP);
        if mask != old {
            self.world.task_event(tid, Kind::MaskChanged { how, mask });
        }
        Ok(Next::USER)
    }

    /// rt_sigreturn().
    pub(super) fn sigreturn(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.on_sigreturn(tid, &regs)?;
        Ok(Next::USER)
    }

    /// signalfd(fd, mask, size) and signalfd4(fd, mask, size, flags).
    pub(super) fn new_signalfd(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.begin(tid, &regs, After::NewSignalfd, WaitFor::Unnamed, None)
    }

    /// sigaltstack(new, old).
    pub(super) fn sigaltstack(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        const SS_DISABLE: u64 = 2;
        if regs.arg(0) != 0
            && let Ok([low, flags, size]) = memory::read::<[u64; 3]>(tid, regs.arg(0))
        {
            let disabled = flags & 0xffff_ffff & SS_DISABLE != 0;
            self.world.task(tid)?.altstack = (!disabled).then_some((low, size));
        }
        Ok(Next::USER)
    }

    /// pause() and rt_sigsuspend(mask, size).
    pub(super) fn signal_wait(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let what = if regs.sys() == Some(Sys::Pause) {
            WaitFor::AnySignal
        } else {
            match memory::read::<u64>(tid, regs.arg(0)) {
                Ok(0) => WaitFor::AnySignal,
                Ok(bits) => WaitFor::AnySignalBut(SigSet::from_bits(bits)),
                Err(_) => WaitFor::Unnamed,
            }
        };
        self.begin(tid, &regs, After::Nothing, what, None)
    }

    /// rt_sigtimedwait(set, info, timeout, size).
    pub(super) fn sigtimedwait(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let what = memory::read::<u64>(tid, regs.arg(0)).map_or(WaitFor::Unnamed, |bits| {
            WaitFor::OneOf(SigSet::from_bits(bits))
        });
        let timeout = self.take_over_timeout(tid, &regs)?;
        self.leave_out_discarded(tid, &regs)?;
        let info = self.ask_for_info(tid, &regs)?;
        self.begin(tid, &regs, After::Accept(info), what, timeout)
    }

    /// Where the kernel will write the siginfo: if the program doesn't want it, below the
    /// red zone of its stack, because the engine does.
    fn ask_for_info(&mut self, tid: Pid, regs: &Regs) -> Outcome<u64> {
        const BELOW_THE_SET: u64 = 1024;
        if regs.arg(1) != 0 {
            return Ok(regs.arg(1));
        }
        let address = (regs.sp() - BELOW_THE_SET) & !15;
        if memory::write(tid, address, &[0u64; 16]).is_err() {
            return Ok(0);
        }
        let mut changed = self.tracer.stopped(tid)?.regs()?;
        changed.set_arg(1, address);
        self.tracer.stopped(tid)?.set_regs(&changed)?;
        Ok(address)
    }

    /// The kernel throws away a signal that is ignored and not blocked, even if somebody
    /// waits for it; but not for a tracee (sig_ignored in kernel/signal.c). So that the
    /// wait ends with the same signals as natively, those are taken out of its set, in a
    /// copy below the red zone of the stack, where nothing is alive.
    fn leave_out_discarded(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        const BELOW_RED_ZONE: u64 = 256;
        let Ok(bits) = memory::read::<u64>(tid, regs.arg(0)) else {
            return Ok(());
        };
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        let process = self.world.process_of(tid)?;
        let kept: SigSet = SigSet::from_bits(bits)
            .iter()
            .filter(|signal| mask.contains(*signal) || !discards(process.action(*signal), *signal))
            .collect();
        let address = (regs.sp() - BELOW_RED_ZONE) & !15;
        if kept.bits() == bits || memory::write(tid, address, &kept.bits()).is_err() {
            return Ok(());
        }
        let mut changed = self.tracer.stopped(tid)?.regs()?;
        changed.set_arg(0, address);
        self.tracer.stopped(tid)?.set_regs(&changed)?;
        Ok(())
    }

    /// rt_sigtimedwait(2) returned. Returns what the trace says of its result.
    pub(super) fn accepted(
        &mut self,
        tid: Pid,
        regs: &Regs,
        call: &Call,
        info_address: u64,
    ) -> Outcome<WaitResult> {
        let result = regs.result();
        let Some(signal) = u64::try_from(result).ok().and_then(signal_argument) else {
            return Ok(returned(result));
        };
        let pid = self.world.task(tid)?.pid;
        let described = if info_address == 0 {
            self.world.expected.take(pid, signal).unwrap_or_default()
        } else {
            let mut raw = siginfo::read(tid, info_address)
                .map_err(Fault::of(tid, "reach the memory of a task"))?;
            if self.rewrite_info(pid, &mut raw) {
                memory::write(tid, info_address, &siginfo::fields(&raw))
                    .map_err(Fault::of(tid, "reach the memory of a task"))?;
            }
            let described = siginfo::describe(&raw, |pid| self.role_of(pid));
            self.saw_delivery(tid, signal, &raw, &described)?;
            described
        };
        let by = call.sys.name().to_owned();
        self.world.task_event(
            tid,
            Kind::Accepted {
                signal,
                by,
                info: described,
            },
        );
        Ok(WaitResult::Signal(signal))
    }

    /// A read from a signalfd returned. Returns what the trace says of its result.
    pub(super) fn read_signals(
        &mut self,
        tid: Pid,
        result: i64,
        buffer: u64,
    ) -> Outcome<WaitResult> {
        /// struct signalfd_siginfo: linux/signalfd.h.
        const SIZE: u64 = 128;
        let count = u64::try_from(result).unwrap_or(0) / SIZE;
        let pid = self.world.task(tid)?.pid;
        for index in 0..count {
            let address = buffer + index * SIZE;
            let Ok(bytes) = memory::read::<[u8; 128]>(tid, address) else {
                break;
            };
            let mut raw = siginfo::from_signalfd(&bytes);
            if self.rewrite_info(pid, &mut raw) {
                memory::write_bytes(tid, address, &siginfo::to_signalfd(&raw, bytes))
                    .map_err(Fault::of(tid, "reach the memory of a task"))?;
            }
            let Some(signal) = siglab_model::Signal::new(raw.si_signo) else {
                break;
            };
            let described = siginfo::describe(&raw, |pid| self.role_of(pid));
            self.saw_delivery(tid, signal, &raw, &described)?;
            self.world.task_event(
                tid,
                Kind::Accepted {
                    signal,
                    by: "read".to_owned(),
                    info: described,
                },
            );
        }
        Ok(returned(result))
    }
}
