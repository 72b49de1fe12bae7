//! The lines of the program that its calls come from.

use std::collections::BTreeMap;

use siglab_model::{Frame, Kind, Role};

/// For each task, where it made its last call that the engine controls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callers {
    tasks: BTreeMap<Role, Frame>,
    /// The same, for processes of one thread: signals come from processes, and of several threads
    /// nobody could tell which one sent them.
    processes: BTreeMap<Role, Frame>,
}

impl Callers {
    /// Notes where a task makes a call; `process` is its process, if it has no other thread.
    pub(crate) fn note(&mut self, task: &Role, process: Option<&Role>, caller: Option<Frame>) {
        for (map, role) in [
            (&mut self.tasks, Some(task)),
            (&mut self.processes, process),
        ] {
            match (role, &caller) {
                (Some(role), Some(caller)) => drop(map.insert(role.clone(), caller.clone())),
                (Some(role), None) => drop(map.remove(role)),
                (None, _) => {}
            }
        }
    }

    /// Nobody can tell any more which thread of it sends a signal.
    pub(crate) fn forget_process(&mut self, process: &Role) {
        self.processes.remove(process);
    }

    /// The line of the call of which this event comes.
    pub(crate) fn of(&self, role: Option<&Role>, kind: &Kind) -> Option<Box<Frame>> {
        let caller = match kind {
            Kind::Generated { from, .. } | Kind::Merged { from, .. } => self.processes.get(from),
            Kind::DispositionChanged { .. }
            | Kind::MaskChanged { .. }
            | Kind::WaitBegun { .. }
            | Kind::Exit { .. }
            | Kind::Reaped { .. }
            | Kind::Fork { .. }
            | Kind::SendFailed { .. }
            | Kind::CallFailed { .. }
            | Kind::Denied { .. } => self.tasks.get(role?),
            _ => None,
        };
        caller.cloned().map(Box::new)
    }
}
