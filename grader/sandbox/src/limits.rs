//! Resource limits: setrlimit(2).

#![expect(
    unsafe_code,
    reason = "raw calls, because they run between fork and exec"
)]

use std::io;

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
        ] {
            if let Some(limit) = limit {
                apply(resource, limit)?;
            }
        }
        Ok(())
    }
}

fn apply(resource: libc::__rlimit_resource_t, limit: u64) -> io::Result<()> {
    let mut present = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: getrlimit(2): `present` is a valid rlimit to write to.
    let got = unsafe { libc::getrlimit(resource, &raw mut present) };
    if got != 0 {
        return Err(io::Error::last_os_error());
    }
    let value = limit.min(present.rlim_max);
    let new = libc::rlimit {
        rlim_cur: value,
        rlim_max: value,
    };
    // SAFETY: setrlimit(2): `new` is a valid rlimit to read from.
    let set = unsafe { libc::setrlimit(resource, &raw const new) };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
