//! What comes of a signal at once: from its generation to what its receiver does.

use siglab_model::{Action, DefaultAction, HandlerExit, Kind, Signal, WaitResult};

use super::words;

/// What a handler is called.
pub(super) fn handler_name(signal: Signal, function: Option<&str>) -> String {
    function.map_or_else(|| format!("the handler for {signal}"), str::to_owned)
}

/// What comes of a signal at once.
#[derive(Default)]
pub(super) struct Fate {
    pub(super) delivered: Option<Action>,
    /// It was pending for a while, because it was blocked.
    pub(super) was_blocked: bool,
    pub(super) blocked: bool,
    /// The handler for the same signal that runs: it blocks it.
    pub(super) held_by: Option<String>,
    accepted: Option<String>,
    pub(super) handler: Option<String>,
    /// The index of the event `handler-entered`.
    pub(super) entered: Option<usize>,
    pub(super) returned: bool,
    pub(super) action: Option<DefaultAction>,
    pub(super) killed: bool,
    core: bool,
    stopped: bool,
    continued: bool,
    /// The call that it ended or interrupted, and what became of that.
    call: Option<(String, CallFate)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CallFate {
    Woken,
    Interrupted,
    Restarted,
}

impl Fate {
    /// Of a signal that has just been generated, or (`delivered`) that was delivered
    /// after it had been pending, perhaps because it was blocked.
    pub(super) fn new(delivered: Option<Action>, was_blocked: bool) -> Self {
        Self {
            delivered,
            was_blocked,
            ..Self::default()
        }
    }

    /// Whether it isn't known yet which thread takes the signal.
    pub(super) fn is_open(&self) -> bool {
        self.delivered.is_none() && self.accepted.is_none() && !self.blocked
    }

    /// Takes in what happens next, if it is part of the same story.
    pub(super) fn take(&mut self, signal: Signal, kind: &Kind) -> bool {
        match kind {
            Kind::BlockedPending { signal: s } if *s == signal && self.is_open() => {
                self.blocked = true;
            }
            Kind::Accepted { signal: s, by, .. } if *s == signal && self.delivered.is_none() => {
                self.accepted = Some(by.clone());
            }
            Kind::Delivered {
                signal: s,
                disposition,
                ..
            } if *s == signal && self.is_open() => {
                self.delivered = Some(*disposition);
            }
            Kind::HandlerEntered {
                signal: s,
                function,
                ..
            } if *s == signal && self.handler.is_none() => {
                self.handler = Some(handler_name(*s, function.as_deref()));
            }
            Kind::HandlerLeft {
                signal: s,
                how: HandlerExit::Return,
            } if *s == signal && self.handler.is_some() && !self.returned => {
                self.returned = true;
            }
            Kind::DefaultAction {
                signal: s, action, ..
            } if *s == signal => {
                self.action = Some(*action);
            }
            Kind::Killed { signal: s, core } if *s == signal => {
                (self.killed, self.core) = (true, *core);
            }
            Kind::Stopped { signal: s } if *s == signal => self.stopped = true,
            Kind::Continued {} if signal == Signal::CONT => self.continued = true,
            Kind::WaitEnded { syscall, result }
                if self.call.is_none()
                    && (result.is_interrupted() || *result == WaitResult::Signal(signal)) =>
            {
                let fate = if result.is_errno("EINTR") {
                    CallFate::Interrupted
                } else {
                    CallFate::Woken
                };
                self.call = Some((syscall.clone(), fate));
            }
            Kind::WaitEnded { syscall, .. } => {
                return self.call.as_ref().is_some_and(|(call, _)| call == syscall);
            }
            Kind::Interrupted { syscall, signal: s } if *s == signal => {
                self.call = Some((syscall.clone(), CallFate::Interrupted));
            }
            Kind::Restarted { syscall } => {
                self.call = Some((syscall.clone(), CallFate::Restarted));
            }
            _ => return false,
        }
        true
    }

    /// A signal that is ignored by default is rarely what a story is about.
    pub(super) fn is_unremarkable(&self) -> bool {
        self.action == Some(DefaultAction::Ignore)
            || (self.delivered == Some(Action::Ignore) && self.call.is_none())
    }

    pub(super) fn words(&self) -> String {
        let mut clauses = Vec::new();
        if self.blocked {
            clauses.push(match &self.held_by {
                Some(handler) => format!("pending while {handler} runs"),
                None => "blocked, so it stays pending".to_owned(),
            });
        }
        if let Some(by) = &self.accepted {
            clauses.push(format!("taken by {by}"));
        }
        let was = if self.was_blocked {
            "was pending, now "
        } else {
            ""
        };
        match (self.delivered, &self.handler) {
            (Some(Action::Handler), Some(name)) if self.returned => {
                clauses.push(format!("{was}delivered to {name}, which returns"));
            }
            (Some(Action::Handler), Some(name)) => {
                clauses.push(format!("{was}delivered to {name}"));
            }
            (Some(Action::Handler), None) => clauses.push(format!("{was}delivered, caught")),
            (Some(Action::Ignore), _) => clauses.push("ignored".into()),
            (Some(Action::Default), _) if self.action.is_none() && !self.killed => {
                clauses.push(format!("{was}delivered, default action"));
            }
            _ => {}
        }
        self.action_words(&mut clauses);
        match &self.call {
            Some((call, CallFate::Interrupted)) => {
                clauses.push(format!("interrupts {call} (EINTR)"));
            }
            Some((call, CallFate::Restarted)) => clauses.push(format!("{call} goes on after it")),
            Some((call, CallFate::Woken)) if self.accepted.is_none() && !self.killed => {
                clauses.push(format!("interrupts {call}"));
            }
            _ => {}
        }
        if clauses.is_empty() {
            clauses.push("generated".into());
        }
        clauses.join(", ")
    }

    fn action_words(&self, clauses: &mut Vec<String>) {
        let action = match (self.action, self.killed, self.stopped) {
            (_, true, _) if self.core => "default action: killed by it, would dump core",
            (_, true, _) => "default action: killed by it",
            (_, _, true) => "default action: stopped by it",
            (Some(action), _, _) => words::default_action(action),
            _ => "",
        };
        if !action.is_empty() {
            clauses.push(action.into());
        }
        if self.continued {
            clauses.push("goes on".into());
        }
    }
}
