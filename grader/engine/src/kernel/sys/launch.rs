//! Starting the first process: clone, seize, filter, exec.
//!
//! Until it execs the child has siglab's memory, as after vfork(2): copying the page tables of
//! a siglab that has read the symbols of a few libraries takes longer than most runs do. The thread
//! that makes the child sleeps until then, so it is another one than the tracer.

use std::ffi::{CString, c_char, c_int, c_void};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::thread;

use siglab_sandbox::{Confinement, Filter, ResourceLimits};

use super::ptrace::Stopped;
use super::serve::{self, Listener};
use super::wait::{self, Status};
use super::{Errno, Pid, creds, memory, ptrace, send};
use nix::sys::signal::SigSet;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use siglab_model::Signal;

/// All that the child needs between fork and exec, made beforehand: nothing may be
/// allocated there.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) program: CString,
    pub(crate) args: Vec<CString>,
    pub(crate) env: Vec<CString>,
    pub(crate) dir: Option<CString>,
    /// Descriptors that become 0, 1 and 2.
    pub(crate) stdio: [RawFd; 3],
    /// Whether descriptor 0 becomes the controlling terminal.
    pub(crate) terminal: bool,
    pub(crate) filter: &'a Filter,
    /// What else it is confined by.
    pub(crate) confinement: Option<&'a Confinement>,
    pub(crate) limits: ResourceLimits,
    /// The pid of siglab, which is the child's parent while siglab lives.
    pub(crate) siglab: i32,
    /// Whether reading the time-stamp counter raises `SIGSEGV`.
    pub(crate) trap_time_stamp: bool,
}

/// Why the first process could not be started.
#[derive(Debug)]
pub(crate) enum LaunchError {
    /// The tracer may not trace its own child.
    Seize(Errno),
    /// exec(2) failed.
    Exec(io::Error),
    /// A step before exec failed.
    Setup(&'static str, io::Error),
}

/// A program that was started.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) pid: Pid,
    /// The stop that follows exec(2).
    pub(crate) stopped: Stopped,
    /// Where the calls arrive that siglab makes in its place.
    pub(crate) listener: Option<Listener>,
}

/// What the child was at when it failed. The codes cross a pipe.
const STEPS: [&str; 8] = [
    "exec",
    "setsid",
    "make the terminal the controlling terminal",
    "dup2",
    "change the working directory",
    "set resource limits",
    "install a seccomp filter",
    "enter the sandbox",
];

/// Starts the program. On success it is in the stop that follows exec(2), traced by the
/// calling thread.
pub(crate) fn launch(spec: &Launch<'_>) -> Result<Launched, LaunchError> {
    let setup = |step| move |error| LaunchError::Setup(step, error);
    let (go_read, mut go_write) = io::pipe().map_err(setup("pipe"))?;
    let (mut failed_read, failed_write) = io::pipe().map_err(setup("pipe"))?;
    let (listener, to_siglab) = socketpair(
        AddressFamily::Unix,
        SockType::Datagram,
        None,
        SockFlag::SOCK_CLOEXEC,
    )
    .map_err(|errno| LaunchError::Setup("socketpair", errno.into()))?;
    let (born_read, born_write) = io::pipe().map_err(setup("pipe"))?;
    let ends = Ends {
        born: born_write.as_raw_fd(),
        go: go_read.as_raw_fd(),
        never_go: go_write.as_raw_fd(),
        failed: failed_write.as_raw_fd(),
        listener: to_siglab.as_raw_fd(),
    };
    let traceable = Traceable::of(spec);
    let (pid, stopped) = thread::scope(|scope| {
        let parent = thread::Builder::new().name("launch".to_owned());
        let parent = parent
            .spawn_scoped(scope, move || make_child(spec, ends, born_write))
            .map_err(setup("start a thread"))?;
        let started = pid_of(born_read).map(|pid| {
            drop((go_read, failed_write, to_siglab));
            if let Err(errno) = ptrace::seize(pid) {
                drop(go_write);
                wait::take_child(pid);
                return Err(LaunchError::Seize(errno));
            }
            let _until_exec = traceable.seized();
            let stopped = start(pid, &mut go_write, &mut failed_read)?;
            Ok((pid, stopped))
        });
        // It has exec'd or ended. (A scope waits for what its threads do, not for them.)
        match (parent.join(), started) {
            (Ok(Ok(())), Some(started)) => started,
            (Ok(Err(errno)), _) => Err(LaunchError::Setup("clone", errno.into())),
            _ => Err(LaunchError::Setup("clone", io::ErrorKind::Other.into())),
        }
    })?;
    Ok(Launched {
        pid,
        stopped,
        listener: Listener::receive(&listener),
    })
}

/// What the child says of itself. Nothing if there is none.
fn pid_of(mut born: PipeReader) -> Option<Pid> {
    let mut pid = [0; 4];
    born.read_exact(&mut pid).ok()?;
    Some(Pid::from_raw(i32::from_ne_bytes(pid)))
}

/// Lets the child, which is seized, go on until it has exec'd.
fn start(pid: Pid, go: &mut PipeWriter, failed: &mut PipeReader) -> Result<Stopped, LaunchError> {
    // While the child lives, its parent sleeps.
    let give_up = |step, error| {
        let _ = send::kill(pid, Signal::KILL);
        while let Ok(None) = wait::take(pid, true) {}
        LaunchError::Setup(step, error)
    };
    if let Err(error) = go.write_all(b"!") {
        return Err(give_up("start the child", error));
    }
    loop {
        let report = match wait::take(pid, true) {
            Ok(Some(report)) => report,
            // Interrupted by a signal of the host's, it begins again.
            Ok(None) => continue,
            Err(errno) => return Err(give_up("wait for exec", errno.into())),
        };
        match (report.status, report.stopped) {
            (Status::Exec, Some(stopped)) => return Ok(stopped),
            (Status::Killed { signal, .. }, _) if signal == Signal::SEGV => {
                return Err(LaunchError::Exec(io::Error::from_raw_os_error(
                    libc::ENOEXEC,
                )));
            }
            (Status::Signal(Signal::SEGV), Some(stopped)) => {
                // The old program is gone, and the new one can't be loaded: its file is cut
                // short, for one. The kernel kills it.
                let _ = stopped.resume(ptrace::Resume::Cont, Some(Signal::SEGV));
            }
            (_, Some(stopped)) => {
                // A signal from outside, before there is a program that could get it.
                let _ = stopped.resume(ptrace::Resume::Cont, None);
            }
            (_, None) => break,
        }
    }
    let mut report = [0; 8];
    failed.read_exact(&mut report).map_err(|_| {
        LaunchError::Setup("start the program", io::ErrorKind::UnexpectedEof.into())
    })?;
    let [a, b, c, d, w, x, y, z] = report;
    let error = io::Error::from_raw_os_error(i32::from_ne_bytes([w, x, y, z]));
    match u32::from_ne_bytes([a, b, c, d]) {
        0 => Err(LaunchError::Exec(error)),
        step => Err(LaunchError::Setup(
            STEPS[step as usize % STEPS.len()],
            error,
        )),
    }
}

/// Lets nobody make children such that may not be traced.
struct Traceable {
    /// The child becomes nobody else. Others may be started at the same time.
    kept: Option<creds::Kept>,
    /// The child changes its ids, and what follows from that is said of its memory, which is
    /// siglab's until it execs.
    changing: Option<creds::Changing>,
}

impl Traceable {
    fn of(spec: &Launch<'_>) -> Self {
        let changes = spec.confinement.is_some();
        Self {
            kept: (!changes).then(creds::keep_traceable),
            changing: changes.then(creds::Changing::begin),
        }
    }

    /// The child is seized. What is to be held on to until it execs.
    fn seized(self) -> Option<creds::Changing> {
        drop(self.kept);
        self.changing
    }
}

/// Makes the child, and returns when it has exec'd or ended.
fn make_child(spec: &Launch<'_>, ends: Ends, born: PipeWriter) -> Result<(), Errno> {
    const STACK: usize = 128 << 10;
    // Handlers of the host's must not run in the child: what they write would be the host's.
    SigSet::all().thread_set_mask()?;
    let argv = pointers(&spec.args);
    let envp = pointers(&spec.env);
    let child = Child {
        spec,
        argv: &argv,
        envp: &envp,
        ends,
    };
    let stack = memory::Stack::new(STACK)?;
    // SAFETY: clone(2): `stack` and `child` are there until the child has another memory or has
    // ended, as this thread sleeps until then, and its thread-local variables are the
    // child's. The child allocates nothing, takes no locks, and makes calls that are for
    // itself only.
    let pid = unsafe {
        libc::clone(
            run_child,
            stack.top(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            (&raw const child).cast_mut().cast::<c_void>(),
        )
    };
    drop(born);
    Errno::result(pid).map(drop)
}

/// What the child needs.
struct Child<'a> {
    spec: &'a Launch<'a>,
    argv: &'a [*const c_char],
    envp: &'a [*const c_char],
    ends: Ends,
}

extern "C" fn run_child(child: *mut c_void) -> c_int {
    // SAFETY: `make_child` passes a `Child`, which is there as long as it is used.
    let child = unsafe { &*child.cast::<Child<'_>>() };
    child.run()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|s| s.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

/// The child's ends of what connects it with siglab until it execs.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// Takes the child's pid.
    born: RawFd,
    /// The other end of `go`, which the child closes: it must not wait for ever on a pipe that
    /// only it could write to.
    never_go: RawFd,
    /// Is readable when it may go on.
    go: RawFd,
    /// Takes what failed.
    failed: RawFd,
    /// Takes the filter's listener.
    listener: RawFd,
}

impl Child<'_> {
    fn run(&self) -> ! {
        let ends = self.ends;
        let (step, errno) = match prepare(self.spec, ends) {
            Err(failure) => failure,
            Ok(()) => {
                let program = self.spec.program.as_ptr();
                // SAFETY: execve(2): NUL-terminated strings in NULL-terminated arrays.
                unsafe { libc::execve(program, self.argv.as_ptr(), self.envp.as_ptr()) };
                (0, Errno::last_raw())
            }
        };
        let mut report = [0; 8];
        report[..4].copy_from_slice(&u32::to_ne_bytes(step));
        report[4..].copy_from_slice(&i32::to_ne_bytes(errno));
        // SAFETY: write(2): `report` is readable. Should it fail, the parent sees the exit.
        unsafe { libc::write(ends.failed, report.as_ptr().cast(), report.len()) };
        // SAFETY: _exit(2) has no preconditions and runs no handlers of the parent's.
        unsafe { libc::_exit(127) }
    }
}

/// Runs between fork and exec: only async-signal-safe functions, no allocation.
fn prepare(spec: &Launch<'_>, ends: Ends) -> Result<(), (u32, i32)> {
    fn check(step: u32, done: i32) -> Result<(), (u32, i32)> {
        if done == -1 {
            Err((step, Errno::last_raw()))
        } else {
            Ok(())
        }
    }
    let raw = |step: u32| move |error: io::Error| (step, error.raw_os_error().unwrap_or(0));
    // Should siglab die before it has seized this process, nobody else would end it:
    // pipes of processes that are started at the same time hold each other open.
    // SAFETY: prctl(2): PR_SET_PDEATHSIG takes an integer.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: getppid(2) has no preconditions.
    if unsafe { libc::getppid() } != spec.siglab {
        // SAFETY: _exit(2) has no preconditions.
        unsafe { libc::_exit(127) }
    }
    // SAFETY: close(2) has no preconditions; nobody here uses it.
    unsafe { libc::close(ends.never_go) };
    // SAFETY: getpid(2) has no preconditions.
    let pid = unsafe { libc::getpid() }.to_ne_bytes();
    // SAFETY: write(2): `pid` is readable.
    unsafe { libc::write(ends.born, pid.as_ptr().cast(), pid.len()) };
    let mut byte = 0u8;
    // The parent seizes this process first; if it can't, it closes the pipe.
    // SAFETY: read(2): `byte` is writable.
    if unsafe { libc::read(ends.go, (&raw mut byte).cast(), 1) } != 1 {
        // SAFETY: _exit(2) has no preconditions.
        unsafe { libc::_exit(127) }
    }
    // Seized, and with that bound to the tracer's life. The program finds it unset.
    // SAFETY: prctl(2): PR_SET_PDEATHSIG takes an integer.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) };
    reset_signals();
    // SAFETY: setsid(2) has no preconditions; the child is no group leader.
    check(1, unsafe { libc::setsid() })?;
    for (to, from) in (0..).zip(spec.stdio) {
        // SAFETY: dup2(2) has no preconditions. None of the three is below its target
        // unless equal to it: they come from `stdio::Plumbing`, which keeps them high.
        check(3, unsafe { libc::dup2(from, to) })?;
        if from == to {
            // SAFETY: fcntl(2) with F_SETFD has no preconditions.
            check(3, unsafe { libc::fcntl(to, libc::F_SETFD, 0) })?;
        }
    }
    if spec.terminal {
        // SAFETY: ioctl_tty(2): TIOCSCTTY takes an integer.
        check(2, unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
    }
    if let Some(confinement) = spec.confinement {
        confinement.apply(spec.terminal).map_err(raw(7))?;
    }
    if let Some(dir) = &spec.dir {
        // SAFETY: chdir(2): a NUL-terminated string.
        check(4, unsafe { libc::chdir(dir.as_ptr()) })?;
    }
    // Containers refuse it. Then addresses vary, and the trace says so.
    // SAFETY: personality(2) has no preconditions.
    unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
    if spec.trap_time_stamp {
        // SAFETY: prctl(2): PR_SET_TSC takes an integer. Should the machine not know it,
        // rdtsc stays as it is.
        unsafe { libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV) };
    }
    spec.limits.apply().map_err(raw(5))?;
    const CLOSE_RANGE_CLOEXEC: i32 = 4;
    // SAFETY: close_range(2) has no preconditions. Where it is unknown, descriptors that
    // siglab inherited stay open in the program, too.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        )
    };
    match spec.filter.install_serving().map_err(raw(6))? {
        Some(listener) => {
            serve::send_descriptor(ends.listener, listener).map_err(|errno| (6, errno as i32))
        }
        None => Ok(()),
    }
}

/// Every signal at its default and none blocked, whatever siglab was started with: Rust's
/// runtime, for one, ignores `SIGPIPE`. By the calls themselves: the functions of libc keep
/// notes, which are siglab's here.
fn reset_signals() {
    /// `struct sigaction` of the kernel: `SIG_DFL`, no flags, no restorer, an empty mask.
    static DEFAULT: [u64; 4] = [0; 4];
    const SET_SIZE: usize = size_of::<u64>();
    let none = std::ptr::null_mut::<c_void>();
    for number in 1..=64 {
        // SAFETY: rt_sigaction(2): `DEFAULT` is one. KILL and STOP are refused, which is fine.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                number,
                &raw const DEFAULT,
                none,
                SET_SIZE,
            )
        };
    }
    let empty = 0u64;
    // SAFETY: rt_sigprocmask(2): `empty` is a set.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const empty,
            none,
            SET_SIZE,
        )
    };
}
