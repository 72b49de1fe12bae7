//! Reading the time-stamp counter, which is forbidden, so that the program gets virtual time;
//! and what else a forced signal does: if it is blocked or ignored, the kernel unblocks it and
//! takes the handler away (force_sig_info_to_task in kernel/signal.c). For a read of the
//! counter both are put back.

use siglab_model::{Kind, SigSet, Signal};

use crate::fault::{Fault, Outcome};
use crate::kernel::arch;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::kernel::sys::{Pid, memory, proc, send};
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
        self.undo_reset(tid)?;
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

    /// What a task blocks may have changed.
    pub(crate) fn note_mask(&mut self, tid: Pid) -> Outcome<()> {
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        self.world.task(tid)?.blocks_faults = mask.contains(Signal::SEGV);
        Ok(())
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

    /// Puts back what the forced `SIGSEGV` has changed.
    fn undo_reset(&mut self, tid: Pid) -> Outcome<()> {
        let was_blocked = self.world.task(tid)?.blocks_faults;
        let action = *self.world.process_of(tid)?.action(Signal::SEGV);
        if (was_blocked || action.ignores()) && !action.is_default() {
            self.set_kernels_action(tid, Signal::SEGV, &action)?;
        }
        if was_blocked {
            let mut mask = self.tracer.stopped(tid)?.signal_mask()?;
            mask.insert(Signal::SEGV);
            self.tracer.stopped(tid)?.set_signal_mask(mask)?;
        }
        Ok(())
    }

    /// Lets a task that is between two instructions make a call of rt_sigaction(2).
    fn set_kernels_action(&mut self, tid: Pid, signal: Signal, action: &RawAction) -> Outcome<()> {
        const BELOW_OTHERS: u64 = 128;
        let saved = self.tracer.stopped(tid)?.regs()?;
        let address = arch::scratch(&saved, BELOW_OTHERS);
        let raw = [
            action.handler,
            action.flags,
            action.restorer,
            action.mask.bits(),
        ];
        let at = self.syscall_instruction(tid)?;
        let (Some(at), Ok(())) = (at, memory::write(tid, address, &raw)) else {
            self.world.task_event(
                tid,
                Kind::Unsupported {
                    syscall: "rdtsc".to_owned(),
                    what: format!("{signal} is blocked or ignored: its handler is lost"),
                },
            );
            return Ok(());
        };
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        // Nothing else is to be delivered to these registers.
        self.tracer
            .stopped(tid)?
            .set_signal_mask(SigSet::from_bits(u64::MAX))?;
        let mut regs = saved;
        let number = u64::from(signal.number().unsigned_abs());
        regs.make_call(at, Sys::RtSigaction, [number, address, 0, 8]);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        let mut stopped_by = None;
        loop {
            self.tracer.resume(tid, Resume::Syscall, None)?;
            match self.next_stop(tid)? {
                Status::Syscall if !self.tracer.stopped(tid)?.is_entry()? => break,
                Status::Syscall | Status::Seccomp => {}
                // Only SIGSTOP can't be blocked.
                Status::Signal(signal) => stopped_by = Some(signal),
                _ => return Err(Fault::Died(tid)),
            }
        }
        self.tracer.stopped(tid)?.set_regs(&saved)?;
        self.tracer.stopped(tid)?.set_signal_mask(mask)?;
        if let Some(signal) = stopped_by {
            let pid = self.world.task(tid)?.pid;
            let _ = send::kill(pid, signal);
        }
        Ok(())
    }

    fn next_stop(&mut self, tid: Pid) -> Outcome<Status> {
        loop {
            if let Some(status) = self.tracer.take(tid, true)? {
                return Ok(status);
            }
        }
    }

    /// Where a process has an instruction that makes a system call: in the vDSO, or else in a
    /// library. Wherever its bytes are, that is one.
    fn syscall_instruction(&mut self, tid: Pid) -> Outcome<Option<u64>> {
        let pid = self.world.task(tid)?.pid;
        let mut mappings = proc::mappings(pid);
        mappings.retain(|mapping| mapping.executable);
        // The vDSO is small, and isn't a file.
        mappings.sort_by_key(|mapping| (mapping.file.is_some(), mapping.end - mapping.start));
        Ok(mappings.iter().find_map(|mapping| {
            let length = usize::try_from(mapping.end - mapping.start).ok()?;
            let mut bytes = vec![0; length];
            memory::read_bytes(tid, mapping.start, &mut bytes).ok()?;
            let offset = bytes
                .windows(arch::SYSCALL.len())
                .position(|window| window == arch::SYSCALL)?;
            Some(mapping.start + offset as u64)
        }))
    }
}
