//! What parents hear of their children.

use siglab_model::{Kind, ProcessStatus, Role, SigInfo, Signal};

use crate::fault::Outcome;
use crate::kernel::sys::Pid;
use crate::tracer::Run;
use crate::world::call::Target;

impl Run<'_> {
    /// `SIGCHLD` for the end of `pid`, and what becomes of the zombie: wait(2), notes.
    pub(crate) fn tell_parent(
        &mut self,
        pid: Pid,
        status: ProcessStatus,
        before: Option<Target>,
    ) -> Outcome<()> {
        let process = self.world.process(pid)?;
        let (parent, role, signal) = (process.parent, process.role.clone(), process.exit_signal);
        let Some(parent) =
            parent.filter(|p| self.world.process(*p).is_ok_and(|p| p.status.is_none()))
        else {
            self.world.process(pid)?.gone = true;
            return Ok(());
        };
        let action = *self.world.process(parent)?.action(Signal::CHLD);
        let is_child_signal = signal == Some(Signal::CHLD);
        let ignored = is_child_signal && action.ignores();
        let unkept = ignored || (is_child_signal && action.has(libc::SA_NOCLDWAIT));
        if unkept {
            self.world.process(pid)?.gone = true;
            self.world
                .event(Some(role.clone()), Kind::ReapedByKernel {});
        }
        let (Some(signal), Some(target), false) = (signal, before, ignored) else {
            return Ok(());
        };
        let (code, value) = match status {
            ProcessStatus::Exited(code) => ("CLD_EXITED", code),
            ProcessStatus::Killed(signal) => ("CLD_KILLED", signal.number()),
        };
        self.generated(
            target,
            signal,
            &Role::new(Role::KERNEL),
            child_info(role, code, value),
        )
    }

    /// `SIGCHLD` for a child that stopped or goes on.
    pub(crate) fn child_changed(&mut self, pid: Pid, code: i32, status: i32) -> Outcome<()> {
        let process = self.world.process(pid)?;
        let (parent, role) = (process.parent, process.role.clone());
        let Some(parent) = parent else { return Ok(()) };
        if self.world.process(parent)?.status.is_some() {
            return Ok(());
        }
        let action = *self.world.process(parent)?.action(Signal::CHLD);
        if action.ignores() || action.has(libc::SA_NOCLDSTOP) {
            return Ok(());
        }
        let mut target = self.survey(parent, None, Signal::CHLD);
        // The kernel was faster: what counts is what was known before.
        target.was_pending = self.world.expected.has(parent, Signal::CHLD);
        let name = if code == libc::CLD_STOPPED {
            "CLD_STOPPED"
        } else {
            "CLD_CONTINUED"
        };
        let info = child_info(role, name, status);
        self.generated(target, Signal::CHLD, &Role::new(Role::KERNEL), info)
    }

    /// Records that `reaper` took the status of its child `pid`.
    pub(crate) fn reaped(&mut self, reaper: Pid, pid: Pid) -> Outcome<()> {
        let child = self.world.process(pid)?;
        let Some(status) = child.status.filter(|_| !child.gone) else {
            return Ok(());
        };
        child.gone = true;
        let child = child.role.clone();
        self.world
            .task_event(reaper, Kind::Reaped { child, status });
        Ok(())
    }
}

fn child_info(child: Role, code: &str, status: i32) -> SigInfo {
    SigInfo {
        code: code.to_owned(),
        pid: Some(child),
        status: Some(status),
        ..SigInfo::default()
    }
}
