//! Breakpoints: put, taken away, and copied by mistake.

use crate::fault::{Fault, Outcome};
use crate::inspect::breakpoint::{Armed, Purpose};
use crate::kernel::arch::{self, Patch};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Errno, Pid, memory};
use crate::tracer::Run;

impl Run<'_> {
    /// Puts a breakpoint there; or, if the task is there now, has it make a step first.
    pub(crate) fn arm_at(
        &mut self,
        tid: Pid,
        address: u64,
        purpose: Purpose,
        at_entry: bool,
    ) -> Outcome<Option<Resume>> {
        let is_there = !at_entry && self.tracer.stopped(tid)?.regs()?.ip() == address;
        if is_there && is_call(tid, address) {
            return Ok(Some(Resume::Syscall));
        }
        let patched = if is_there {
            None
        } else {
            match put_breakpoint(tid, address) {
                Ok(code) => Some(code),
                // That code isn't loaded now.
                Err(Errno::EFAULT | Errno::EIO) => return Ok(None),
                Err(errno) => return Err(Fault::of(tid, "set a breakpoint")(errno)),
            }
        };
        self.tracer.armed = Some(Armed {
            tid,
            address,
            patched,
            purpose,
        });
        Ok(is_there.then_some(Resume::Step))
    }

    /// Takes the breakpoint away: the task stopped for another reason.
    pub(crate) fn disarm(&mut self, tid: Pid) -> Outcome<()> {
        if let Some(armed) = self.tracer.armed.take_if(|armed| armed.tid == tid)
            && let Some(code) = armed.patched
        {
            memory::poke_bytes(tid, armed.address, &code)
                .map_err(Fault::of(tid, "reach the memory of a task"))?;
            self.tracer.disarmed = Some((armed.address, code));
        }
        Ok(())
    }

    /// Whether the task has run into its breakpoint, and was stopped for another reason before
    /// it could say so.
    pub(crate) fn is_about_to_trap(&self, tid: Pid) -> Outcome<bool> {
        Ok(match &self.tracer.armed {
            Some(armed) if armed.tid == tid && armed.patched.is_some() => {
                self.tracer.stopped(tid)?.regs()?.ip() == arch::after_breakpoint(armed.address)
            }
            _ => false,
        })
    }

    /// Takes a breakpoint out of a new process that was copied with it.
    pub(crate) fn disarm_copy(&mut self, new: Pid) {
        if let Some((address, code)) = self.tracer.disarmed.take()
            && memory::read(new, address) == Ok(arch::BREAKPOINT)
        {
            // If it is gone already, it doesn't matter.
            let _ = memory::poke_bytes(new, address, &code);
        }
    }
}

/// Whether the instruction there makes a system call, over which nobody can step: the end of
/// a step could not be told from the end of a wait.
pub(crate) fn is_call(tid: Pid, address: u64) -> bool {
    memory::read::<[u8; 2]>(tid, address)
        .is_ok_and(|bytes| arch::decode(&bytes, address).does == arch::Does::Syscall)
}

pub(crate) fn put_breakpoint(tid: Pid, address: u64) -> crate::kernel::sys::Result<Patch> {
    let code = memory::read(tid, address)?;
    memory::poke_bytes(tid, address, &arch::BREAKPOINT)?;
    Ok(code)
}
