//! Resource limits: setrlimit(2).

#![expect(
    unsafe_code,
    reason = "raw calls, because they run between fork and exec"
)]

use std::io;
use std::sync::OnceLock;

/// Resource limits of a run's processes. Absent ones stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceLimits {
    /// Size of a core dump, in bytes.
    pub core: Option<u64>,
    /// Largest file that may be written, in bytes. Pipes and terminals have no limit.
    pub file_size: Option<u64>,
    /// Address space of a process, in bytes. Sanitizers reserve terabytes.
    pub address_space: Option<u64>,
    /// Open files of a process.
    pub open_files: Option<u64>,
    /// Processor time of a process, in seconds. The soft limit is the hard one, so that
    /// the process is killed, and can't handle or ignore `SIGXCPU`.
    pub cpu_seconds: Option<u64>,
    /// Processes and threads of the user. Means nothing for root, and counts everything
    /// that the user runs: only for a user id that nobody else has.
    pub processes: Option<u64>,
    /// Signals that are queued for all processes of the user. When a process has reached its
    /// limit, others that have a higher one can still queue some: siglab, which needs one for
    /// each timer.
    pub pending_signals: Option<u64>,
}

/// The soft limit of address space that this process had before [`bound_own_memory`].
static OTHERS_ADDRESS_SPACE: OnceLock<u64> = OnceLock::new();

/// Bounds the address space of the calling process. Programs that it starts with
/// [`ResourceLimits::apply`] have what it had before.
///
/// # Errors
/// What getrlimit(2) and setrlimit(2) say.
pub(crate) fn bound_own_memory(bytes: u64) -> io::Result<()> {
    let present = get(libc::RLIMIT_AS)?;
    OTHERS_ADDRESS_SPACE.get_or_init(|| present.rlim_cur);
    let soft = bytes.min(present.rlim_cur);
    set(libc::RLIMIT_AS, soft, present.rlim_max)
}

impl ResourceLimits {
    /// Sets the limits, soft and hard, for the calling process and its descendants. A
    /// limit above the present hard limit is lowered to that.
    ///
    /// Async-signal-safe: may be called between fork and exec.
    ///
    /// # Errors
    /// What setrlimit(2) says.
    pub fn apply(&self) -> io::Result<()> {
        for (resource, limit) in [
            (libc::RLIMIT_CORE, self.core),
            (libc::RLIMIT_FSIZE, self.file_size),
            (libc::RLIMIT_AS, self.address_space),
            (libc::RLIMIT_NOFILE, self.open_files),
            (libc::RLIMIT_CPU, self.cpu_seconds),
            (libc::RLIMIT_NPROC, self.processes),
            (libc::RLIMIT_SIGPENDING, self.pending_signals),
        ] {
            if let Some(limit) = limit {
                let most = get(resource)?.rlim_max;
                let limit = limit.min(most);
                set(resource, limit, limit)?;
            }
        }
        if let (None, Some(soft)) = (self.address_space, OTHERS_ADDRESS_SPACE.get()) {
            let most = get(libc::RLIMIT_AS)?.rlim_max;
            set(libc::RLIMIT_AS, (*soft).min(most), most)?;
        }
        Ok(())
    }
}

fn get(resource: libc::__rlimit_resource_t) -> io::Result<libc::rlimit> {
    let mut present = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: getrlimit(2): `present` is a valid rlimit to write to.
    let got = unsafe { libc::getrlimit(resource, &raw mut present) };
    if got == 0 {
        Ok(present)
    } else {
        Err(io::Error::last_os_error())
    }
}

fn set(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> io::Result<()> {
    let new = libc::rlimit {
        rlim_cur: soft,
        rlim_max: hard,
    };
    // SAFETY: setrlimit(2): `new` is a valid rlimit to read from.
    let set = unsafe { libc::setrlimit(resource, &raw const new) };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
