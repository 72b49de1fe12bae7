//! From events to rows: what belongs together is told in one row.

use std::collections::{HashMap, HashSet};

use siglab_model::{
    Action, DefaultAction, Event, Family, ForkHow, HandlerExit, Kind, LimitKind, Role, SigSet,
    Signal, Stream, Time, Trace, WaitFor, WaitResult,
};

use super::after::After;
use super::fate::{Fate, handler_name};
use super::fold::folded;
use super::typed::Burst;
use super::{TimelineOptions, typed, words};
use crate::escape;

/// How a row is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Quiet,
    Signal,
    Warning,
    Bad,
}

/// What a row means for the lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Something that the role does.
    Step,
    /// A signal reaches it.
    Signal,
    /// It makes another process or thread.
    Made { child: Role, how: ForkHow },
    /// It ends.
    Ended,
    /// A signal terminates it.
    Killed,
}

/// One row of a timeline.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The position of the event with which it begins.
    pub(super) at: usize,
    pub(super) t: Time,
    pub(super) role: Option<Role>,
    /// Who sent the signal that this row is about.
    pub(super) from: Option<Role>,
    pub(super) act: Act,
    pub(super) text: String,
    pub(super) tone: Tone,
    /// From 0, may be left out, to 2, the heart of the story.
    pub(super) weight: u8,
    /// Whether it is told in a short timeline if there is room: a wait of the first process.
    pub(super) if_room: bool,
    /// Whether it is a moment that the explorer tries.
    pub(super) is_tried: bool,
    /// Whether it reaps a child.
    pub(super) is_reaping: bool,
    /// The line of the program that made the call, as `file:line`.
    pub(super) place: Option<String>,
    /// How many handlers are active.
    pub(super) depth: usize,
    pub(super) details: Vec<String>,
    /// The details in a short timeline, if they aren't the same.
    pub(super) in_short: Option<Vec<String>>,
}

/// Tells a trace.
pub(super) fn tell(trace: &Trace, options: &TimelineOptions) -> Vec<Row> {
    let mut teller = Teller {
        events: &trace.events,
        family: Family::of(&trace.events),
        used: if options.verbose {
            vec![false; trace.events.len()]
        } else {
            folded(&trace.events)
        },
        handlers: HashMap::new(),
        masks: HashMap::new(),
        blocked: HashSet::new(),
        options,
        rows: Vec::new(),
    };
    for index in 0..trace.events.len() {
        if !teller.used[index] {
            teller.event(index);
        } else {
            teller.note(index);
        }
    }
    let mut rows = if options.verbose {
        teller.rows
    } else {
        fold_output(teller.rows)
    };
    if let Some(after) = After::of(trace)
        && let Some(end) = rows.iter_mut().find(|row| {
            row.role.as_ref() == Some(after.first) && matches!(row.act, Act::Ended | Act::Killed)
        })
    {
        let names = words::names(after.still_running());
        end.details.push(format!("still running: {names}"));
    }
    rows
}

/// What happened in one event, and the details.
pub(super) fn sentence(event: &Event) -> String {
    let mut row = Row::new(0, event, 0);
    plain(&mut row, &event.kind, false);
    let mut lines = vec![row.text];
    lines.extend(row.details.iter().map(|detail| format!("  {detail}")));
    lines.join("\n")
}

impl Row {
    /// A row without text.
    fn new(at: usize, event: &Event, depth: usize) -> Self {
        Self {
            at,
            t: event.t,
            role: event.role.clone(),
            from: None,
            act: Act::Step,
            text: String::new(),
            tone: Tone::Plain,
            weight: 1,
            if_room: false,
            is_tried: matches!(event.kind, Kind::Injected { .. } | Kind::Preempted { .. }),
            is_reaping: matches!(event.kind, Kind::Reaped { .. }),
            place: event.call.as_deref().and_then(words::place),
            depth,
            details: Vec::new(),
            in_short: None,
        }
    }
}

struct Teller<'a> {
    events: &'a [Event],
    family: Family,
    /// Folded, or told with an earlier event.
    used: Vec<bool>,
    /// Each thread's active handlers: the signal, and their names.
    handlers: HashMap<Role, Vec<(Signal, String)>>,
    masks: HashMap<Role, SigSet>,
    /// Signals that are pending because their receivers block them.
    blocked: HashSet<Signal>,
    options: &'a TimelineOptions,
    rows: Vec<Row>,
}

impl Teller<'_> {
    /// Keeps up with what isn't told.
    fn note(&mut self, index: usize) {
        let event = &self.events[index];
        let Some(role) = &event.role else { return };
        match &event.kind {
            Kind::MaskChanged { mask, .. } => {
                self.masks.insert(role.clone(), *mask);
            }
            Kind::Fork { child, .. } => {
                let mask = self.masks.get(role).copied().unwrap_or_default();
                self.masks.insert(child.clone(), mask);
            }
            Kind::Exec { .. } => {
                self.handlers.remove(role);
            }
            _ => {}
        }
    }

    fn depth(&self, role: Option<&Role>) -> usize {
        role.and_then(|role| self.handlers.get(role))
            .map_or(0, Vec::len)
    }

    /// Tells one event, with those that belong to it.
    fn event(&mut self, index: usize) {
        let event = &self.events[index];
        let mut row = Row::new(index, event, self.depth(event.role.as_ref()));
        match &event.kind {
            Kind::Output { stream, text } => self.output(&row, *stream, text),
            Kind::Generated {
                signal,
                from,
                directed,
                info,
            } => {
                row.from = Some(from.clone());
                row.text = format!("{signal}{}", words::about(*signal, Some(*directed), info));
                self.signal(row, index, *signal, None);
            }
            Kind::Delivered {
                signal,
                disposition,
                info,
            } => {
                row.text = format!("{signal}{}", words::about(*signal, None, info));
                self.signal(row, index, *signal, Some(*disposition));
            }
            Kind::HandlerEntered {
                signal, function, ..
            } => {
                let name = handler_name(*signal, function.as_deref());
                row.text = format!("{signal}: {name} runs");
                (row.tone, row.weight) = (Tone::Signal, 2);
                self.rows.push(row);
                self.enter(index, *signal, name);
            }
            Kind::HandlerLeft { signal, how } => {
                let name = event
                    .role
                    .as_ref()
                    .and_then(|role| Some(self.handlers.get_mut(role)?.pop()?.1));
                let name = name.unwrap_or_else(|| handler_name(*signal, None));
                row.text = words::handler_left(&name, *how);
                row.tone = if *how == HandlerExit::Return {
                    Tone::Plain
                } else {
                    Tone::Warning
                };
                self.rows.push(row);
            }
            Kind::MaskChanged { how, mask } => {
                let before = event
                    .role
                    .as_ref()
                    .and_then(|role| self.masks.get(role))
                    .copied();
                row.text = words::mask_changed(*how, before.unwrap_or_default(), *mask);
                self.rows.push(row);
                self.note(index);
            }
            Kind::WaitBegun { .. } => {
                plain(&mut row, &event.kind, self.options.verbose);
                row.if_room = self.is_telling(&row);
                self.rows.push(row);
            }
            Kind::WaitEnded {
                result: WaitResult::TimedOut,
                ..
            }
            | Kind::CallFailed { .. } => {
                plain(&mut row, &event.kind, self.options.verbose);
                row.if_room = row.weight < 2 && self.is_of_first(&row);
                self.rows.push(row);
            }
            Kind::Input {
                by_person: true, ..
            } if !self.options.verbose => {
                let Burst { texts, folded } = Burst::from(self.events, &self.used, index);
                (row.weight, row.text) = (2, typed::typed(&texts, true));
                self.rows.push(row);
                folded.into_iter().for_each(|event| self.used[event] = true);
            }
            kind => {
                plain(&mut row, kind, self.options.verbose);
                self.rows.push(row);
                self.note(index);
            }
        }
    }

    /// Whether a wait is worth a row in a short timeline: one of the first process, unless it is
    /// what that did last, again.
    fn is_telling(&self, row: &Row) -> bool {
        if !self.is_of_first(row) {
            return false;
        }
        let last = self.rows.iter().rev();
        let last = last.filter(|last| last.role == row.role);
        let mut last = last.filter(|last| last.weight == 2 || last.if_room);
        last.next().is_none_or(|last| last.text != row.text)
    }

    fn is_of_first(&self, row: &Row) -> bool {
        let first = self.events.iter().find_map(|event| event.role.as_ref());
        row.role.is_some() && row.role.as_ref() == first
    }

    fn enter(&mut self, index: usize, signal: Signal, name: String) {
        if let Some(role) = &self.events[index].role {
            let active = self.handlers.entry(role.clone()).or_default();
            active.push((signal, name));
        }
    }

    /// Output: one row for each line.
    fn output(&mut self, row: &Row, stream: Stream, text: &str) {
        let verb = match stream {
            Stream::Stdout => "prints",
            Stream::Stderr => "prints to stderr",
            Stream::Terminal => "writes to the terminal",
        };
        for line in text.split_inclusive('\n') {
            let line = line.strip_suffix('\n').unwrap_or(line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let mut row = row.clone();
            row.text = if line.is_empty() {
                format!("{verb} an empty line")
            } else {
                let quoted = escape::quoted(line, self.options.width, self.options.unicode);
                format!("{verb} {quoted}")
            };
            row.weight = 0;
            self.rows.push(row);
        }
    }

    /// Whether an event happened to a thread of the process that a signal was generated
    /// for: only the process's own threads can take it.
    fn is_thread_of(&self, event: &Event, row: &Row) -> bool {
        match (&event.role, &row.role) {
            (Some(role), Some(process)) => self.family.is_thread_of(role, process),
            _ => false,
        }
    }

    /// The handler for a signal that a thread is in.
    fn handler_of(&self, role: Option<&Role>, signal: Signal) -> Option<String> {
        let active = self.handlers.get(role?)?;
        let (_, name) = active.iter().rev().find(|(of, _)| *of == signal)?;
        Some(name.clone())
    }

    /// A signal from its generation to what comes of it at once.
    fn signal(&mut self, mut row: Row, index: usize, signal: Signal, done: Option<Action>) {
        (row.act, row.tone, row.weight) = (Act::Signal, Tone::Signal, 2);
        let was_blocked = done.is_some() && self.blocked.remove(&signal);
        let mut fate = Fate::new(done, was_blocked);
        if self.options.verbose {
            row.text += ": ";
            row.text += done.map_or("generated", words::delivered);
            self.rows.push(row);
            return;
        }
        let receiver = row.role.clone();
        for later in index + 1..self.events.len() {
            if self.used[later] {
                continue;
            }
            let event = &self.events[later];
            let ours = event.t == row.t
                && event.role.is_some()
                && (event.role == row.role || (fate.is_open() && self.is_thread_of(event, &row)));
            if !ours || !fate.take(signal, &event.kind) {
                break;
            }
            if event.role != row.role {
                row.role.clone_from(&event.role);
            }
            self.used[later] = true;
            if fate.handler.is_some() && fate.entered.is_none() {
                fate.entered = Some(later);
            }
        }
        if row.role != receiver
            && let Some(process) = receiver
        {
            row.text += &format!(" to {process}");
        }
        if fate.killed {
            row.act = Act::Killed;
        }
        if fate.blocked {
            fate.held_by = self.handler_of(row.role.as_ref(), signal);
        }
        row.text += ": ";
        row.text += &fate.words();
        if fate.blocked {
            self.blocked.insert(signal);
        }
        if done.is_some() && !fate.was_blocked && fate.action == Some(DefaultAction::Ignore) {
            // That it was generated was told; nothing came of it.
            return;
        }
        if fate.is_unremarkable() {
            (row.tone, row.weight) = (Tone::Quiet, 0);
        }
        self.rows.push(row);
        if let (Some(entered), Some(name), false) = (fate.entered, fate.handler, fate.returned) {
            self.enter(entered, signal, name);
        }
    }
}

/// The kinds that are told alone.
fn plain(row: &mut Row, kind: &Kind, verbose: bool) {
    use Tone::{Bad, Plain, Quiet, Signal as Sig, Warning};
    let (tone, weight, text) = match kind {
        Kind::Spawn { program } => (Plain, 1, format!("starts {program}")),
        Kind::Fork { child, how } => {
            row.act = Act::Made {
                child: child.clone(),
                how: *how,
            };
            (Plain, 2, words::fork(child.as_str(), *how))
        }
        Kind::Exec { program } => (Plain, 2, format!("runs another program: {program}")),
        Kind::Exit { code } => {
            row.act = Act::Ended;
            (Plain, 2, format!("exits with {code}"))
        }
        Kind::Killed { signal, core } => {
            row.act = Act::Killed;
            let core = if *core { ", would dump core" } else { "" };
            (Warning, 2, format!("is killed by {signal}{core}"))
        }
        Kind::ThreadExit {} => {
            row.act = Act::Ended;
            (Plain, 1, "the thread ends".into())
        }
        Kind::Orphaned { to } => (
            Warning,
            2,
            format!(
                "its parent has ended before it{}",
                words::adopted(to.as_ref())
            ),
        ),
        Kind::Reaped { child, status } => (
            Plain,
            2,
            format!("reaps {child}, which {}", words::status(*status)),
        ),
        Kind::ReapedByKernel {} => (Quiet, 1, "is reaped by the kernel, not its parent".into()),
        Kind::LeftZombie { to: None } => (
            Warning,
            2,
            "was never reaped: a zombie until its parent ended".into(),
        ),
        Kind::LeftZombie { to } => (
            Warning,
            2,
            format!(
                "its parent has ended without reaping it{}",
                words::adopted(to.as_ref())
            ),
        ),
        Kind::Merged { signal, from } => {
            row.from = Some(from.clone());
            row.act = Act::Signal;
            let text = format!(
                "{signal}: MERGED with the one that is pending: standard signals don't queue"
            );
            (Warning, 2, text)
        }
        Kind::BlockedPending { signal } => (Sig, 2, format!("{signal}: blocked, stays pending")),
        Kind::Accepted { signal, by, info } => {
            let about = words::about(*signal, None, info);
            (
                Sig,
                2,
                format!("{signal}{about}: was pending, now taken by {by}"),
            )
        }
        Kind::DefaultAction { signal, action, .. } => (
            Sig,
            2,
            format!("{signal}: {}", words::default_action(*action)),
        ),
        Kind::Stopped { signal } => (Sig, 2, format!("is stopped by {signal}")),
        Kind::Continued {} => (Sig, 2, "goes on".into()),
        Kind::DispositionChanged { signal, new } => {
            (Plain, 1, words::disposition(*signal, new, verbose))
        }
        Kind::WaitBegun {
            syscall,
            what,
            until,
        } => (Quiet, 1, words::wait_begun(row.t, syscall, what, *until)),
        Kind::WaitEnded { syscall, result } => (Quiet, 1, words::wait_ended(syscall, result)),
        Kind::Restarted { syscall } => (Plain, 1, format!("{syscall} goes on after the signal")),
        Kind::Interrupted { syscall, signal } => (
            Plain,
            2,
            format!("{syscall} fails with EINTR because of {signal}"),
        ),
        Kind::ClockAdvanced { from } => (
            Quiet,
            0,
            format!("the clock moves on from {}", words::ms(*from)),
        ),
        Kind::Input { text, by_person } => (Plain, 2, typed::typed(&[text], *by_person)),
        Kind::Terminal { action, by_person } => (Plain, 2, typed::on_terminal(action, *by_person)),
        kind => return trouble(row, kind),
    };
    (row.tone, row.weight, row.text) = (tone, weight, text);
    debug_assert!(row.tone != Bad, "what is bad is told by `trouble`");
}

/// What ought not to happen.
fn trouble(row: &mut Row, kind: &Kind) {
    let (tone, text, details) = match kind {
        Kind::Denied {
            syscall,
            what,
            signal,
            errno,
        } => {
            let signal = signal
                .map(|signal| format!(" {signal}"))
                .unwrap_or_default();
            let text =
                format!("REFUSED: {syscall}{signal} to {what}: outside of this run ({errno})");
            (Tone::Bad, text, vec![])
        }
        Kind::SendFailed {
            syscall,
            target,
            signal,
            errno,
        } => (
            Tone::Warning,
            words::send_failed(syscall, target, signal, errno),
            vec![],
        ),
        Kind::CallFailed {
            syscall,
            what,
            errno,
            argument,
        } => {
            // The end of a loop around waitpid(-1, ...), and no mistake.
            let is_usual = matches!(what, WaitFor::AnyChild) && errno == "ECHILD";
            let text = words::call_failed(syscall, what, errno, argument.as_ref());
            if is_usual || errno == "EAGAIN" {
                (row.tone, row.weight, row.text) = (Tone::Quiet, 1, text);
                return;
            }
            (Tone::Warning, text, vec![])
        }
        Kind::BusyWaiting {
            how,
            syscall,
            stack,
        } => (
            Tone::Warning,
            words::busy(*how, syscall.as_deref()),
            words::stack(stack),
        ),
        Kind::Injected { signal, stack } => (
            Tone::Signal,
            format!("{signal} is injected here"),
            words::stack(stack),
        ),
        Kind::Preempted { stack } => (
            Tone::Plain,
            "is interrupted here, and others run".to_owned(),
            words::stack(stack),
        ),
        Kind::ErrnoChanged {
            signal,
            before,
            after,
            interrupted,
        } => (
            Tone::Bad,
            format!("the handler for {signal} returns with errno {after} instead of {before}"),
            words::stack(interrupted),
        ),
        Kind::UnsafeCall {
            signal,
            function,
            stack,
        } => {
            let text = format!(
                "UNSAFE CALL: the handler for {signal} calls {function}, which isn't \
                 async-signal-safe"
            );
            (Tone::Bad, text, words::stack(stack))
        }
        Kind::Deadlock { waiting } => {
            let text = "DEADLOCK: every thread waits, and nothing can wake any of them".into();
            row.in_short = Some(words::deadlock_in_short(waiting));
            (Tone::Bad, text, words::deadlock(waiting))
        }
        Kind::Unsupported { syscall, what } => {
            (Tone::Bad, format!("UNSUPPORTED: {syscall}: {what}"), vec![])
        }
        Kind::Limit {
            limit: LimitKind::Linger,
            ended,
        } => {
            let names = words::names(ended.iter().map(Role::as_str));
            let text = format!("CUT OFF: still running: {names}; --linger gives more time");
            (Tone::Warning, text, vec![])
        }
        Kind::Limit { limit, .. } => {
            let tone = if *limit == LimitKind::Cancelled {
                Tone::Warning
            } else {
                Tone::Bad
            };
            (tone, format!("CUT OFF: {}", words::limit(*limit)), vec![])
        }
        Kind::ScriptUnfinished { step, what } => (
            Tone::Warning,
            format!("NOT DONE: step {step} of the script: {what}"),
            vec![],
        ),
        Kind::Chosen { among } => {
            let among: Vec<_> = among.iter().map(Role::as_str).collect();
            (
                Tone::Quiet,
                format!("runs next, chosen among {}", among.join(", ")),
                vec![],
            )
        }
        other => (Tone::Plain, format!("{other:?}"), vec![]),
    };
    (row.tone, row.weight, row.text, row.details) = (tone, 2, text, details);
}

/// Shortens long stretches of output of one thread.
fn fold_output(rows: Vec<Row>) -> Vec<Row> {
    const SHOWN: usize = 6;
    let mut kept: Vec<Row> = Vec::new();
    let mut run = 0;
    for row in rows {
        let is_output = row.weight == 0 && row.act == Act::Step && row.tone == Tone::Plain;
        let goes_on = is_output
            && run > 0
            && kept
                .last()
                .is_some_and(|last| last.role == row.role && last.t == row.t);
        run = if goes_on {
            run + 1
        } else {
            usize::from(is_output)
        };
        match kept.last_mut() {
            Some(last) if run > SHOWN + 1 => {
                last.text = format!("... and {} more lines", run - SHOWN);
                last.tone = Tone::Plain;
            }
            _ => kept.push(row),
        }
    }
    kept
}
