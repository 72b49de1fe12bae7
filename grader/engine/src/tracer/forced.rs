//! What siglab's own traps do to a task beside stopping it. The kernel forces their signals: if
//! the program blocks or ignores one, it unblocks it and takes the handler away
//! (force_sig_info_to_task in kernel/signal.c). Both are put back.

use siglab_model::{Kind, SigSet, Signal};

use crate::fault::{Fault, Outcome};
use crate::kernel::arch;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::kernel::sys::{Pid, memory, proc, send};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::process::RawAction;

impl Run<'_> {
    /// What a task blocks may have changed.
    pub(crate) fn note_mask(&mut self, tid: Pid) -> Outcome<()> {
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        self.world.task(tid)?.blocked = mask;
        Ok(())
    }

    /// Lets a task go on, on siglab's own behalf, to its next stop.
    pub(crate) fn go_to_stop(&mut self, tid: Pid, how: Resume) -> Outcome<Status> {
        loop {
            self.tracer.resume(tid, how, None)?;
            let status = self.next_stop(tid)?;
            if status != Status::EventStop {
                return Ok(status);
            }
            // It was asked to stop before, and what for can wait.
            self.world.task(tid)?.interrupted = None;
        }
    }

    /// Waits for a task's next stop.
    pub(crate) fn next_stop(&mut self, tid: Pid) -> Outcome<Status> {
        loop {
            if let Some(status) = self.tracer.take(tid, true)? {
                return Ok(status);
            }
        }
    }

    /// Puts back what a signal that the kernel forced because of siglab has changed.
    pub(crate) fn undo_reset(&mut self, tid: Pid, signal: Signal) -> Outcome<()> {
        let was_blocked = self.world.task(tid)?.blocked.contains(signal);
        let action = *self.world.process_of(tid)?.action(signal);
        if (was_blocked || action.ignores()) && !action.is_default() {
            self.set_kernels_action(tid, signal, &action)?;
        }
        if was_blocked {
            let mut mask = self.tracer.stopped(tid)?.signal_mask()?;
            mask.insert(signal);
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
                    syscall: Sys::RtSigaction.name().to_owned(),
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
            match self.go_to_stop(tid, Resume::Syscall)? {
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

    /// Where a process has an instruction that makes a system call: in the vDSO, or else in a
    /// library. Wherever its bytes are, that is one.
    fn syscall_instruction(&mut self, tid: Pid) -> Outcome<Option<u64>> {
        /// No more of a mapping is looked through, in bytes.
        const MOST_BYTES: u64 = 16 << 20;
        let pid = self.world.task(tid)?.pid;
        let mut mappings = proc::mappings(pid);
        mappings.retain(|mapping| mapping.executable);
        // The vDSO is small, and isn't a file.
        mappings.sort_by_key(|mapping| (mapping.file.is_some(), mapping.end - mapping.start));
        Ok(mappings.iter().find_map(|mapping| {
            let length = usize::try_from((mapping.end - mapping.start).min(MOST_BYTES)).ok()?;
            let mut bytes = vec![0; length];
            memory::read_bytes(tid, mapping.start, &mut bytes).ok()?;
            let offset = bytes
                .windows(arch::SYSCALL.len())
                .position(|window| window == arch::SYSCALL)?;
            Some(mapping.start + offset as u64)
        }))
    }
}
