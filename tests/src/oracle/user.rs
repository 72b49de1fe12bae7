//! What the interpreter's threads do in user mode, and what they write.

use siglab_model::kernel::{Code, Delivery, Info, Instance, Life, Report, ThreadId, WaitFor};
use siglab_model::{ProcessStatus, SigSet, Signal};

use super::player::Player;

/// What a wait of the interpreter's asks for.
pub(super) const ALL_REPORTS: WaitFor = WaitFor {
    stopped: true,
    continued: true,
};

/// What a thread does while it isn't its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It waits for its turn.
    Idle,
    /// It is in sigsuspend(2).
    Suspended(SigSet),
    /// It is in sigtimedwait(2) for these.
    Awaits(SigSet),
    /// It is in waitpid(2) for this process.
    AwaitsChild(usize),
    /// Its call is over; it has yet to write this line.
    Finishes(String),
}

/// A thread in user mode.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) doing: Doing,
    /// For each active handler, whether it has written its first line.
    pub(super) entered: Vec<bool>,
    /// Whether its process has stopped since it last ran.
    pub(super) was_stopped: bool,
}

impl User {
    pub(super) fn new() -> Self {
        Self {
            doing: Doing::Idle,
            entered: Vec::new(),
            was_stopped: false,
        }
    }
}

impl Player {
    /// Whether a thread other than the one whose turn it is would run now.
    pub(super) fn has_work(&self, thread: ThreadId) -> bool {
        let user = &self.users[thread.index()];
        let process = self.kernel.process_of(thread);
        let runs = self.kernel.process(process).life() == Life::Running
            && !self.kernel.thread(thread).has_ended();
        let returns = match user.doing {
            Doing::Finishes(_) => true,
            Doing::AwaitsChild(child) => self.child_report(thread, child).is_some(),
            Doing::Suspended(_) => user.was_stopped,
            Doing::Idle | Doing::Awaits(_) => false,
        };
        runs && (returns || self.kernel.is_woken(thread) || !user.entered.is_empty())
    }

    /// Lets a thread run until it waits, is stopped, or is gone.
    pub(super) fn run(&mut self, thread: ThreadId) {
        let index = thread.index();
        loop {
            self.end_call(thread);
            self.take_signals(thread);
            if !self.is_running(thread) || self.is_too_long() {
                return;
            }
            match self.users[index].entered.last().copied() {
                None if self.restarts(thread) => {}
                None => break,
                Some(false) => self.enter_handler(thread),
                Some(true) => self.leave_handler(thread),
            }
        }
        if let Doing::Finishes(line) = self.users[index].doing.clone() {
            self.users[index].doing = Doing::Idle;
            self.line(thread, &line);
        }
    }

    pub(super) fn is_running(&self, thread: ThreadId) -> bool {
        let process = self.kernel.process_of(thread);
        self.kernel.process(process).life() == Life::Running
            && !self.kernel.thread(thread).has_ended()
    }

    /// A call that waits ends, if what it waits for is there.
    fn end_call(&mut self, thread: ThreadId) {
        let line = match self.users[thread.index()].doing {
            Doing::Awaits(set) if self.kernel.is_woken(thread) => {
                let taken = self.kernel.end_sigtimedwait(thread, set);
                self.ignored_in_wait |= taken.is_none() && self.takes_ignored(thread);
                accepted("timedwait", taken, "EINTR")
            }
            Doing::AwaitsChild(child) => match self.child_report(thread, child) {
                Some(_) => self.wait_for(thread, child),
                None => return,
            },
            _ => return,
        };
        self.users[thread.index()].doing = Doing::Finishes(line);
    }

    /// sigsuspend begins again, if it was interrupted without a handler; whether a signal
    /// is to be taken then.
    fn restarts(&mut self, thread: ThreadId) -> bool {
        if let Doing::Suspended(set) = self.users[thread.index()].doing {
            self.kernel.restart_sigsuspend(thread);
            self.kernel.begin_sigsuspend(thread, set);
        }
        self.kernel.is_woken(thread)
    }

    /// Whether a signal that is ignored is pending for it and isn't blocked.
    fn takes_ignored(&self, thread: ThreadId) -> bool {
        let process = self.kernel.process_of(thread);
        let pending = self.kernel.all_pending(process);
        let mut taken = pending
            .difference(self.kernel.thread(thread).blocked())
            .iter();
        taken.any(|signal| self.kernel.action(process, signal).ignores(signal))
    }

    fn take_signals(&mut self, thread: ThreadId) {
        let index = thread.index();
        let (mut is_first, mut interrupted) = (true, false);
        loop {
            let Some(delivery) = self.kernel.deliver(thread) else {
                // No handler: the call begins again, with the mask from before it meanwhile.
                interrupted |= self.users[index].was_stopped;
                if !(interrupted && is_first && self.is_running(thread)) {
                    return;
                }
                self.users[index].was_stopped = false;
                self.kernel.restart_sigsuspend(thread);
                (is_first, interrupted) = (false, false);
                continue;
            };
            interrupted = true;
            match delivery {
                Delivery::Handler { flags, .. } => {
                    let user = &mut self.users[index];
                    user.entered.push(false);
                    // signal(7): sigsuspend ends; the handler that is set up first decides
                    // about a call that can be restarted.
                    match user.doing {
                        Doing::Suspended(_) if is_first => {
                            user.doing = Doing::Finishes("suspend EINTR".into());
                        }
                        Doing::AwaitsChild(_) if is_first && !flags.restart => {
                            user.doing = Doing::Finishes("wait EINTR".into());
                        }
                        _ => {}
                    }
                    is_first = false;
                }
                Delivery::Stopped { .. } => self.interrupt_waits(thread),
                Delivery::Ignored { .. } | Delivery::Terminated { .. } => {}
            }
        }
    }

    /// All threads of a process that stops are woken; sigtimedwait isn't restarted:
    /// signal(7), "Interruption of system calls and library functions by stop signals".
    fn interrupt_waits(&mut self, thread: ThreadId) {
        let process = self.kernel.process_of(thread);
        for other in self.kernel.process(process).threads().to_vec() {
            self.users[other.index()].was_stopped = true;
            if let Doing::Awaits(set) = self.users[other.index()].doing {
                let taken = self.kernel.end_sigtimedwait(other, set);
                let line = accepted("timedwait", taken, "EINTR");
                self.users[other.index()].doing = Doing::Finishes(line);
            }
        }
    }

    fn enter_handler(&mut self, thread: ThreadId) {
        let index = thread.index();
        let state = self.kernel.thread(thread);
        let frame = *state.frames().last().expect("a handler is active");
        let blocked = state.blocked();
        let user = &mut self.users[index];
        *user.entered.last_mut().expect("a handler is active") = true;
        let depth = user.entered.iter().filter(|entered| **entered).count();
        let text = format!(
            "enters {}, {}, depth {depth}, blocked {}, before {}",
            frame.signal,
            told(frame.info),
            numbers(blocked),
            numbers(frame.restores)
        );
        self.line(thread, &text);
        let process = self.kernel.process_of(thread).index();
        if let Some(signal) = self.raises[process].get(&frame.signal).copied()
            && depth == 1
        {
            let sent = self.kernel.raise(thread, signal);
            debug_assert!(sent.is_ok(), "it is alive");
        }
    }

    fn leave_handler(&mut self, thread: ThreadId) {
        let frames = self.kernel.thread(thread).frames();
        let signal = frames.last().expect("a handler is active").signal;
        self.line(thread, &format!("leaves {signal}"));
        self.users[thread.index()].entered.pop();
        self.kernel.sigreturn(thread);
    }

    /// What waitpid for this process would return now; nothing if it would wait.
    pub(super) fn child_report(&self, thread: ThreadId, child: usize) -> Option<()> {
        let child = self.process(child);
        let report = self.kernel.report(thread, child, ALL_REPORTS);
        report.transpose().map(drop)
    }

    /// waitpid, and its line.
    pub(super) fn wait_for(&mut self, thread: ThreadId, child: usize) -> String {
        let child = self.process(child);
        match self.kernel.wait(thread, child, ALL_REPORTS) {
            Err(errno) => format!("wait {errno}"),
            Ok(None) => "wait nothing".into(),
            Ok(Some(Report::Ended(ProcessStatus::Exited(code)))) => format!("wait exited {code}"),
            Ok(Some(Report::Ended(ProcessStatus::Killed(signal)))) => {
                format!("wait killed {signal}")
            }
            Ok(Some(Report::Stopped(signal))) => format!("wait stopped {signal}"),
            Ok(Some(Report::Continued)) => "wait continued".into(),
        }
    }
}

/// The line of a call that accepts a signal, or fails with this errno.
pub(super) fn accepted(call: &str, taken: Option<Instance>, errno: &str) -> String {
    match taken {
        Some(Instance { signal, info }) => format!("{call} {signal}, {}", told(info)),
        None => format!("{call} {errno}"),
    }
}

/// A set, as the interpreter writes it.
pub(super) fn numbers(set: SigSet) -> String {
    let numbers: Vec<_> = set
        .iter()
        .map(Signal::number)
        .map(|n| n.to_string())
        .collect();
    if numbers.is_empty() {
        "-".into()
    } else {
        numbers.join("+")
    }
}

/// A siginfo, as the interpreter writes it.
fn told(info: Info) -> String {
    let mut text = info.code.to_string();
    if let Some(pid) = info.pid {
        text += &format!(" of {}", pid.index());
    }
    match info.code {
        Code::Queue => text += &format!(" value {}", info.value),
        Code::Exited | Code::Killed | Code::Stopped | Code::Continued => {
            text += &format!(" status {}", info.status);
        }
        _ => {}
    }
    text
}
