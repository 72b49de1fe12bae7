//! Processes and threads that begin, change their program, and end.

use crate::{ProcessStatus, SigSet};

use super::{Action, Kernel, Life, Pending, Process, ProcessId, Reaction, Thread, ThreadId};

impl Kernel {
    /// fork(2) by `thread`: the child has its mask, the dispositions of its process, its
    /// active handlers, and nothing pending: POSIX, `fork`.
    pub fn fork(&mut self, thread: ThreadId) -> ProcessId {
        let id = ProcessId(self.processes.len());
        let first = ThreadId(self.threads.len());
        let parent = self.process(self.process_of(thread));
        self.processes.push(Process {
            parent: Some(thread),
            actions: parent.actions,
            pending: Pending::default(),
            threads: vec![first],
            current_target: first,
            life: Life::Running,
            report: None,
            group: parent.group,
            session: parent.session,
            queue_limit: parent.queue_limit,
        });
        let mut state = Thread::new(id, self.thread(thread).blocked);
        state.frames.clone_from(&self.thread(thread).frames);
        self.threads.push(state);
        id
    }

    /// setpgid(2): `process` leads a process group of its own from now on.
    pub fn lead_group(&mut self, process: ProcessId) {
        self.process_mut(process).group = process;
    }

    /// pthread_create(3) by `thread`: the new thread has its mask, and nothing pending:
    /// POSIX, `pthread_create`.
    pub fn new_thread(&mut self, thread: ThreadId) -> ThreadId {
        let id = ThreadId(self.threads.len());
        let process = self.process_of(thread);
        let blocked = self.thread(thread).blocked;
        self.threads.push(Thread::new(process, blocked));
        self.process_mut(process).threads.push(id);
        id
    }

    /// execve(2) by `thread`: its other threads end; what was caught is at its default; what
    /// was ignored is ignored still; no flags, no masks of handlers; the thread's mask, what
    /// is pending for it and for the process stay: POSIX, `exec`; `flush_signal_handlers`.
    pub fn exec(&mut self, thread: ThreadId) {
        let id = self.process_of(thread);
        for other in self.process(id).threads.clone() {
            let state = self.thread_mut(other);
            state.ended = other != thread;
            state.frames.clear();
        }
        let process = self.process_mut(id);
        process.threads = vec![thread];
        process.current_target = thread;
        for action in &mut process.actions {
            let reaction = match action.reaction {
                Reaction::Handler => Reaction::Default,
                other => other,
            };
            *action = Action {
                reaction,
                ..Action::default()
            };
        }
        let saved = self.thread_mut(thread).saved.take();
        if let Some(mask) = saved {
            self.block(thread, mask);
        }
    }

    /// pthread_exit(3): what is pending for the thread is lost; signals of the process that
    /// it was to take fall to another: `exit_signals`. With its last thread, the process
    /// exits with 0.
    pub fn exit_thread(&mut self, thread: ThreadId) {
        let id = self.process_of(thread);
        self.thread_mut(thread).ended = true;
        if self.thread(thread).signalled {
            let blocked = self.thread(thread).blocked;
            self.retarget(thread, SigSet::from_bits(!blocked.bits()));
        }
        self.thread_mut(thread).pending = Pending::default();
        let living: Vec<_> = self.process(id).threads.clone();
        if living.iter().all(|thread| self.thread(*thread).ended) {
            self.end(id, ProcessStatus::Exited(0));
            return;
        }
        let at = living.iter().position(|other| *other == thread);
        let next = at.map_or(0, |at| (at + 1) % living.len());
        let heir = living
            .iter()
            .copied()
            .find(|thread| !self.thread(*thread).ended);
        let process = self.process_mut(id);
        if process.current_target == thread {
            process.current_target = living[next];
        }
        // The first thread remains as a zombie.
        let leader = living[0];
        process
            .threads
            .retain(|other| *other != thread || *other == leader);
        for child in &mut self.processes {
            if child.parent == Some(thread) {
                child.parent = heir;
            }
        }
    }

    /// exit_group(2), by `thread`, with this exit status.
    pub fn exit(&mut self, thread: ThreadId, code: i32) {
        self.end(self.process_of(thread), ProcessStatus::Exited(code & 0xff));
    }
}
