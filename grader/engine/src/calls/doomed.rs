//! A child that its parent kills with SIGKILL, and that isn't dead yet.
//!
//! kill(2) returns when the signal is sent. Who is to die has to run for that, and its parent goes
//! on meanwhile, on another processor: of 20 native runs of a parent that calls waitpid(2) with
//! `WNOHANG` next, it found the child alive in 20. So the parent comes first here, too. The signal
//! is sent when the parent makes a call that isn't such a question, or when it is somebody else's
//! turn.

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
        let caller = self.world.task(tid)?.pid;
        let child = self.world.process(target.pid)?;
        Ok(child.parent == Some(caller) && child.status.is_none() && !child.killed)
    }

    /// The caller goes on, and its child will die.
    pub(super) fn doom(&mut self, tid: Pid, child: Pid) -> Outcome<()> {
        self.world.process(child)?.killed = false;
        self.world.doomed = Some(Doomed { child, parent: tid });
        Ok(())
    }

    /// At a call: the child that was killed dies now, unless its parent asks only whether it has.
    pub(super) fn end_doomed_before(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        let Some(doomed) = self.world.doomed else {
            return Ok(());
        };
        let options = match regs.sys() {
            Some(Sys::Wait4) => regs.arg(2),
            Some(Sys::Waitid) => regs.arg(3),
            _ => 0,
        };
        if doomed.parent == tid && options as i32 & libc::WNOHANG != 0 {
            return Ok(());
        }
        self.end_doomed()?;
        self.settle()
    }

    /// The child that was killed dies now.
    pub(crate) fn end_doomed(&mut self) -> Outcome<()> {
        if let Some(Doomed { child, .. }) = self.world.doomed.take() {
            self.world.process(child)?.killed = true;
            self.world.stirred.process(child);
            // It fails if it has ended meanwhile.
            let _ = send::kill(child, Signal::KILL);
        }
        Ok(())
    }
}
