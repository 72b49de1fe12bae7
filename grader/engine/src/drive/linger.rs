//! How long the run goes on when its first process has ended and others have not.

use std::time::Duration;

use siglab_model::{LimitKind, Time};

use crate::tracer::Run;

impl Run<'_> {
    /// The last moment of the run, and the limit that it is.
    pub(crate) fn last_moment(&self) -> (Time, LimitKind) {
        let limit = self.world.options.limits.virtual_time;
        match self.lingers_until() {
            Some(last) if last < limit => (last, LimitKind::Linger),
            _ => (limit, LimitKind::VirtualTime),
        }
    }

    /// Until when the run goes on after the end of its first process: so long after that, or
    /// after the last step of the script, if that is later. `None`: until nobody is left.
    pub(crate) fn lingers_until(&self) -> Option<Time> {
        let linger = self.world.options.linger?;
        let ended = self.world.processes.first()?.ended?;
        let step = self
            .script_deadline()
            .unwrap_or(self.world.progress.step_time);
        Some(ended.max(step) + linger)
    }

    /// The first moment that isn't part of the run any more.
    pub(crate) fn after_linger(&self) -> Option<Time> {
        Some(self.lingers_until()? + Duration::from_nanos(1))
    }
}
