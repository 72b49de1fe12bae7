//! System calls that matter: what the engine does before and after each.
//!
//! The seccomp filter makes these calls stop ([`filter`]); all others run at native speed
//! and are seen only if they block, or while [`Run::on_untraced_call`] watches every call
//! of a task.

mod children;
mod descriptors;
mod kill;
mod machine;
mod processes;
mod signals;
mod time;
mod timed;

use libc::c_long;
use siglab_model::{Clock as ClockMode, Kind, Signal};
use siglab_sandbox::{Condition, Filter, FilterError, Rule};

use crate::fault::{Fault, Outcome};
use crate::kernel::arch::{Regs, syscall_name};
use crate::kernel::sys::errno::{
    EINTR, ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS,
};
use crate::kernel::sys::proc;
use crate::kernel::sys::{Errno, Pid};
use crate::signals::deliver::discards;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::task::{After, Call, Timeout};

/// Calls that stop whatever their arguments, with any clock.
const ALWAYS: &[c_long] = &[
    // Signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_pause,
    libc::SYS_signalfd,
    libc::SYS_signalfd4,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    // Waiting.
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_select,
    libc::SYS_pselect6,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_mq_timedsend,
    libc::SYS_mq_timedreceive,
    libc::SYS_io_getevents,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_flock,
    libc::SYS_sched_yield,
    // Processes.
    libc::SYS_exit_group,
    libc::SYS_getrandom,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_getcpu,
    libc::SYS_recvmmsg,
];

/// Calls that stop only under virtual time.
const TIME: &[c_long] = &[
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_time,
    libc::SYS_times,
    libc::SYS_alarm,
    libc::SYS_setitimer,
    libc::SYS_getitimer,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_getoverrun,
    libc::SYS_timer_delete,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
];

/// Calls that don't exist, as on older kernels: programs and libraries cope with that.
const MISSING: &[(c_long, i32)] = &[
    (libc::SYS_clone3, libc::ENOSYS),
    (libc::SYS_rseq, libc::ENOSYS),
];

/// Calls that reach outside of the run or escape the tracer, whatever their arguments.
const DENIED: &[(c_long, &str)] = &[
    (libc::SYS_ptrace, "tracing a process"),
    (libc::SYS_process_vm_readv, "another process's memory"),
    (libc::SYS_process_vm_writev, "another process's memory"),
    (libc::SYS_pidfd_getfd, "another process's descriptors"),
    (libc::SYS_clock_settime, "setting the machine's clock"),
    (libc::SYS_settimeofday, "setting the machine's clock"),
    (libc::SYS_clock_adjtime, "setting the machine's clock"),
    (libc::SYS_adjtimex, "setting the machine's clock"),
    (libc::SYS_reboot, "stopping the machine"),
    (libc::SYS_bpf, "a program in the kernel"),
    (libc::SYS_perf_event_open, "measuring other processes"),
    (libc::SYS_userfaultfd, "handling page faults"),
    (libc::SYS_keyctl, "keys of the user's"),
    (libc::SYS_add_key, "keys of the user's"),
    (libc::SYS_request_key, "keys of the user's"),
    (libc::SYS_setns, "another namespace"),
    (libc::SYS_unshare, "a new namespace"),
    (
        libc::SYS_clone,
        "a process that can't be traced, or in a new namespace",
    ),
    (
        libc::SYS_seccomp,
        "a filter that would answer before siglab's",
    ),
];

/// clone(2) flags that would let a process out of the tracer's sight or of its namespaces:
/// `CLONE_UNTRACED` and the `CLONE_NEW*`.
const CLONE_AWAY: &[i32] = &[
    libc::CLONE_UNTRACED,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// The filter of a run. In a sandbox, sockets are looked at, too.
pub(crate) fn filter(clock: ClockMode, in_sandbox: bool) -> Result<Filter, FilterError> {
    let mut trace: Vec<Rule> = ALWAYS.iter().copied().map(Rule::always).collect();
    if clock == ClockMode::Virtual {
        trace.extend(TIME.iter().copied().map(Rule::always));
    }
    trace.extend(descriptors::rules());
    trace.extend(processes::rules());
    trace.push(Rule::always(libc::SYS_io_uring_setup));
    if in_sandbox {
        trace.push(Rule::always(libc::SYS_socket));
    }
    let some_only = [libc::SYS_clone, libc::SYS_seccomp];
    trace.extend(
        DENIED
            .iter()
            .filter(|(number, _)| !some_only.contains(number))
            .map(|(number, _)| Rule::always(*number)),
    );
    let any_of = CLONE_AWAY
        .iter()
        .map(|flag| Condition::HasBit {
            argument: 0,
            bit: flag.cast_unsigned(),
        })
        .collect();
    trace.push(Rule {
        number: libc::SYS_clone,
        any_of,
    });
    // A filter with a listener outranks one that traces: seccomp_unotify(2).
    trace.push(Rule {
        number: libc::SYS_seccomp,
        any_of: vec![Condition::HasBit {
            argument: 1,
            bit: libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32,
        }],
    });
    let missing: Vec<(Rule, i32)> = MISSING
        .iter()
        .map(|(number, errno)| (Rule::always(*number), *errno))
        .collect();
    Filter::new(&trace, &missing)
}

/// Whether a call may be waiting for a descriptor, so that calls that aren't traced could
/// wake it.
pub(crate) fn waits_on_fd(number: c_long) -> bool {
    !matches!(
        number,
        libc::SYS_pause
            | libc::SYS_nanosleep
            | libc::SYS_clock_nanosleep
            | libc::SYS_rt_sigsuspend
            | libc::SYS_rt_sigtimedwait
            | libc::SYS_wait4
            | libc::SYS_waitid
            | libc::SYS_futex
            | libc::SYS_futex_waitv
    )
}

/// Whether nobody but the task itself can see that it made this call: of its own memory, or
/// about who it is.
pub(crate) fn is_private(number: c_long) -> bool {
    matches!(
        number,
        libc::SYS_brk
            | libc::SYS_mmap
            | libc::SYS_munmap
            | libc::SYS_mprotect
            | libc::SYS_mremap
            | libc::SYS_madvise
            | libc::SYS_arch_prctl
            | libc::SYS_prctl
            | libc::SYS_set_tid_address
            | libc::SYS_set_robust_list
            | libc::SYS_rseq
            | libc::SYS_prlimit64
            | libc::SYS_getrandom
            | libc::SYS_sigaltstack
            | libc::SYS_sched_getaffinity
            | libc::SYS_gettid
            | libc::SYS_getuid
            | libc::SYS_geteuid
            | libc::SYS_getgid
            | libc::SYS_getegid
            | libc::SYS_fstat
            | libc::SYS_newfstatat
    )
}

/// Whether a call reads a clock.
pub(crate) fn reads_clock(number: c_long) -> bool {
    matches!(
        number,
        libc::SYS_clock_gettime | libc::SYS_gettimeofday | libc::SYS_time | libc::SYS_times
    )
}

/// What a call returns for an errno.
pub(crate) fn failure(errno: Errno) -> i64 {
    -i64::from(errno as i32)
}

impl Run<'_> {
    /// A traced call, before it is made.
    pub(crate) fn on_call_entry(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.check_jumps(tid, &regs)?;
        let task = self.world.task(tid)?;
        // While calls are watched, an enter-stop came first, and took the interrupted call.
        if let Some(call) = task.call.take()
            && call.is_restart
        {
            task.restart = Some(call);
        }
        if let Some(next) = self.repeat_call(tid)? {
            return Ok(next);
        }
        self.forget_other_restart(tid, &regs)?;
        if let Some(mask) = self.world.task(tid)?.mask_after_wait.take() {
            self.tracer.stopped(tid)?.set_signal_mask(mask)?;
        }
        match regs.number() {
            libc::SYS_rt_sigaction => self.sigaction(tid, &regs),
            libc::SYS_rt_sigprocmask => self.sigprocmask(tid, &regs),
            libc::SYS_rt_sigreturn => {
                self.on_sigreturn(tid, &regs)?;
                Ok(Next::USER)
            }
            libc::SYS_sigaltstack => self.sigaltstack(tid, &regs),
            libc::SYS_rt_sigsuspend | libc::SYS_pause => self.signal_wait(tid, &regs),
            libc::SYS_rt_sigtimedwait => self.sigtimedwait(tid, &regs),
            libc::SYS_signalfd | libc::SYS_signalfd4 => {
                self.begin(tid, &regs, After::NewSignalfd, String::new(), None)
            }
            libc::SYS_kill
            | libc::SYS_tkill
            | libc::SYS_tgkill
            | libc::SYS_rt_sigqueueinfo
            | libc::SYS_rt_tgsigqueueinfo
            | libc::SYS_pidfd_send_signal => self.send_call(tid, regs),
            libc::SYS_wait4 | libc::SYS_waitid => self.wait_for_child(tid, &regs),
            libc::SYS_nanosleep | libc::SYS_clock_nanosleep => self.sleep(tid, &regs),
            libc::SYS_futex => self.futex(tid, &regs),
            libc::SYS_sched_yield => {
                self.count_poll(tid, regs.number())?;
                self.yield_turn(tid)
            }
            libc::SYS_exit_group => {
                self.world.process_of(tid)?.exiting = true;
                Ok(Next::USER)
            }
            libc::SYS_getrandom => self.getrandom(tid, regs),
            libc::SYS_sched_getaffinity => self.getaffinity(tid, regs),
            libc::SYS_sched_setaffinity => self.setaffinity(tid, regs),
            libc::SYS_getcpu => self.getcpu(tid, regs),
            libc::SYS_recvmmsg
                if self.world.options.clock == ClockMode::Virtual && regs.arg(4) != 0 =>
            {
                self.unsupported(tid, &regs, "a time-out", Errno::ENOSYS)
            }
            libc::SYS_socket if self.reaches_network(&regs) => self.deny(
                tid,
                regs,
                "a socket that reaches other machines or the kernel",
            ),
            libc::SYS_io_uring_setup => self.unsupported(tid, &regs, "io_uring", Errno::ENOSYS),
            number if processes::is_traced(number) => self.call_on_other(tid, regs),
            number if let Some((_, what)) = DENIED.iter().find(|(of, _)| *of == number) => {
                self.deny(tid, regs, what)
            }
            number if TIME.contains(&number) => self.time_call(tid, regs),
            number if timed::style(number).is_some() => self.timed_wait(tid, &regs),
            number if descriptors::is_traced(number) => self.descriptor_call(tid, regs),
            _ => self.begin_plain(tid, &regs),
        }
    }

    /// A call that isn't traced but is watched, before it is made.
    pub(crate) fn on_untraced_call(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if !self.tracer.stopped(tid)?.is_entry()? {
            return Ok(Next::USER);
        }
        self.check_jumps(tid, &regs)?;
        self.forget_other_restart(tid, &regs)?;
        self.begin_plain(tid, &regs)
    }

    /// Whether a call of socket(2) is for more than this machine's processes, in a sandbox.
    fn reaches_network(&self, regs: &Regs) -> bool {
        self.world.options.sandbox.is_some() && regs.arg(0) as u32 as i32 != libc::AF_UNIX
    }

    fn begin_plain(&mut self, tid: Pid, regs: &Regs) -> Outcome<Next> {
        let (what, after, timeout) = self.describe_descriptor_wait(tid, regs)?;
        self.begin(tid, regs, after, what, timeout)
    }

    /// Lets the call be made, with a stop at its exit. A call that goes on after an
    /// interruption keeps its deadline, and its wait is already in the trace.
    fn begin(
        &mut self,
        tid: Pid,
        regs: &Regs,
        after: After,
        what: String,
        timeout: Option<Timeout>,
    ) -> Outcome<Next> {
        let task = self.world.task(tid)?;
        let restart = task.restart.take();
        let is_restart = restart.is_some();
        let mut call = Call {
            entry: *regs,
            number: regs.number(),
            after,
            timeout,
            what,
            wait_begun: false,
            is_restart,
            written: 0,
        };
        if let Some((entry, written)) = task.half_written.take() {
            call.entry = entry;
            call.written = written;
        }
        if let Some(before) = restart {
            call.wait_begun = before.wait_begun;
            call.timeout = before.timeout;
        }
        task.call = Some(call);
        Ok(Next::KERNEL)
    }

    /// An interrupted call that isn't the one being made now will not go on.
    fn forget_other_restart(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        let other = self
            .world
            .task(tid)?
            .restart
            .as_ref()
            .is_some_and(|call| call.number != regs.number() || call.entry.ip() != regs.ip());
        if other {
            self.end_restart(tid, "EINTR")?;
        }
        Ok(())
    }

    /// An interrupted call ended after all.
    pub(crate) fn end_restart(&mut self, tid: Pid, result: &str) -> Outcome<()> {
        if let Some(call) = self.world.task(tid)?.restart.take()
            && call.wait_begun
        {
            let syscall = syscall_name(call.number);
            self.world.task_event(
                tid,
                Kind::WaitEnded {
                    syscall,
                    result: result.to_owned(),
                },
            );
        }
        Ok(())
    }

    /// The task blocks in its call.
    pub(crate) fn wait_begun(&mut self, tid: Pid) -> Outcome<()> {
        let Some(call) = self.world.task(tid)?.call.as_mut() else {
            return Ok(());
        };
        if std::mem::replace(&mut call.wait_begun, true) {
            return Ok(());
        }
        let kind = Kind::WaitBegun {
            syscall: syscall_name(call.number),
            what: call.what.clone(),
            until: call.timeout.map(|timeout| timeout.deadline),
        };
        self.drain_for(Some(tid));
        self.world.task_event(tid, kind);
        Ok(())
    }

    /// A call's exit-stop.
    pub(crate) fn on_call_exit(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if self.tracer.stopped(tid)?.is_entry()? {
            // The call before had no exit-stop: it exec'd, or jumped out of a handler.
            self.world.task(tid)?.call = None;
            return self.on_untraced_call(tid, regs);
        }
        let Some(call) = self.world.task(tid)?.call.take() else {
            return Ok(Next::USER);
        };
        let mut regs = regs;
        restore_arguments(&mut regs, &call);
        if self.was_cut_short(tid, &regs, &call)? {
            let done = call.written + regs.result().max(0);
            regs.set_number(call.number);
            return self.transfer_rest(tid, &regs, done);
        }
        if call.written > 0 {
            return self.on_rest_written(tid, regs, &call);
        }
        if is_interrupted(&regs, &call) {
            return match call.timeout {
                Some(timeout) if timeout.fired => self.timed_out(tid, regs, &call, timeout),
                _ => self.on_interrupted(tid, regs, call),
            };
        }
        self.write_remainder(tid, &call, false);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        let result = self.finish(tid, &mut regs, &call)?;
        match result {
            Some(result) if call.wait_begun => {
                let syscall = syscall_name(call.number);
                self.world
                    .task_event(tid, Kind::WaitEnded { syscall, result });
            }
            // Not blocked, but not the end either: see `After::SendOneByOne`.
            None => return Ok(Next::KERNEL),
            Some(_) => {}
        }
        Ok(Next::USER)
    }

    /// siglab interrupts a write that has filled a pipe and waits, to see its end. The
    /// kernel then returns what it has written; so the rest is written by a second call,
    /// and the program gets the sum.
    pub(crate) fn transfer_rest(&mut self, tid: Pid, regs: &Regs, written: i64) -> Outcome<Next> {
        let mut original = *regs;
        original.set_result(regs.number());
        let mut rest = *regs;
        let done = written.unsigned_abs();
        rest.set_arg(1, regs.arg(1) + done);
        rest.set_arg(2, regs.arg(2) - done);
        rest.call_again(regs.number());
        self.tracer.stopped(tid)?.set_regs(&rest)?;
        self.world.task(tid)?.half_written = Some((original, written));
        Ok(Next::KERNEL)
    }

    /// Whether the call returned a part only because of signals that natively would not
    /// even have woken the task.
    fn was_cut_short(&mut self, tid: Pid, regs: &Regs, call: &Call) -> Outcome<bool> {
        let more = match regs.result() {
            more @ 0.. => more,
            _ if is_interrupted(regs, call) => 0,
            _ => return Ok(false),
        };
        let done = call.written + more;
        if !call.wait_begun
            || done == 0
            || !transfers_all(&call.entry, call.number)
            || done.unsigned_abs() >= call.entry.arg(2)
        {
            return Ok(false);
        }
        let sets =
            proc::signal_sets(tid).map_err(Fault::of(tid, "read the signal sets of a task"))?;
        let pending = sets.thread_pending.union(sets.process_pending);
        let deliverable = pending.difference(sets.blocked);
        let process = self.world.process_of(tid)?;
        Ok(!deliverable.is_empty()
            && deliverable
                .iter()
                .all(|signal| discards(process.action(signal), signal)))
    }

    /// The rest of a write is written, or was interrupted or failed: as for one call, what
    /// was written before is its result then.
    fn on_rest_written(&mut self, tid: Pid, mut regs: Regs, call: &Call) -> Outcome<Next> {
        let more = regs.result().max(0);
        regs.skip_call(call.written + more);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        if call.wait_begun {
            let (syscall, result) = (syscall_name(call.number), in_words(regs.result()));
            self.world
                .task_event(tid, Kind::WaitEnded { syscall, result });
        }
        Ok(Next::USER)
    }

    /// A signal interrupted the call. Whether it fails with `EINTR` or goes on is decided
    /// when the signal is delivered; until then it is kept as `restart`.
    fn on_interrupted(&mut self, tid: Pid, mut regs: Regs, call: Call) -> Outcome<Next> {
        if call.timeout.is_some() {
            self.write_remainder(tid, &call, false);
            if regs.result() != EINTR {
                // Natively restart_syscall(2), with what is left of the time; here the
                // same call again, which keeps its deadline. With a handler: EINTR.
                regs.set_result(ERESTARTNOHAND);
            }
        }
        regs.set_number(call.number);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        self.world.task(tid)?.restart = Some(call);
        Ok(Next::KERNEL)
    }

    /// What follows from a call's result; and the result in words. `None`: the call is
    /// made again.
    fn finish(&mut self, tid: Pid, regs: &mut Regs, call: &Call) -> Outcome<Option<String>> {
        let result = regs.result();
        let words = match &call.after {
            After::Nothing => in_words(result),
            After::Accept(info) => self.accepted(tid, regs, call, *info)?,
            After::ReadSignals(buffer) => self.read_signals(tid, result, *buffer)?,
            After::Wait4 => self.waited4(tid, result)?,
            After::Waitid(info, keeps) => self.waited_id(tid, result, *info, *keeps)?,
            After::Sent {
                targets,
                signal,
                raw_signal,
                to,
            } => {
                self.sent(tid, regs, targets, *signal, *raw_signal, to)?;
                in_words(result)
            }
            After::SendOneByOne { rest, sent } => {
                if !self.send_next(tid, regs, call, rest, *sent)? {
                    return Ok(None);
                }
                in_words(regs.result())
            }
            After::NewTimerfd(clock) => {
                self.new_timerfd(tid, result, *clock)?;
                in_words(result)
            }
            After::NewSignalfd => {
                if result >= 0 {
                    self.world.process_of(tid)?.watch_calls = true;
                }
                in_words(result)
            }
        };
        Ok(Some(words))
    }

    /// Makes a call return without being made.
    fn answer(&mut self, tid: Pid, mut regs: Regs, value: i64) -> Outcome<Next> {
        regs.skip_call(value);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        Ok(Next::USER)
    }

    /// Records a use that the engine doesn't control, and lets the call fail.
    fn unsupported(&mut self, tid: Pid, regs: &Regs, what: &str, errno: Errno) -> Outcome<Next> {
        let syscall = syscall_name(regs.number());
        self.world.task_event(
            tid,
            Kind::Unsupported {
                syscall,
                what: what.to_owned(),
            },
        );
        self.answer(tid, *regs, failure(errno))
    }
}

/// Whether a call returns only when all its bytes are transferred, unless something comes
/// in between. These have their buffer and its length in the same places.
pub(crate) fn transfers_all(regs: &Regs, number: c_long) -> bool {
    match number {
        libc::SYS_write | libc::SYS_sendto => true,
        libc::SYS_recvfrom => regs.arg(3) as u32 as i32 & libc::MSG_WAITALL != 0,
        _ => false,
    }
}

/// Whether the call ended because the task was interrupted.
fn is_interrupted(regs: &Regs, call: &Call) -> bool {
    match regs.result() {
        ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK => true,
        EINTR => {
            call.wait_begun || call.number == libc::SYS_semop || timed::style(call.number).is_some()
        }
        _ => false,
    }
}

/// Puts the original number and arguments back: programs may rely on their registers.
fn restore_arguments(regs: &mut Regs, call: &Call) {
    for index in 0..6 {
        regs.set_arg(index, call.entry.arg(index));
    }
}

/// A result for the trace: a number, or the name of an errno.
fn in_words(result: i64) -> String {
    if (-4095..0).contains(&result) {
        errno_name(result)
    } else {
        result.to_string()
    }
}

/// The name of the errno in a negative result.
fn errno_name(result: i64) -> String {
    format!("{:?}", Errno::from_raw(i32::try_from(-result).unwrap_or(0)))
}

/// The signal in an argument; 0 is none.
fn signal_argument(value: u64) -> Option<Signal> {
    Signal::new(value as u32 as i32)
}
