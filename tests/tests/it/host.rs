//! The process that siglab is in: whatever its state, a run is the same, and afterwards
//! its state is what it was. Each test has a process of its own, which it may spoil.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio as Streams};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal as Number, sigaction, signal,
    sigprocmask,
};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use siglab_engine::{Cancel, Command, Error, Limits, Options, Script, Stdio, run};
use siglab_model::{Clock, LimitKind, ProcessStatus, Signal, Time};
use siglab_sandbox::{Filter, Rule};
use siglab_tests::build::c_program;
use siglab_tests::own_process;
use siglab_tests::twin::{output_of, run_natively};

/// The traces of programs that have children, threads, handlers and time-outs.
struct Programs(Vec<(PathBuf, Script)>);

impl Programs {
    fn new() -> Self {
        let sample = |name| c_samples::path(name).expect("there is such a sample");
        let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
        let double = Script::default()
            .send_at(at(500), Signal::INT, "main")
            .send_at(at(1200), Signal::INT, "main");
        Self(vec![
            (sample("terminator"), double),
            (sample("more_info"), Script::default()),
            (c_program("host_threads", &[]), Script::default()),
            (c_program("host_inherits", &[]), Script::default()),
        ])
    }

    fn try_traces(&self) -> Result<Vec<String>, Error> {
        self.0
            .iter()
            .map(|(program, script)| {
                let trace = run(&Command::new(program), script, &Options::default())?;
                Ok(trace.to_jsonl())
            })
            .collect()
    }

    fn traces(&self) -> Vec<String> {
        self.try_traces().expect("they can be run")
    }
}

/// What of the state of this process and thread has to be the same after a run.
#[derive(Debug, PartialEq, Eq)]
struct Caller {
    /// Signals: pending, blocked, ignored, caught; processors.
    status: Vec<String>,
    threads: usize,
    fds: Vec<String>,
    children: Vec<String>,
}

impl Caller {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status").expect("/proc is mounted");
        let wanted = [
            "SigPnd",
            "ShdPnd",
            "SigBlk",
            "SigIgn",
            "SigCgt",
            "Cpus_allowed",
        ];
        let status = status
            .lines()
            .filter_map(|line| line.split_once(":\t"))
            .filter(|(key, _)| wanted.contains(key))
            .map(|(key, value)| match key {
                "SigCgt" => format!("{key} {:x}", without(libc::SIGRTMAX() - 2, value)),
                // A handler for it may be about to run on another thread.
                "ShdPnd" => format!("{key} {:x}", without(libc::SIGCHLD, value)),
                _ => format!("{key} {value}"),
            })
            .collect();
        let mut fds: Vec<_> = fs::read_dir("/proc/self/fd")
            .expect("/proc is mounted")
            .flatten()
            .filter_map(|fd| {
                // The directory itself is closed by now.
                let target = fs::read_link(fd.path()).ok()?;
                Some(format!("{:?} {}", fd.file_name(), target.display()))
            })
            .collect();
        fds.sort();
        Self {
            status,
            threads: threads(),
            fds,
            children: children(),
        }
    }
}

/// A signal set as in /proc without one signal. Of the dispositions a run changes that of
/// SIGRTMAX-2 only.
fn without(number: i32, set: &str) -> u64 {
    let set = u64::from_str_radix(set, 16).expect("a signal set");
    set & !(1 << (number - 1))
}

/// The threads of this process. One that was joined may still be there, on its last way
/// through the kernel.
fn threads() -> usize {
    /// `PF_EXITING` of linux/sched.h, in field 9 of proc_pid_stat(5).
    const EXITING: u64 = 4;
    let is_there = |stat: &str| {
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let flags = after_name.split_whitespace().nth(6);
        let flags: u64 = flags.and_then(|it| it.parse().ok()).expect("a number");
        flags & EXITING == 0
    };
    let tasks = fs::read_dir("/proc/self/task").expect("/proc is mounted");
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("stat")).ok())
        .filter(|stat| is_there(stat))
        .count()
}

/// All children of this process, zombies, too.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc is mounted");
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|line| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Sets the disposition of a signal in this process, which is the test's own.
fn set(number: Number, handler: SigHandler) {
    #[expect(unsafe_code, reason = "the test is about dispositions")]
    // SAFETY: sigaction(2): the only handler that is passed does nothing.
    let before = unsafe { signal(number, handler) };
    before.expect("it can be set");
}

extern "C" fn do_nothing(_: i32) {}

/// How often [`count_interruption`] ran on a tracer's thread.
static OF_TRACER: AtomicUsize = AtomicUsize::new(0);

/// How often it ran on another one.
static OF_OTHERS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_interruption(_: i32) {
    let mut name = [0_u8; 16];
    #[expect(
        unsafe_code,
        reason = "the standard library's way isn't async-signal-safe"
    )]
    // SAFETY: prctl(2): PR_GET_NAME writes up to 16 bytes. It leaves errno alone, as it
    // can't fail.
    unsafe {
        libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr())
    };
    let counter = if name.starts_with(b"tracer\0") {
        &OF_TRACER
    } else {
        &OF_OTHERS
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Makes sure that the programs run as ever after `change`, and that they leave this
/// process as that has made it.
fn check_after(change: impl FnOnce()) {
    let programs = Programs::new();
    let expected = programs.traces();
    change();
    let before = Caller::now();
    for _ in 0..3 {
        assert_eq!(programs.traces(), expected);
        assert_eq!(Caller::now(), before);
    }
}

own_process! {
    /// Children of such a process are never zombies: waiting for them fails.
    #[test]
    fn caller_ignores_sigchld() {
        check_after(|| set(Number::SIGCHLD, SigHandler::SigIgn));
    }

    /// Each stop of a tracee is a SIGCHLD.
    #[test]
    fn caller_handles_sigchld() {
        check_after(|| set(Number::SIGCHLD, SigHandler::Handler(do_nothing)));
    }

    /// What interrupts a thread makes its calls fail with `EINTR`: the stops and ends of
    /// tracees are the tracer's affair, as far as that is in siglab's hands.
    #[test]
    fn other_threads_of_the_caller_are_not_interrupted() {
        let programs = Programs::new();
        let expected = programs.traces();
        // Never with SA_RESTART, so that the tracer's own calls are interrupted, too.
        for flags in [SaFlags::empty(), SaFlags::SA_NOCLDSTOP] {
            let handler = SigHandler::Handler(count_interruption);
            let action = SigAction::new(handler, flags, SigSet::empty());
            #[expect(unsafe_code, reason = "the test is about dispositions")]
            // SAFETY: sigaction(2): the handler is async-signal-safe.
            let before = unsafe { sigaction(Number::SIGCHLD, &action) };
            before.expect("it can be set");
            for _ in 0..10 {
                assert_eq!(programs.traces(), expected, "{flags:?}");
            }
        }
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let (of_tracer, of_others) = (count(&OF_TRACER), count(&OF_OTHERS));
        assert_ne!(of_tracer, 0);
        // On a crowded machine a few are taken by others: see `ticker`. If the tracer blocked
        // SIGCHLD, all would be.
        assert!(of_others * 100 <= of_tracer, "{of_others}, and {of_tracer} on the tracer");
    }

    /// As every Rust program does.
    #[test]
    fn caller_ignores_what_it_can() {
        check_after(|| {
            for number in Number::iterator() {
                if !matches!(number, Number::SIGKILL | Number::SIGSTOP) {
                    set(number, SigHandler::SigIgn);
                }
            }
        });
    }

    /// Signal masks are inherited by threads and by children.
    #[test]
    fn caller_blocks_all_signals() {
        check_after(|| {
            let all = SigSet::all();
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&all), None).expect("the set is valid");
        });
    }

    /// A signal that is pending for the caller is not the program's.
    #[test]
    fn caller_has_a_pending_signal() {
        check_after(|| {
            let set = SigSet::from(Number::SIGTERM);
            sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None).expect("the set is valid");
            nix::sys::signal::raise(Number::SIGTERM).expect("it goes to this thread");
        });
    }

    /// siglab pins its own thread; the program is told the caller's processors.
    #[test]
    fn caller_is_on_one_processor() {
        let this = Pid::from_raw(0);
        let all = sched_getaffinity(this).expect("it can be read");
        let is_set = |cpu: &usize| all.is_set(*cpu).unwrap_or(false);
        let last = (0..CpuSet::count()).rfind(is_set).expect("there is one");
        let mut one = CpuSet::new();
        one.set(last).expect("it is in range");
        sched_setaffinity(this, &one).expect("it is one of them");
        let program = c_program("host_inherits", &[]);
        let trace = run(&Command::new(&program), &Script::default(), &Options::default());
        let text = output_of(&trace.expect("it can be run"));
        assert!(text.contains("processors: 1\n"), "{text}");
        check_after(|| {});
    }

    /// Limits for core files and files.
    #[test]
    fn caller_has_other_limits() {
        check_after(|| {
            for resource in [Resource::RLIMIT_CORE, Resource::RLIMIT_FSIZE] {
                let (_, hard) = getrlimit(resource).expect("it can be read");
                setrlimit(resource, 0, hard).expect("it is less than before");
            }
        });
        check_after(|| {
            let (_, hard) = getrlimit(Resource::RLIMIT_CORE).expect("it can be read");
            setrlimit(Resource::RLIMIT_CORE, hard, hard).expect("it is permitted");
        });
    }

    /// Descriptors 0, 1 and 2 are the first that a new pipe gets then.
    #[test]
    fn caller_has_closed_its_standard_streams() {
        let programs = Programs::new();
        let expected = programs.traces();
        for closed in 1..8 {
            let fds: Vec<i32> = (0..3).filter(|fd| closed >> fd & 1 == 1).collect();
            let copies: Vec<OwnedFd> = fds.iter().map(|fd| close_for_now(*fd)).collect();
            let before = Caller::now();
            let traces = programs.try_traces();
            let other = [Stdio::PassThrough, Stdio::Terminal { rows: 24, columns: 80 }]
                .map(|stdio| {
                    let mut command = Command::new(&programs.0[1].0);
                    command.stdio = stdio;
                    run(&command, &Script::default(), &Options::default())
                });
            let after = Caller::now();
            for (fd, copy) in fds.iter().zip(copies) {
                reopen(copy, *fd);
            }
            assert_eq!(traces.expect("they can be run"), expected, "without {fds:?}");
            assert_eq!(after, before, "without {fds:?}");
            for result in other {
                match result {
                    Ok(trace) => {
                        let end = Some(ProcessStatus::Exited(0));
                        assert_eq!(trace.outcome.status, end, "without {fds:?}");
                    }
                    Err(Error::Environment { .. }) => {}
                    Err(error) => panic!("without {fds:?}: {error}"),
                }
            }
        }
    }

    /// Runs on many threads of one process, while others allocate memory: what happens
    /// between fork and exec must not need a lock that one of them holds.
    #[test]
    fn many_threads_run_at_once() {
        let programs = Programs::new();
        let expected = programs.traces();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let text: Vec<String> = (0..100).map(|n: u32| n.to_string()).collect();
                        assert_eq!(text.len(), 100);
                    }
                });
            }
            let runs: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..3 {
                            assert_eq!(programs.traces(), expected);
                        }
                    })
                })
                .collect();
            let results: Vec<_> = runs.into_iter().map(thread::ScopedJoinHandle::join).collect();
            done.store(true, Ordering::Relaxed);
            assert!(results.iter().all(Result::is_ok), "see above");
        });
        assert_eq!(children(), [] as [String; 0]);
    }

    /// Neither those that have ended nor those that live are siglab's to wait for.
    #[test]
    fn other_children_are_left_alone() {
        let start = |program: &str| -> Child {
            std::process::Command::new(program)
                .stdin(Streams::piped())
                .stdout(Streams::null())
                .spawn()
                .expect("it is on every machine")
        };
        let (mut ends, mut lives) = (start("true"), start("cat"));
        let pid = Pid::from_raw(ends.id().cast_signed());
        // It has ended, and isn't reaped yet.
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        nix::sys::wait::waitid(nix::sys::wait::Id::Pid(pid), flags).expect("it is a child");
        let programs = Programs::new();
        for _ in 0..3 {
            let _ = programs.traces();
        }
        assert!(ends.wait().expect("it is still there").success());
        let pid = Pid::from_raw(lives.id().cast_signed());
        assert_eq!(waitpid(pid, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::StillAlive));
        lives.kill().expect("it lives");
        lives.wait().expect("it is a child");
    }

    /// Nothing grows with the number of runs, whether they succeed or fail.
    #[test]
    fn nothing_is_left_after_many_runs() {
        let programs = Programs::new();
        let many = |count: usize| {
            for _ in 0..count {
                let _ = programs.traces();
                let missing = Command::new("/nonexistent/program");
                let failed = run(&missing, &Script::default(), &Options::default());
                assert!(matches!(failed, Err(Error::Exec { .. })), "{failed:?}");
            }
        };
        many(10);
        let (before, memory) = (Caller::now(), resident());
        many(50);
        assert_eq!(Caller::now(), before);
        assert_eq!(before.children, [] as [String; 0]);
        let growth = resident().saturating_sub(memory);
        assert!(growth < 1 << 20, "200 runs took {growth} bytes more");
    }

    /// Descriptors run out at each possible point: an error, or a run as ever.
    #[test]
    fn descriptors_run_out() {
        let programs = Programs::new();
        let expected = programs.traces();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("it can be read");
        let before = Caller::now();
        let mut failed = 0;
        for limit in 3..60 {
            setrlimit(Resource::RLIMIT_NOFILE, limit, hard).expect("it is permitted");
            let traces = programs.try_traces();
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).expect("it is permitted");
            match traces {
                Ok(traces) => assert_eq!(traces, expected, "with {limit} descriptors"),
                Err(Error::Environment { .. } | Error::Exec { .. }) => failed += 1,
                Err(error) => panic!("with {limit} descriptors: {error}"),
            }
            assert_eq!(Caller::now(), before, "with {limit} descriptors");
        }
        assert!((1..50).contains(&failed), "{failed} limits were too low");
    }

    /// ptrace is forbidden to the calling thread, and so to all that it makes.
    #[test]
    fn ptrace_is_not_permitted() {
        let rule = Rule::always(libc::SYS_ptrace);
        let filter = Filter::new(&[], &[(rule, libc::EPERM)], u32::MAX).expect("the rule is valid");
        let programs = Programs::new();
        filter.install().expect("anybody may");
        let before = Caller::now();
        for _ in 0..3 {
            let error = programs.try_traces().expect_err("it isn't permitted");
            let Error::PtraceDenied { source } = &error else {
                panic!("{error}");
            };
            assert_eq!(source.raw_os_error(), Some(libc::EPERM));
            assert!(error.to_string().starts_with("ptrace is not permitted here: "), "{error}");
            assert_eq!(Caller::now(), before);
        }
    }

    /// Another thread asks a run to stop: one that computes, one that waits for input from
    /// outside, and one that goes by real time.
    #[test]
    fn cancelled_runs_end() {
        let waits = Command { stdio: Stdio::PassThrough, ..Command::new(c_program("host_reads", &[])) };
        let spins = Command::new(c_program("host_busy", &[]));
        let sleeps = Command::new(c_samples::path("signal_mask").expect("there is such a sample"));
        // Nobody ever writes to it.
        let (nothing, _open) = io::pipe().expect("there are descriptors");
        reopen(nothing.into(), 0);
        for (command, clock) in [
            (&waits, Clock::Virtual),
            (&spins, Clock::Virtual),
            (&sleeps, Clock::Real),
        ] {
            let cancel = Cancel::default();
            let options = Options { clock, cancel: cancel.clone(), ..Options::default() };
            let before = Caller::now();
            let trace = thread::scope(|scope| {
                let running = scope.spawn(|| run(command, &Script::default(), &options));
                wait_until(|| !children().is_empty());
                cancel.cancel();
                running.join().expect("no assertion in it")
            });
            let trace = trace.expect("it can be run");
            assert_eq!(trace.outcome.limit, Some(LimitKind::Cancelled));
            assert_eq!(trace.outcome.status, None);
            assert_eq!(Caller::now(), before);
        }
    }

    /// Something may come from outside, where standard input is: but not through sockets whose
    /// other end nobody outside has.
    #[test]
    fn waits_on_sockets_of_the_run_are_deadlocks() {
        for which in ["pair", "poll", "full", "orphan", "both", "local", "internet", "unbound"] {
            let mut command = Command::new(c_program("host_sockets", &[]));
            command.args = vec![which.into()];
            command.stdio = Stdio::PassThrough;
            let trace = run(&command, &Script::default(), &Options::default());
            let trace = trace.expect("it can be run");
            assert!(trace.outcome.deadlock, "{which}: {:?}", trace.outcome);
        }
    }

    /// What can't be executed, and why; nothing of it is left.
    #[test]
    fn programs_that_cannot_be_executed() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = |name: &str, contents: &[u8], mode: u32| -> PathBuf {
            let path = folder.path().join(name);
            fs::write(&path, contents).expect("there is room");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            path
        };
        let link = folder.path().join("loop");
        std::os::unix::fs::symlink(&link, &link).expect("there is room");
        // An ELF header for a machine that this isn't.
        let mut elf = fs::read(c_program("host_reads", &[])).expect("it was just built");
        elf[18] = 0xb7;
        let cases = [
            (folder.path().join("missing"), libc::ENOENT),
            (PathBuf::new(), libc::ENOENT),
            (folder.path().to_owned(), libc::EACCES),
            (file("not_executable", b"#!/bin/sh\n", 0o644), libc::EACCES),
            (folder.path().join("not_executable/below"), libc::ENOTDIR),
            (file("empty", b"", 0o755), libc::ENOEXEC),
            (file("text", b"not a program\n", 0o755), libc::ENOEXEC),
            (file("another_machine", &elf, 0o755), libc::ENOEXEC),
            (file("cut_short", &elf[..40], 0o755), libc::ENOEXEC),
            (file("interpreter", b"#!/nonexistent/sh\n", 0o755), libc::ENOENT),
            (link, libc::ELOOP),
        ];
        let before = Caller::now();
        for (path, errno) in cases {
            let error = run(&Command::new(&path), &Script::default(), &Options::default())
                .expect_err("it can't be executed");
            let Error::Exec { program, source } = &error else {
                panic!("{}: {error}", path.display());
            };
            assert_eq!(*program, path);
            assert_eq!(source.raw_os_error(), Some(errno), "{}", path.display());
            assert_eq!(Caller::now(), before, "{}", path.display());
        }
    }

    /// Arguments and surroundings that exec or the steps before it refuse.
    #[test]
    fn surroundings_that_cannot_be_had() {
        let program = c_program("host_nothing", &[]);
        let failure = |command: &Command| {
            run(command, &Script::default(), &Options::default()).expect_err("it can't be had")
        };
        let long = "x".repeat(1 << 20);
        let too_long = Command::new(&program).args(vec![long; 64]);
        let Error::Exec { source, .. } = failure(&too_long) else {
            panic!("it is exec that fails");
        };
        assert_eq!(source.raw_os_error(), Some(libc::E2BIG));
        let with_nul = Command::new(&program).args(["a\0b"]);
        let Error::Exec { source, .. } = failure(&with_nul) else {
            panic!("it isn't even tried");
        };
        assert_eq!(source.kind(), io::ErrorKind::InvalidInput);
        let mut nowhere = Command::new(&program);
        nowhere.dir = Some("/nonexistent".into());
        let Error::Environment { operation, source } = failure(&nowhere) else {
            panic!("it is a step before exec that fails");
        };
        assert_eq!(operation, "change the working directory");
        assert_eq!(source.raw_os_error(), Some(libc::ENOENT));
        assert_eq!(children(), [] as [String; 0]);
    }

    /// A program gets the same from siglab as from anybody else.
    #[test]
    fn a_program_inherits_what_it_does_natively() {
        let program = c_program("host_inherits", &[]);
        set(Number::SIGPIPE, SigHandler::SigIgn);
        close_others_on_exec();
        let native = run_natively(&program, &[]);
        let trace = run(&Command::new(&program), &Script::default(), &Options::default());
        let trace = trace.expect("it can be run");
        assert_eq!(output_of(&trace), native.text);
        assert_eq!(trace.outcome.status, Some(native.status));
    }
}

/// siglab within siglab: the inner one has a tracer already, and may not trace. It says so,
/// and nobody hangs.
#[test]
fn siglab_is_traced_itself() {
    let inner = Command::new(env!("CARGO_BIN_EXE_run_forever")).args([
        "--once".into(),
        "1".into(),
        c_program("host_nothing", &[]).into_os_string(),
    ]);
    let options = Options {
        limits: Limits {
            real_time: Some(Duration::from_secs(30)),
            ..Limits::default()
        },
        ..Options::default()
    };
    let trace = run(&inner, &Script::default(), &options).expect("it can be run");
    let text = output_of(&trace);
    assert!(text.contains("PtraceDenied"), "{text}");
    assert_eq!(trace.outcome.limit, None);
}

/// Closes one of the standard streams, until the copy is given to [`reopen`].
fn close_for_now(fd: i32) -> OwnedFd {
    #[expect(unsafe_code, reason = "the test is about closed standard streams")]
    // SAFETY: the descriptor is open; it is closed and reopened by this test only.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    let copy = fcntl(borrowed, FcntlArg::F_DUPFD_CLOEXEC(100)).expect("there are descriptors");
    nix::unistd::close(fd).expect("it is open");
    #[expect(unsafe_code, reason = "F_DUPFD returns a number")]
    // SAFETY: fcntl(2): F_DUPFD_CLOEXEC has made this descriptor for nobody else.
    unsafe {
        std::os::fd::FromRawFd::from_raw_fd(copy)
    }
}

/// Whoever started the tests may have left descriptors open, which a native program gets
/// and siglab's doesn't.
fn close_others_on_exec() {
    let fds = fs::read_dir("/proc/self/fd").expect("/proc is mounted");
    let fds: Vec<i32> = fds
        .flatten()
        .filter_map(|fd| fd.file_name().to_str()?.parse().ok())
        .collect();
    for fd in fds.into_iter().filter(|fd| *fd > 2) {
        #[expect(unsafe_code, reason = "the descriptors have no owner here")]
        // SAFETY: fcntl(2) with F_SETFD has no preconditions.
        let _ = unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

fn reopen(copy: OwnedFd, fd: i32) {
    #[expect(unsafe_code, reason = "the test is about closed standard streams")]
    // SAFETY: dup2(2) has no preconditions; nothing else in this process owns `fd`.
    let done = unsafe { libc::dup2(copy.as_raw_fd(), fd) };
    assert_eq!(done, fd);
}

/// How much memory this process uses, in bytes: proc_pid_statm(5).
fn resident() -> u64 {
    let statm = fs::read_to_string(Path::new("/proc/self/statm")).expect("/proc is mounted");
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("the second field") * 4096
}

/// Looks again and again, for 10 seconds at the most.
fn wait_until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        // Nothing tells when another process has started: a millisecond of waiting for
        // nothing.
        let moment = nix::poll::PollTimeout::from(1_u8);
        nix::poll::poll(&mut [], moment).expect("poll works");
    }
    panic!("it never happened");
}
