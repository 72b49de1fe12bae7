//! Process ids that can be told from other numbers in what programs write.

use std::sync::OnceLock;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid};

/// The smallest pid that is recognised in a program's output: one of three digits.
const RECOGNISED: i32 = 100;

/// Sees to it that the next processes have pids that are recognised. In a container that has
/// just been started they are smaller: the first process there is 1. The kernel counts up, so
/// a few processes that end at once are enough; it takes some milliseconds, once.
pub(crate) fn leave_small_ones() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        if getpid().as_raw() >= RECOGNISED {
            return;
        }
        for _ in 0..RECOGNISED {
            // SAFETY: fork(2): the child calls nothing but _exit(2).
            let Ok(forked) = (unsafe { fork() }) else {
                return;
            };
            match forked {
                // SAFETY: _exit(2) has no preconditions.
                ForkResult::Child => unsafe { libc::_exit(0) },
                ForkResult::Parent { child } => {
                    let _ = waitpid(child, None);
                    if child.as_raw() >= RECOGNISED {
                        return;
                    }
                }
            }
        }
    });
}
