//! Plays a program in the model, step by step, and refuses what isn't determined.

use std::collections::BTreeMap;

use siglab_model::kernel::{
    Action, Code, Errno, Generated, Happened, Info, Kernel, Life, ProcessId, Reaction, Target,
    ThreadId,
};
use siglab_model::{HandlerFlags, ProcessStatus, SigSet, Signal};

use super::program::{How, Kind, Op, Program, Step};
use super::user::{Doing, User, accepted, numbers};

/// Threads that a program may have in all.
const THREADS: usize = 8;

/// Lines that a program may write. Handlers that raise each other's signals never end.
const LINES: usize = 200;

/// Leaves out what the engine doesn't do as the kernel does, yet. An ignored signal that isn't blocked is kept for a tracee. In sigtimedwait(2) the
/// engine takes such signals out of the set when the wait begins, though they may be blocked
/// by the time they come; SIGCONT can end the wait with `EINTR`; and a signal that is kept
/// natively, too, because another thread blocks it, doesn't.
const AVOID_IGNORED_IN_SIGTIMEDWAIT: bool = true;

/// The same: `SIGCONT` wakes every thread of a tracee, and another one than natively may take it.
const AVOID_SIGCONT_AMONG_THREADS: bool = true;

/// The state of a program that is played.
#[derive(Clone, Debug)]
pub struct Player {
    pub(super) kernel: Kernel,
    pub(super) users: Vec<User>,
    /// For each process, which signal a signal's handler raises.
    pub(super) raises: Vec<BTreeMap<Signal, Signal>>,
    lines: Vec<String>,
    program: Program,
    happened: Vec<Happened>,
    /// Whether something happened that is left out: [`AVOID_IGNORED_IN_SIGTIMEDWAIT`].
    pub(super) ignored_in_wait: bool,
    /// How the first process has ended.
    over: Option<ProcessStatus>,
}

/// What has to come of a program.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What it writes.
    pub lines: Vec<String>,
    /// How its first process ends.
    pub status: ProcessStatus,
    /// What happens to its signals, until it is ended.
    pub happened: Vec<Happened>,
}

/// A step that isn't played: it isn't possible now, or more than one thread would run after
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undetermined;

impl Default for Player {
    fn default() -> Self {
        Self::new()
    }
}

impl Player {
    /// Before the first step: one process with one thread.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kernel: Kernel::new(),
            users: vec![User::new()],
            raises: vec![BTreeMap::new()],
            lines: Vec::new(),
            program: Program::default(),
            happened: Vec::new(),
            ignored_in_wait: false,
            over: None,
        }
    }

    /// Whether the first process has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// How many threads and processes there have been.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.users.len(), self.raises.len())
    }

    /// The threads that can do something now.
    #[must_use]
    pub fn idle(&self) -> Vec<usize> {
        let threads = self.kernel.threads();
        threads
            .filter(|thread| self.is_idle(*thread))
            .map(ThreadId::index)
            .collect()
    }

    /// Plays a step, and those that are needed after it.
    ///
    /// # Errors
    /// If it isn't determined what comes of it. Nothing has changed then.
    pub fn play(&mut self, step: &Step) -> Result<(), Undetermined> {
        let mut next = self.clone();
        next.play_here(step)?;
        *self = next;
        Ok(())
    }

    /// Ends the program: everything that is expected of it.
    #[must_use]
    pub fn finish(mut self) -> (Program, Expected) {
        if self.over.is_none() {
            let ender = self.idle()[0];
            let own = self.kernel.process_of(self.thread(ender));
            let others = self.kernel.processes().filter(|process| *process != own);
            let others = others.filter(|process| self.kernel.process(*process).is_alive());
            let op = Op::End(others.map(ProcessId::index).collect());
            self.note(0, &Step { thread: ender, op });
            self.line(self.thread(ender), "end");
        }
        // Whoever ends the program kills the first process, or is it.
        let ended_by = self.program.steps.last().map(|(_, _, step)| step.thread);
        let by_first =
            ended_by.is_some_and(|thread| self.kernel.process_of(self.thread(thread)).index() == 0);
        let status = self.over.unwrap_or(if by_first {
            ProcessStatus::Exited(0)
        } else {
            ProcessStatus::Killed(Signal::KILL)
        });
        let expected = Expected {
            lines: self.lines,
            status,
            happened: self.happened,
        };
        (self.program, expected)
    }

    fn play_here(&mut self, step: &Step) -> Result<(), Undetermined> {
        let thread = self.kernel.threads().nth(step.thread).ok_or(Undetermined)?;
        if self.over.is_some() || !self.is_idle(thread) {
            return Err(Undetermined);
        }
        let at = self.note(0, step);
        let result = self.carry_out(thread, &step.op)?;
        if let Some(line) = result {
            self.users[step.thread].doing = Doing::Finishes(line);
        }
        self.settle_all(thread)?;
        if matches!(self.users[step.thread].doing, Doing::Finishes(_)) && self.is_running(thread) {
            self.program.steps[at].1 = self.lines.len();
            self.run(thread);
        }
        self.draw_conclusions(thread)
    }

    /// What comes of it, one thread after another.
    fn settle_all(&mut self, caller: ThreadId) -> Result<(), Undetermined> {
        let was_running = self.is_running(caller);
        loop {
            if self.is_too_long() {
                return Err(Undetermined);
            }
            let mut others = self
                .kernel
                .threads()
                .filter(|thread| *thread != caller && self.has_work(*thread));
            let (first, second) = (others.next(), others.next());
            drop(others);
            match (first, second) {
                (Some(_), Some(_)) => return Err(Undetermined),
                (Some(_), None) if self.takes_signals(caller) => return Err(Undetermined),
                (Some(other), None) => {
                    let lines = self.lines.len();
                    self.run(other);
                    // It has ignored a signal, and nobody could know when it was done.
                    if self.is_running(other) && lines == self.lines.len() {
                        return Err(Undetermined);
                    }
                    // It would be stopped or ended at one moment or another.
                    if was_running && !self.is_running(caller) {
                        return Err(Undetermined);
                    }
                }
                (None, _) if self.takes_signals(caller) => {
                    self.run_handlers(caller);
                    if !self.is_running(caller) {
                        // What comes of that is for others.
                        return self.settle_others(caller);
                    }
                }
                (None, _) => return Ok(()),
            }
        }
    }

    fn settle_others(&mut self, caller: ThreadId) -> Result<(), Undetermined> {
        loop {
            if self.is_too_long() {
                return Err(Undetermined);
            }
            let threads = self.kernel.threads();
            let others: Vec<_> = threads
                .filter(|thread| *thread != caller && self.has_work(*thread))
                .collect();
            match others[..] {
                [] => return Ok(()),
                [other] => self.run(other),
                _ => return Err(Undetermined),
            }
        }
    }

    /// Whether the thread whose turn it is takes signals before it goes on.
    fn takes_signals(&self, caller: ThreadId) -> bool {
        let user = &self.users[caller.index()];
        let finishes = matches!(user.doing, Doing::Finishes(_));
        self.has_work(caller)
            && (!finishes || self.kernel.is_woken(caller) || !user.entered.is_empty())
    }

    /// The same as [`Player::run`], but the line of its result has to wait.
    fn run_handlers(&mut self, caller: ThreadId) {
        let index = caller.index();
        match std::mem::replace(&mut self.users[index].doing, Doing::Idle) {
            Doing::Finishes(line) => {
                self.run(caller);
                self.users[index].doing = Doing::Finishes(line);
            }
            waits => {
                self.users[index].doing = waits;
                self.run(caller);
            }
        }
    }

    /// Parents make sure of what has become of their children; who goes on says so.
    fn draw_conclusions(&mut self, caller: ThreadId) -> Result<(), Undetermined> {
        if self.is_too_long() {
            return Err(Undetermined);
        }
        let happened = self.kernel.happened();
        let ignored = self.ignored_in_wait
            || happened
                .iter()
                .any(|event| self.is_ignored_in_wait(caller, event));
        if AVOID_IGNORED_IN_SIGTIMEDWAIT && ignored {
            return Err(Undetermined);
        }
        let cont = happened
            .iter()
            .any(|event| self.is_cont_among_threads(event));
        if AVOID_SIGCONT_AMONG_THREADS && cont {
            return Err(Undetermined);
        }
        self.happened.extend(&happened);
        for event in &happened {
            let (process, what) = match *event {
                Happened::Ended { process, status } => {
                    self.check_end(process, status)?;
                    (process, 0)
                }
                Happened::Stopped { process, .. } => (process, 1),
                Happened::Continued { process } => (process, 2),
                _ => continue,
            };
            if self.over.is_some() {
                return Ok(());
            }
            let parent = self.kernel.process(process).parent().ok_or(Undetermined)?;
            let parent = self.kernel.process_of(parent);
            let thread = self.idle_of(parent).ok_or(Undetermined)?;
            // The parent was waiting for it, and knows.
            if what > 0 && self.child_report(thread, process.index()).is_none() {
                continue;
            }
            let pending = what > 0 && self.kernel.sigpending(thread).contains(Signal::CHLD);
            let op = Op::Settle(process.index(), what, pending);
            self.say(thread, op, "settled");
            if what == 2
                && let Some(thread) = self.idle_of(process)
            {
                self.say(thread, Op::Rest, "rests");
            }
        }
        if self.over.is_none() && self.idle().is_empty() {
            return Err(Undetermined);
        }
        Ok(())
    }

    fn is_ignored_in_wait(&self, caller: ThreadId, event: &Happened) -> bool {
        let Happened::Generated {
            target,
            signal,
            how,
            ..
        } = *event
        else {
            return false;
        };
        let process = match target {
            Target::Process(process) => process,
            Target::Thread(thread) => self.kernel.process_of(thread),
        };
        let ignores = self.kernel.action(process, signal).ignores(signal);
        if let (true, Generated::Pending(Some(taker))) = (ignores, how) {
            return taker != caller;
        }
        let wakes = how == Generated::Discarded || signal == Signal::CONT;
        self.kernel.threads().any(|thread| {
            wakes
                && self.kernel.process_of(thread) == process
                && matches!(self.users[thread.index()].doing, Doing::Awaits(_))
        })
    }

    fn is_cont_among_threads(&self, event: &Happened) -> bool {
        let Happened::Generated {
            target,
            signal: Signal::CONT,
            ..
        } = *event
        else {
            return false;
        };
        let process = match target {
            Target::Process(process) => process,
            Target::Thread(thread) => self.kernel.process_of(thread),
        };
        self.kernel.process(process).threads().len() > 1
    }

    fn check_end(&mut self, process: ProcessId, status: ProcessStatus) -> Result<(), Undetermined> {
        let mut living = self.kernel.processes().filter(|other| {
            let other = self.kernel.process(*other);
            let parent = other.parent().map(|parent| self.kernel.process_of(parent));
            other.is_alive() && (parent == Some(process) || process.index() == 0)
        });
        if living.next().is_some() {
            return Err(Undetermined);
        }
        if process.index() == 0 {
            self.over = Some(status);
        }
        Ok(())
    }

    fn say(&mut self, thread: ThreadId, op: Op, line: &str) {
        let thread_index = thread.index();
        self.note(
            self.lines.len(),
            &Step {
                thread: thread_index,
                op,
            },
        );
        self.line(thread, line);
    }

    fn note(&mut self, result: usize, step: &Step) -> usize {
        self.program
            .steps
            .push((self.lines.len(), result, step.clone()));
        self.program.steps.len() - 1
    }

    pub(super) fn line(&mut self, thread: ThreadId, text: &str) {
        self.lines.push(format!("{} {text}", thread.index()));
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.lines.len() > LINES
    }

    fn is_idle(&self, thread: ThreadId) -> bool {
        self.users[thread.index()].doing == Doing::Idle && self.is_running(thread)
    }

    fn idle_of(&self, process: ProcessId) -> Option<ThreadId> {
        let threads = self.kernel.process(process).threads();
        threads.iter().copied().find(|thread| self.is_idle(*thread))
    }

    fn thread(&self, index: usize) -> ThreadId {
        self.kernel.threads().nth(index).expect("it was made")
    }

    pub(super) fn process(&self, index: usize) -> ProcessId {
        self.kernel.processes().nth(index).expect("it was made")
    }

    /// A process that can be named without harm: its number can't have been used again.
    fn known(&self, index: usize) -> Result<ProcessId, Undetermined> {
        let id = self.kernel.processes().nth(index).ok_or(Undetermined)?;
        let process = self.kernel.process(id);
        let is_orphan = process.parent().is_some_and(|parent| {
            let parent = self.kernel.process_of(parent);
            !self.kernel.process(parent).is_alive()
        });
        let exists = !matches!(process.life(), Life::Gone(_));
        (exists && !is_orphan).then_some(id).ok_or(Undetermined)
    }

    fn known_thread(&self, index: usize) -> Result<ThreadId, Undetermined> {
        let id = self.kernel.threads().nth(index).ok_or(Undetermined)?;
        let process = self.known(self.kernel.process_of(id).index())?;
        let lives = self.kernel.process(process).is_alive();
        lives.then_some(id).ok_or(Undetermined)
    }

    /// The call itself; the line of its result, unless it waits or doesn't come back.
    fn carry_out(&mut self, thread: ThreadId, op: &Op) -> Result<Option<String>, Undetermined> {
        let line = match op {
            Op::Action { .. } => self.set_action(thread, op),
            Op::Mask(how, set) => {
                let old = self.kernel.set_mask(thread, *how, *set);
                format!("mask was {}", numbers(old))
            }
            Op::Kill(..) | Op::Tgkill(..) | Op::Queue(..) | Op::QueueThread(..) => {
                self.send(thread, op)?
            }
            Op::Pending => format!("pending {}", numbers(self.kernel.sigpending(thread))),
            Op::Signalfd(set) => accepted("signalfd", self.kernel.accept(thread, *set), "EAGAIN"),
            Op::TimedWait(set, How::AtOnce) => {
                accepted("timedwait", self.kernel.accept(thread, *set), "EAGAIN")
            }
            Op::Wait(child, How::AtOnce) => {
                self.known(*child)?;
                self.wait_for(thread, *child)
            }
            Op::Alarm => {
                let target = Target::Process(self.kernel.process_of(thread));
                let info = Info::new(Code::Kernel, None);
                let sent = self.kernel.generate(target, Signal::ALRM, info);
                sent.map_err(|_| Undetermined)?;
                "alarm ok".into()
            }
            Op::Fork { .. } | Op::Thread(_) => self.make(thread, op)?,
            Op::Suspend(_) | Op::TimedWait(..) | Op::Wait(..) => {
                self.begin_wait(thread, op)?;
                return Ok(None);
            }
            Op::Exec | Op::Exit(_) | Op::Leave => {
                self.replace_or_end(thread, op)?;
                return Ok(None);
            }
            Op::Rest => "rests".into(),
            // Made where they are needed.
            Op::Settle(..) | Op::End(_) => return Err(Undetermined),
        };
        Ok(Some(line))
    }

    fn set_action(&mut self, thread: ThreadId, op: &Op) -> String {
        let Op::Action {
            signal,
            kind,
            flags,
            mask,
            raises,
        } = op
        else {
            unreachable!("it is one");
        };
        let action = Action {
            reaction: match kind {
                Kind::Default => Reaction::Default,
                Kind::Ignore => Reaction::Ignore,
                Kind::Handler => Reaction::Handler,
            },
            mask: *mask,
            flags: flags_of(*flags),
        };
        let table = &mut self.raises[self.kernel.process_of(thread).index()];
        match raises {
            Some(raised) => table.insert(*signal, *raised),
            None => table.remove(signal),
        };
        match self.kernel.set_action(thread, *signal, action) {
            Err(errno) => format!("action {errno}"),
            Ok(old) => {
                let was = match old.reaction {
                    Reaction::Default => "default",
                    Reaction::Ignore => "ignore",
                    Reaction::Handler => "handler",
                };
                let (flags, mask) = (bits_of(old.flags), numbers(old.mask));
                format!("action ok, was {was}, flags {flags}, mask {mask}")
            }
        }
    }

    fn send(&mut self, thread: ThreadId, op: &Op) -> Result<String, Undetermined> {
        let (name, result) = match *op {
            Op::Kill(to, signal) => {
                let to = self.known(to)?;
                ("kill", self.kernel.kill(thread, to, signal))
            }
            Op::Queue(to, signal, value) => {
                let to = self.known(to)?;
                let sent = self.kernel.sigqueue(thread, to, signal, value.into());
                ("queue", sent)
            }
            Op::Tgkill(to, signal) => {
                let to = self.known_thread(to)?;
                ("tgkill", self.kernel.tgkill(thread, to, signal))
            }
            Op::QueueThread(to, signal, value) => {
                let to = self.known_thread(to)?;
                let sent = self
                    .kernel
                    .pthread_sigqueue(thread, to, signal, value.into());
                ("tgqueue", sent)
            }
            _ => return Err(Undetermined),
        };
        let result = result.map_or_else(|errno: Errno| errno.to_string(), |()| "ok".into());
        Ok(format!("{name} {result}"))
    }

    fn make(&mut self, thread: ThreadId, op: &Op) -> Result<String, Undetermined> {
        if self.users.len() >= THREADS {
            return Err(Undetermined);
        }
        let (new, how, line) = match *op {
            Op::Fork {
                thread: first,
                process,
                leads,
            } if (first, process) == self.counts() => {
                let raises = self.raises[self.kernel.process_of(thread).index()].clone();
                let child = self.kernel.fork(thread);
                self.raises.push(raises);
                if leads {
                    self.kernel.lead_group(child);
                }
                (self.kernel.process(child).leader(), "child", "fork ok")
            }
            Op::Thread(index) if index == self.users.len() => {
                (self.kernel.new_thread(thread), "thread", "thread ok")
            }
            _ => return Err(Undetermined),
        };
        self.users.push(User::new());
        self.born(new, how);
        Ok(line.into())
    }

    fn born(&mut self, thread: ThreadId, how: &str) {
        let process = self.kernel.process_of(thread);
        let looked_at = [
            Signal::HUP,
            Signal::USR1,
            Signal::USR2,
            Signal::CHLD,
            Signal::TSTP,
        ];
        let ignored: SigSet = looked_at
            .into_iter()
            .filter(|signal| self.kernel.action(process, *signal).reaction == Reaction::Ignore)
            .collect();
        let text = format!(
            "{how}, blocked {}, pending {}, ignored {}",
            numbers(self.kernel.thread(thread).blocked()),
            numbers(self.kernel.sigpending(thread)),
            numbers(ignored)
        );
        self.line(thread, &text);
    }

    fn begin_wait(&mut self, thread: ThreadId, op: &Op) -> Result<(), Undetermined> {
        self.line(thread, "waits");
        let doing = match op {
            Op::Suspend(set) => {
                self.kernel.begin_sigsuspend(thread, *set);
                Doing::Suspended(*set)
            }
            Op::TimedWait(set, _) => match self.kernel.accept(thread, *set) {
                None if AVOID_IGNORED_IN_SIGTIMEDWAIT && self.ignores_any(thread, *set) => {
                    return Err(Undetermined);
                }
                None => {
                    self.kernel.begin_sigtimedwait(thread, *set);
                    Doing::Awaits(*set)
                }
                taken => Doing::Finishes(accepted("timedwait", taken, "EAGAIN")),
            },
            Op::Wait(child, _) => {
                self.known(*child)?;
                match self.child_report(thread, *child) {
                    Some(()) => Doing::Finishes(self.wait_for(thread, *child)),
                    None => Doing::AwaitsChild(*child),
                }
            }
            _ => return Err(Undetermined),
        };
        self.users[thread.index()].doing = doing;
        Ok(())
    }

    /// Whether it ignores one of these, and doesn't block it.
    fn ignores_any(&self, thread: ThreadId, set: SigSet) -> bool {
        let process = self.kernel.process_of(thread);
        let blocked = self.kernel.thread(thread).blocked();
        set.difference(blocked)
            .iter()
            .any(|signal| self.kernel.action(process, signal).ignores(signal))
    }

    fn replace_or_end(&mut self, thread: ThreadId, op: &Op) -> Result<(), Undetermined> {
        let process = self.kernel.process_of(thread);
        let threads = self.kernel.process(process).threads().len();
        match op {
            Op::Exec if threads == 1 => {
                self.kernel.exec(thread);
                self.raises[process.index()].clear();
                self.born(thread, "exec");
            }
            Op::Exit(code) if process.index() > 0 => self.kernel.exit(thread, *code),
            Op::Leave if self.kernel.process(process).leader() != thread => {
                self.line(thread, "ends");
                self.kernel.exit_thread(thread);
            }
            _ => return Err(Undetermined),
        }
        Ok(())
    }
}

/// Which flags a bit stands for, in the interpreter's order.
fn flags_of(bits: u8) -> HandlerFlags {
    HandlerFlags {
        restart: bits & 1 != 0,
        nodefer: bits & 2 != 0,
        resethand: bits & 4 != 0,
        nocldstop: bits & 8 != 0,
        nocldwait: bits & 16 != 0,
        ..HandlerFlags::default()
    }
}

fn bits_of(flags: HandlerFlags) -> u8 {
    [
        flags.restart,
        flags.nodefer,
        flags.resethand,
        flags.nocldstop,
        flags.nocldwait,
    ]
    .iter()
    .rev()
    .fold(0, |bits, flag| bits << 1 | u8::from(*flag))
}
