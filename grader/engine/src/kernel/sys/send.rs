//! Sending signals to processes of the run, on behalf of the script or of virtual timers.

use super::{Errno, Pid, Result};
use siglab_model::Signal;

/// kill(2): process-directed, `SI_USER`. A negative pid is a process group.
pub(crate) fn kill(pid: Pid, signal: Signal) -> Result<()> {
    // SAFETY: kill(2) has no preconditions.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal.number()) }).map(drop)
}

/// Whether the process exists.
pub(crate) fn exists(pid: Pid) -> bool {
    // SAFETY: kill(2) has no preconditions; signal 0 only checks.
    match Errno::result(unsafe { libc::kill(pid.as_raw(), 0) }) {
        Ok(_) => true,
        Err(errno) => errno != Errno::ESRCH,
    }
}

/// tgkill(2): thread-directed, `SI_TKILL`.
pub(crate) fn tgkill(pid: Pid, tid: Pid, signal: Signal) -> Result<()> {
    // SAFETY: tgkill(2) has no preconditions.
    let done = unsafe {
        libc::syscall(
            libc::SYS_tgkill,
            pid.as_raw(),
            tid.as_raw(),
            signal.number(),
        )
    };
    Errno::result(done).map(drop)
}

/// The part of `siginfo_t` that a queued signal carries, as the kernel lays it out on
/// 64-bit machines: include/uapi/asm-generic/siginfo.h.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct QueuedInfo {
    pub(crate) signo: i32,
    pub(crate) errno: i32,
    pub(crate) code: i32,
    pad: i32,
    /// `si_pid`, or `si_tid` of a timer (its id).
    pub(crate) first: i32,
    /// `si_uid`, or `si_overrun`.
    pub(crate) second: i32,
    /// `si_value`.
    pub(crate) value: u64,
    rest: [u64; 12],
}

impl QueuedInfo {
    /// With these fields, the others 0.
    pub(crate) fn new(signal: Signal, code: i32, first: i32, second: i32, value: u64) -> Self {
        Self {
            signo: signal.number(),
            errno: 0,
            code,
            pad: 0,
            first,
            second,
            value,
            rest: [0; 12],
        }
    }
}

const _: () = assert!(size_of::<QueuedInfo>() == 128);

/// rt_sigqueueinfo(2), or rt_tgsigqueueinfo(2) for one thread: queues a signal with these
/// fields. The kernel permits codes below 0, such as `SI_QUEUE` and `SI_TIMER`.
pub(crate) fn queue(pid: Pid, thread: Option<Pid>, info: &QueuedInfo) -> Result<()> {
    let pointer = std::ptr::from_ref(info);
    let done = match thread {
        // SAFETY: rt_sigqueueinfo(2): `pointer` leads to a whole siginfo_t (128 bytes).
        None => unsafe {
            libc::syscall(libc::SYS_rt_sigqueueinfo, pid.as_raw(), info.signo, pointer)
        },
        // SAFETY: rt_tgsigqueueinfo(2): as above.
        Some(tid) => unsafe {
            libc::syscall(
                libc::SYS_rt_tgsigqueueinfo,
                pid.as_raw(),
                tid.as_raw(),
                info.signo,
                pointer,
            )
        },
    };
    Errno::result(done).map(drop)
}

/// The fields of a `siginfo_t` by position.
pub(crate) fn fields(raw: &libc::siginfo_t) -> QueuedInfo {
    // SAFETY: both are 128 bytes of plain integers without invalid values.
    unsafe { std::mem::transmute_copy(raw) }
}

/// A `siginfo_t` with these fields.
pub(crate) fn siginfo(fields: &QueuedInfo) -> libc::siginfo_t {
    // SAFETY: both are 128 bytes of plain integers without invalid values.
    unsafe { std::mem::transmute_copy(fields) }
}

const _: () = assert!(size_of::<libc::siginfo_t>() == size_of::<QueuedInfo>());
