//! Who waits for what, when nobody can go on.

use siglab_model::{SigSet, WaitFor, Waiting};

use crate::kernel::sys::{Pid, proc};
use crate::tracer::Run;
use crate::world::task::State;

impl Run<'_> {
    /// All tasks, and what each waits for.
    pub(crate) fn describe_waiting(&mut self) -> Vec<Waiting> {
        let tids: Vec<Pid> = self.world.tasks.iter().map(|task| task.tid).collect();
        tids.into_iter()
            .filter_map(|tid| self.describe_one(tid))
            .collect()
    }

    fn describe_one(&mut self, tid: Pid) -> Option<Waiting> {
        let task = self.world.task(tid).ok()?;
        let role = task.role.clone();
        let (syscall, what) = match (&task.state, task.call()) {
            (State::GroupStopped(signal), _) => ("stopped".to_owned(), WaitFor::Stopped(*signal)),
            (State::Vfork, _) => ("vfork".to_owned(), WaitFor::VforkChild),
            (_, Some(call)) => (call.sys.name().to_owned(), call.what.clone()),
            _ => ("nothing".to_owned(), WaitFor::Unnamed),
        };
        let handler = task.handlers.last().map(|handler| handler.signal);
        let (stack, interrupted) = self.stacks(tid);
        let pending = proc::signal_sets(tid)
            .map(|sets| sets.thread_pending.union(sets.process_pending))
            .ok()
            .filter(|pending: &SigSet| !pending.is_empty());
        Some(Waiting {
            role,
            syscall,
            what,
            pending,
            stack,
            handler,
            interrupted,
        })
    }
}
