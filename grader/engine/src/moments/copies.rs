//! Programs of which copies can be made.

use crate::fault::Outcome;
use crate::kernel::sys::{Pid, proc};
use crate::tracer::Run;

impl Run<'_> {
    /// Whether a copy would be as good as the program itself.
    pub(crate) fn can_be_copied(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.world.task(tid)?;
        let alone = task.tid == task.pid && task.is_in_user_code();
        Ok(alone
            && self.world.tasks.len() == 1
            && self.world.processes.len() == 1
            && self.world.timers.is_empty()
            && !self.world.has_terminals
            // What is done there for the copy would be done for the program, too.
            && !self.tracer.plumbing.is_terminal()
            && !self.world.processes[0].watch_calls
            // fork(2) doesn't inherit that.
            && !self.world.processes[0].is_subreaper
            // Locks remember their owners' ids.
            && self.world.processes[0].threads == 0
            && self.world.expected.is_empty()
            && proc::fds(tid).iter().all(|fd| *fd <= 2)
            && !proc::shares_memory(tid))
    }
}
