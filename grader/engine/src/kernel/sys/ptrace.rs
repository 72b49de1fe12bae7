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

/// Makes a running task stop. One that is gone needn't be stopped.
pub(crate) fn interrupt(tid: Pid) -> Requested<()> {
    ptrace::interrupt(tid).map_err(failed(tid, "interrupt"))
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestError {
    /// The task was killed meanwhile (`ESRCH`): its end will be reported.
    Died(Pid),
    /// The kernel refused it.
    Refused(&'static str, Errno),
}

/// The result of a request.
pub(crate) type Requested<T> = std::result::Result<T, RequestError>;

fn failed(tid: Pid, request: &'static str) -> impl Fn(Errno) -> RequestError {
    move |errno| match errno {
        Errno::ESRCH => RequestError::Died(tid),
        errno => RequestError::Refused(request, errno),
    }
}

/// A task in a ptrace-stop that was taken: what the requests of ptrace(2) need that aren't
/// for running tasks. Going on consumes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stopped(Pid);

impl Stopped {
    /// A stop of `tid` was taken.
    pub(super) fn new(tid: Pid) -> Self {
        Self(tid)
    }

    fn failed(&self, request: &'static str) -> impl Fn(Errno) -> RequestError {
        failed(self.0, request)
    }

    /// Lets the task go on, delivering `signal` if it is in a signal-delivery-stop.
    pub(crate) fn resume(self, how: Resume, signal: Option<Signal>) -> Requested<()> {
        let request = match how {
            Resume::Cont => libc::PTRACE_CONT,
            Resume::Syscall => libc::PTRACE_SYSCALL,
            Resume::Step => libc::PTRACE_SINGLESTEP,
            Resume::Listen => libc::PTRACE_LISTEN,
        };
        let data = signal.map_or(0, Signal::number);
        request_with(request, self.0, 0, data as usize).map_err(self.failed("resume"))
    }

    /// The registers.
    pub(crate) fn regs(&self) -> Requested<Regs> {
        ptrace::getregs(self.0)
            .map(Regs)
            .map_err(self.failed("read the registers of"))
    }

    /// Sets the registers.
    pub(crate) fn set_regs(&self, regs: &Regs) -> Requested<()> {
        ptrace::setregs(self.0, regs.0).map_err(self.failed("set the registers of"))
    }

    /// The other registers, those of floating-point and vector instructions, as the processor
    /// saves them: `NT_X86_XSTATE` of ptrace(2).
    pub(crate) fn extended_state(&self) -> Requested<Vec<u8>> {
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
            self.0,
            crate::kernel::arch::EXTENDED_STATE,
            (&raw mut part).expose_provenance(),
        )
        .map_err(self.failed("read the vector registers of"))?;
        state.truncate(part.iov_len);
        crate::kernel::arch::leave_out_usage(&mut state);
        Ok(state)
    }

    /// What a signal-delivery-stop is about.
    pub(crate) fn siginfo(&self) -> Requested<libc::siginfo_t> {
        ptrace::getsiginfo(self.0).map_err(self.failed("read the siginfo of"))
    }

    /// Changes what the tracee will read in its `siginfo_t`.
    pub(crate) fn set_siginfo(&self, info: &libc::siginfo_t) -> Requested<()> {
        ptrace::setsiginfo(self.0, info).map_err(self.failed("set the siginfo of"))
    }

    /// The message of a `PTRACE_EVENT` stop: the new task's pid at a fork.
    pub(crate) fn event_message(&self) -> Requested<c_long> {
        ptrace::getevent(self.0).map_err(self.failed("read the event of"))
    }

    /// The blocked signals. In `rt_sigsuspend` and its kin this may be the mask that comes
    /// back afterwards.
    pub(crate) fn signal_mask(&self) -> Requested<SigSet> {
        let mut mask = 0u64;
        request_with(
            libc::PTRACE_GETSIGMASK,
            self.0,
            size_of::<u64>(),
            (&raw mut mask).expose_provenance(),
        )
        .map_err(self.failed("read the signal mask of"))?;
        Ok(SigSet::from_bits(mask))
    }

    /// Sets the blocked signals, and forgets a mask that was to come back.
    pub(crate) fn set_signal_mask(&self, mask: SigSet) -> Requested<()> {
        let mut bits = mask.bits();
        request_with(
            libc::PTRACE_SETSIGMASK,
            self.0,
            size_of::<u64>(),
            (&raw mut bits).expose_provenance(),
        )
        .map_err(self.failed("set the signal mask of"))
    }

    /// Whether a syscall-stop is before the call: `PTRACE_GET_SYSCALL_INFO`.
    pub(crate) fn is_entry(&self) -> Requested<bool> {
        // SAFETY: an all-zero ptrace_syscall_info is valid.
        let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
        request_with(
            libc::PTRACE_GET_SYSCALL_INFO,
            self.0,
            size_of::<libc::ptrace_syscall_info>(),
            (&raw mut info).expose_provenance(),
        )
        .map_err(self.failed("ask for the system call of"))?;
        Ok(info.op != libc::PTRACE_SYSCALL_INFO_EXIT)
    }
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
