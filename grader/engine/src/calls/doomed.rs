//! Children that their parent kills with SIGKILL, and that aren't dead yet.
//!
//! kill(2) returns when the signal is sent. Who is to die has to run for that, and its parent goes
//! on meanwhile, on another processor: of 20 native runs of a parent that calls waitpid(2) with
//! `WNOHANG` next, it found the child alive in 20. So the parent comes first here, too. The signal
//! is sent when the parent makes a call that isn't such a question, nor kills the next one, or when
//! it is somebody else's turn. Several that are killed one after another die at the same moment then, and
//! their SIGCHLDs merge.

use siglab_model::Signal;

use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Pid, send};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::call::{Doomed, Target};

impl Run<'_> {
    /// Whether a call kills a child of the caller's and does nothing else: then that may die
    /// later.
    pub(super) fn dies_later(
        &mut self,
        tid: Pid,
        sys: Option<Sys>,
        targets: &[Target],
        signal: Option<Signal>,
    ) -> Outcome<bool> {
        let (Some(Sys::Kill), Some(Signal::KILL), [target]) = (sys, signal, targets) else {
            return Ok(false);
        };
        if self.world.doomed.iter().any(|it| it.child == target.pid) {
            return Ok(false);
        }
        let caller = self.world.task(tid)?.pid;
        let child = self.world.process(target.pid)?;
        Ok(child.parent == Some(caller) && child.status.is_none() && !child.killed)
    }

    /// The caller goes on, and its child will die.
    pub(super) fn doom(&mut self, tid: Pid, child: Pid) -> Outcome<()> {
        self.world.process(child)?.killed = false;
        self.world.doomed.push(Doomed { child, parent: tid });
        Ok(())
    }

    /// At a call: the children that were killed die now, unless their parent kills the next one, or
    /// asks only whether they have ended. Whether they do.
    pub(crate) fn end_doomed_before(&mut self, tid: Pid, regs: &Regs) -> Outcome<bool> {
        if self.world.doomed.is_empty() {
            return Ok(false);
        }
        let asks = |index: usize| regs.arg(index) as i32 & libc::WNOHANG != 0;
        let is_quick = match regs.sys() {
            Some(Sys::Wait4) => asks(2),
            Some(Sys::Waitid) => asks(3),
            Some(Sys::Kill) => regs.arg(1) as i32 == libc::SIGKILL,
            _ => false,
        };
        if is_quick && self.world.doomed.iter().all(|it| it.parent == tid) {
            return Ok(false);
        }
        self.end_doomed()?;
        Ok(true)
    }

    /// The children that were killed die now.
    pub(crate) fn end_doomed(&mut self) -> Outcome<()> {
        for Doomed { child, .. } in std::mem::take(&mut self.world.doomed) {
            self.world.process(child)?.killed = true;
            self.world.stirred.process(child);
            // It fails if it has ended meanwhile.
            let _ = send::kill(child, Signal::KILL);
        }
        Ok(())
    }
}
