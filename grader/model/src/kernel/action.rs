//! Dispositions: `struct k_sigaction`.

use crate::disposition::{DefaultAction, HandlerFlags};
use crate::{SigSet, Signal};

use super::state::UNBLOCKABLE;
use super::{Errno, Kernel, ProcessId, ThreadId};

/// `sa_handler`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reaction {
    /// `SIG_DFL`.
    #[default]
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// A handler.
    Handler,
}

/// What a process does with a signal: `struct sigaction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Action {
    /// `sa_handler`.
    pub reaction: Reaction,
    /// `sa_mask`: what is blocked while the handler runs, too.
    pub mask: SigSet,
    /// `sa_flags`.
    pub flags: HandlerFlags,
}

impl Action {
    /// A handler without flags.
    #[must_use]
    pub fn handler(mask: SigSet) -> Self {
        Self {
            reaction: Reaction::Handler,
            mask,
            flags: HandlerFlags::default(),
        }
    }

    /// `SIG_IGN`.
    #[must_use]
    pub fn ignore() -> Self {
        Self {
            reaction: Reaction::Ignore,
            ..Self::default()
        }
    }

    /// Whether an instance of `signal` would be ignored: by `SIG_IGN`, or by default:
    /// `sig_handler_ignored`. So is `SIGCONT` by default: what continues a process is its
    /// generation.
    #[must_use]
    pub fn ignores(&self, signal: Signal) -> bool {
        match self.reaction {
            Reaction::Ignore => true,
            Reaction::Handler => false,
            Reaction::Default => matches!(
                signal.default_action(),
                DefaultAction::Ignore | DefaultAction::Continue
            ),
        }
    }

    /// Whether it terminates the process: `sig_fatal`.
    #[must_use]
    pub fn is_fatal(&self, signal: Signal) -> bool {
        self.reaction == Reaction::Default
            && matches!(
                signal.default_action(),
                DefaultAction::Terminate | DefaultAction::Core
            )
    }
}

impl Kernel {
    /// What `process` does with `signal`.
    #[must_use]
    pub fn action(&self, process: ProcessId, signal: Signal) -> &Action {
        &self.process(process).actions[signal.number() as usize - 1]
    }

    /// sigaction(2) by `thread`; the action before. Where the new action ignores the signal,
    /// instances that are pending for the process or any of its threads are thrown away,
    /// blocked or not: POSIX 2.4.3, `do_sigaction`.
    ///
    /// # Errors
    /// `EINVAL` for `SIGKILL` and `SIGSTOP`.
    pub fn set_action(
        &mut self,
        thread: ThreadId,
        signal: Signal,
        action: Action,
    ) -> Result<Action, Errno> {
        if !signal.can_be_caught() {
            return Err(Errno::Einval);
        }
        let id = self.thread(thread).process;
        let mut new = action;
        new.mask = new.mask.difference(UNBLOCKABLE);
        let process = self.process_mut(id);
        let slot = &mut process.actions[signal.number() as usize - 1];
        let old = std::mem::replace(slot, new);
        if new.ignores(signal) {
            self.flush(id, SigSet::from_iter([signal]));
        }
        Ok(old)
    }

    /// Throws these signals away wherever they are pending in `process`.
    pub(super) fn flush(&mut self, process: ProcessId, signals: SigSet) {
        self.process_mut(process).pending.flush(signals);
        for thread in self.process(process).threads.clone() {
            self.thread_mut(thread).pending.flush(signals);
        }
    }
}
