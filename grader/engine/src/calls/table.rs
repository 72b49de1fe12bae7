//! What the engine knows of each system call: one record, from which filter, dispatch, and
//! what a wait means follow. The compiler holds it complete: `record` has no catch-all.

use siglab_model::Clock;
use siglab_sandbox::Condition;

use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::Pid;
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::busy::Seen;
use crate::tracer::next::Next;
use crate::world::call::{Remainder, Several, TimeoutStyle, Waits};
use crate::world::stirred::Wakes;

macro_rules! enters {
    ($($variant:ident: $function:ident,)*) => {
        /// What is done before a call is made, that stops.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Enter {
            /// It is refused with `EPERM`: it would be this.
            Denied(&'static str),
            $($variant,)*
        }

        impl Enter {
            /// Does it. Returns how the task goes on.
            pub(super) fn act(self, run: &mut Run<'_>, tid: Pid, regs: Regs) -> Outcome<Next> {
                match self {
                    Self::Denied(what) => run.deny(tid, regs, what),
                    $(Self::$variant => run.$function(tid, regs),)*
                }
            }
        }
    };
}

enters! {
    MqNotify: mq_notify,
    Alarm: alarm,
    BeginPlain: begin_plain,
    CallOnOther: call_on_other,
    ClockGettime: clock_gettime,
    DescriptorCall: descriptor_call,
    ExitGroup: exit_group,
    Futex: futex,
    Getaffinity: getaffinity,
    Getcpu: getcpu,
    Getitimer: getitimer,
    Getrandom: getrandom,
    Getsockopt: getsockopt,
    Gettimeofday: gettimeofday,
    NewSignalfd: new_signalfd,
    NoIoUring: no_io_uring,
    Open: open_file,
    Prctl: prctl,
    Recvmmsg: recvmmsg,
    SchedYield: sched_yield,
    SendCall: send_call,
    Setaffinity: setaffinity,
    Setitimer: setitimer,
    Setsockopt: setsockopt,
    Sigaction: sigaction,
    Sigaltstack: sigaltstack,
    SignalWait: signal_wait,
    Sigprocmask: sigprocmask,
    Sigreturn: sigreturn,
    Sigtimedwait: sigtimedwait,
    Sleep: sleep,
    Socketpair: socketpair,
    SocketInSandbox: socket_in_sandbox,
    Time: time,
    TimedWait: timed_wait,
    TimerCreate: timer_create,
    TimerDelete: timer_delete,
    TimerGetoverrun: timer_getoverrun,
    TimerGettime: timer_gettime,
    TimerSettime: timer_settime,
    TimerfdCreate: timerfd_create,
    TimerfdGettime: timerfd_gettime,
    TimerfdSettime: timerfd_settime,
    Times: times,
    WaitForChild: wait_for_child,
}

/// What the engine knows of a system call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// When it stops for siglab.
    pub(super) stops: Stops,
    /// What is done before it is made, if it stops.
    pub(super) enter: Enter,
    /// What it may wait for.
    pub(super) waits: Waits,
    /// How it takes a time-out.
    pub(super) timeout: Option<TimeoutArgument>,
    /// What it could do to other tasks, besides sending signals.
    pub(super) wakes: Wakes,
    /// Whether it waits with a signal mask of its own.
    pub(super) swaps_mask: bool,
    /// Whether nobody but the task itself can see that it was made.
    pub(super) private: bool,
    /// Whether a task that makes it again and again, without anything else, waits for time to
    /// pass or for somebody to do something.
    pub(super) asks: bool,
    /// Whether its answer depends on nothing but the run's own processes.
    pub(super) is_closed: bool,
    /// Whether it reads a clock.
    pub(super) reads_clock: bool,
    /// Whether it returns only when all its bytes are transferred, unless something comes in
    /// between; buffer and length are its second and third argument then.
    pub(super) transfers: Transfers,
    /// Whether it is told when it fails: it is about signals, waiting or children.
    pub(super) tells_failure: bool,
    /// Which time-out of a socket bounds it: `SO_RCVTIMEO`, or `SO_SNDTIMEO`.
    pub(super) receives: bool,
}

/// When a call stops for siglab. Those that don't run at native speed, and are only seen when
/// they block, or while all calls of a task are watched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stops {
    Never,
    Always,
    /// Only under virtual time.
    UnderVirtualTime,
    /// Only in a sandbox.
    InSandbox,
    /// Only of programs that may ask who traces them.
    IfSought,
    /// Only for some arguments: if any of these holds.
    When(&'static [Condition]),
    /// It fails without a stop, as on older kernels: programs and libraries cope with that.
    IsMissing,
}

impl Stops {
    /// Whether it stops with this clock whatever its arguments.
    pub(super) fn always(self, clock: Clock) -> bool {
        match self {
            Self::Always => true,
            Self::UnderVirtualTime => clock == Clock::Virtual,
            Self::Never | Self::InSandbox | Self::IfSought | Self::When(_) | Self::IsMissing => {
                false
            }
        }
    }
}

/// Whether a call transfers all that it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfers {
    /// Perhaps a part.
    Some,
    /// All.
    All,
    /// All if it has `MSG_WAITALL` among its flags, the fourth argument.
    IfWaitAll,
}

/// How a call takes its time-out.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeoutArgument {
    pub(super) argument: usize,
    pub(super) format: Format,
    pub(super) style: TimeoutStyle,
}

/// The type of a time-out argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// An integer of milliseconds; negative is for ever.
    Millis,
    /// A pointer to a `timespec`; NULL is for ever.
    Timespec,
    /// A pointer to a `timeval`; NULL is for ever.
    Timeval,
    /// A pointer to a `timespec` on this clock; NULL is for ever.
    At(i32),
    /// A pointer to a `timespec` on the clock in this argument; NULL is for ever.
    AtClockIn(usize),
}

impl Record {
    /// Runs at native speed, and never waits for anybody.
    const PLAIN: Self = Self {
        stops: Stops::Never,
        enter: Enter::BeginPlain,
        waits: Waits::Never,
        timeout: None,
        wakes: Wakes::Descriptors,
        swaps_mask: false,
        private: false,
        asks: false,
        is_closed: false,
        reads_clock: false,
        transfers: Transfers::Some,
        tells_failure: false,
        receives: false,
    };

    const fn enter(self, enter: Enter) -> Self {
        Self {
            stops: Stops::Always,
            enter,
            ..self
        }
    }

    const fn closed(self) -> Self {
        Self {
            is_closed: true,
            ..self
        }
    }

    const fn waits(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }

    const fn wakes(self, wakes: Wakes) -> Self {
        Self { wakes, ..self }
    }

    const fn private(self) -> Self {
        Self {
            wakes: Wakes::Nobody,
            private: true,
            ..self
        }
    }

    const fn stops(self, stops: Stops) -> Self {
        Self { stops, ..self }
    }

    const fn asks(self) -> Self {
        Self {
            wakes: Wakes::Nobody,
            asks: true,
            ..self
        }
    }

    /// Told when it fails.
    const fn told(self) -> Self {
        Self {
            tells_failure: true,
            ..self
        }
    }

    /// Only what comes from others.
    const fn receives(self) -> Self {
        Self {
            receives: true,
            ..self
        }
    }

    const fn transfers(self, transfers: Transfers) -> Self {
        Self { transfers, ..self }
    }

    const fn swaps_mask(self) -> Self {
        Self {
            swaps_mask: true,
            ..self
        }
    }

    /// With a time-out, and `result` when it is over.
    const fn timed(self, argument: usize, format: Format, result: i64) -> Self {
        let style = TimeoutStyle {
            result,
            remainder: Remainder::None,
            clears_sets: matches!(self.waits, Waits::Several(Several::Select)),
        };
        Self {
            timeout: Some(TimeoutArgument {
                argument,
                format,
                style,
            }),
            ..self
        }
    }
}

/// Runs at native speed, and never waits for anybody.
const fn plain() -> Record {
    Record::PLAIN
}

/// May wait for what is at the other end of the descriptors in these arguments.
const fn on(arguments: &'static [usize]) -> Record {
    Record::PLAIN.waits(Waits::Descriptors(arguments))
}

/// Is answered by siglab under virtual time.
const fn of_time(enter: Enter) -> Record {
    Record::PLAIN
        .enter(enter)
        .stops(Stops::UnderVirtualTime)
        .private()
}

/// Reaches outside of the run, or escapes the tracer, whatever its arguments.
const fn denied(what: &'static str) -> Record {
    Record::PLAIN.enter(Enter::Denied(what))
}

const fn fails(errno: i32) -> i64 {
    -(errno as i64)
}

/// The operations of fcntl(2) that stop.
const FCNTL: &[Condition] = &[
    is(1, libc::F_SETOWN as u32),
    is(1, super::descriptors::F_SETOWN_EX as u32),
    is(1, libc::F_SETLKW as u32),
    is(1, super::descriptors::F_OFD_SETLKW as u32),
    is(1, libc::F_SETFL as u32),
    is(1, libc::F_SETLEASE as u32),
    is(1, libc::F_NOTIFY as u32),
];
/// The operations of ioctl(2) that stop.
const IOCTL: &[Condition] = &[
    is(1, super::descriptors::FIOSETOWN),
    is(1, super::descriptors::SIOCSPGRP),
    is(1, libc::TIOCSTI as u32),
    is(1, libc::FIOASYNC as u32),
    is(1, libc::TIOCSCTTY as u32),
    is(1, libc::TIOCSPTLCK as u32),
];
/// The operations of prctl(2) that stop.
const PRCTL: &[Condition] = &[
    is(0, libc::PR_SET_PDEATHSIG as u32),
    is(0, libc::PR_SET_CHILD_SUBREAPER as u32),
    is(0, libc::PR_SET_DUMPABLE as u32),
    is(0, libc::PR_GET_DUMPABLE as u32),
];
/// The options of setsockopt(2) and getsockopt(2) that stop.
const SOCKET_TIMEOUTS: &[Condition] = &[
    is(2, libc::SO_RCVTIMEO as u32),
    is(2, libc::SO_SNDTIMEO as u32),
];
/// clone(2) flags that would let a process out of the tracer's sight or of its namespaces:
/// `CLONE_UNTRACED` and the `CLONE_NEW*`.
const CLONE_AWAY: &[Condition] = &[
    has(0, libc::CLONE_UNTRACED as u32),
    has(0, libc::CLONE_NEWCGROUP as u32),
    has(0, libc::CLONE_NEWIPC as u32),
    has(0, libc::CLONE_NEWNET as u32),
    has(0, libc::CLONE_NEWNS as u32),
    has(0, libc::CLONE_NEWPID as u32),
    has(0, libc::CLONE_NEWUSER as u32),
    has(0, libc::CLONE_NEWUTS as u32),
];
/// A filter with a listener outranks one that traces: seccomp_unotify(2).
const LISTENER: &[Condition] = &[has(1, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32)];
/// Every program reads its own limits when it starts; only those calls matter that have a new
/// limit, or name a process.
const NEW_LIMIT: &[Condition] = &[Condition::IsNotNull { argument: 2 }, has(0, u32::MAX)];

const fn is(argument: u8, value: u32) -> Condition {
    Condition::Is { argument, value }
}

const fn has(argument: u8, bit: u32) -> Condition {
    Condition::HasBit { argument, bit }
}

/// What the engine knows of `sys`.
pub(super) const fn record(sys: Sys) -> Record {
    use Format::{At, AtClockIn, Millis, Timespec, Timeval};
    use Sys as S;
    match sys {
        // Signals.
        S::RtSigaction => plain()
            .told()
            .enter(Enter::Sigaction)
            .wakes(Wakes::Nobody)
            .closed(),
        S::RtSigprocmask => plain().told().enter(Enter::Sigprocmask).asks().closed(),
        S::RtSigreturn => plain()
            .enter(Enter::Sigreturn)
            .wakes(Wakes::Nobody)
            .closed(),
        S::Sigaltstack => plain().enter(Enter::Sigaltstack).private().closed(),
        S::RtSigpending => plain().asks().closed(),
        S::Pause => plain()
            .told()
            .enter(Enter::SignalWait)
            .waits(Waits::Signals)
            .wakes(Wakes::Nobody),
        S::RtSigsuspend => plain()
            .told()
            .enter(Enter::SignalWait)
            .waits(Waits::Signals)
            .swaps_mask()
            .wakes(Wakes::Nobody),
        S::RtSigtimedwait => plain()
            .told()
            .enter(Enter::Sigtimedwait)
            .waits(Waits::Signals)
            .timed(2, Timespec, fails(libc::EAGAIN))
            .asks(),
        S::Signalfd | S::Signalfd4 => plain().told().enter(Enter::NewSignalfd),
        S::Kill
        | S::Tkill
        | S::Tgkill
        | S::RtSigqueueinfo
        | S::RtTgsigqueueinfo
        | S::PidfdSendSignal => plain().enter(Enter::SendCall).wakes(Wakes::Nobody).closed(),

        // Who gets what is sent to a group.
        S::Setpgid => plain().enter(Enter::BeginPlain).told(),

        // Waiting.
        S::Wait4 | S::Waitid => plain()
            .told()
            .enter(Enter::WaitForChild)
            .waits(Waits::Children)
            .asks()
            .closed(),
        S::Poll => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Poll))
            .timed(2, Millis, 0)
            .asks(),
        S::Ppoll => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Poll))
            .timed(2, Timespec, 0)
            .swaps_mask()
            .asks(),
        S::Select => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Select))
            .timed(4, Timeval, 0)
            .asks(),
        S::Pselect6 => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Select))
            .timed(4, Timespec, 0)
            .swaps_mask()
            .asks(),
        S::EpollWait | S::EpollWaitOld => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Epoll))
            .timed(3, Millis, 0)
            .asks(),
        S::EpollPwait => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Epoll))
            .timed(3, Millis, 0)
            .swaps_mask()
            .asks(),
        S::EpollPwait2 => plain()
            .told()
            .enter(Enter::TimedWait)
            .waits(Waits::Several(Several::Epoll))
            .timed(3, Timespec, 0)
            .swaps_mask()
            .asks(),
        S::Futex => plain()
            .enter(Enter::Futex)
            .waits(Waits::Lock)
            .wakes(Wakes::Locks),
        S::FutexWaitv => plain().enter(Enter::TimedWait).waits(Waits::Lock).timed(
            3,
            AtClockIn(4),
            fails(libc::ETIMEDOUT),
        ),
        S::FutexWait => plain().enter(Enter::TimedWait).waits(Waits::Lock).timed(
            4,
            AtClockIn(5),
            fails(libc::ETIMEDOUT),
        ),
        S::FutexWake | S::FutexRequeue => plain().enter(Enter::BeginPlain).wakes(Wakes::Locks),
        S::Nanosleep | S::ClockNanosleep => plain()
            .told()
            .enter(Enter::Sleep)
            .waits(Waits::Signals)
            .asks(),
        S::Semop => plain().enter(Enter::BeginPlain).waits(Waits::Others),
        S::Semtimedop => plain().enter(Enter::TimedWait).waits(Waits::Others).timed(
            3,
            Timespec,
            fails(libc::EAGAIN),
        ),
        S::MqTimedsend | S::MqTimedreceive => plain()
            .enter(Enter::TimedWait)
            .waits(Waits::Descriptors(&[0]))
            .timed(4, At(libc::CLOCK_REALTIME), fails(libc::ETIMEDOUT)),
        S::IoGetevents => plain()
            .enter(Enter::TimedWait)
            .waits(Waits::Others)
            .timed(4, Timespec, 0),
        S::IoPgetevents => plain()
            .enter(Enter::TimedWait)
            .waits(Waits::Others)
            .timed(4, Timespec, 0)
            .swaps_mask(),
        S::MqNotify => plain().enter(Enter::MqNotify),
        S::Msgsnd | S::Msgrcv => plain().waits(Waits::Others),
        // What can't be done later is done at once: aio_read in fs/aio.c.
        S::IoSubmit => plain().waits(Waits::Several(Several::Iocbs)),
        S::SchedYield => plain().enter(Enter::SchedYield).private().asks().closed(),

        // Reading and writing.
        S::Read | S::Readv | S::Preadv | S::Preadv2 | S::Pread64 => on(&[0]).receives(),
        S::Write => on(&[0]).transfers(Transfers::All),
        S::Writev | S::Pwritev | S::Pwritev2 | S::Pwrite64 | S::Vmsplice => on(&[0]),
        S::Recvfrom => on(&[0]).receives().transfers(Transfers::IfWaitAll),
        S::Recvmsg => on(&[0]).receives(),
        S::Recvmmsg => on(&[0]).receives().enter(Enter::Recvmmsg),
        S::Sendto => on(&[0]).transfers(Transfers::All),
        S::Sendmsg | S::Sendmmsg => on(&[0]),
        S::Splice | S::CopyFileRange => on(&[0, 2]),
        S::Tee => on(&[0, 1]),
        S::Sendfile => on(&[0, 1]),
        S::Accept | S::Accept4 => on(&[0]).enter(Enter::BeginPlain).receives(),
        S::Connect => on(&[0]).enter(Enter::BeginPlain),
        S::Flock => plain().enter(Enter::BeginPlain).waits(Waits::Others),
        S::Fcntl => plain()
            .enter(Enter::DescriptorCall)
            .stops(Stops::When(FCNTL))
            .waits(Waits::Others),
        S::Ioctl => on(&[0])
            .enter(Enter::DescriptorCall)
            .stops(Stops::When(IOCTL)),
        S::Setsockopt => plain()
            .enter(Enter::Setsockopt)
            .stops(Stops::When(SOCKET_TIMEOUTS)),
        S::Getsockopt => plain()
            .enter(Enter::Getsockopt)
            .stops(Stops::When(SOCKET_TIMEOUTS)),
        S::Socketpair => plain().enter(Enter::Socketpair),
        S::Socket => plain()
            .enter(Enter::SocketInSandbox)
            .stops(Stops::InSandbox),
        // A FIFO is opened when its other end is.
        S::Open | S::Openat | S::Openat2 => plain()
            .enter(Enter::Open)
            .stops(Stops::IfSought)
            .waits(Waits::Others),
        S::Creat | S::OpenByHandleAt => plain().waits(Waits::Others),

        // Time.
        S::ClockGettime => Record {
            reads_clock: true,
            ..of_time(Enter::ClockGettime).asks()
        },
        S::Gettimeofday => Record {
            reads_clock: true,
            ..of_time(Enter::Gettimeofday).asks()
        },
        S::Time => Record {
            reads_clock: true,
            ..of_time(Enter::Time).asks()
        },
        S::Times => Record {
            reads_clock: true,
            ..of_time(Enter::Times).asks()
        },
        S::Alarm => of_time(Enter::Alarm),
        S::Setitimer => of_time(Enter::Setitimer),
        S::Getitimer => of_time(Enter::Getitimer).asks(),
        S::TimerCreate => of_time(Enter::TimerCreate),
        S::TimerSettime => of_time(Enter::TimerSettime),
        S::TimerGettime => of_time(Enter::TimerGettime).asks(),
        S::TimerGetoverrun => of_time(Enter::TimerGetoverrun).asks(),
        S::TimerDelete => of_time(Enter::TimerDelete),
        S::TimerfdCreate => of_time(Enter::TimerfdCreate),
        S::TimerfdSettime => of_time(Enter::TimerfdSettime),
        S::TimerfdGettime => of_time(Enter::TimerfdGettime).asks(),
        S::ClockGetres => plain().private(),

        // Processes.
        S::ExitGroup => plain().enter(Enter::ExitGroup).wakes(Wakes::Nobody),
        S::Exit => plain().wakes(Wakes::Nobody),
        S::Clone => plain()
            .enter(Enter::Denied(
                "a process that can't be traced, or in a new namespace",
            ))
            .stops(Stops::When(CLONE_AWAY))
            .wakes(Wakes::Nobody),
        // The flags of the first are in memory, where another thread could change them after
        // a check; the second would show the processor.
        S::Clone3 | S::Rseq => plain().stops(Stops::IsMissing),
        S::Fork | S::Vfork | S::Execve | S::Execveat => plain().wakes(Wakes::Nobody),
        S::Prlimit64 => plain()
            .enter(Enter::CallOnOther)
            .stops(Stops::When(NEW_LIMIT))
            .private(),
        S::SchedSetparam
        | S::SchedSetscheduler
        | S::SchedSetattr
        | S::MigratePages
        | S::MovePages
        | S::Setpriority
        | S::IoprioSet => plain().enter(Enter::CallOnOther),
        S::SchedGetaffinity => plain().enter(Enter::Getaffinity).private(),
        S::SchedSetaffinity => plain().enter(Enter::Setaffinity),
        S::Getcpu => plain().enter(Enter::Getcpu),
        S::Getrandom => plain().enter(Enter::Getrandom).private(),

        // What reaches outside of the run.
        S::Ptrace => denied("tracing a process"),
        S::ProcessVmReadv | S::ProcessVmWritev => denied("another process's memory"),
        S::PidfdGetfd => denied("another process's descriptors"),
        S::ClockSettime | S::Settimeofday | S::ClockAdjtime | S::Adjtimex => {
            denied("setting the machine's clock")
        }
        S::Reboot => denied("stopping the machine"),
        S::Bpf => denied("a program in the kernel"),
        S::PerfEventOpen => denied("measuring other processes"),
        S::Userfaultfd => denied("handling page faults"),
        S::Keyctl | S::AddKey | S::RequestKey => denied("keys of the user's"),
        S::Setns | S::Unshare => denied("another namespace"),
        S::Seccomp => {
            denied("a filter that would answer before siglab's").stops(Stops::When(LISTENER))
        }
        S::IoUringSetup => plain().enter(Enter::NoIoUring),
        S::IoUringEnter | S::IoUringRegister => plain().waits(Waits::Unknown),

        S::Prctl => plain()
            .enter(Enter::Prctl)
            .stops(Stops::When(PRCTL))
            .private(),

        // Of its own memory, or about who it is.
        S::Brk
        | S::Mmap
        | S::Munmap
        | S::Mprotect
        | S::Mremap
        | S::Madvise
        | S::ArchPrctl
        | S::SetTidAddress
        | S::SetRobustList
        | S::Gettid
        | S::Getuid
        | S::Geteuid
        | S::Getgid
        | S::Getegid
        | S::Fstat
        | S::Newfstatat => plain().private(),

        // What may ask whether something has happened yet.
        S::Getpid | S::Getppid | S::Getpgrp | S::Getpgid | S::Getsid => plain().asks().closed(),
        S::Stat | S::Lstat | S::Statx | S::Access | S::Faccessat | S::Faccessat2 => plain().asks(),

        // Calls that sleep for the machine at most.
        S::Close
        | S::CloseRange
        | S::Lseek
        | S::Pipe
        | S::Pipe2
        | S::Msync
        | S::Mincore
        | S::Shmget
        | S::Shmat
        | S::Shmctl
        | S::Shmdt
        | S::Semget
        | S::Semctl
        | S::Msgget
        | S::Msgctl
        | S::Dup
        | S::Dup2
        | S::Dup3
        | S::Shutdown
        | S::Bind
        | S::Listen
        | S::Getsockname
        | S::Getpeername
        | S::Uname
        | S::Fsync
        | S::Fdatasync
        | S::Truncate
        | S::Ftruncate
        | S::Getdents
        | S::Getdents64
        | S::Getcwd
        | S::Chdir
        | S::Fchdir
        | S::Rename
        | S::Renameat
        | S::Renameat2
        | S::Mkdir
        | S::Mkdirat
        | S::Rmdir
        | S::Link
        | S::Linkat
        | S::Unlink
        | S::Unlinkat
        | S::Symlink
        | S::Symlinkat
        | S::Readlink
        | S::Readlinkat
        | S::Chmod
        | S::Fchmod
        | S::Fchmodat
        | S::Fchmodat2
        | S::Chown
        | S::Fchown
        | S::Lchown
        | S::Fchownat
        | S::Umask
        | S::Getrlimit
        | S::Setrlimit
        | S::Getrusage
        | S::Sysinfo
        | S::Setuid
        | S::Setgid
        | S::Setsid
        | S::Setreuid
        | S::Setregid
        | S::Getgroups
        | S::Setgroups
        | S::Setresuid
        | S::Getresuid
        | S::Setresgid
        | S::Getresgid
        | S::Setfsuid
        | S::Setfsgid
        | S::Capget
        | S::Capset
        | S::Utime
        | S::Utimes
        | S::Futimesat
        | S::Utimensat
        | S::Mknod
        | S::Mknodat
        | S::Uselib
        | S::Personality
        | S::Ustat
        | S::Statfs
        | S::Fstatfs
        | S::Sysfs
        | S::Getpriority
        | S::SchedGetparam
        | S::SchedGetscheduler
        | S::SchedGetattr
        | S::SchedGetPriorityMax
        | S::SchedGetPriorityMin
        | S::SchedRrGetInterval
        | S::IoprioGet
        | S::Mlock
        | S::Mlock2
        | S::Munlock
        | S::Mlockall
        | S::Munlockall
        | S::Mseal
        | S::ModifyLdt
        | S::SetThreadArea
        | S::GetThreadArea
        | S::Sync
        | S::Syncfs
        | S::SyncFileRange
        | S::Readahead
        | S::Fadvise64
        | S::Fallocate
        | S::RemapFilePages
        | S::Setxattr
        | S::Lsetxattr
        | S::Fsetxattr
        | S::Setxattrat
        | S::Getxattr
        | S::Lgetxattr
        | S::Fgetxattr
        | S::Getxattrat
        | S::Listxattr
        | S::Llistxattr
        | S::Flistxattr
        | S::Listxattrat
        | S::Removexattr
        | S::Lremovexattr
        | S::Fremovexattr
        | S::Removexattrat
        | S::IoSetup
        | S::IoDestroy
        | S::IoCancel
        | S::EpollCreate
        | S::EpollCreate1
        | S::EpollCtl
        | S::EpollCtlOld
        | S::Eventfd
        | S::Eventfd2
        | S::InotifyInit
        | S::InotifyInit1
        | S::InotifyAddWatch
        | S::InotifyRmWatch
        | S::RestartSyscall
        | S::Mbind
        | S::SetMempolicy
        | S::SetMempolicyHomeNode
        | S::GetMempolicy
        | S::MqOpen
        | S::MqUnlink
        | S::MqGetsetattr
        | S::GetRobustList
        | S::FanotifyInit
        | S::FanotifyMark
        | S::NameToHandleAt
        | S::Kcmp
        | S::MemfdCreate
        | S::MemfdSecret
        | S::Membarrier
        | S::PkeyMprotect
        | S::PkeyAlloc
        | S::PkeyFree
        | S::PidfdOpen
        | S::ProcessMadvise
        | S::ProcessMrelease
        | S::Cachestat
        | S::MapShadowStack
        | S::LandlockCreateRuleset
        | S::LandlockAddRule
        | S::LandlockRestrictSelf
        | S::LsmGetSelfAttr
        | S::LsmSetSelfAttr
        | S::LsmListModules
        | S::Statmount
        | S::Listmount
        | S::FileGetattr
        | S::FileSetattr
        | S::LookupDcookie
        | S::Syslog
        | S::Sethostname
        | S::Setdomainname
        | S::Uretprobe
        | S::Uprobe => plain(),

        // For administrators; whether they wait, and for whom, isn't known.
        S::Vhangup
        | S::PivotRoot
        | S::Sysctl
        | S::Chroot
        | S::Acct
        | S::Mount
        | S::Umount2
        | S::Swapon
        | S::Swapoff
        | S::Iopl
        | S::Ioperm
        | S::CreateModule
        | S::InitModule
        | S::FinitModule
        | S::DeleteModule
        | S::GetKernelSyms
        | S::QueryModule
        | S::Quotactl
        | S::QuotactlFd
        | S::Nfsservctl
        | S::Getpmsg
        | S::Putpmsg
        | S::AfsSyscall
        | S::Tuxcall
        | S::Security
        | S::Vserver
        | S::KexecLoad
        | S::KexecFileLoad
        | S::OpenTree
        | S::OpenTreeAttr
        | S::MoveMount
        | S::Fsopen
        | S::Fsconfig
        | S::Fsmount
        | S::Fspick
        | S::MountSetattr => plain().waits(Waits::Unknown),
    }
}

/// What a call says about the task that makes it.
pub(super) fn seen(sys: Sys, regs: &Regs) -> Seen {
    let record = record(sys);
    let argument = |index: usize| regs.arg(index) as u32 as i32;
    let asks = match sys {
        // Whether a process or thread is there.
        Sys::Kill | Sys::Tkill | Sys::PidfdSendSignal => argument(1) == 0,
        Sys::Tgkill => argument(2) == 0,
        // What is done with a signal.
        Sys::RtSigaction => regs.arg(1) == 0,
        Sys::Sigaltstack => regs.arg(0) == 0,
        _ => record.asks,
    };
    // What these keep isn't compared: a program could count in it.
    let keeps = matches!(sys, Sys::RtSigaction | Sys::Sigaltstack) && !asks;
    // Whether a process is there that isn't of the run is nothing that the run decides.
    let is_probe = asks
        && matches!(
            sys,
            Sys::Kill | Sys::Tkill | Sys::Tgkill | Sys::PidfdSendSignal
        );
    Seen {
        sys,
        asks,
        reads_clock: record.reads_clock,
        is_closed: record.is_closed && !keeps && !is_probe,
    }
}
