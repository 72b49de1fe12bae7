//! Tasks and processes come and go: fork, exec, exit, reaping.

use std::io;

use siglab_model::{ForkHow, Kind, LimitKind, ProcessStatus, Role, Signal};

use crate::error::Error;
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::sys::proc::TaskFiles;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::{self, NewTask, Ready, Status};
use crate::kernel::sys::{Pid, memory, proc, send};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::Target;
use crate::world::process::Process;
use crate::world::task::{Phase, State, Task};

/// Making a process or thread takes as long as so many calls, about.
const CALLS_OF_A_FORK: u32 = 20;

impl Run<'_> {
    /// Adds the first process, in the stop after its exec.
    pub(crate) fn add_first(&mut self, pid: Pid) -> Outcome<()> {
        let role = self.named(Role::main());
        self.world.recorder.name(pid.as_raw(), role.clone());
        self.world
            .processes
            .push(Process::new(pid, None, role.clone()));
        self.add_task(pid, pid, role.clone())?;
        self.world.event(
            Some(role),
            Kind::Spawn {
                program: proc::program_name(pid),
            },
        );
        if self.tracer.stopped(pid)?.regs()?.is_32_bit() {
            self.end_at_32_bit_program(pid);
            return Ok(());
        }
        self.fix_auxiliary_vector(pid)
    }

    /// A 32-bit program has other system calls, in other registers. Nothing that it does
    /// would be under control.
    fn end_at_32_bit_program(&mut self, pid: Pid) {
        self.world.task_event(
            pid,
            Kind::Unsupported {
                syscall: Sys::Execve.name().to_owned(),
                what: "a 32-bit program".to_owned(),
            },
        );
        self.end_by(LimitKind::Unsupported);
    }

    fn add_task(&mut self, pid: Pid, tid: Pid, role: Role) -> Outcome<()> {
        self.watch(pid, tid)?;
        self.world.tasks.push(Task::new(pid, tid, role));
        self.note_mask(tid)
    }

    /// Opens what tells of a task's state.
    pub(crate) fn watch(&mut self, pid: Pid, tid: Pid) -> Outcome<()> {
        let files = TaskFiles::open(pid, tid).map_err(|source| {
            if matches!(source.kind(), io::ErrorKind::NotFound) {
                return Fault::Died(tid);
            }
            // Nobody else knows of it yet, so nobody else would take its end.
            let _ = send::kill(tid, Signal::KILL);
            crate::drive::turn::reap(tid);
            Fault::Fatal(Error::Environment {
                operation: "watch a task",
                source,
            })
        })?;
        self.tracer.files.insert(tid, files);
        Ok(())
    }

    fn drop_tasks(&mut self, are_gone: impl Fn(&Task) -> bool) {
        let tracer = &mut self.tracer;
        self.world.tasks.retain(|task| {
            let is_gone = are_gone(task);
            if is_gone {
                tracer.forget(task.tid);
            }
            !is_gone
        });
    }

    /// The name of a role in this run: a lab may have its own.
    fn named(&self, role: Role) -> Role {
        self.world
            .options
            .roles
            .get(role.as_str())
            .map_or(role, |name| Role::new(name))
    }

    /// The role by which siglab calls a process by itself, from its place in the tree.
    fn systematic_role(&self, pid: Pid) -> Role {
        let Some(process) = self.world.processes.iter().rev().find(|p| p.pid == pid) else {
            return Role::main();
        };
        self.world
            .options
            .roles
            .iter()
            .find(|(_, name)| process.role == name.as_str())
            .map_or_else(
                || process.role.clone(),
                |(systematic, _)| Role::new(systematic),
            )
    }

    /// A new process or thread was made.
    pub(crate) fn on_fork(&mut self, tid: Pid, how: NewTask) -> Outcome<Next> {
        let new =
            Pid::from_raw(i32::try_from(self.tracer.stopped(tid)?.event_message()?).unwrap_or(0));
        let regs = self.tracer.stopped(tid)?.regs()?;
        let flags = if regs.sys() == Some(Sys::Clone) {
            regs.arg(0)
        } else {
            0
        };
        let has = |flag: i32| flags & u64::from(flag.cast_unsigned()) != 0;
        // Its first stop may have come before this event.
        loop {
            match self.tracer.take(new, true)? {
                Some(Status::Exited(_) | Status::Killed { .. }) => return Ok(Next::USER),
                Some(_) => break,
                None => {}
            }
        }
        self.disarm_copy(new);
        self.take_time(tid, CALLS_OF_A_FORK)?;
        // Its exit may not stop.
        self.world.task(tid)?.take_call();
        let creator = self.world.task(tid)?.pid;
        let is_thread = has(libc::CLONE_THREAD);
        let (pid, role) = if is_thread {
            let systematic = self.systematic_role(creator);
            let process = self.world.process(creator)?;
            process.threads += 1;
            let nth = process.threads;
            (creator, self.named(systematic.thread(nth)))
        } else {
            (
                new,
                self.add_process(tid, new, &regs, has(libc::CLONE_PARENT))?,
            )
        };
        self.world.recorder.name(new.as_raw(), role.clone());
        match self.add_task(pid, new, role.clone()) {
            Err(Fault::Died(_)) => return Ok(Next::USER),
            other => other?,
        }
        if !is_thread {
            let (handlers, altstack) = {
                let parent = self.world.task(tid)?;
                (parent.handlers.clone(), parent.altstack)
            };
            let task = self.world.task(new)?;
            task.handlers = handlers;
            task.altstack = altstack;
        }
        let how_made = match how {
            _ if is_thread => ForkHow::Thread,
            NewTask::Fork => ForkHow::Fork,
            NewTask::Vfork => ForkHow::Vfork,
            NewTask::Clone => ForkHow::Clone,
        };
        self.world.task_event(
            tid,
            Kind::Fork {
                child: role,
                how: how_made,
            },
        );
        if how == NewTask::Vfork {
            self.world.task(tid)?.state = State::Vfork;
            self.world.stirred.process(creator);
            self.tracer.resume(tid, Resume::Cont, None)?;
            return Ok(Next::Off);
        }
        Ok(Next::USER)
    }

    fn add_process(
        &mut self,
        creator: Pid,
        new: Pid,
        regs: &Regs,
        same_parent: bool,
    ) -> Outcome<Role> {
        let creator = self.world.task(creator)?.pid;
        let parent = if same_parent {
            self.world.process(creator)?.parent
        } else {
            Some(creator)
        };
        let of = parent.unwrap_or(creator);
        let systematic = self.systematic_role(of);
        let actions = self.world.process(creator)?.actions;
        let has_handled = actions
            .iter()
            .any(crate::world::process::RawAction::is_handler);
        let watch = self.world.process(creator)?.watch_calls;
        let sockets = self.world.process(creator)?.socket_timeouts.clone();
        let dumpable = self.world.process(creator)?.dumpable;
        let exit_signal = match regs.sys() {
            // With its creator's parent it shares what that is told of their ends.
            _ if same_parent => self.world.process(creator)?.exit_signal,
            Some(Sys::Clone) => Signal::new(i32::try_from(regs.arg(0) & 0xff).unwrap_or(0)),
            _ => Some(Signal::CHLD),
        };
        let family = self.world.process(of)?;
        family.children += 1;
        let role = systematic.child(family.children);
        let role = self.named(role);
        let mut process = Process::new(new, parent, role.clone());
        process.actions = actions;
        process.has_handled = has_handled;
        process.watch_calls = watch;
        process.socket_timeouts = sockets;
        process.dumpable = dumpable;
        process.exit_signal = exit_signal;
        self.world.processes.push(process);
        Ok(role)
    }

    /// A new program. Other threads of the process are gone.
    pub(crate) fn on_exec(&mut self, tid: Pid) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        self.world.stirred.end();
        self.stir_parent(pid)?;
        self.drop_tasks(|task| task.pid == pid && task.tid != pid);
        self.tracer.symbols.forget(pid);
        self.world.tid_address = None;
        self.forget_addresses();
        if let Some(follower) = &mut self.tracer.follower {
            follower.forget_program(pid);
        }
        self.delete_posix_timers(pid);
        self.note_mask(pid)?;
        self.world.reset_exit_signals(pid);
        let process = self.world.process(pid)?;
        process.reset_handlers();
        process.dumpable = None;
        let role = process.role.clone();
        let task = self.world.task(pid)?;
        task.role = role.clone();
        task.phase = Phase::User;
        task.errno_address = None;
        task.handlers.clear();
        task.altstack = None;
        self.world.event(
            Some(role),
            Kind::Exec {
                program: proc::program_name(pid),
            },
        );
        if self.tracer.stopped(pid)?.regs()?.is_32_bit() {
            self.end_at_32_bit_program(pid);
            return Err(Fault::Over);
        }
        self.fix_auxiliary_vector(pid)?;
        Ok(Next::USER)
    }

    /// Hides the vDSO, so that libc asks for the time by traced system calls, and fixes
    /// the 16 random bytes that a program gets.
    fn fix_auxiliary_vector(&mut self, pid: Pid) -> Outcome<()> {
        let hides_vdso = self.world.options.clock == siglab_model::Clock::Virtual;
        let sp = self.tracer.stopped(pid)?.regs()?.sp();
        self.fix_vector_at(pid, sp, hides_vdso)
            .map_err(Fault::of(pid, "fix a new program's auxiliary vector"))
    }

    fn fix_vector_at(
        &mut self,
        pid: Pid,
        sp: u64,
        hides_vdso: bool,
    ) -> crate::kernel::sys::Result<()> {
        let words = StartOfStack::read(pid, sp);
        // The number of arguments, the arguments, NULL, the environment, NULL, the vector.
        let mut index = usize::try_from(words.get(0)?).unwrap_or(0) + 2;
        while words.get(index)? != 0 {
            index += 1;
        }
        index += 1;
        loop {
            let at = sp + 8 * index as u64;
            match words.get(index)? {
                libc::AT_NULL => return Ok(()),
                libc::AT_SYSINFO_EHDR if hides_vdso => {
                    memory::write(pid, at, &libc::AT_IGNORE)?;
                }
                libc::AT_RANDOM => {
                    let bytes = self.world.random.bytes(16);
                    memory::write_bytes(pid, words.get(index + 1)?, &bytes)?;
                }
                _ => {}
            }
            index += 2;
        }
    }

    /// The end of `tid` will be taken next: the last moment to see whether its parent has
    /// a `SIGCHLD` pending already.
    pub(crate) fn before_end(&mut self, tid: Pid) -> Outcome<()> {
        let task = self.world.task(tid)?;
        if task.tid != task.pid {
            return Ok(());
        }
        let process = self.world.process(tid)?;
        let (parent, signal) = (process.parent, process.exit_signal);
        self.world.parent_before_end = match (parent, signal) {
            (Some(parent), Some(signal)) => Some(self.survey(parent, None, signal)),
            _ => None,
        };
        Ok(())
    }

    /// The end of `tid`, which isn't taken yet, has left zombies to a process of the run, and
    /// that was told of them: before it is told of this end, it gets where it goes on, so that
    /// the order in which the processor runs them doesn't matter.
    pub(crate) fn before_heirs(&mut self, tid: Pid) -> Outcome<()> {
        let task = self.world.task(tid)?;
        if task.tid != task.pid || self.world.process(tid)?.status.is_some() {
            return Ok(());
        }
        let Some(heir) = self.world.heir_of_zombies(tid) else {
            return Ok(());
        };
        let Some(status) = wait::peek_end(tid).map_err(Fault::of(tid, "wait for a task"))? else {
            return Ok(());
        };
        self.record_end(tid, status)?;
        self.settle_process(heir)
    }

    /// A task ended.
    pub(crate) fn on_end(&mut self, tid: Pid, status: Status) -> Outcome<()> {
        let task = self.world.task(tid)?;
        let (pid, role) = (task.pid, task.role.clone());
        self.world.stirred.end();
        self.stir_parent(pid)?;
        self.drop_tasks(|task| task.tid == tid);
        if tid != pid {
            let exiting = self.world.process(pid)?.exiting;
            if !exiting && matches!(status, Status::Exited(_)) {
                self.world.event(Some(role), Kind::ThreadExit {});
            }
            return Ok(());
        }
        if self.world.process(pid)?.status.is_none() {
            self.record_end(pid, status)?;
        }
        let before = self.world.parent_before_end.take();
        let Some(status) = self.world.process(pid)?.status else {
            return Ok(());
        };
        self.tell_parent(pid, status, before)
    }

    /// Records the end of a process, and what becomes of its children.
    fn record_end(&mut self, pid: Pid, status: Status) -> Outcome<()> {
        let status = match status {
            Status::Killed { signal, .. } => ProcessStatus::Killed(signal),
            Status::Exited(code) => ProcessStatus::Exited(code),
            _ => return Ok(()),
        };
        let now = self.world.clock.now();
        let process = self.world.process(pid)?;
        process.status = Some(status);
        process.ended = Some(now);
        let role = process.role.clone();
        let kind = match status {
            ProcessStatus::Exited(code) => Kind::Exit { code },
            ProcessStatus::Killed(signal) => {
                let core = signal.default_action() == siglab_model::DefaultAction::Core;
                Kind::Killed { signal, core }
            }
        };
        self.world.event(Some(role), kind);
        self.world.timers.delete_all(pid);
        self.tracer.symbols.forget(pid);
        self.world.expected.forget(pid);
        self.leave_children(pid)
    }

    /// Children of a process that ended pass to the nearest subreaper among its ancestors, or
    /// to siglab (or init): find_new_reaper and reparent_leader in kernel/exit.c.
    fn leave_children(&mut self, pid: Pid) -> Outcome<()> {
        let heir = self.world.heir_of(pid);
        let children: Vec<Pid> = self
            .world
            .processes
            .iter()
            .filter(|p| p.parent == Some(pid) && !p.gone)
            .map(|p| p.pid)
            .collect();
        for child in children {
            let to = match heir {
                Some(heir) => Some(self.world.process(heir)?.role.clone()),
                None => None,
            };
            let process = self.world.process(child)?;
            process.parent = heir;
            process.exit_signal = Some(Signal::CHLD);
            let (role, status) = (process.role.clone(), process.status);
            let Some(status) = status else {
                self.world.event(Some(role), Kind::Orphaned { to });
                continue;
            };
            self.world.event(Some(role), Kind::LeftZombie { to });
            self.stir_parent(child)?;
            // The kernel was faster: what counts is what was known before.
            let before = heir.map(|heir| Target {
                was_pending: self.world.expected.has(heir, Signal::CHLD),
                ..self.survey(heir, None, Signal::CHLD)
            });
            self.tell_parent(child, status, before)?;
        }
        Ok(())
    }

    /// A task is no tracee any more: another thread of its process exec'd, and took its
    /// place if it was the first.
    pub(crate) fn on_vanished(&mut self, tid: Pid) -> Outcome<()> {
        let pid = self.world.task(tid)?.pid;
        self.world.stirred.process(pid);
        self.drop_tasks(|task| task.tid == tid);
        if tid != pid
            && wait::ready(pid) == Ok(Ready::Stop)
            && let Ok(leader) = self.world.task(pid)
        {
            leader.state = State::Ending;
        }
        Ok(())
    }

    /// Zombies whose parents in the run are gone have passed to siglab if it is their
    /// subreaper; nobody else would reap them.
    pub(crate) fn reap_orphans(&self) {
        // The first one was siglab's own child.
        for process in self.world.processes.iter().skip(1) {
            wait::take_orphan(process.pid);
        }
    }
}

/// The words at the start of a new program's stack, mostly read in one go.
struct StartOfStack {
    pid: Pid,
    sp: u64,
    words: Vec<u64>,
}

impl StartOfStack {
    fn read(pid: Pid, sp: u64) -> Self {
        // Usually all of them. Should the stack be shorter, they are read one by one.
        let words = memory::read::<[u64; 96]>(pid, sp)
            .map(Vec::from)
            .unwrap_or_default();
        Self { pid, sp, words }
    }

    fn get(&self, index: usize) -> crate::kernel::sys::Result<u64> {
        match self.words.get(index) {
            Some(word) => Ok(*word),
            None => memory::read(self.pid, self.sp + 8 * index as u64),
        }
    }
}
