//! ptrace(2) requests on a task in a ptrace-stop.

use std::ptr;

use libc::{c_long, c_uint};
use nix::sys::ptrace::{self, Options};

use super::{Errno, Pid, Result};
use crate::kernel::arch::Regs;
use siglab_model::{SigSet, Signal};

/// How a stopped task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Until something that is always reported: `PTRACE_CONT`.
    Cont,
    /// Until it enters or leaves a system call, too: `PTRACE_SYSCALL`.
    Syscall,
    /// For one instruction: `PTRACE_SINGLESTEP`.
    Step,
    /// It stays in its group-stop, but the tracer learns when that ends: `PTRACE_LISTEN`.
    Listen,
}

/// Makes the calling thread the tracer of `pid`. From then on `pid` and all that it makes
/// die with the tracer: the options are set in the same request.
pub(crate) fn seize(pid: Pid) -> Result<()> {
    ptrace::seize(
        pid,
        Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACEVFORKDONE
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACESECCOMP,
    )
}

/// Resumes `pid`, delivering `signal` if it is in a signal-delivery-stop.
pub(crate) fn resume(pid: Pid, how: Resume, signal: Option<Signal>) -> Result<()> {
    let request = match how {
        Resume::Cont => libc::PTRACE_CONT,
        Resume::Syscall => libc::PTRACE_SYSCALL,
        Resume::Step => libc::PTRACE_SINGLESTEP,
        Resume::Listen => libc::PTRACE_LISTEN,
    };
    let data = signal.map_or(0, Signal::number);
    request_with(request, pid, 0, data as usize)
}

/// Makes a running task stop.
pub(crate) fn interrupt(pid: Pid) -> Result<()> {
    ptrace::interrupt(pid)
}

/// The registers.
pub(crate) fn regs(pid: Pid) -> Result<Regs> {
    ptrace::getregs(pid).map(Regs)
}

/// Sets the registers.
pub(crate) fn set_regs(pid: Pid, regs: &Regs) -> Result<()> {
    ptrace::setregs(pid, regs.0)
}

/// The other registers, those of floating-point and vector instructions, as the processor
/// saves them: `NT_X86_XSTATE` of ptrace(2).
pub(crate) fn extended_state(pid: Pid) -> Result<Vec<u8>> {
    /// More than any processor has: Intel's manual, volume 1, table 13-1, has 11 KiB with
    /// all extensions.
    const MOST: usize = 16 << 10;
    let mut state = vec![0; MOST];
    let mut part = libc::iovec {
        iov_base: state.as_mut_ptr().cast(),
        iov_len: state.len(),
    };
    request_with(
        libc::PTRACE_GETREGSET,
        pid,
        crate::kernel::arch::EXTENDED_STATE,
        (&raw mut part).expose_provenance(),
    )?;
    state.truncate(part.iov_len);
    Ok(state)
}

/// What a signal-delivery-stop is about.
pub(crate) fn siginfo(pid: Pid) -> Result<libc::siginfo_t> {
    ptrace::getsiginfo(pid)
}

/// Changes what the tracee will read in its `siginfo_t`.
pub(crate) fn set_siginfo(pid: Pid, info: &libc::siginfo_t) -> Result<()> {
    ptrace::setsiginfo(pid, info)
}

/// The message of a `PTRACE_EVENT` stop: the new task's pid at a fork.
pub(crate) fn event_message(pid: Pid) -> Result<c_long> {
    ptrace::getevent(pid)
}

/// The blocked signals. In `rt_sigsuspend` and its kin this may be the mask that comes
/// back afterwards.
pub(crate) fn signal_mask(pid: Pid) -> Result<SigSet> {
    let mut mask = 0u64;
    request_with(
        libc::PTRACE_GETSIGMASK,
        pid,
        size_of::<u64>(),
        (&raw mut mask).expose_provenance(),
    )?;
    Ok(SigSet::from_bits(mask))
}

/// Sets the blocked signals, and forgets a mask that was to come back.
pub(crate) fn set_signal_mask(pid: Pid, mask: SigSet) -> Result<()> {
    let mut bits = mask.bits();
    request_with(
        libc::PTRACE_SETSIGMASK,
        pid,
        size_of::<u64>(),
        (&raw mut bits).expose_provenance(),
    )
}

fn request_with(request: c_uint, pid: Pid, addr: usize, data: usize) -> Result<()> {
    // SAFETY: ptrace(2): for these requests `addr` and `data` are integers, but for
    // the requests with a size in `addr`, where `data` points to as many bytes, and for
    // PTRACE_GETREGSET, where it points to an iovec of memory that may be written.
    let done = unsafe {
        libc::ptrace(
            request,
            pid.as_raw(),
            ptr::without_provenance_mut::<libc::c_void>(addr),
            ptr::with_exposed_provenance_mut::<libc::c_void>(data),
        )
    };
    Errno::result(done).map(drop)
}

/// Whether a syscall-stop is before the call: `PTRACE_GET_SYSCALL_INFO`.
pub(crate) fn is_entry(pid: Pid) -> Result<bool> {
    // SAFETY: an all-zero ptrace_syscall_info is valid.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    request_with(
        libc::PTRACE_GET_SYSCALL_INFO,
        pid,
        size_of::<libc::ptrace_syscall_info>(),
        (&raw mut info).expose_provenance(),
    )?;
    Ok(info.op != libc::PTRACE_SYSCALL_INFO_EXIT)
}
