//! What rt_sigtimedwait(2) accepts.

use siglab_model::{SigSet, Signal};

use super::deliver::{discards, is_fatal, waits_for_signal};
use crate::fault::Outcome;
use crate::kernel::sys::{Pid, ptrace};
use crate::tracer::Run;
use crate::world::process::{Process, RawAction};
use crate::world::task::{Interrupt, State};

/// Which signals of a set a wait can end with. The kernel throws away a signal that is ignored
/// and not blocked, even if somebody waits for it, and ends the process at once if the signal
/// does that and isn't blocked (`sig_ignored` and `complete_signal` in kernel/signal.c).
pub(crate) fn acceptable(process: &Process, mask: SigSet, set: SigSet) -> SigSet {
    set.iter()
        .filter(|signal| mask.contains(*signal) || is_kept(process.action(*signal), *signal))
        .collect()
}

fn is_kept(action: &RawAction, signal: Signal) -> bool {
    !discards(action, signal) && !is_fatal(action, signal)
}

impl Run<'_> {
    /// A signal has another disposition now, and the waits for it that have begun may end with
    /// it, or not any more. For a tracee that is decided when the wait begins; so those begin
    /// again.
    pub(crate) fn waits_changed(
        &mut self,
        pid: Pid,
        signal: Signal,
        old: &RawAction,
    ) -> Outcome<()> {
        let process = self.world.process(pid)?;
        if is_kept(old, signal) == is_kept(process.action(signal), signal) {
            return Ok(());
        }
        let waiting: Vec<Pid> = self
            .world
            .tasks
            .iter()
            .filter(|task| task.pid == pid && task.state == State::Blocked)
            .filter(|task| !task.blocked.contains(signal) && waits_for_signal(task, signal))
            .map(|task| task.tid)
            .collect();
        for tid in waiting {
            self.world.stirred.process(pid);
            self.world.task(tid)?.interrupted = Some(Interrupt::ToWatch);
            ptrace::interrupt(tid)?;
        }
        Ok(())
    }
}
