//! How many signals may be queued for a user: `RLIMIT_SIGPENDING` of setrlimit(2).
//!
//! The kernel counts what is queued for all processes of a user together, and compares that with the
//! limit of the process that is to get one more (`__sigqueue_alloc` in kernel/signal.c).

use super::{Errno, Pid, Result};

/// Nobody else is taken to queue as many: a limit that is at least this one isn't lifted.
const PLENTY: u64 = 1 << 14;

/// The soft limit of a process.
pub(crate) fn pending_signals(pid: Pid) -> Result<u64> {
    exchange(pid, None).map(|limit| limit.rlim_cur)
}

/// A limit that was lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifted {
    of: Pid,
    soft: u64,
    hard: u64,
}

impl Lifted {
    /// Lifts the limit of a process, if it is low. `None` if it isn't, or if siglab may not lift
    /// it: a lowered hard limit takes `CAP_SYS_RESOURCE`.
    pub(crate) fn of(pid: Pid) -> Option<Self> {
        let limit = exchange(pid, None).ok()?;
        let (soft, hard) = (limit.rlim_cur, limit.rlim_max);
        if soft >= PLENTY {
            return None;
        }
        let lifted = set(pid, hard.max(PLENTY), hard.max(PLENTY)).or_else(|_| set(pid, hard, hard));
        lifted.ok().map(|()| Self {
            of: pid,
            soft,
            hard,
        })
    }

    /// Puts it back.
    pub(crate) fn put_back(self) {
        // The process may have ended meanwhile.
        let _ = set(self.of, self.soft, self.hard);
    }
}

fn set(pid: Pid, soft: u64, hard: u64) -> Result<()> {
    let limit = libc::rlimit64 {
        rlim_cur: soft,
        rlim_max: hard,
    };
    exchange(pid, Some(limit)).map(drop)
}

fn exchange(pid: Pid, new: Option<libc::rlimit64>) -> Result<libc::rlimit64> {
    let pointer = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mut old = libc::rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: prlimit(2): `new` is null or leads to a limit to read, `old` to one to write.
    let done =
        unsafe { libc::prlimit64(pid.as_raw(), libc::RLIMIT_SIGPENDING, pointer, &raw mut old) };
    Errno::result(done).map(|_| old)
}
