//! The model's state carried along a trace: what was blocked and pending, and for whom, at each event of a
//! run.

use std::collections::{HashMap, HashSet};

use crate::event::{Action as Done, Directed, Kind};
use crate::{
    Disposition, Event, ForkHow, HandlerExit, MaskHow, ProcessStatus, Role, SigSet, Signal,
};
use crate::{WaitFor, disposition::DefaultAction};

use super::{
    Action, Code, Delivery, Generated, Info, Kernel, Life, ProcessId, Reaction, Target, ThreadId,
};

/// What the model says becomes of a signal that is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Its handler runs.
    Handler,
    /// A thread that waits for it takes it: sigwait(3) and its kin.
    Accepted,
    /// It stays pending, because it is blocked.
    Blocked,
    /// It is pending already, and this instance is lost.
    Merged,
    /// It is ignored: by `SIG_IGN`, or by default.
    Ignored,
    /// The process ends of it.
    Ends,
    /// The process stops.
    Stops,
    /// The process was stopped, and goes on.
    Continues,
    /// It stays pending, because the process is stopped.
    Held,
}

/// The kernel's signal state during a run. It follows the events of a trace: [`Replica::follow`].
///
/// A trace doesn't tell everything: which process groups there are, and the masks of ppoll(2) and its kin.
/// What depends on that, the replica doesn't know. Where the model would have done something else than what
/// a trace says, it [no longer agrees](Replica::agrees), and what it says is worth nothing.
#[derive(Clone, Debug)]
pub struct Replica {
    kernel: Kernel,
    threads: HashMap<Role, ThreadId>,
    /// What threads wait for in sigtimedwait(2).
    awaited: HashMap<ThreadId, SigSet>,
    /// The threads in calls that wait with another mask, which a trace doesn't tell.
    masked: HashSet<ThreadId>,
    /// Who has just taken a signal that it blocks: its next event has to tell of a call that waits with
    /// another mask, and had nothing to wait for.
    unseen: Option<ThreadId>,
    agrees: bool,
}

impl Default for Replica {
    fn default() -> Self {
        Self::new()
    }
}

impl Replica {
    /// Before the first event of a trace.
    #[must_use]
    pub fn new() -> Self {
        let mut kernel = Kernel::new();
        // A trace has an event for each SIGCHLD.
        kernel.is_told_of_children = true;
        Self {
            kernel,
            threads: HashMap::new(),
            awaited: HashMap::new(),
            masked: HashSet::new(),
            unseen: None,
            agrees: true,
        }
    }

    /// Whether the model would have done all that the trace says so far.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.agrees
    }

    /// What a thread blocks.
    #[must_use]
    pub fn blocked(&self, role: &Role) -> SigSet {
        let thread = self.threads.get(role);
        thread.map_or(SigSet::EMPTY, |it| self.kernel.thread(*it).blocked())
    }

    /// What is pending for a thread, or for its process.
    #[must_use]
    pub fn pending(&self, role: &Role) -> SigSet {
        let Some(thread) = self.threads.get(role) else {
            return SigSet::EMPTY;
        };
        let process = self.kernel.process(self.kernel.process_of(*thread));
        let private = self.kernel.thread(*thread).pending().set();
        private.union(process.pending().set())
    }

    /// The signals whose handlers a thread is in, the innermost last.
    #[must_use]
    pub fn handling(&self, role: &Role) -> Vec<Signal> {
        let frames = self
            .threads
            .get(role)
            .map(|it| self.kernel.thread(*it).frames());
        frames
            .unwrap_or_default()
            .iter()
            .map(|frame| frame.signal)
            .collect()
    }

    /// What the process of a thread does with a signal.
    #[must_use]
    pub fn action(&self, role: &Role, signal: Signal) -> Option<Action> {
        let process = self.kernel.process_of(*self.threads.get(role)?);
        Some(*self.kernel.action(process, signal))
    }

    /// Carries the state along one event.
    pub fn follow(&mut self, event: &Event) {
        let Some(role) = &event.role else { return };
        if let Kind::Spawn { .. } = event.kind {
            self.threads
                .insert(role.clone(), self.kernel.first_thread());
            return;
        }
        let Some(thread) = self.threads.get(role).copied() else {
            self.agrees = false;
            return;
        };
        if self.unseen == Some(thread) {
            self.unseen = None;
            self.agrees &=
                matches!(&event.kind, Kind::Interrupted { syscall, .. } if is_masked(syscall));
        }
        match &event.kind {
            Kind::Generated { .. } => {
                self.agrees &= self.generate(event) != Some(Generated::Merged)
            }
            // A traced process gets what it ignores, too, and of that as well two may merge.
            Kind::Merged { .. } => {
                let lost = [Some(Generated::Merged), Some(Generated::Discarded)];
                self.agrees &= lost.contains(&self.generate(event));
            }
            Kind::Delivered {
                signal,
                disposition,
                ..
            } => self.deliver(thread, *signal, *disposition),
            Kind::Accepted { signal, .. } => self.accept(thread, *signal),
            Kind::WaitBegun { syscall, what, .. } => self.wait(thread, syscall, what),
            Kind::WaitEnded { .. } => {
                if self.awaited.remove(&thread).is_some() {
                    self.kernel.end_sigtimedwait(thread, SigSet::EMPTY);
                }
            }
            Kind::HandlerLeft { how, .. } => self.leave(thread, *how),
            Kind::MaskChanged { mask, .. } => {
                self.kernel.set_mask(thread, MaskHow::Set, *mask);
            }
            Kind::DispositionChanged { signal, new } => {
                let changed = self.kernel.set_action(thread, *signal, action(new));
                self.agrees &= changed.is_ok();
            }
            kind => self.live(thread, kind),
        }
    }

    /// What becomes of the signal that this event, the next one, says is generated. Nothing if it is no
    /// such event, or if it depends on what a trace doesn't tell: whether a process group is orphaned.
    #[must_use]
    pub fn fate(&self, event: &Event) -> Option<Fate> {
        let (Kind::Generated { signal, .. } | Kind::Merged { signal, .. }) = event.kind else {
            return None;
        };
        let thread = self.threads.get(event.role.as_ref()?)?;
        let process = self.kernel.process_of(*thread);
        let stopped = matches!(self.kernel.process(process).life(), Life::Stopped(_));
        let mut after = self.clone();
        let generated = after.generate(event)?;
        if signal == Signal::CONT && stopped {
            return Some(Fate::Continues);
        }
        let threads = self.kernel.process(process).threads();
        let takers: Vec<ThreadId> = match &event.kind {
            Kind::Generated {
                directed: Directed::Thread,
                ..
            } => vec![*thread],
            _ => threads.to_vec(),
        };
        let blocks = |it: &ThreadId| self.kernel.thread(*it).blocked().contains(signal);
        let is_merged = matches!(event.kind, Kind::Merged { .. });
        match generated {
            Generated::Merged => Some(Fate::Merged),
            Generated::Discarded => (!is_merged).then_some(Fate::Ignored),
            Generated::Fatal => Some(Fate::Ends),
            Generated::Pending(Some(taker)) => after.taken(taker, signal),
            Generated::Pending(None) if stopped => Some(Fate::Held),
            Generated::Pending(None) => match takers.iter().find(|it| !blocks(it)) {
                // It takes another signal first. What it waits for then isn't known.
                Some(taker) if !self.awaited.contains_key(taker) => after.taken(*taker, signal),
                Some(_) => None,
                None if takers.iter().any(|it| self.masked.contains(it)) => None,
                None => Some(Fate::Blocked),
            },
        }
    }

    /// How many signals a thread takes before it goes on, if this event, the next one, changes its mask.
    #[must_use]
    pub fn deliveries(&self, event: &Event) -> usize {
        let Some(thread) = event.role.as_ref().and_then(|role| self.threads.get(role)) else {
            return 0;
        };
        let mut after = self.clone();
        after.follow(event);
        let depth = after.kernel.thread(*thread).frames().len();
        let mut count = 0;
        loop {
            if after.kernel.deliver(*thread).is_some() {
                count += 1;
            } else if after.kernel.thread(*thread).frames().len() > depth {
                after.kernel.sigreturn(*thread);
            } else {
                return count;
            }
        }
    }

    /// What the thread that was chosen for a signal does with it.
    fn taken(&mut self, taker: ThreadId, signal: Signal) -> Option<Fate> {
        if self
            .awaited
            .get(&taker)
            .is_some_and(|set| set.contains(signal))
        {
            return Some(Fate::Accepted);
        }
        while let Some(delivery) = self.kernel.deliver(taker) {
            match delivery {
                Delivery::Handler { signal: it, .. } if it == signal => return Some(Fate::Handler),
                Delivery::Terminated { .. } => return Some(Fate::Ends),
                Delivery::Stopped { signal: it } if it == signal => return Some(Fate::Stops),
                Delivery::Ignored { signal: it } if it == signal => {
                    let stops = signal.default_action() == DefaultAction::Stop;
                    return (!stops).then_some(Fate::Ignored);
                }
                _ => {}
            }
        }
        None
    }

    /// The signal of an event is generated.
    fn generate(&mut self, event: &Event) -> Option<Generated> {
        let thread = *self.threads.get(event.role.as_ref()?)?;
        let process = self.kernel.process_of(thread);
        let (signal, from, directed, code) = match &event.kind {
            Kind::Generated {
                signal,
                from,
                directed,
                info,
            } => (*signal, from, *directed, code(&info.code)),
            Kind::Merged { signal, from } => {
                let shared = self.kernel.process(process).pending().set();
                let directed = match shared.contains(*signal) {
                    true => Directed::Process,
                    false => Directed::Thread,
                };
                (*signal, from, directed, Code::User)
            }
            _ => return None,
        };
        let target = match directed {
            Directed::Process => Target::Process(process),
            Directed::Thread => Target::Thread(thread),
        };
        let sender = self.threads.get(from).copied();
        let sent = self
            .kernel
            .send(sender, target, signal, Info::new(code, None));
        sent.ok()
    }

    fn deliver(&mut self, thread: ThreadId, signal: Signal, done: Done) {
        let process = self.kernel.process_of(thread);
        let is_pending = self.kernel.thread(thread).pending().set().contains(signal)
            || self
                .kernel
                .process(process)
                .pending()
                .set()
                .contains(signal);
        // What is ignored isn't kept, and what ends a process may do so when it is generated.
        if done != Done::Handler && !is_pending {
            return;
        }
        let is_blocked = self.kernel.thread(thread).blocked().contains(signal);
        if done == Done::Handler && is_blocked {
            if !self.masked.remove(&thread) {
                self.unseen = Some(thread);
            }
            // The mask of then lets it through, and the one of before counts when the handler returns.
            let blocked = self.kernel.thread(thread).blocked();
            let blocked = blocked.difference(SigSet::from_iter([signal]));
            self.kernel.begin_sigsuspend(thread, blocked);
        }
        let delivered = self.kernel.deliver(thread);
        self.agrees &= match delivered {
            Some(Delivery::Handler { signal: it, .. }) => it == signal && done == Done::Handler,
            Some(
                Delivery::Ignored { signal: it }
                | Delivery::Stopped { signal: it }
                | Delivery::Terminated { signal: it },
            ) => it == signal && done != Done::Handler,
            None => false,
        };
    }

    fn accept(&mut self, thread: ThreadId, signal: Signal) {
        let taken = match self.awaited.remove(&thread) {
            Some(set) => self.kernel.end_sigtimedwait(thread, set),
            None => self.kernel.accept(thread, SigSet::from_iter([signal])),
        };
        self.agrees &= taken.is_some_and(|taken| taken.signal == signal);
    }

    fn wait(&mut self, thread: ThreadId, syscall: &str, what: &WaitFor) {
        self.masked.remove(&thread);
        match (syscall, what) {
            ("rt_sigtimedwait", WaitFor::OneOf(set)) => {
                self.kernel.begin_sigtimedwait(thread, *set);
                self.awaited.insert(thread, *set);
            }
            ("rt_sigsuspend", WaitFor::AnySignalBut(set)) => {
                self.kernel.begin_sigsuspend(thread, *set);
            }
            ("rt_sigsuspend", _) => self.kernel.begin_sigsuspend(thread, SigSet::EMPTY),
            (syscall, _) if is_masked(syscall) => {
                self.masked.insert(thread);
            }
            _ => {}
        }
    }

    fn leave(&mut self, thread: ThreadId, how: HandlerExit) {
        match how {
            HandlerExit::Return if !self.kernel.thread(thread).frames().is_empty() => {
                self.kernel.sigreturn(thread);
            }
            HandlerExit::Return => self.agrees = false,
            // The mask is set by a call of its own.
            HandlerExit::Jump => drop(self.kernel.thread_mut(thread).frames.pop()),
        }
    }

    /// Processes and threads begin and end, stop and go on.
    fn live(&mut self, thread: ThreadId, kind: &Kind) {
        let process = self.kernel.process_of(thread);
        match kind {
            Kind::Fork { child, how } => {
                let made = match how {
                    ForkHow::Thread => self.kernel.new_thread(thread),
                    _ => {
                        let child = self.kernel.fork(thread);
                        self.kernel.process(child).leader()
                    }
                };
                self.threads.insert(child.clone(), made);
            }
            Kind::Exec { .. } => self.kernel.exec(thread),
            Kind::ThreadExit {} => self.kernel.exit_thread(thread),
            Kind::Exit { code } => self.end(process, ProcessStatus::Exited(*code)),
            Kind::Killed { signal, .. } => self.end(process, ProcessStatus::Killed(*signal)),
            Kind::Stopped { signal } => {
                self.kernel.process_mut(process).life = Life::Stopped(*signal);
            }
            Kind::Continued {} => self.kernel.continue_process(process),
            Kind::Reaped { child, status } => {
                if let Some(child) = self.threads.get(child) {
                    let child = self.kernel.process_of(*child);
                    self.kernel.process_mut(child).life = Life::Gone(*status);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, process: ProcessId, status: ProcessStatus) {
        if self.kernel.process(process).is_alive() {
            self.kernel.end(process, status);
        }
    }
}

fn action(new: &Disposition) -> Action {
    match new {
        Disposition::Default => Action::default(),
        Disposition::Ignore => Action::ignore(),
        Disposition::Handler { flags, mask, .. } => Action {
            reaction: Reaction::Handler,
            mask: *mask,
            flags: *flags,
        },
    }
}

/// Whether a call waits with another mask.
fn is_masked(syscall: &str) -> bool {
    let calls = [
        "rt_sigsuspend",
        "ppoll",
        "pselect6",
        "epoll_pwait",
        "epoll_pwait2",
    ];
    calls.contains(&syscall)
}

/// `si_code` by its name in a trace.
fn code(name: &str) -> Code {
    match name {
        "SI_USER" => Code::User,
        "SI_TKILL" => Code::Tkill,
        "SI_QUEUE" => Code::Queue,
        "SI_TIMER" => Code::Timer,
        "CLD_EXITED" => Code::Exited,
        "CLD_KILLED" | "CLD_DUMPED" => Code::Killed,
        "CLD_STOPPED" => Code::Stopped,
        "CLD_CONTINUED" => Code::Continued,
        name if name.starts_with("SI_") => Code::Kernel,
        _ => Code::Fault,
    }
}

#[cfg(test)]
mod tests;
