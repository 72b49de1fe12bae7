//! Signals that were seen being generated and not yet being delivered or accepted.

use std::collections::BTreeMap;

use siglab_model::Signal;

use crate::sys::Pid;

/// Counts, by process and signal.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    counts: BTreeMap<(i32, Signal), usize>,
}

impl Expected {
    /// One more was generated.
    pub(crate) fn add(&mut self, pid: Pid, signal: Signal) {
        *self.counts.entry((pid.as_raw(), signal)).or_default() += 1;
    }

    /// One was delivered or accepted. Whether its generation had been seen.
    pub(crate) fn take(&mut self, pid: Pid, signal: Signal) -> bool {
        match self.counts.get_mut(&(pid.as_raw(), signal)) {
            Some(count @ 1..) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Whether there is one.
    pub(crate) fn has(&self, pid: Pid, signal: Signal) -> bool {
        self.counts.get(&(pid.as_raw(), signal)).is_some_and(|count| *count > 0)
    }

    /// The process is gone.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.counts.retain(|(of, _), _| *of != pid.as_raw());
    }

    /// Pending instances of `signal` were thrown away: it is ignored from now on.
    pub(crate) fn discard(&mut self, pid: Pid, signal: Signal) {
        self.counts.remove(&(pid.as_raw(), signal));
    }
}
