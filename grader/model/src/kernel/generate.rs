//! Generation: `__send_signal_locked` and what it calls.

use crate::disposition::DefaultAction;
use crate::{ProcessStatus, SigSet, Signal};

use super::{Code, Errno, Happened, Info, Instance, Kernel, Life, ProcessId, ThreadId};

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A process: any of its threads may take it.
    Process(ProcessId),
    /// One thread.
    Thread(ThreadId),
}

/// What becomes of a signal that is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// It is pending. This thread was chosen to take it, if one can.
    Pending(Option<ThreadId>),
    /// One is pending already, and standard signals don't queue: this instance is lost.
    Merged,
    /// It is ignored and not blocked, or the process is about to end: thrown away.
    Discarded,
    /// The process ends of it at once.
    Fatal,
}

impl Kernel {
    /// kill(2) by `from`. The null signal is `None`.
    ///
    /// # Errors
    /// `ESRCH` if the process doesn't exist. A zombie does.
    pub fn kill(
        &mut self,
        from: ThreadId,
        to: ProcessId,
        signal: Option<Signal>,
    ) -> Result<(), Errno> {
        self.exists(to)?;
        let info = Info::new(Code::User, Some(self.process_of(from)));
        let sent = signal.map(|signal| self.send(Some(from), Target::Process(to), signal, info));
        sent.transpose().map(drop)
    }

    /// tgkill(2), pthread_kill(3) by `from`.
    ///
    /// # Errors
    /// `ESRCH` if the thread has ended.
    pub fn tgkill(&mut self, from: ThreadId, to: ThreadId, signal: Signal) -> Result<(), Errno> {
        self.thread_exists(to)?;
        let info = Info::new(Code::Tkill, Some(self.process_of(from)));
        self.send(Some(from), Target::Thread(to), signal, info)
            .map(drop)
    }

    /// raise(3): tgkill(2) to oneself.
    ///
    /// # Errors
    /// `ESRCH` if the thread has ended.
    pub fn raise(&mut self, thread: ThreadId, signal: Signal) -> Result<(), Errno> {
        self.tgkill(thread, thread, signal)
    }

    /// sigqueue(3) by `from`.
    ///
    /// # Errors
    /// `ESRCH` if the process doesn't exist, `EAGAIN` if the queue is full.
    pub fn sigqueue(
        &mut self,
        from: ThreadId,
        to: ProcessId,
        signal: Signal,
        value: i64,
    ) -> Result<(), Errno> {
        self.exists(to)?;
        let mut info = Info::new(Code::Queue, Some(self.process_of(from)));
        info.value = value;
        self.send(Some(from), Target::Process(to), signal, info)
            .map(drop)
    }

    /// pthread_sigqueue(3): rt_tgsigqueueinfo(2) by `from`.
    ///
    /// # Errors
    /// `ESRCH` if the thread has ended, `EAGAIN` if the queue is full.
    pub fn pthread_sigqueue(
        &mut self,
        from: ThreadId,
        to: ThreadId,
        signal: Signal,
        value: i64,
    ) -> Result<(), Errno> {
        self.thread_exists(to)?;
        let mut info = Info::new(Code::Queue, Some(self.process_of(from)));
        info.value = value;
        self.send(Some(from), Target::Thread(to), signal, info)
            .map(drop)
    }

    /// The kernel generates a signal: of a timer, a terminal, a fault.
    ///
    /// # Errors
    /// `EAGAIN` if the queue is full.
    pub fn generate(
        &mut self,
        target: Target,
        signal: Signal,
        info: Info,
    ) -> Result<Generated, Errno> {
        self.send(None, target, signal, info)
    }

    /// `__send_signal_locked`; `running` is the thread that does it.
    pub(super) fn send(
        &mut self,
        running: Option<ThreadId>,
        target: Target,
        signal: Signal,
        info: Info,
    ) -> Result<Generated, Errno> {
        let preferred = match target {
            Target::Process(process) => self.process(process).leader(),
            Target::Thread(thread) => thread,
        };
        self.send_to(running, preferred, target, signal, info)
    }

    /// The same, with the thread that takes it first if it can.
    pub(super) fn send_to(
        &mut self,
        running: Option<ThreadId>,
        preferred: ThreadId,
        target: Target,
        signal: Signal,
        info: Info,
    ) -> Result<Generated, Errno> {
        // What comes of a SIGCONT's or a fatal signal's generation comes after it.
        let at = self.happened.len();
        let how = self.queue(running, preferred, target, signal, info)?;
        let happened = Happened::Generated {
            target,
            signal,
            info,
            how,
        };
        self.happened.insert(at, happened);
        Ok(how)
    }

    fn queue(
        &mut self,
        running: Option<ThreadId>,
        preferred: ThreadId,
        target: Target,
        signal: Signal,
        info: Info,
    ) -> Result<Generated, Errno> {
        let process = self.process_of(preferred);
        if !self.process(process).is_alive() {
            return Ok(Generated::Discarded);
        }
        self.stop_and_continue(process, signal);
        if self.is_ignored(preferred, signal) {
            return Ok(Generated::Discarded);
        }
        let has_room = self.has_room(process, signal, info);
        let pending = match target {
            Target::Process(id) => &mut self.process_mut(id).pending,
            Target::Thread(id) => &mut self.thread_mut(id).pending,
        };
        // POSIX 2.4.1: whether standard signals queue is up to the system: `legacy_queue`.
        if !signal.is_realtime() && pending.set().contains(signal) {
            return Ok(Generated::Merged);
        }
        if has_room {
            pending.push(Instance { signal, info });
        } else if signal.is_realtime() && info.code != Code::User {
            return Err(Errno::Eagain);
        } else {
            pending.push_without_entry(signal);
        }
        Ok(self.choose(running, preferred, target, signal))
    }

    /// Stop signals discard a pending `SIGCONT`, and `SIGCONT` pending stop signals, before
    /// anything else; blocked, ignored and caught or not: POSIX 2.4.1, `prepare_signal`.
    fn stop_and_continue(&mut self, process: ProcessId, signal: Signal) {
        let stops = |signal: Signal| signal.default_action() == DefaultAction::Stop;
        if stops(signal) {
            self.flush(process, SigSet::from_iter([Signal::CONT]));
        } else if signal == Signal::CONT {
            self.flush(process, Signal::all().filter(|s| stops(*s)).collect());
            self.continue_process(process);
        }
    }

    /// Whether it isn't even kept: ignored, and not blocked by the thread that it is for (the
    /// preferred one, if for a process): `sig_ignored`. POSIX 2.4.1 leaves open what happens
    /// to a blocked one.
    fn is_ignored(&self, thread: ThreadId, signal: Signal) -> bool {
        let state = self.thread(thread);
        let blocks = state.blocked.contains(signal)
            || state
                .real_blocked
                .is_some_and(|blocked| blocked.contains(signal));
        !blocks && self.action(state.process, signal).ignores(signal)
    }

    /// Whether an entry for it can be queued. `SIGKILL` needs none; standard signals of the
    /// kernel's or by kill(2) (`si_code` >= 0) are beyond the limit: `__send_signal_locked`,
    /// `sigqueue_alloc`.
    fn has_room(&self, process: ProcessId, signal: Signal, info: Info) -> bool {
        if signal == Signal::KILL {
            return false;
        }
        let beyond_limit =
            !signal.is_realtime() && (info.code.is_from_kernel() || info.code == Code::User);
        let shared = self.processes.iter().map(|process| &process.pending);
        let private = self.threads.iter().map(|thread| &thread.pending);
        let queued: usize = shared
            .chain(private)
            .map(|pending| pending.queue().len())
            .sum();
        beyond_limit || queued < self.process(process).queue_limit
    }

    /// Which thread takes it, and whether the process ends of it at once: `complete_signal`.
    fn choose(
        &mut self,
        running: Option<ThreadId>,
        preferred: ThreadId,
        target: Target,
        signal: Signal,
    ) -> Generated {
        let id = self.process_of(preferred);
        let wants = |thread: &ThreadId| self.wants(running, *thread, signal);
        let chosen = if wants(&preferred) {
            Some(preferred)
        } else if let Target::Process(_) = target {
            // From the one that came last round to the one before it.
            let threads = &self.process(id).threads;
            let current = self.process(id).current_target;
            let start = threads.iter().position(|thread| *thread == current);
            let (before, after) = threads.split_at(start.unwrap_or(0));
            after.iter().chain(before).copied().find(wants)
        } else {
            None
        };
        let Some(thread) = chosen else {
            return Generated::Pending(None);
        };
        if thread != preferred {
            self.process_mut(id).current_target = thread;
        }
        let awaited = self.thread(thread).real_blocked;
        let is_awaited = awaited.is_some_and(|blocked| blocked.contains(signal));
        let dumps = signal.default_action() == DefaultAction::Core;
        if self.action(id, signal).is_fatal(signal) && !is_awaited && !dumps {
            // A handler for another signal, pending beside it, doesn't start any more.
            self.end(id, ProcessStatus::Killed(signal));
            return Generated::Fatal;
        }
        self.thread_mut(thread).signalled = true;
        Generated::Pending(Some(thread))
    }

    /// `wants_signal`.
    fn wants(&self, running: Option<ThreadId>, thread: ThreadId, signal: Signal) -> bool {
        let state = self.thread(thread);
        let stopped = matches!(self.process(state.process).life, Life::Stopped(_));
        !state.blocked.contains(signal)
            && !state.ended
            && (signal == Signal::KILL
                || (!stopped && (running == Some(thread) || !state.signalled)))
    }

    fn exists(&self, process: ProcessId) -> Result<(), Errno> {
        match self.process(process).life {
            Life::Gone(_) => Err(Errno::Esrch),
            _ => Ok(()),
        }
    }

    fn thread_exists(&self, thread: ThreadId) -> Result<(), Errno> {
        let state = self.thread(thread);
        // A first thread that has ended is a zombie until its process is waited for.
        let is_leader = self.process(state.process).threads.first() == Some(&thread);
        if state.ended && !is_leader {
            return Err(Errno::Esrch);
        }
        self.exists(state.process)
    }
}
