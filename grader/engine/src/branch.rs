//! Trying a signal on a copy of the program: at the moment where it is, instead of running
//! it again from the start.
//!
//! The task is made to call clone(2). The copy is like it in all that the program itself
//! can see but for its pid; it shares descriptors and shared mappings with it, which is why
//! only a program is copied that has none but its standard streams, and no timer and no child,
//! and never had another thread.

use std::time::Duration;

use siglab_model::{Signal, Trace};

use crate::arch::Regs;
use crate::error::Error;
use crate::fault::{Fault, Outcome};
use crate::run::{Run, real_now};
use crate::sys::proc::TaskFiles;
use crate::sys::ptrace::{self, Resume};
use crate::sys::wait::{self, Status};
use crate::sys::{Errno, Pid, memory, proc};
use crate::task::{Polls, Spin, State, Task};

/// A program at a moment, of which copies can be made.
#[derive(Debug)]
pub struct Fork<'r, 'a> {
    pub(crate) run: &'r mut Run<'a>,
    pub(crate) tid: Pid,
    /// Where the program has a `syscall` instruction, if that is known.
    pub(crate) syscall_at: Option<u64>,
}

impl Fork<'_, '_> {
    /// Nothing more is to be seen of the program: it is ended.
    pub fn end(&mut self) {
        self.run.real_time = Some(Duration::ZERO);
    }

    /// Runs a copy of the program to its end, into which `signal` is injected here and
    /// now; it may use this much processor time. The trace is that of a run from the start,
    /// but for what depends on the pid.
    /// `None`: the program can't be copied at this moment.
    ///
    /// # Errors
    /// If the copy can't be controlled.
    pub fn inject(&mut self, signal: Signal, limit: Duration) -> Result<Option<Trace>, Error> {
        let Some(syscall_at) = self.syscall_at else {
            return Ok(None);
        };
        match self.run.branch(self.tid, syscall_at, signal, limit) {
            Ok(trace) => Ok(trace),
            Err(Fault::Fatal(error)) => Err(error),
            Err(Fault::Gone) => Err(Error::Internal(
                "a program vanished while it was copied".to_owned(),
            )),
        }
    }
}

impl Run<'_> {
    /// Whether a copy would be as good as the program itself.
    pub(crate) fn can_be_copied(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.task(tid)?;
        let alone = task.tid == task.pid
            && task.call.is_none()
            && task.restart.is_none()
            && task.half_written.is_none()
            && task.repeat.is_none();
        Ok(alone
            && self.tasks.len() == 1
            && self.processes.len() == 1
            && self.timers.is_empty()
            && !self.has_terminals
            && !self.processes[0].watch_calls
            // Locks remember their owners' ids.
            && self.processes[0].threads == 0
            && self.expected.is_empty()
            && proc::fds(tid).iter().all(|fd| *fd <= 2)
            && !proc::shares_memory(tid))
    }

    fn branch(
        &mut self,
        tid: Pid,
        syscall_at: u64,
        signal: Signal,
        limit: Duration,
    ) -> Outcome<Option<Trace>> {
        if !self.can_be_copied(tid)? {
            return Ok(None);
        }
        self.drain_for(Some(tid));
        let Some(copy) = self.copy(tid, syscall_at)? else {
            return Ok(None);
        };
        let task = self.copied_task(tid, copy)?;
        let mut process = self.processes[0].clone();
        let original = process.pid;
        process.pid = copy;
        let mut recorder = self.recorder.clone();
        recorder.name(copy.as_raw(), process.role.clone());
        self.symbols.copy(original, copy);
        // What belongs to the program, set aside while the copy is what is run.
        let tasks = std::mem::replace(&mut self.tasks, vec![task]);
        let processes = std::mem::replace(&mut self.processes, vec![process]);
        let recorder = std::mem::replace(&mut self.recorder, recorder);
        let timers = std::mem::take(&mut self.timers);
        let expected = std::mem::take(&mut self.expected);
        let (clock, random, scheduler) = (
            self.clock.clone(),
            self.random.clone(),
            self.scheduler.clone(),
        );
        let (step, step_time, has_injected) = (self.step, self.step_time, self.has_injected);
        let (last, idle, real_time) = (self.last, self.idle, self.real_time);
        let begun = real_now();
        let started = std::mem::replace(&mut self.started, begun);
        self.last = Some(copy);
        self.idle = Duration::ZERO;
        self.real_time = Some(limit);
        self.copy_of = Some(original);

        let result = match self.inject_signal(copy, signal) {
            Ok(()) | Err(Fault::Gone) => self.go(),
            Err(Fault::Fatal(error)) => Err(error),
        };
        if result.is_err() {
            self.kill_all();
        }
        let trace = self.take_trace();

        self.symbols.forget(copy);
        self.copy_of = None;
        self.tasks = tasks;
        self.processes = processes;
        self.recorder = recorder;
        self.timers = timers;
        self.expected = expected;
        (self.clock, self.random, self.scheduler) = (clock, random, scheduler);
        (self.step, self.step_time, self.has_injected) = (step, step_time, has_injected);
        (self.last, self.idle, self.real_time) = (last, idle, real_time);
        // The time that the copy took isn't the program's.
        self.started = started + begun.elapsed();
        self.yielded = None;
        self.limit = None;
        self.deadlock = false;
        self.parent_before_end = None;
        self.has_terminals = false;
        result?;
        Ok(Some(trace))
    }

    fn copied_task(&mut self, tid: Pid, copy: Pid) -> Outcome<Task> {
        let files = TaskFiles::open(copy, copy).map_err(|source| Error::Environment {
            operation: "watch a task",
            source,
        })?;
        let task = self.task(tid)?;
        Ok(Task {
            tid: copy,
            pid: copy,
            role: task.role.clone(),
            files,
            state: State::Parked {
                resume: Resume::Cont,
                signal: None,
            },
            at_call: false,
            call: None,
            restart: None,
            handlers: task.handlers.clone(),
            calls: task.calls,
            at_entry: false,
            stepping: false,
            errno_address: task.errno_address,
            entering: None,
            altstack: task.altstack,
            polls: Polls::default(),
            spin: Spin::default(),
            vain_looks: 0,
            mask_after_wait: task.mask_after_wait,
            half_written: None,
            repeat: None,
            survey: None,
            interrupted: None,
        })
    }

    /// Makes the task call clone(2), as fork(3) does, with siglab as the parent. Leaves it
    /// as it was, and the copy at the same instruction.
    fn copy(&mut self, tid: Pid, syscall_at: u64) -> Outcome<Option<Pid>> {
        let saved = ptrace::regs(tid)?;
        let mut flags = libc::CLONE_PARENT;
        let at = self.tid_address(tid, syscall_at, &saved)?;
        if at != 0 {
            // libc keeps the thread's id in its memory, and goes by it in raise(3).
            flags |= libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID;
        }
        let flags = u64::from(flags.cast_unsigned());
        let mut regs = saved;
        regs.make_call(syscall_at, libc::SYS_clone, [flags, 0, 0, at]);
        ptrace::set_regs(tid, &regs)?;
        let mut copy = None;
        loop {
            ptrace::resume(tid, Resume::Step, None)?;
            match wait_for_stop(tid)? {
                Status::Fork(_) => {
                    let number = ptrace::event_message(tid)?;
                    copy = Some(Pid::from_raw(i32::try_from(number).unwrap_or(0)));
                }
                Status::Signal(Signal::TRAP) => break,
                _ => return Err(Fault::Gone),
            }
        }
        ptrace::set_regs(tid, &saved)?;
        let Some(copy) = copy else { return Ok(None) };
        match wait_for_stop(copy)? {
            Status::Exited(_) | Status::Killed { .. } => return Ok(None),
            _ => {}
        }
        ptrace::set_regs(copy, &saved)?;
        Ok(Some(copy))
    }

    /// The address at which the kernel clears the task's id at its end: prctl(2),
    /// `PR_GET_TID_ADDRESS`. 0 if it doesn't say.
    fn tid_address(&mut self, tid: Pid, syscall_at: u64, saved: &Regs) -> Outcome<u64> {
        if let Some(known) = self.tid_address {
            return Ok(known);
        }
        // Below what a function may use without moving the stack pointer: the ABI's red zone.
        let buffer = (saved.sp() - 1024) & !15;
        let get = libc::PR_GET_TID_ADDRESS as u64;
        let mut regs = *saved;
        regs.make_call(syscall_at, libc::SYS_prctl, [get, buffer, 0, 0]);
        ptrace::set_regs(tid, &regs)?;
        ptrace::resume(tid, Resume::Step, None)?;
        if wait_for_stop(tid)? != Status::Signal(Signal::TRAP) {
            return Err(Fault::Gone);
        }
        let result = ptrace::regs(tid)?.result();
        ptrace::set_regs(tid, saved)?;
        let address = if result == 0 {
            memory::read::<u64>(tid, buffer)?
        } else {
            0
        };
        self.tid_address = Some(address);
        Ok(address)
    }

    /// The pid that a program means which is a copy and remembers the pid that it was
    /// copied from.
    pub(crate) fn meant(&self, pid: i32) -> i32 {
        match (self.copy_of, self.processes.first()) {
            (Some(original), Some(copy)) if original.as_raw() == pid => copy.pid.as_raw(),
            _ => pid,
        }
    }
}

fn wait_for_stop(pid: Pid) -> Result<Status, Errno> {
    loop {
        if let Some(status) = wait::take(pid, true)? {
            return Ok(status);
        }
    }
}
