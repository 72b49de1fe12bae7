//! waitid(2) and wait4(2) on tracees, with the statuses decoded here: nix refuses those
//! of real-time signals.

use super::ptrace::Stopped;
use super::{Errno, Pid, Result};
use siglab_model::Signal;

/// What a tracee reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It exited with this status, 0 to 255.
    Exited(i32),
    /// A signal terminated it.
    Killed {
        /// The signal.
        signal: Signal,
        /// Whether it dumped core.
        core: bool,
    },
    /// A signal-delivery-stop, or after a single step `SIGTRAP`.
    Signal(Signal),
    /// A syscall-enter-stop or syscall-exit-stop.
    Syscall,
    /// The stop that the seccomp filter asked for, before a system call.
    Seccomp,
    /// A new task was made: `PTRACE_EVENT_FORK`, `_VFORK` or `_CLONE`.
    Fork(NewTask),
    /// The child of a vfork has exec'd or ended.
    VforkDone,
    /// A new program: `PTRACE_EVENT_EXEC`.
    Exec,
    /// Stopped by this signal, as its whole process: a group-stop.
    GroupStop(Signal),
    /// `PTRACE_EVENT_STOP` for another reason: interrupted, new, or continued.
    EventStop,
}

/// What was taken of a tracee: its status and, if it is in a stop now, that.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) status: Status,
    /// Absent if it has ended.
    pub(crate) stopped: Option<Stopped>,
}

impl Report {
    fn of(tid: Pid, status: i32) -> Result<Self> {
        let status = decode(status)?;
        let has_ended = matches!(status, Status::Exited(_) | Status::Killed { .. });
        Ok(Self {
            status,
            stopped: (!has_ended).then(|| Stopped::new(tid)),
        })
    }
}

/// By which event a new task was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewTask {
    /// `PTRACE_EVENT_FORK`: `SIGCHLD` and no `CLONE_VFORK`.
    Fork,
    /// `PTRACE_EVENT_VFORK`: `CLONE_VFORK`.
    Vfork,
    /// `PTRACE_EVENT_CLONE`: anything else, such as a thread.
    Clone,
}

/// Whose reports are waited for: those of all kinds of tracees, and of this thread's only.
/// Another thread traces another run, in which a process may have the number that one of this
/// run had.
const TRACEES: i32 = libc::__WALL | libc::__WNOTHREAD;

/// Whether something is to be reported, without taking it: an exit that isn't taken yet
/// hasn't become visible to the parent either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Nothing.
    No,
    /// A stop.
    Stop,
    /// An exit.
    Exit,
}

/// Whether `pid` has something to report. `ECHILD` means that there is no such tracee.
pub(crate) fn ready(pid: Pid) -> Result<Ready> {
    // SAFETY: an all-zero siginfo_t is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: waitid(2): `info` is writable; WNOWAIT leaves the child waitable.
    let done = unsafe {
        libc::waitid(
            libc::P_PID,
            pid.as_raw().unsigned_abs(),
            &raw mut info,
            libc::WEXITED | libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT | TRACEES,
        )
    };
    Errno::result(done)?;
    if info.si_signo == 0 {
        return Ok(Ready::No);
    }
    Ok(match info.si_code {
        libc::CLD_EXITED | libc::CLD_KILLED | libc::CLD_DUMPED => Ready::Exit,
        _ => Ready::Stop,
    })
}

/// How `pid` ended, without taking that. `None`: it hasn't.
pub(crate) fn peek_end(pid: Pid) -> Result<Option<Status>> {
    // SAFETY: an all-zero siginfo_t is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: waitid(2): `info` is writable; WNOWAIT leaves the child waitable.
    let done = unsafe {
        libc::waitid(
            libc::P_PID,
            pid.as_raw().unsigned_abs(),
            &raw mut info,
            libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | TRACEES,
        )
    };
    Errno::result(done)?;
    if info.si_signo == 0 {
        return Ok(None);
    }
    // SAFETY: waitid(2) fills in what belongs to SIGCHLD.
    let value = unsafe { info.si_status() };
    if info.si_code == libc::CLD_EXITED {
        return Ok(Some(Status::Exited(value)));
    }
    let signal = Signal::new(value).ok_or(Errno::EINVAL)?;
    let core = info.si_code == libc::CLD_DUMPED;
    Ok(Some(Status::Killed { signal, core }))
}

/// Takes what `pid` reports, waiting for it if `block`. `None`: nothing yet, or the wait
/// was interrupted by a signal (see `ticker`).
pub(crate) fn take(pid: Pid, block: bool) -> Result<Option<Report>> {
    let mut status = 0;
    let flags = TRACEES | if block { 0 } else { libc::WNOHANG };
    // SAFETY: wait4(2): `status` is writable, no rusage is asked for.
    let got = unsafe { libc::wait4(pid.as_raw(), &raw mut status, flags, std::ptr::null_mut()) };
    match Errno::result(got) {
        Ok(0) | Err(Errno::EINTR) => Ok(None),
        Ok(_) => Report::of(pid, status).map(Some),
        Err(errno) => Err(errno),
    }
}

/// Takes the end of a child of whichever thread of siglab's, waiting for it.
pub(crate) fn take_child(pid: Pid) {
    loop {
        let mut status = 0;
        // SAFETY: wait4(2): `status` is writable, no rusage is asked for.
        let got = unsafe {
            libc::wait4(
                pid.as_raw(),
                &raw mut status,
                libc::__WALL,
                std::ptr::null_mut(),
            )
        };
        if Errno::result(got) != Err(Errno::EINTR) {
            return;
        }
    }
}

/// Waits until `pid` has something to report, or a signal interrupts the wait; takes
/// nothing.
pub(crate) fn wait_for(pid: Pid) -> Result<()> {
    wait_for_some(libc::P_PID, pid.as_raw().unsigned_abs())
}

/// Waits until any tracee of this thread has something to report, or a signal interrupts
/// the wait; takes nothing.
pub(crate) fn wait_any() -> Result<()> {
    wait_for_some(libc::P_ALL, 0)
}

fn wait_for_some(what: libc::idtype_t, id: libc::id_t) -> Result<()> {
    // SAFETY: an all-zero siginfo_t is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WSTOPPED | libc::WNOWAIT | TRACEES;
    // SAFETY: waitid(2): `info` is writable; WNOWAIT leaves the child waitable.
    let done = unsafe { libc::waitid(what, id, &raw mut info, flags) };
    match Errno::result(done) {
        Ok(_) | Err(Errno::EINTR | Errno::ECHILD) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Takes the stop that `pid` is in, if it is in one that it hasn't reported yet. An exit is
/// left alone: one that has ended counts as if it weren't there.
pub(crate) fn take_stop(pid: Pid) -> Result<Option<Report>> {
    // SAFETY: an all-zero siginfo_t is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: waitid(2): `info` is writable.
    let done = unsafe {
        libc::waitid(
            libc::P_PID,
            pid.as_raw().unsigned_abs(),
            &raw mut info,
            libc::WSTOPPED | libc::WNOHANG | TRACEES,
        )
    };
    match Errno::result(done) {
        Ok(_) if info.si_signo != 0 => {}
        Ok(_) | Err(Errno::ECHILD) => return Ok(None),
        Err(errno) => return Err(errno),
    }
    // SAFETY: waitid(2) fills in what belongs to SIGCHLD.
    let stop = unsafe { info.si_status() };
    Report::of(pid, stop << 8 | 0x7f).map(Some)
}

/// Takes the end of a process that siglab has inherited, as a subreaper, through whichever of
/// its threads. Not if somebody traces it: it has only the number of one that is gone.
pub(crate) fn take_orphan(pid: Pid) {
    let Some(orphan) = super::proc::parentage(pid) else {
        return;
    };
    let siglab = i32::try_from(std::process::id()).ok();
    if !orphan.is_zombie || orphan.tracer != 0 || Some(orphan.parent) != siglab {
        return;
    }
    let mut status = 0;
    // SAFETY: wait4(2): `status` is writable, no rusage is asked for.
    unsafe {
        libc::wait4(
            pid.as_raw(),
            &raw mut status,
            libc::WNOHANG,
            std::ptr::null_mut(),
        )
    };
}

fn decode(status: i32) -> Result<Status> {
    let signal = |number| Signal::new(number).ok_or(Errno::EINVAL);
    if libc::WIFEXITED(status) {
        return Ok(Status::Exited(libc::WEXITSTATUS(status)));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(Status::Killed {
            signal: signal(libc::WTERMSIG(status))?,
            core: libc::WCOREDUMP(status),
        });
    }
    let stop = libc::WSTOPSIG(status);
    Ok(match status >> 16 {
        0 if stop == libc::SIGTRAP | 0x80 => Status::Syscall,
        0 => Status::Signal(signal(stop)?),
        libc::PTRACE_EVENT_FORK => Status::Fork(NewTask::Fork),
        libc::PTRACE_EVENT_VFORK => Status::Fork(NewTask::Vfork),
        libc::PTRACE_EVENT_CLONE => Status::Fork(NewTask::Clone),
        libc::PTRACE_EVENT_VFORK_DONE => Status::VforkDone,
        libc::PTRACE_EVENT_EXEC => Status::Exec,
        libc::PTRACE_EVENT_SECCOMP => Status::Seccomp,
        libc::PTRACE_EVENT_STOP if stop == libc::SIGTRAP => Status::EventStop,
        libc::PTRACE_EVENT_STOP => Status::GroupStop(signal(stop)?),
        _ => return Err(Errno::EPROTO),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_realtime_signals_are_understood() {
        assert_eq!(
            decode(35),
            Ok(Status::Killed {
                signal: Signal::new(35).expect("in range"),
                core: false
            })
        );
        assert_eq!(
            decode((64 << 8) | 0x7f),
            Ok(Status::Signal(Signal::new(64).expect("in range")))
        );
        assert_eq!(decode(7 << 8), Ok(Status::Exited(7)));
        assert_eq!(
            decode(0x8b),
            Ok(Status::Killed {
                signal: Signal::SEGV,
                core: true
            })
        );
        assert_eq!(
            decode(((libc::SIGTRAP | 0x80) << 8) | 0x7f),
            Ok(Status::Syscall)
        );
        let event = |event: i32, signal: i32| (event << 16) | (signal << 8) | 0x7f;
        assert_eq!(
            decode(event(libc::PTRACE_EVENT_STOP, libc::SIGTSTP)),
            Ok(Status::GroupStop(Signal::TSTP))
        );
        assert_eq!(
            decode(event(libc::PTRACE_EVENT_STOP, libc::SIGTRAP)),
            Ok(Status::EventStop)
        );
    }

    #[test]
    fn a_thread_takes_nothing_of_anothers() {
        siglab_sandbox::own_signals().expect("the kernel permits it");
        let mut child = std::process::Command::new("true")
            .spawn()
            .expect("there is true");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("in range"));
        wait_for(pid).expect("it ends");
        let by_another = std::thread::spawn(move || (ready(pid), take(pid, false).map(drop)));
        let nothing = (Err(Errno::ECHILD), Err(Errno::ECHILD));
        assert_eq!(by_another.join().expect("no panic"), nothing);
        let report = take(pid, false).expect("it is this thread's");
        assert_eq!(report.map(|report| report.status), Some(Status::Exited(0)));
        child.wait().expect_err("it was taken");
    }
}
