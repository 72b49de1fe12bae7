//! `siginfo_t`: reading what the kernel filled in, and what siglab disguises.

use siglab_model::{Role, SigInfo};

use crate::kernel::sys::send::QueuedInfo;
use crate::kernel::sys::{Pid, memory};

/// The `si_code` under which siglab sends a signal in the kernel's name; it is replaced by
/// `SI_KERNEL` before the program sees it. The kernel lets a process choose codes below 0.
pub(crate) const ALARM_MARK: i32 = -77;

/// The `si_code` under which siglab hands a signal for a process to one of its threads; the
/// whole siginfo is put back before the program sees it.
pub(crate) const PASSED_MARK: i32 = -78;

pub(crate) const SI_USER: i32 = 0;
const SI_KERNEL: i32 = 0x80;
pub(crate) const SI_QUEUE: i32 = -1;
pub(crate) const SI_TIMER: i32 = -2;
const SI_MESGQ: i32 = -3;
const SI_ASYNCIO: i32 = -4;
const SI_SIGIO: i32 = -5;
pub(crate) const SI_TKILL: i32 = -6;

/// The same bytes as a [`QueuedInfo`].
pub(crate) fn fields(raw: &libc::siginfo_t) -> QueuedInfo {
    crate::kernel::sys::send::fields(raw)
}

/// Makes it what the kernel sends by itself: `SI_KERNEL`, no sender.
pub(crate) fn make_kernels(raw: &mut libc::siginfo_t) {
    let mut new = fields(raw);
    new.code = SI_KERNEL;
    new.first = 0;
    new.second = 0;
    new.value = 0;
    *raw = crate::kernel::sys::send::siginfo(&new);
}

/// Whether `tgkill`, or the processor, directed it to one thread.
pub(crate) fn is_thread_directed(raw: &libc::siginfo_t) -> bool {
    raw.si_code == SI_TKILL
        || (raw.si_code > 0
            && matches!(
                raw.si_signo,
                libc::SIGSEGV
                    | libc::SIGBUS
                    | libc::SIGFPE
                    | libc::SIGILL
                    | libc::SIGTRAP
                    | libc::SIGSYS
                    | libc::SIGPIPE
            ))
}

/// As it is written to the trace. `role_of` names pids.
pub(crate) fn describe(raw: &libc::siginfo_t, role_of: impl Fn(i32) -> Option<Role>) -> SigInfo {
    let f = fields(raw);
    let is_child = raw.si_signo == libc::SIGCHLD && raw.si_code > 0;
    let has_sender = matches!(raw.si_code, SI_USER | SI_QUEUE | SI_TKILL | SI_MESGQ) || is_child;
    SigInfo {
        code: code_name(raw.si_signo, raw.si_code),
        pid: has_sender.then(|| role_of(f.first)).flatten(),
        value: matches!(raw.si_code, SI_QUEUE | SI_TIMER | SI_MESGQ).then_some(i64::from(
            // sival_int is the lower half.
            f.value as u32 as i32,
        )),
        status: is_child.then_some(f.value as u32 as i32),
        overrun: (raw.si_code == SI_TIMER && f.second != 0).then_some(f.second),
    }
}

/// The name of a `si_code`: sigaction(2).
fn code_name(signal: i32, code: i32) -> String {
    let name = match (signal, code) {
        (_, SI_USER) => "SI_USER",
        (_, SI_KERNEL) => "SI_KERNEL",
        (_, SI_QUEUE) => "SI_QUEUE",
        (_, SI_TIMER) => "SI_TIMER",
        (_, SI_MESGQ) => "SI_MESGQ",
        (_, SI_ASYNCIO) => "SI_ASYNCIO",
        (_, SI_SIGIO) => "SI_SIGIO",
        (_, SI_TKILL) => "SI_TKILL",
        (libc::SIGCHLD, libc::CLD_EXITED) => "CLD_EXITED",
        (libc::SIGCHLD, libc::CLD_KILLED) => "CLD_KILLED",
        (libc::SIGCHLD, libc::CLD_DUMPED) => "CLD_DUMPED",
        (libc::SIGCHLD, libc::CLD_TRAPPED) => "CLD_TRAPPED",
        (libc::SIGCHLD, libc::CLD_STOPPED) => "CLD_STOPPED",
        (libc::SIGCHLD, libc::CLD_CONTINUED) => "CLD_CONTINUED",
        (libc::SIGFPE, 1) => "FPE_INTDIV",
        (libc::SIGFPE, 2) => "FPE_INTOVF",
        (libc::SIGFPE, 3) => "FPE_FLTDIV",
        (libc::SIGFPE, 4) => "FPE_FLTOVF",
        (libc::SIGFPE, 5) => "FPE_FLTUND",
        (libc::SIGFPE, 6) => "FPE_FLTRES",
        (libc::SIGFPE, 7) => "FPE_FLTINV",
        (libc::SIGILL, 1) => "ILL_ILLOPC",
        (libc::SIGILL, 2) => "ILL_ILLOPN",
        (libc::SIGSEGV, 1) => "SEGV_MAPERR",
        (libc::SIGSEGV, 2) => "SEGV_ACCERR",
        (libc::SIGBUS, 1) => "BUS_ADRALN",
        (libc::SIGBUS, 2) => "BUS_ADRERR",
        (libc::SIGTRAP, 1) => "TRAP_BRKPT",
        (libc::SIGTRAP, 2) => "TRAP_TRACE",
        (libc::SIGIO, 1) => "POLL_IN",
        (libc::SIGIO, 2) => "POLL_OUT",
        (libc::SIGSYS, 1) => "SYS_SECCOMP",
        _ => return code.to_string(),
    };
    name.to_owned()
}

/// The `siginfo_t` at an address of a task.
pub(crate) fn read(tid: Pid, address: u64) -> crate::kernel::sys::Result<libc::siginfo_t> {
    Ok(crate::kernel::sys::send::siginfo(&memory::read::<
        QueuedInfo,
    >(tid, address)?))
}

/// The fields that siglab needs of a `struct signalfd_siginfo`: signalfd(2).
pub(crate) fn from_signalfd(bytes: &[u8; 128]) -> libc::siginfo_t {
    let word =
        |at: usize| i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (signal, code) = (word(0), word(8));
    let (pid, uid, timer, overrun, status, value) =
        (word(12), word(16), word(24), word(32), word(40), word(44));
    let is_child = signal == libc::SIGCHLD && code > 0;
    let (first, second) = if code == SI_TIMER {
        (timer, overrun)
    } else {
        (pid, uid)
    };
    let value = if is_child { status } else { value };
    let mut info = QueuedInfo::new(
        siglab_model::Signal::HUP,
        code,
        first,
        second,
        value as u32 as u64,
    );
    info.signo = signal;
    crate::kernel::sys::send::siginfo(&info)
}

/// The `struct signalfd_siginfo` `bytes` with the changed fields of `raw`.
pub(crate) fn to_signalfd(raw: &libc::siginfo_t, mut bytes: [u8; 128]) -> [u8; 128] {
    let f = fields(raw);
    let mut set = |at: usize, value: i32| bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    set(8, f.code);
    if f.code == SI_TIMER {
        set(24, f.first);
        set(32, f.second);
    } else {
        set(12, f.first);
        set(16, f.second);
        set(44, f.value as u32 as i32);
    }
    bytes
}
