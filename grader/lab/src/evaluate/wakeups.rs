//! Wake-ups that lead to nothing: what polling looks like from outside, whatever it is made of.
//!
//! A run falls into rounds: from when the clock has moved on until nothing can run any more.
//! Everything in a round is due to what began it. In an *idle* round
//!
//! - a process that is watched woke up: a wait of one of its threads ended, or a handler ran;
//! - nothing came for it from outside: no signal but its own (those of its timers, those that
//!   its own threads and helpers send, SIGIO), and nobody typed anything;
//! - nothing came of it: it printed nothing new, sent nobody a signal, took no child's status,
//!   started and ended nothing;
//! - it was woken by time (a wait that ran out, a timer), or nobody else did anything either.
//!
//! A helper of the watched process is as good as a part of it: a process that ticks for it.

use siglab_model::{Clock, Event, FileKind, Kind, Role, SigInfo, Signal, Time, Trace, WaitFor};

use crate::manifest::Roles;

/// Who is watched.
#[derive(Clone, Copy)]
pub(super) struct Watched<'a> {
    /// What processes are called.
    pub(super) roles: &'a Roles,
    /// The process.
    pub(super) process: &'a Role,
    /// Whether processes that have no name in the lab are its helpers.
    pub(super) with_helpers: bool,
}

/// A round in which somebody woke up for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Idle {
    /// When.
    pub(super) t: Time,
    /// Who woke up first.
    pub(super) who: Role,
    /// From which call; absent if only a handler ran.
    pub(super) syscall: Option<String>,
}

/// What was counted in a run.
#[derive(Debug, Default)]
pub(super) struct WakeUps {
    /// The idle rounds.
    pub(super) idle: Vec<Idle>,
    /// The rounds in which something came from outside.
    pub(super) arrivals: usize,
}

impl WakeUps {
    /// Counts in `trace`.
    pub(super) fn of(trace: &Trace, watched: Watched<'_>) -> Self {
        let mut counted = Self::default();
        let mut round = Round::default();
        let mut said = String::new();
        let mut last = Time::ZERO;
        let mut on_timer: Vec<Role> = Vec::new();
        // What happens before the clock moves for the first time is the program's start.
        let mut started = false;
        for event in &trace.events {
            let is_new = match trace.header.clock {
                Clock::Virtual => matches!(event.kind, Kind::ClockAdvanced { .. }),
                Clock::Real => event.t != last,
            };
            if is_new {
                counted.add(std::mem::take(&mut round), started, &mut said);
                started = true;
            }
            last = event.t;
            round.add(event, watched, &mut on_timer);
        }
        counted.add(round, started, &mut said);
        counted
    }

    /// Adds a round. `said` is what was printed in the last round that time began.
    fn add(&mut self, round: Round, started: bool, said: &mut String) {
        if !started {
            return;
        }
        if round.arrived {
            self.arrivals += 1;
            return;
        }
        let Some(woke) = round.woke else {
            return;
        };
        // Printing the same again and again tells nobody anything.
        let is_news = !round.said.is_empty() && round.said != *said;
        *said = round.said;
        if !is_news && !round.noticed && (round.by_time || !round.others) {
            self.idle.push(woke);
        }
    }
}

/// What happened in a round.
#[derive(Default)]
struct Round {
    woke: Option<Idle>,
    by_time: bool,
    arrived: bool,
    noticed: bool,
    others: bool,
    said: String,
}

impl Round {
    /// `on_timer`: the threads that wait for a timerfd.
    fn add(&mut self, event: &Event, watched: Watched<'_>, on_timer: &mut Vec<Role>) {
        if matches!(event.kind, Kind::Input { .. } | Kind::Terminal { .. }) {
            self.arrived = true;
        }
        let Some(role) = &event.role else {
            return;
        };
        if !watched.has(role) {
            self.elsewhere(&event.kind, watched);
            return;
        }
        let mut wakes = |syscall: Option<&String>| {
            self.woke.get_or_insert_with(|| Idle {
                t: event.t,
                who: role.clone(),
                syscall: syscall.cloned(),
            });
        };
        match &event.kind {
            Kind::WaitBegun { what, .. } => {
                on_timer.retain(|thread| thread != role);
                if matches!(what, WaitFor::Descriptor { file, .. } if *file == FileKind::Timerfd) {
                    on_timer.push(role.clone());
                }
            }
            Kind::WaitEnded { syscall, result } => {
                wakes(Some(syscall));
                let by_timer = !result.is_interrupted() && on_timer.contains(role);
                self.by_time |= result.is_timed_out() || by_timer;
            }
            Kind::HandlerEntered { .. } => wakes(None),
            Kind::Generated {
                signal, from, info, ..
            } => {
                if is_timer(*signal, from, info) {
                    self.by_time = true;
                } else {
                    self.arrived |= watched.is_from_outside(*signal, from, info);
                }
            }
            Kind::Merged { from, .. } => {
                self.arrived |= *from != Role::KERNEL && !watched.has(from);
            }
            Kind::Stopped { .. } | Kind::Continued {} => self.arrived = true,
            Kind::Output { text, .. } => self.said.push_str(text),
            Kind::Exit { .. } | Kind::Killed { .. } | Kind::Exec { .. } => {
                self.noticed |= watched.roles.process_of(role) == *watched.process;
            }
            Kind::Fork { child, .. } | Kind::Reaped { child, .. } => {
                self.noticed |= !watched.has(child);
            }
            _ => {}
        }
    }

    /// What happens to somebody else.
    fn elsewhere(&mut self, kind: &Kind, watched: Watched<'_>) {
        match kind {
            Kind::Generated { signal, from, .. } | Kind::Merged { signal, from }
                if watched.has(from) =>
            {
                self.noticed |= !QUIET.contains(signal);
            }
            Kind::Output { .. }
            | Kind::Fork { .. }
            | Kind::Exec { .. }
            | Kind::Exit { .. }
            | Kind::Killed { .. }
            | Kind::Reaped { .. }
            | Kind::Stopped { .. }
            | Kind::Continued {}
            | Kind::Generated { .. } => self.others = true,
            _ => {}
        }
    }
}

/// Signals that do nothing to a process that doesn't ask for them: signal(7).
const QUIET: [Signal; 4] = [Signal::CONT, Signal::URG, Signal::WINCH, Signal::CHLD];

/// The signals that a terminal sends: termios(3), tty_ioctl(4).
const TERMINAL: [Signal; 8] = [
    Signal::INT,
    Signal::QUIT,
    Signal::TSTP,
    Signal::HUP,
    Signal::CONT,
    Signal::WINCH,
    Signal::TTIN,
    Signal::TTOU,
];

impl Watched<'_> {
    /// Whether a process or thread belongs to those that are watched.
    fn has(&self, role: &Role) -> bool {
        if [Role::KERNEL, Role::SCRIPT, Role::OUTSIDE].contains(&role.as_str()) {
            return false;
        }
        let process = self.roles.process_of(role);
        let is_named = || {
            let mut names = self.roles.names().values();
            names.any(|name| process == name.as_str()) || process == self.roles.main()
        };
        process == *self.process || self.with_helpers && !is_named()
    }

    /// Whether a signal for one of them is somebody else's doing.
    fn is_from_outside(&self, signal: Signal, from: &Role, info: &SigInfo) -> bool {
        if *from != Role::KERNEL {
            return !self.has(from);
        }
        let is_own = || info.pid.as_ref().is_some_and(|role| self.has(role));
        match info.code.as_str() {
            code if code.starts_with("CLD_") => !is_own(),
            // Of a terminal. SIGIO has this code, too.
            "SI_KERNEL" => TERMINAL.contains(&signal),
            // In the name of a process: it has ended, or put something into a message queue.
            "SI_USER" | "SI_MESGQ" => !is_own(),
            // What the process has asked to be told of its descriptors, with whatever signal.
            _ => false,
        }
    }
}

/// Whether this is a signal of a timer of the process's own.
pub(super) fn is_timer(signal: Signal, from: &Role, info: &SigInfo) -> bool {
    info.code == "SI_TIMER"
        || matches!(signal, Signal::ALRM | Signal::VTALRM | Signal::PROF) && *from == Role::KERNEL
}
