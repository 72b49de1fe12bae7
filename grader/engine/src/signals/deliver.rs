//! Signals on their way to a task: generation, delivery, handlers, stops.

use siglab_model::{
    Action, DefaultAction, Directed, HandlerExit, Kind, Role, SigInfo, SigSet, Signal, WaitResult,
};

use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::siginfo::{self, ALARM_MARK};
use crate::kernel::sys::errno::{
    EINTR, ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS,
};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::Target;
use crate::world::polls::{Busy, Polls};
use crate::world::process::RawAction;
use crate::world::task::{ActiveHandler, Entering, Phase, State, Task};

impl Run<'_> {
    /// A stop that reports a signal: a signal-delivery-stop, or the trap after the step
    /// into a handler.
    pub(crate) fn on_signal_stop(&mut self, tid: Pid, signal: Signal) -> Outcome<Next> {
        if signal == Signal::TRAP
            && let Phase::Entering(_) = &self.world.task(tid)?.phase
            && let Phase::Entering(entering) = std::mem::take(&mut self.world.task(tid)?.phase)
        {
            return self.on_handler_entry(tid, entering);
        }
        if let Phase::Entering(_) = &self.world.task(tid)?.phase {
            // There was no room on the stack for the handler's frame.
            self.world.task(tid)?.phase = Phase::User;
        }
        if signal == Signal::SEGV && self.emulate_time_stamp(tid)? {
            return Ok(Next::USER);
        }
        self.notice_reset(tid, signal)?;
        if self.is_stale_timers(tid, signal)? {
            return self.on_unnoticed(tid);
        }
        if self.pass_on(tid, signal)? {
            return self.on_unnoticed(tid);
        }
        let action = *self.world.process_of(tid)?.action(signal);
        let in_wait = self.world.task(tid)?.interrupted_call().is_some();
        if !discards(&action, signal) {
            if let Some(call) = self.world.task(tid)?.interrupted_call().cloned() {
                self.write_remainder(tid, &call, true);
            }
            return Ok(Next::User(Resume::Cont, Some(signal)));
        }
        if !in_wait {
            return Ok(Next::User(Resume::Cont, Some(signal)));
        }
        self.record_discarded(tid, signal, &action)?;
        self.on_unnoticed(tid)
    }

    /// Whether it is a timer's signal that is thrown away.
    fn is_stale_timers(&mut self, tid: Pid, signal: Signal) -> Outcome<bool> {
        let pid = self.world.task(tid)?.pid;
        if !self.world.timers.has_stale(pid) {
            return Ok(false);
        }
        let raw = self.tracer.stopped(tid)?.siginfo()?;
        Ok(self.drops_stale(pid, signal, &raw))
    }

    /// A signal that natively would not even have woken the task is gone: it waits on.
    fn on_unnoticed(&mut self, tid: Pid) -> Outcome<Next> {
        if self.world.task(tid)?.interrupted_call().is_none() {
            return Ok(Next::USER);
        }
        let mut regs = self.tracer.stopped(tid)?.regs()?;
        if regs.result() == EINTR {
            regs.set_result(ERESTARTNOHAND);
            self.tracer.stopped(tid)?.set_regs(&regs)?;
        }
        self.keep_waiting_mask(tid)?;
        Ok(Next::Kernel(Resume::Syscall, None))
    }

    /// sigsuspend(2) and its kin wait with another mask, and the kernel puts the old one
    /// back when no handler runs. For a signal that natively wouldn't have woken the task
    /// that must not let others through before the call is made again: until then all
    /// that either mask blocks is blocked.
    fn keep_waiting_mask(&mut self, tid: Pid) -> Outcome<()> {
        let changes_mask = self
            .world
            .task(tid)?
            .interrupted_call()
            .is_some_and(|call| call.swaps_mask);
        if !changes_mask {
            return Ok(());
        }
        let old = self.tracer.stopped(tid)?.signal_mask()?;
        let waiting = proc::signal_sets(tid)
            .map_err(Fault::of(tid, "read the signal sets of a task"))?
            .blocked;
        self.tracer
            .stopped(tid)?
            .set_signal_mask(old.union(waiting))?;
        if let Phase::Interrupted { mask, .. } = &mut self.world.task(tid)?.phase {
            *mask = Some(old);
        }
        Ok(())
    }

    fn record_discarded(&mut self, tid: Pid, signal: Signal, action: &RawAction) -> Outcome<()> {
        self.timer_signal_ignored(tid)?;
        let info = self.take_siginfo(tid, signal)?;
        let disposition = if action.ignores() {
            Action::Ignore
        } else {
            Action::Default
        };
        self.world.task_event(
            tid,
            Kind::Delivered {
                signal,
                disposition,
                info,
            },
        );
        if !action.ignores() {
            self.world.task_event(
                tid,
                Kind::DefaultAction {
                    signal,
                    action: signal.default_action(),
                    stack: Vec::new(),
                    interrupted: Vec::new(),
                },
            );
        }
        Ok(())
    }

    /// The siginfo of a signal-delivery-stop, as the program is to see it: what siglab sent
    /// in the kernel's name says so.
    fn take_siginfo(&mut self, tid: Pid, signal: Signal) -> Outcome<SigInfo> {
        let mut raw = self.tracer.stopped(tid)?.siginfo()?;
        let pid = self.world.task(tid)?.pid;
        if self.rewrite_info(pid, &mut raw) {
            self.tracer.stopped(tid)?.set_siginfo(&raw)?;
        }
        let info = self.describe_info(pid, &raw);
        self.saw_delivery(tid, signal, &raw, &info)?;
        Ok(info)
    }

    /// Makes siginfo that siglab sent what the kernel would have sent. Whether it changed.
    pub(crate) fn rewrite_info(&mut self, pid: Pid, raw: &mut libc::siginfo_t) -> bool {
        let is_passed_on = self.restore_passed_on(pid, raw);
        let is_timers = self.timer_signal_taken(pid, raw);
        let is_marked = raw.si_code == ALARM_MARK;
        if is_marked {
            siginfo::make_kernels(raw);
        }
        is_passed_on || is_timers || is_marked
    }

    /// Adds the generation of a signal that nobody has seen being generated: the kernel's
    /// own, such as `SIGSEGV`, `SIGPIPE` or those of a terminal.
    pub(crate) fn saw_delivery(
        &mut self,
        tid: Pid,
        signal: Signal,
        raw: &libc::siginfo_t,
        info: &SigInfo,
    ) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        if self.world.expected.take(pid, signal).is_some() {
            return Ok(());
        }
        let from = match &info.pid {
            Some(role) if raw.si_code <= 0 => role.clone(),
            _ => Role::new(Role::KERNEL),
        };
        let directed = if siginfo::is_thread_directed(raw) {
            Directed::Thread
        } else {
            Directed::Process
        };
        self.world.task_event(
            tid,
            Kind::Generated {
                signal,
                from,
                directed,
                info: info.clone(),
            },
        );
        Ok(())
    }

    /// Prepares the delivery of `signal` and records it. Returns how to resume.
    pub(crate) fn deliver(&mut self, tid: Pid, signal: Signal, resume: Resume) -> Outcome<Resume> {
        let action = *self.world.process_of(tid)?.action(signal);
        if discards(&action, signal) {
            self.record_discarded(tid, signal, &action)?;
            return Ok(resume);
        }
        let info = self.take_siginfo(tid, signal)?;
        if !action.is_handler() {
            let default = signal.default_action();
            let (stack, interrupted) = match default {
                DefaultAction::Core => self.stacks(tid),
                _ => Default::default(),
            };
            self.world.task_event(
                tid,
                Kind::Delivered {
                    signal,
                    disposition: Action::Default,
                    info,
                },
            );
            self.world.task_event(
                tid,
                Kind::DefaultAction {
                    signal,
                    action: default,
                    stack,
                    interrupted,
                },
            );
            return Ok(resume);
        }
        let mut regs = self.tracer.stopped(tid)?.regs()?;
        if let Phase::HalfWritten { written, .. } = self.world.task(tid)?.phase {
            // Natively the handler ends the write, which returns what it has written.
            regs.end_call(written);
            self.tracer.stopped(tid)?.set_regs(&regs)?;
            self.world.task(tid)?.phase = Phase::User;
        }
        let interrupted = self.world.task(tid)?.take_interrupted_call();
        if let Some(call) = &interrupted
            && call.wait_begun
        {
            let syscall = call.sys.name().to_owned();
            self.world.task_event(
                tid,
                Kind::WaitEnded {
                    syscall,
                    result: WaitResult::Interrupted,
                },
            );
        }
        self.world.task_event(
            tid,
            Kind::Delivered {
                signal,
                disposition: Action::Handler,
                info,
            },
        );
        if let Some(call) = interrupted
            && returns_eintr(&regs, &action)
        {
            let syscall = call.sys.name().to_owned();
            self.world
                .task_event(tid, Kind::Interrupted { syscall, signal });
        }
        if action.has(libc::SA_RESETHAND) {
            let process = self.world.process_of(tid)?;
            let pid = process.pid;
            *process.action_mut(signal) = RawAction::DEFAULT;
            self.waits_changed(pid, signal, &action)?;
        }
        let task = self.world.task(tid)?;
        if task.polls.busy == Some(Busy::Computes) {
            task.polls = Polls::default();
        }
        task.begin(Phase::Entering(Entering {
            signal,
            interrupted: regs,
        }));
        Ok(Resume::Step)
    }

    fn on_handler_entry(&mut self, tid: Pid, entering: Entering) -> Outcome<Next> {
        let regs = self.tracer.stopped(tid)?.regs()?;
        let signal = entering.signal;
        let function = self.function_at(tid, regs.ip());
        let task = self.world.task(tid)?;
        let altstack = task
            .altstack
            .filter(|(low, size)| (*low..low.saturating_add(*size)).contains(&regs.sp()));
        task.handlers.push(ActiveHandler {
            signal,
            sp: regs.sp(),
            interrupted: entering.interrupted,
            altstack,
        });
        let depth = task.handlers.len();
        self.note_mask(tid)?;
        self.world.task_event(
            tid,
            Kind::HandlerEntered {
                signal,
                function,
                depth,
            },
        );
        self.follow_handler(tid, signal)?;
        Ok(Next::USER)
    }

    /// rt_sigreturn(2): the innermost handler returns. Those within it that were left
    /// without returning are gone, too.
    pub(crate) fn on_sigreturn(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        let sp = regs.sp_of_handler();
        if let Ok(mask) = memory::read::<u64>(tid, regs.mask_in_frame()) {
            self.world.task(tid)?.blocked = SigSet::from_bits(mask);
        }
        self.follow_handler_return(tid)?;
        while let Some(handler) = self.world.task(tid)?.handlers.pop() {
            let how = if handler.sp == sp {
                HandlerExit::Return
            } else {
                HandlerExit::Jump
            };
            self.world.task_event(
                tid,
                Kind::HandlerLeft {
                    signal: handler.signal,
                    how,
                },
            );
            if how == HandlerExit::Return {
                let call = &handler.interrupted;
                if call.number() >= 0 && matches!(call.result(), ERESTARTSYS | ERESTARTNOINTR) {
                    let action = *self.world.process_of(tid)?.action(handler.signal);
                    if !returns_eintr(call, &action) {
                        let syscall = call.sys().map_or("?", Sys::name).to_owned();
                        self.world.task_event(tid, Kind::Restarted { syscall });
                    }
                }
                break;
            }
        }
        Ok(())
    }

    /// Notices handlers that were left by a jump: the stack is back where their
    /// interrupted code was, or higher.
    pub(crate) fn check_jumps(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        while let Some(handler) = self.world.task(tid)?.handlers.last() {
            let still_in = match handler.altstack {
                Some((low, size)) => (low..low.saturating_add(size)).contains(&regs.sp()),
                None => regs.sp() <= handler.sp + 8,
            };
            if still_in {
                break;
            }
            let signal = handler.signal;
            self.world.task(tid)?.handlers.pop();
            self.world.task_event(
                tid,
                Kind::HandlerLeft {
                    signal,
                    how: HandlerExit::Jump,
                },
            );
        }
        Ok(())
    }

    /// A group-stop. Real parents learn of it from the kernel.
    pub(crate) fn on_group_stop(&mut self, tid: Pid, signal: Signal) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        self.stir_parent(pid)?;
        let first = !self
            .world
            .tasks
            .iter()
            .any(|task| task.pid == pid && matches!(task.state, State::GroupStopped(_)));
        self.world.task(tid)?.state = State::GroupStopped(signal);
        if first {
            let role = self.world.process(pid)?.role.clone();
            self.world.event(Some(role), Kind::Stopped { signal });
            self.child_changed(pid, libc::CLD_STOPPED, signal.number())?;
        }
        self.tracer.resume(tid, Resume::Listen, None)?;
        Ok(Next::Off)
    }

    /// The end of a group-stop.
    pub(crate) fn on_continue(&mut self, tid: Pid) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        self.world.task(tid)?.state = State::Running;
        self.stir_parent(pid)?;
        let last = !self
            .world
            .tasks
            .iter()
            .any(|task| task.pid == pid && matches!(task.state, State::GroupStopped(_)));
        if last {
            let role = self.world.process(pid)?.role.clone();
            self.world.event(Some(role), Kind::Continued {});
            self.child_changed(pid, libc::CLD_CONTINUED, libc::SIGCONT)?;
        }
        Ok(())
    }

    /// A process has changed its state: its parent may wait for that, with its own tasks.
    pub(crate) fn stir_parent(&mut self, pid: Pid) -> Outcome<()> {
        self.world.stirred.process(pid);
        match self.world.process(pid)?.parent {
            Some(parent) => self.world.stirred.process(parent),
            // An orphan: whoever has adopted it.
            None => self.world.stirred.all(),
        }
        Ok(())
    }

    /// What a target looks like before a signal is generated for it.
    pub(crate) fn survey(&self, pid: Pid, tid: Option<Pid>, signal: Signal) -> Target {
        let threads = || {
            self.world
                .tasks
                .iter()
                .filter(|task| task.pid == pid && tid.is_none_or(|tid| tid == task.tid))
        };
        let sets: Vec<_> = threads()
            .filter_map(|task| proc::signal_sets(task.tid).ok())
            .collect();
        let is_awaited = threads().any(|task| waits_for_signal(task, signal));
        let was_pending = sets.iter().any(|sets| match tid {
            Some(_) => sets.thread_pending.contains(signal),
            None => sets.process_pending.contains(signal),
        }) || (tid.is_none() && self.is_passed_on(pid, signal));
        let blocked = signal.can_be_caught()
            && !is_awaited
            && !sets.is_empty()
            && sets.iter().all(|sets| sets.blocked.contains(signal));
        Target {
            pid,
            tid,
            was_pending,
            blocked,
        }
    }

    /// Records that a signal was generated for a target surveyed before.
    pub(crate) fn generated(
        &mut self,
        target: Target,
        signal: Signal,
        from: &Role,
        info: SigInfo,
    ) -> Outcome<()> {
        self.world.stirred.process(target.pid);
        let role = match target
            .tid
            .and_then(|tid| self.world.tasks.iter().find(|t| t.tid == tid))
        {
            Some(task) => task.role.clone(),
            None => self.world.process(target.pid)?.role.clone(),
        };
        if self.world.process(target.pid)?.status.is_some() {
            return Ok(());
        }
        if target.was_pending && !signal.is_realtime() {
            self.world.event(
                Some(role),
                Kind::Merged {
                    signal,
                    from: from.clone(),
                },
            );
            return Ok(());
        }
        let directed = if target.tid.is_some() {
            Directed::Thread
        } else {
            Directed::Process
        };
        // No one sees a SIGKILL being delivered.
        if signal == Signal::KILL {
            self.world.process(target.pid)?.killed = true;
        } else {
            self.world
                .expected
                .add(target.pid, signal, directed, info.clone());
        }
        self.world.event(
            Some(role.clone()),
            Kind::Generated {
                signal,
                from: from.clone(),
                directed,
                info,
            },
        );
        if target.blocked {
            self.world
                .event(Some(role), Kind::BlockedPending { signal });
        } else {
            self.world.give_turn_to(target.pid);
        }
        Ok(())
    }

    /// What the trace says of a signal for a process. Not a value that is an address there:
    /// where addresses vary, so would the trace.
    pub(crate) fn describe_info(&self, pid: Pid, raw: &libc::siginfo_t) -> SigInfo {
        let mut info = siginfo::describe(raw, |pid| self.role_of(pid));
        let value = siginfo::fields(raw).value;
        let is_address = || {
            let holds = |mapping: &proc::Mapping| (mapping.start..mapping.end).contains(&value);
            proc::mappings(pid).iter().any(holds)
        };
        if info.value.is_some() && u32::try_from(value).is_err() && is_address() {
            info.value = None;
        }
        info
    }

    /// What a pid is called: a role, `script` for siglab, `kernel` for none.
    pub(crate) fn role_of(&self, pid: i32) -> Option<Role> {
        match pid {
            0 => None,
            pid => Some(
                self.world
                    .recorder
                    .role(pid)
                    .cloned()
                    .unwrap_or_else(|| Role::new(Role::OUTSIDE)),
            ),
        }
    }
}

/// Whether the task waits in rt_sigtimedwait(2) for the signal. That unblocks it, and blocks
/// it again as soon as the task wakes up, so the mask alone doesn't tell.
pub(crate) fn waits_for_signal(task: &Task, signal: Signal) -> bool {
    matches!(task.state, State::Blocked | State::Held(_))
        && task.call().is_some_and(|call| {
            call.sys == Sys::RtSigtimedwait
                && memory::read::<u64>(task.tid, call.entry.arg(0))
                    .is_ok_and(|bits| SigSet::from_bits(bits).contains(signal))
        })
}

/// Whether the signal is thrown away: ignored, or ignored by default.
pub(crate) fn discards(action: &RawAction, signal: Signal) -> bool {
    action.ignores()
        || (!action.is_handler()
            && matches!(
                signal.default_action(),
                DefaultAction::Ignore | DefaultAction::Continue
            ))
}

/// Whether the signal ends its process at once when it is generated, without a core dump:
/// `sig_fatal` and `sig_kernel_coredump` in kernel/signal.c.
pub(crate) fn is_fatal(action: &RawAction, signal: Signal) -> bool {
    !action.ignores() && !action.is_handler() && signal.default_action() == DefaultAction::Terminate
}

/// Whether the interrupted call fails with `EINTR` after a handler with this action:
/// arch_do_signal_or_restart in arch/x86/kernel/signal.c.
fn returns_eintr(regs: &Regs, action: &RawAction) -> bool {
    regs.number() >= 0
        && match regs.result() {
            EINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK => true,
            ERESTARTSYS => !action.has(libc::SA_RESTART),
            _ => false,
        }
}
