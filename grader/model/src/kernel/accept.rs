//! Acceptance: taking a pending signal without its being delivered.

use crate::SigSet;

use super::state::UNBLOCKABLE;
use super::{Happened, Instance, Kernel, ThreadId};

impl Kernel {
    /// sigtimedwait(2) with a time-out of 0, or a read from a non-blocking signalfd(2):
    /// takes the next pending signal of `set`, blocked or not. What is pending for the thread
    /// comes before what is pending for its process: `dequeue_signal`.
    pub fn accept(&mut self, thread: ThreadId, set: SigSet) -> Option<Instance> {
        let others = SigSet::from_bits(!set.difference(UNBLOCKABLE).bits());
        let taken = self.take(thread, others);
        self.recalculate(thread);
        if let Some(Instance { signal, .. }) = taken {
            self.happened.push(Happened::Accepted { thread, signal });
        }
        taken
    }

    /// sigtimedwait(2) begins to wait: the signals of `set` don't count as blocked meanwhile,
    /// so that they wake the thread, but those that were blocked neither are thrown away nor
    /// take their default action: `real_blocked`. Others that aren't blocked interrupt it.
    ///
    /// A signal of `set` that wasn't blocked before does take its default action as soon as
    /// it is generated, if that is to terminate the process (`complete_signal`): sigwait(3)
    /// wants the set to be blocked.
    pub fn begin_sigtimedwait(&mut self, thread: ThreadId, set: SigSet) {
        let state = self.thread_mut(thread);
        state.real_blocked = Some(state.blocked);
        state.blocked = state.blocked.difference(set);
        self.recalculate(thread);
    }

    /// Whether a thread in sigtimedwait(2) has been woken.
    #[must_use]
    pub fn is_woken(&self, thread: ThreadId) -> bool {
        self.thread(thread).signalled
    }

    /// sigtimedwait(2) ends: with a signal of `set`; or without, if another signal or a stop
    /// and continue has woken the thread (`EINTR`), or the time is over (`EAGAIN`).
    pub fn end_sigtimedwait(&mut self, thread: ThreadId, set: SigSet) -> Option<Instance> {
        let state = self.thread_mut(thread);
        if let Some(blocked) = state.real_blocked.take() {
            state.blocked = blocked;
        }
        self.accept(thread, set)
    }

    /// `dequeue_signal`.
    pub(super) fn take(&mut self, thread: ThreadId, blocked: SigSet) -> Option<Instance> {
        let process = self.process_of(thread);
        let private = self.thread_mut(thread).pending.take(blocked);
        private.or_else(|| self.process_mut(process).pending.take(blocked))
    }
}
