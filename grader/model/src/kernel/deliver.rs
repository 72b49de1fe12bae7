//! Delivery: `get_signal` and `handle_signal` (arch/x86/kernel/signal.c).

use crate::disposition::{DefaultAction, HandlerFlags};
use crate::{ProcessStatus, Signal};

use super::{Action, Frame, Happened, Info, Instance, Kernel, Life, ProcessId, Reaction, ThreadId};

/// What a thread does with the signal that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Its handler is set up. It runs its first instruction once no other signal can be
    /// delivered: of several, the one that is delivered last runs first.
    Handler {
        /// The signal.
        signal: Signal,
        /// What the handler is told.
        info: Info,
        /// The handler's flags.
        flags: HandlerFlags,
    },
    /// Nothing: it is ignored.
    Ignored {
        /// The signal.
        signal: Signal,
    },
    /// The process has stopped.
    Stopped {
        /// The signal.
        signal: Signal,
    },
    /// The process has ended.
    Terminated {
        /// The signal.
        signal: Signal,
    },
}

impl Kernel {
    /// On its way back to user mode, `thread` takes the next signal that it doesn't block;
    /// none if there is none, if another thread was chosen for it (`TIF_SIGPENDING`), or while its process is stopped. To be called until there is
    /// none: signals are delivered before the thread's next instruction.
    ///
    /// The order: a fault of the processor's; then what is pending for the thread; then what
    /// is pending for its process: `get_signal`, `dequeue_signal`. Within each, see
    /// [`Pending::next`](super::Pending::next).
    pub fn deliver(&mut self, thread: ThreadId) -> Option<Delivery> {
        let process = self.process_of(thread);
        let state = self.thread(thread);
        if !state.signalled || state.ended || self.process(process).life != Life::Running {
            return None;
        }
        let blocked = self.thread(thread).blocked;
        let fault = self.thread_mut(thread).pending.take_fault(blocked);
        let taken = fault.or_else(|| self.take(thread, blocked));
        self.recalculate(thread);
        let Instance { signal, info } = taken?;
        let action = *self.action(process, signal);
        self.happened.push(Happened::Delivered {
            thread,
            signal,
            reaction: action.reaction,
        });
        Some(match action.reaction {
            Reaction::Handler => self.set_up_handler(thread, action, signal, info),
            Reaction::Ignore => Delivery::Ignored { signal },
            Reaction::Default => self.default_action(process, signal),
        })
    }

    /// A handler returns: rt_sigreturn(2). The mask is what it was before.
    ///
    /// # Panics
    /// If no handler is active.
    pub fn sigreturn(&mut self, thread: ThreadId) {
        let frame = self.thread_mut(thread).frames.pop();
        let frame = frame.expect("a handler is active");
        self.block(thread, frame.restores);
    }

    /// The handler's frame, and the mask while it runs: the one before, `sa_mask`, and the
    /// signal itself unless `SA_NODEFER`. With `SA_RESETHAND` the disposition is the default
    /// from now on; its flags and its mask stay: `get_signal`. sigaction(2),
    /// `signal_delivered`.
    fn set_up_handler(
        &mut self,
        thread: ThreadId,
        action: Action,
        signal: Signal,
        info: Info,
    ) -> Delivery {
        if action.flags.resethand {
            let process = self.process_of(thread);
            let index = signal.number() as usize - 1;
            self.process_mut(process).actions[index].reaction = Reaction::Default;
        }
        let state = self.thread_mut(thread);
        let before = state.blocked;
        // Of sigsuspend's, the handler's return restores the mask before: `sigmask_to_save`.
        let restores = state.saved.take().unwrap_or(before);
        state.frames.push(Frame {
            signal,
            info,
            restores,
        });
        let mut mask = before.union(action.mask);
        if !action.flags.nodefer {
            mask.insert(signal);
        }
        self.block(thread, mask);
        Delivery::Handler {
            signal,
            info,
            flags: action.flags,
        }
    }

    fn default_action(&mut self, process: ProcessId, signal: Signal) -> Delivery {
        match signal.default_action() {
            DefaultAction::Ignore | DefaultAction::Continue => Delivery::Ignored { signal },
            DefaultAction::Terminate | DefaultAction::Core => {
                self.end(process, ProcessStatus::Killed(signal));
                Delivery::Terminated { signal }
            }
            // POSIX 2.4.3: nobody could continue an orphaned process group.
            DefaultAction::Stop if signal != Signal::STOP && self.is_orphaned(process) => {
                Delivery::Ignored { signal }
            }
            DefaultAction::Stop => {
                self.stop(process, signal);
                Delivery::Stopped { signal }
            }
        }
    }
}
