//! Signal masks.

use crate::{MaskHow, SigSet};

use super::state::UNBLOCKABLE;
use super::{Kernel, ThreadId};

impl Kernel {
    /// sigprocmask(2), pthread_sigmask(3): the mask before. `SIGKILL` and `SIGSTOP` are left
    /// out silently.
    pub fn set_mask(&mut self, thread: ThreadId, how: MaskHow, set: SigSet) -> SigSet {
        let old = self.thread(thread).blocked;
        let new = match how {
            MaskHow::Block => old.union(set),
            MaskHow::Unblock => old.difference(set),
            MaskHow::Set => set,
        };
        self.block(thread, new);
        old
    }

    /// sigsuspend(2) begins: `set` is blocked instead of the mask, until a handler has run.
    /// It ends when [`Kernel::deliver`] starts a handler, with `EINTR`. After other signals
    /// it begins again: [`Kernel::restart_sigsuspend`].
    pub fn begin_sigsuspend(&mut self, thread: ThreadId, set: SigSet) {
        let old = self.thread(thread).blocked;
        self.thread_mut(thread).saved = Some(old);
        self.block(thread, set);
    }

    /// A signal without a handler, or a stop and continue, has interrupted sigsuspend(2): the
    /// mask from before it counts again until it begins again (`ERESTARTNOHAND`,
    /// `restore_saved_sigmask`). So a signal that only sigsuspend blocked is delivered now;
    /// if to a handler, sigsuspend doesn't end of that.
    pub fn restart_sigsuspend(&mut self, thread: ThreadId) {
        if let Some(mask) = self.thread_mut(thread).saved.take() {
            self.block(thread, mask);
        }
    }

    /// sigpending(2): what is blocked and pending, for the thread or for its process.
    #[must_use]
    pub fn sigpending(&self, thread: ThreadId) -> SigSet {
        let thread = self.thread(thread);
        let shared = self.process(thread.process).pending.set();
        let all = thread.pending.set().union(shared);
        all.difference(all.difference(thread.blocked))
    }

    /// Whether a signal is pending for `thread` that it doesn't block, or for its process.
    #[must_use]
    pub fn has_deliverable(&self, thread: ThreadId) -> bool {
        let thread = self.thread(thread);
        let shared = self.process(thread.process).pending.set();
        let all = thread.pending.set().union(shared);
        !thread.ended && !all.difference(thread.blocked).is_empty()
    }

    /// `__set_task_blocked`. Signals of the process that the thread was to take, and now
    /// blocks, fall to another: `retarget_shared_pending`.
    pub(super) fn block(&mut self, thread: ThreadId, set: SigSet) {
        let old = self.thread(thread).blocked;
        let new = set.difference(UNBLOCKABLE);
        if self.thread(thread).signalled {
            self.retarget(thread, new.difference(old));
        }
        self.thread_mut(thread).blocked = new;
        self.recalculate(thread);
    }

    pub(super) fn retarget(&mut self, thread: ThreadId, which: SigSet) {
        let process = self.process_of(thread);
        let shared = self.process(process).pending.set();
        let mut left = shared.difference(shared.difference(which));
        for other in self.process(process).threads.clone() {
            let state = self.thread(other);
            if left.is_empty() || other == thread || state.ended {
                continue;
            }
            let takes = left.difference(state.blocked);
            if !takes.is_empty() {
                left = left.difference(takes);
                self.thread_mut(other).signalled = true;
            }
        }
    }

    /// `recalc_sigpending`.
    pub(super) fn recalculate(&mut self, thread: ThreadId) {
        self.thread_mut(thread).signalled = self.has_deliverable(thread);
    }
}
