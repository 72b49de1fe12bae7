//! Judging a run: what went wrong in it, compared with runs in which nothing did.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use siglab_model::{
    Action, DefaultAction, Disposition, Event, Family, Frame, Kind, LimitKind, Lock, ProcessStatus,
    Role, Signal, Trace, UnsafeFunction, WaitFor, Waiting,
};

use crate::finding::FindingKind;
use crate::output::{Reference, Shaken};
use crate::stack::{outer_call, own_frame};

/// What went wrong, and the cause by which runs are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) kind: FindingKind,
    /// Equal for runs with the same cause.
    pub(crate) cause: String,
    /// Whom it hits.
    pub(crate) role: Role,
    pub(crate) detail: Detail,
}

/// What kinds need for their explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Nothing,
    /// What is wrong, as the end of a sentence.
    Words(String),
    /// That it doesn't block a signal for a while that it takes otherwise.
    Unblocked,
    /// What it dies of.
    Death(Signal),
    /// What it sends to itself, and dies of.
    Itself(Signal),
    /// The lock that it waits for.
    Lock(Lock),
    /// The system call that goes on by itself, and in which it waits.
    Restarted(String),
    /// That it waits for room in what nobody reads from.
    Full,
    /// The system call in which it waits.
    Call(String),
    /// How many children have ended and aren't waited for.
    Children(usize),
    /// errno before and after the handler.
    Errno {
        before: i32,
        after: i32,
    },
    /// What the handler calls.
    Function(UnsafeFunction),
}

impl Judgement {
    /// Children that nobody waits for.
    pub(crate) fn of_children(role: Role, children: usize) -> Self {
        Self {
            kind: FindingKind::LostWakeup,
            cause: "children".to_owned(),
            role,
            detail: Detail::Children(children),
        }
    }
}

/// Whether a call that waits does so for room: for somebody who reads, and for no signal.
pub(crate) fn is_write(syscall: &str) -> bool {
    const WRITES: [&str; 9] = [
        "write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg",
        "vmsplice",
    ];
    WRITES.contains(&syscall)
}

/// All threads of the processes that got a signal when, or after, the last one was injected, and
/// not one that does nothing; `None` if none was injected.
fn sent_since_injection(trace: &Trace) -> Option<BTreeSet<Role>> {
    let is_injected = |event: &Event| matches!(event.kind, Kind::Injected { .. });
    let since = trace.events.iter().rposition(is_injected)?;
    let family = Family::of(&trace.events);
    let is_sent = |event: &&Event| {
        matches!(
            event.kind,
            Kind::Injected { .. }
                | Kind::Delivered {
                    disposition: Action::Handler,
                    ..
                }
                | Kind::Accepted { .. }
                | Kind::BlockedPending { .. }
        )
    };
    let sent = trace.events[since..].iter().filter(is_sent);
    let sent: BTreeSet<Role> = sent
        .filter_map(|event| Some(family.process(event.role.as_ref()?)))
        .collect();
    let roles = trace.events.iter().filter_map(|event| event.role.as_ref());
    Some(
        roles
            .filter(|role| sent.contains(&family.process(role)))
            .cloned()
            .collect(),
    )
}

/// Where a thread waits, as far as runs are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct WaitKey {
    role: Role,
    syscall: String,
    function: Option<String>,
    line: Option<u32>,
}

/// Runs in which nothing went wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normal {
    /// The program's file name.
    pub(crate) program: String,
    /// Where it waits for ever when nothing is injected; `None` if it ends by itself.
    rests_in: Option<Vec<WaitKey>>,
    /// Where it waits after the signal came while it waited, for each signal.
    after: BTreeMap<Signal, Vec<Option<Vec<WaitKey>>>>,
    /// The signals after which it ended, at some harmless moment.
    ends_after: BTreeSet<Signal>,
    /// Deaths that are as they should be.
    deaths: Vec<(Role, ProcessStatus)>,
    limits: Vec<LimitKind>,
    pub(crate) output: Reference,
    /// The processes that install a handler for a signal again after it was the default, or one
    /// that is reset to the default when it is called.
    pub(crate) reinstalls: Vec<(Role, Signal)>,
    /// The processes that keep a signal blocked, and take it with sigwait(3) or signalfd(2).
    pub(crate) accepts: BTreeSet<(Role, Signal)>,
    /// The signals whose handlers use memory of the program's own: they take a note.
    pub(crate) noted: BTreeSet<Signal>,
    /// What handlers call that they must not.
    pub(crate) unsafe_calls: BTreeMap<Signal, UnsafeFunction>,
    /// Whether a handler uses something that is buffered.
    pub(crate) buffers: bool,
}

/// The threads that wait, if the run ended because all did.
pub(crate) fn waiting(trace: &Trace) -> Option<&[Waiting]> {
    trace
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::Deadlock { waiting } => Some(waiting.as_slice()),
            _ => None,
        })
}

fn deaths(trace: &Trace) -> impl Iterator<Item = (Role, ProcessStatus)> {
    trace.events.iter().filter_map(|event| match event.kind {
        Kind::Killed { signal, .. } => Some((event.role.clone()?, ProcessStatus::Killed(signal))),
        _ => None,
    })
}

/// Signals by which a program dies of its own fault.
pub(crate) fn is_fault(signal: Signal) -> bool {
    [
        Signal::SEGV,
        Signal::ABRT,
        Signal::BUS,
        Signal::ILL,
        Signal::FPE,
        Signal::TRAP,
        Signal::SYS,
    ]
    .contains(&signal)
}

impl Normal {
    /// Nothing is known to be normal.
    pub(crate) fn of_nothing(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            ..Self::default()
        }
    }

    /// From the run in which nothing is injected. `program`: what stacks call it.
    pub(crate) fn new(trace: &Trace, program: &str) -> Self {
        let program = program.to_owned();
        let mut normal = Self {
            rests_in: keys(trace, &program),
            program,
            deaths: deaths(trace).collect(),
            limits: trace.outcome.limit.into_iter().collect(),
            ..Self::default()
        };
        normal.output.add(trace);
        normal.learn(trace);
        normal
    }

    /// After a signal at a harmless moment, it may ask again and again whether something
    /// else has come.
    pub(crate) fn polls_on(&mut self) {
        self.limits.push(LimitKind::VirtualTime);
    }

    /// Remembers what a program does on purpose.
    pub(crate) fn learn(&mut self, trace: &Trace) {
        let family = Family::of(&trace.events);
        let mut installed = Vec::new();
        let mut in_handler = Vec::new();
        for event in &trace.events {
            let Some(role) = &event.role else { continue };
            match &event.kind {
                Kind::DispositionChanged {
                    signal,
                    new: Disposition::Handler { flags, .. },
                } => {
                    let key = (family.process(role), *signal);
                    if flags.resethand || installed.contains(&key) {
                        self.reinstalls.push(key);
                    } else {
                        installed.push(key);
                    }
                }
                // A child has its parent's handlers.
                Kind::Fork { child, .. } => {
                    let parent = family.process(role);
                    let inherited: Vec<_> = installed
                        .iter()
                        .filter(|(of, _)| *of == parent)
                        .map(|(_, signal)| (child.clone(), *signal))
                        .collect();
                    installed.extend(inherited);
                    // What is buffered is there twice from then on.
                    self.buffers |= in_handler.contains(&role);
                }
                Kind::Accepted { signal, .. } => {
                    self.accepts.insert((family.process(role), *signal));
                }
                Kind::HandlerEntered { .. } => in_handler.push(role),
                Kind::HandlerLeft { .. } => {
                    in_handler.pop();
                }
                Kind::UnsafeCall {
                    signal, function, ..
                } => {
                    self.unsafe_calls
                        .entry(*signal)
                        .or_insert_with(|| function.clone());
                }
                _ => {}
            }
        }
    }

    /// Adds a run in which the signal came at a harmless moment.
    pub(crate) fn add(&mut self, signal: Signal, trace: &Trace, while_waiting: bool) {
        if waiting(trace).is_none() {
            self.ends_after.insert(signal);
        }
        if while_waiting {
            let rests = keys(trace, &self.program);
            self.after.entry(signal).or_default().push(rests);
        }
        self.deaths.extend(
            deaths(trace)
                .filter(|(_, status)| !matches!(status, ProcessStatus::Killed(s) if is_fault(*s))),
        );
        self.output.add(trace);
    }

    /// What went wrong in a run into which `signal` was injected; or, without one, in
    /// another order of scheduling.
    pub(crate) fn judge(&self, trace: &Trace, signal: Option<Signal>) -> Option<Judgement> {
        // With what is written in runs with two signals, there is nothing to compare.
        let shaken = Shaken {
            counts: (self.buffers || !self.unsafe_calls.is_empty())
                && trace.header.injections.len() < 2,
            fragments: !self.unsafe_calls.is_empty() || trace.header.injections.len() == 2,
        };
        self.crash(trace, signal)
            .or_else(|| self.killed(trace, signal))
            .or_else(|| self.mistaken(trace, signal?))
            .or_else(|| self.stuck(trace, signal))
            .or_else(|| self.unheard(trace, signal?))
            .or_else(|| self.oversleeps(trace, signal?))
            .or_else(|| self.endless(trace, signal))
            .or_else(|| {
                let detail = self.output.damage(trace, shaken)?;
                Some(Judgement {
                    kind: FindingKind::OutputCorrupted,
                    cause: String::new(),
                    role: Family::of(&trace.events).first(),
                    detail: Detail::Words(detail),
                })
            })
    }

    fn crash(&self, trace: &Trace, injected: Option<Signal>) -> Option<Judgement> {
        let (role, status) = deaths(trace).find(|(role, status)| {
            matches!(status, ProcessStatus::Killed(signal) if is_fault(*signal))
                && !self.deaths.contains(&(role.clone(), *status))
        })?;
        let ProcessStatus::Killed(signal) = status else {
            return None;
        };
        let (stack, interrupted) = stacks_at_death(trace, &role);
        let inner = if interrupted.is_empty() {
            stack
        } else {
            interrupted
        };
        let by = if interrupted.is_empty() {
            None
        } else {
            outer_call(stack, &self.program)
        };
        // If a handler does what it must not, that is the cause, wherever it shows.
        let cause = match injected.and_then(|signal| self.unsafe_calls.get(&signal)) {
            Some(call) => call.to_string(),
            None => format!("{by:?} {:?}", outer_call(inner, &self.program)),
        };
        Some(Judgement {
            kind: FindingKind::Crash,
            cause,
            role,
            detail: Detail::Death(signal),
        })
    }

    fn killed(&self, trace: &Trace, signal: Option<Signal>) -> Option<Judgement> {
        let signal = signal?;
        let death = deaths(trace).find(|(role, status)| {
            *status == ProcessStatus::Killed(signal)
                && !self.deaths.contains(&(role.clone(), *status))
        })?;
        // A handler that ends its process in the name of the signal restores the default
        // and sends it itself.
        let family = Family::of(&trace.events);
        let is_its = |event: &Event| {
            let process = event.role.as_ref().map(|role| family.process(role));
            process.as_ref() == Some(&death.0)
        };
        let on_purpose = trace.events.iter().any(|event| {
            is_its(event)
                && matches!(
                    &event.kind,
                    Kind::DispositionChanged { signal: s, new: Disposition::Default }
                        if *s == signal
                )
        });
        let injected = !on_purpose
            || trace.events.iter().any(|event| {
                is_its(event)
                    && matches!(
                        &event.kind,
                        Kind::Delivered { signal: s, disposition: Action::Default, info }
                            if *s == signal
                                // Absent from what a timer of its own sends.
                                && info.pid.as_ref().is_none_or(|pid| *pid == *Role::SCRIPT)
                    )
            });
        // A program that gives a signal back to the default for good means it.
        let key = (death.0.clone(), signal);
        let is_window = self.reinstalls.contains(&key) || self.accepts.contains(&key);
        (injected && is_window).then(|| Judgement {
            kind: FindingKind::KilledByDefault,
            cause: signal.to_string(),
            role: key.0.clone(),
            detail: if self.accepts.contains(&key) {
                Detail::Unblocked
            } else {
                Detail::Nothing
            },
        })
    }

    /// A signal that asks nobody to end is taken for another one, with which the program ends
    /// itself: every EINTR for Ctrl+C, for one.
    fn mistaken(&self, trace: &Trace, signal: Signal) -> Option<Judgement> {
        let action = signal.default_action();
        if !matches!(action, DefaultAction::Ignore | DefaultAction::Continue) {
            return None;
        }
        let is_injected = |event: &Event| matches!(event.kind, Kind::Injected { .. });
        let since = trace.events.iter().rposition(is_injected)?;
        let family = Family::of(&trace.events);
        let mut deaths = deaths(trace).filter(|death| !self.deaths.contains(death));
        deaths.find_map(|(role, status)| {
            let ProcessStatus::Killed(death) = status else {
                return None;
            };
            let is_own = |event: &Event| {
                matches!(&event.kind, Kind::Generated { signal, from, .. }
                    if *signal == death && family.process(from) == role)
                    && event.role.as_ref().map(|to| family.process(to)) == Some(role.clone())
            };
            let sends = death != signal && trace.events[since..].iter().any(is_own);
            (sends && !is_fault(death)).then(|| Judgement {
                kind: FindingKind::KilledByDefault,
                cause: format!("mistaken {death}"),
                role,
                detail: Detail::Itself(death),
            })
        })
    }

    fn stuck(&self, trace: &Trace, signal: Option<Signal>) -> Option<Judgement> {
        let waiting = waiting(trace)?;
        let locked = |waiting| Some((waiting, self.lock_of(waiting)?));
        if let Some((locked, lock)) = waiting.iter().find_map(locked) {
            let cause = format!(
                "{} {:?} {lock}",
                locked.role,
                outer_call(&locked.stack, &self.program)
            );
            return Some(Judgement {
                kind: FindingKind::Deadlock,
                cause,
                role: locked.role.clone(),
                detail: Detail::Lock(lock.clone()),
            });
        }
        if let Some((role, children)) = lost_children(trace) {
            return Some(Judgement::of_children(role, children));
        }
        let now = keys(trace, &self.program);
        if let Some(signal) = signal
            && let Some(after) = self.after.get(&signal)
            && after.contains(&now)
        {
            return None;
        }
        if signal.is_none() && now == self.rests_in {
            return None;
        }
        // Whoever was sent nothing has lost nothing: that it waits for ever is another's doing, as
        // that of one that the signal has ended.
        let sent = sent_since_injection(trace);
        let was_sent = |it: &&Waiting| sent.as_ref().is_none_or(|sent| sent.contains(&it.role));
        let first = waiting.iter().find(was_sent)?;
        // What is known of no signal at all, nobody waits for.
        if signal.is_some() && self.rests_in.is_some() && now == self.rests_in {
            let comes_to_an_end = signal
                .and_then(|signal| self.after.get(&signal))
                .is_some_and(|after| !after.is_empty());
            if !comes_to_an_end {
                return None;
            }
        }
        let key = wait_key(first, &self.program);
        if is_write(&first.syscall) {
            return Some(Judgement {
                kind: FindingKind::Deadlock,
                cause: format!("{} {:?} full", key.syscall, key.function),
                role: first.role.clone(),
                detail: Detail::Full,
            });
        }
        Some(Judgement {
            kind: FindingKind::LostWakeup,
            cause: format!("{} {:?}", key.syscall, key.function),
            role: first.role.clone(),
            detail: Detail::Call(first.syscall.clone()),
        })
    }

    /// The lock that a thread waits for, as it never does in a normal run. In a handler a
    /// condition is as good as one: who is interrupted can't bring it about.
    fn lock_of<'a>(&self, waiting: &'a Waiting) -> Option<&'a Lock> {
        let WaitFor::Lock { lock, .. } = &waiting.what else {
            return None;
        };
        let is_normal = self
            .rests_in
            .as_ref()
            .is_some_and(|rests| rests.contains(&wait_key(waiting, &self.program)));
        let is_stuck = waiting.handler.is_some() || waiting.what.is_lock();
        (is_stuck && !is_normal).then_some(lock)
    }

    /// A request to end that is noted, and that nobody looks at, as the wait goes on by itself. Of
    /// other signals a program may well look at the note when something else comes.
    fn unheard(&self, trace: &Trace, signal: Signal) -> Option<Judgement> {
        if signal != Signal::TERM
            || !self.noted.contains(&signal)
            || self.rests_in.is_none()
            || keys(trace, &self.program) != self.rests_in
        {
            return None;
        }
        let is_injected = |event: &Event| matches!(event.kind, Kind::Injected { .. });
        let since = trace.events.iter().rposition(is_injected)?;
        let goes_on = |it: &&Waiting| {
            trace.events[since..].iter().any(|event| {
                event.role.as_ref() == Some(&it.role)
                    && matches!(&event.kind, Kind::Restarted { syscall, .. } if *syscall == it.syscall)
            })
        };
        let waiting = waiting(trace)?.iter().find(goes_on)?;
        let key = wait_key(waiting, &self.program);
        Some(Judgement {
            kind: FindingKind::LostWakeup,
            cause: format!("{} {:?} restarted", key.syscall, key.function),
            role: waiting.role.clone(),
            detail: Detail::Restarted(waiting.syscall.clone()),
        })
    }

    /// A wait with a time-out that is as good as none, although the signal ends the program if
    /// it comes at another moment.
    fn oversleeps(&self, trace: &Trace, signal: Signal) -> Option<Judgement> {
        if trace.outcome.limit != Some(LimitKind::VirtualTime) || !self.ends_after.contains(&signal)
        {
            return None;
        }
        let at = |is_it: fn(&Kind) -> bool| trace.events.iter().rfind(|event| is_it(&event.kind));
        let injected = at(|kind| matches!(kind, Kind::Injected { .. }))?;
        let wait = at(|kind| matches!(kind, Kind::WaitBegun { .. }))?;
        let Kind::WaitBegun { syscall, .. } = &wait.kind else {
            return None;
        };
        let end = trace.events.last()?.t.as_nanos();
        let waited = end.saturating_sub(wait.t.as_nanos());
        // Not one that asks again and again.
        if waited <= end.saturating_sub(injected.t.as_nanos()) / 2 {
            return None;
        }
        Some(Judgement {
            kind: FindingKind::LostWakeup,
            cause: syscall.clone(),
            role: wait.role.clone()?,
            detail: Detail::Call(syscall.clone()),
        })
    }

    fn endless(&self, trace: &Trace, signal: Option<Signal>) -> Option<Judgement> {
        let limit = trace.outcome.limit?;
        let computes = |limit| matches!(limit, LimitKind::RealTime | LimitKind::NoProgress);
        // What computes until the signal comes has to end then, if it can at all.
        let goes_on =
            computes(limit) && signal.is_some_and(|signal| self.ends_after.contains(&signal));
        let is_known = self.limits.contains(&limit)
            || (computes(limit) && self.limits.iter().any(|it| computes(*it)));
        let is_normal = is_known && !goes_on;
        let is_siglabs = matches!(limit, LimitKind::Cancelled | LimitKind::Unsupported);
        if is_normal || is_siglabs {
            return None;
        }
        let role = trace
            .events
            .iter()
            .rev()
            .find(|event| matches!(event.kind, Kind::BusyWaiting { .. }))
            .and_then(|event| event.role.clone())
            .unwrap_or_else(|| Family::of(&trace.events).first());
        Some(Judgement {
            kind: FindingKind::Hang,
            cause: role.to_string(),
            role,
            detail: Detail::Nothing,
        })
    }
}

fn keys(trace: &Trace, program: &str) -> Option<Vec<WaitKey>> {
    let mut keys: Vec<WaitKey> = waiting(trace)?
        .iter()
        .map(|waiting| wait_key(waiting, program))
        .collect();
    keys.sort();
    Some(keys)
}

fn wait_key(waiting: &Waiting, program: &str) -> WaitKey {
    let own = own_frame(&waiting.stack, program);
    WaitKey {
        role: waiting.role.clone(),
        syscall: waiting.syscall.clone(),
        function: own.and_then(|frame| frame.function.clone()),
        line: own.and_then(|frame| frame.line),
    }
}

/// The stack where one of a process's threads died of its fault, and of what its handler had
/// interrupted.
pub(crate) fn stacks_at_death<'a>(trace: &'a Trace, role: &Role) -> (&'a [Frame], &'a [Frame]) {
    let family = Family::of(&trace.events);
    trace
        .events
        .iter()
        .rev()
        .filter(|event| {
            let process = event.role.as_ref().map(|of| family.process(of));
            process.as_ref() == Some(role)
        })
        .find_map(|event| match &event.kind {
            Kind::DefaultAction {
                stack, interrupted, ..
            } if !stack.is_empty() => Some((stack.as_slice(), interrupted.as_slice())),
            _ => None,
        })
        .unwrap_or_default()
}

/// Whether it asked again and again, sleeping meanwhile, until it was cut off; and not in a
/// handler.
pub(crate) fn is_polling(trace: &Trace) -> bool {
    let mut depth = 0_usize;
    for event in &trace.events {
        match event.kind {
            Kind::HandlerEntered { .. } => depth += 1,
            Kind::HandlerLeft { .. } => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    trace.outcome.limit == Some(LimitKind::VirtualTime) && depth == 0
}

/// Which process had a handler for which signal at some time: one of its own, or its parent's.
pub(crate) fn handled(trace: &Trace) -> BTreeSet<(Role, Signal)> {
    let family = Family::of(&trace.events);
    let mut handled: BTreeSet<(Role, Signal)> = BTreeSet::new();
    for event in &trace.events {
        let Some(role) = &event.role else { continue };
        match &event.kind {
            Kind::DispositionChanged {
                signal,
                new: Disposition::Handler { .. },
            } => {
                handled.insert((family.process(role), *signal));
            }
            Kind::Fork { child, .. } => {
                let parent = family.process(role);
                let of_parent = handled.iter().filter(|(of, _)| *of == parent);
                let inherited: Vec<_> = of_parent
                    .map(|(_, signal)| (child.clone(), *signal))
                    .collect();
                handled.extend(inherited);
            }
            _ => {}
        }
    }
    handled
}

/// Who was killed by a signal that another process of the program sent, and never had a
/// handler for it.
pub(crate) fn killed_unhandled(trace: &Trace) -> Vec<(Role, Signal)> {
    let handled = handled(trace);
    let is_sent = |role: &Role, killer: Signal| {
        trace.events.iter().any(|event| {
            event.role.as_ref() == Some(role)
                && matches!(
                    &event.kind,
                    Kind::Generated { signal, from, .. }
                        if *signal == killer && from != role && from.as_str() != Role::SCRIPT
                )
        })
    };
    deaths(trace)
        .filter_map(|(role, status)| match status {
            ProcessStatus::Killed(signal) => Some((role, signal)),
            ProcessStatus::Exited(_) => None,
        })
        .filter(|(role, signal)| {
            !handled.contains(&(role.clone(), *signal)) && is_sent(role, *signal)
        })
        .collect()
}

/// Children that ended and were never waited for, although their parent handles
/// `SIGCHLD` and two of those signals became one.
pub(crate) fn lost_children(trace: &Trace) -> Option<(Role, usize)> {
    waiting(trace)?;
    let merged = trace
        .events
        .iter()
        .find_map(|event: &Event| match &event.kind {
            Kind::Merged { signal, .. } if *signal == Signal::CHLD => event.role.clone(),
            _ => None,
        })?;
    let handles = trace.events.iter().any(|event| {
        event.role.as_ref() == Some(&merged)
            && matches!(&event.kind, Kind::HandlerEntered { signal, .. } if *signal == Signal::CHLD)
    });
    let ended = |event: &&Event| matches!(event.kind, Kind::Exit { .. } | Kind::Killed { .. });
    let ends = trace.events.iter().filter(ended).count();
    let reaped = trace
        .events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Reaped { .. } | Kind::ReapedByKernel {}))
        .count();
    (handles && ends > reaped).then(|| (merged, ends - reaped))
}

impl Normal {
    /// Whether a run may serve as an example of what is normal: nobody crashed in it or ended
    /// itself, and nobody waits for a lock.
    pub(crate) fn judge_roughly(&self, trace: &Trace, signal: Signal) -> bool {
        self.crash(trace, None).is_none()
            && self.killed(trace, Some(signal)).is_none()
            && self.mistaken(trace, signal).is_none()
            && trace.outcome.limit.is_none()
            && !waiting(trace)
                .unwrap_or_default()
                .iter()
                .any(|waiting| self.lock_of(waiting).is_some())
    }
}
