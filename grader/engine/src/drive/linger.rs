//! How long the run goes on when its first process has ended and others have not.

use siglab_model::{LimitKind, Time};

use crate::tracer::Run;

impl Run<'_> {
    /// The last moment of the run, and the limit that it is.
    pub(crate) fn last_moment(&self) -> (Time, LimitKind) {
        let limit = self.world.options.limits.virtual_time;
        match self.world.lingers_until() {
            Some(last) if last < limit => (last, LimitKind::Linger),
            _ => (limit, LimitKind::VirtualTime),
        }
    }
}
