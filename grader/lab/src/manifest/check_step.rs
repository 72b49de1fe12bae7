//! The steps of a scenario.

use std::ops::Range;
use std::time::Duration;

use siglab_engine::{Action, Key, Step, When};
use siglab_model::Time;

use super::check::Checker;
use super::check_requirement::is_value;
use super::draw::Dice;
use super::moment::{Plan, Planned, Written, is_in_name};
use super::raw::{RawStep, S, Text};
use crate::lab::nearest;

/// The keys that can be pressed.
const KEYS: [(&str, Key); 4] = [
    ("Ctrl+C", Key::CtrlC),
    ("Ctrl+Z", Key::CtrlZ),
    ("Ctrl+\\", Key::CtrlBackslash),
    ("Ctrl+D", Key::CtrlD),
];

impl Checker<'_> {
    /// The steps of a scenario that is cut off at `limit`. Their moments go to `plan`.
    pub(super) fn steps(
        &mut self,
        raw: &[S<RawStep>],
        has_terminal: bool,
        limit: Time,
        plan: &mut Plan,
        dice: &mut Dice,
    ) -> Vec<Step> {
        // The moment of the step before; where only a run can tell it, not before this.
        let mut last = Planned::default();
        let mut is_known = true;
        let mut steps = Vec::new();
        for step in raw {
            let written = step.get_ref();
            let before = plan.time(&last);
            let moment = self.planned(written, &last, plan, dice);
            if let Some(moment) = moment {
                self.in_time(plan, &last, &moment, limit, moment_span(step));
                last = moment;
            }
            let when = match self.when(step) {
                When::At(_) => When::At(plan.time(&last)),
                When::After(_) => When::After(plan.time(&last) - before),
                other => other,
            };
            is_known &= matches!(when, When::At(_) | When::After(_) | When::Now);
            if let Some(name) = &written.name {
                self.step_name(name, plan, is_known.then(|| last.clone()));
            }
            let action = self.action(step, has_terminal);
            steps.push(Step { when, action });
        }
        steps
    }

    /// The moment of a step that is written with one. `last` is that of the step before.
    fn planned(
        &mut self,
        raw: &RawStep,
        last: &Planned,
        plan: &mut Plan,
        dice: &mut Dice,
    ) -> Option<Planned> {
        let text = raw.at.as_ref().or(raw.after.as_ref())?;
        let written = self.written(text)?;
        let from = match written.from {
            None if raw.at.is_some() => Planned::default(),
            None => last.clone(),
            Some(_) if raw.at.is_none() => {
                self.problem(text.span(), "`after` counts from the step before")
                    .help = Some(format!("write `at = \"{text}\"`"));
                return None;
            }
            Some(_) if written.before => {
                self.problem(
                    text.span(),
                    "a step can't come before the one that it counts from",
                );
                return None;
            }
            Some(name) => {
                let nowhere = format!("no step `{name}` comes before this");
                self.named(name, text, plan, nowhere)?
            }
        };
        Some(plan.later(&from, written.span, dice))
    }

    /// Reports a step that may come before the one before it, or after the scenario's limit.
    fn in_time(
        &mut self,
        plan: &Plan,
        last: &Planned,
        moment: &Planned,
        limit: Time,
        span: Range<usize>,
    ) {
        if !plan.in_order(last, moment) {
            let (latest, earliest) = (plan.latest(last), moment.earliest());
            let message = if plan.latest(last) == last.earliest() {
                format!("times go backwards: {earliest} comes after a step at {latest}")
            } else {
                format!(
                    "times may go backwards: {earliest} comes after a step that may be at {latest}"
                )
            };
            self.problem(span.clone(), message).help =
                Some("steps are carried out one after another".into());
        }
        if plan.latest(moment) > limit {
            self.problem(
                span,
                format!("this step comes after the scenario's limit of {limit}"),
            )
            .help = Some("raise `virtual_time` under `limits`".into());
        }
    }

    fn step_name(&mut self, name: &Text, plan: &mut Plan, moment: Option<Planned>) {
        let text = name.get_ref();
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) || !text.chars().all(is_in_name) {
            self.problem(name.span(), format!("`{text}` can't be a step's name"))
                .help = Some("names are of letters, digits and `_`, a letter first".into());
        } else if is_value(text) {
            self.problem(
                name.span(),
                format!("`{{{text}}}` means something else in messages"),
            )
            .help = Some("choose another name for the step".into());
        } else if plan.has(text) {
            self.problem(name.span(), format!("a second step `{text}`"));
        }
        plan.name(text, moment);
    }

    /// What a moment is written as.
    pub(super) fn written<'t>(&mut self, text: &'t Text) -> Option<Written<'t>> {
        Written::parse(text.get_ref())
            .map_err(|why| {
                self.problem(text.span(), why);
            })
            .ok()
    }

    /// The moment of the step `name` of a scenario, which `text` mentions. `nowhere` is what to
    /// say if there is none.
    pub(super) fn named(
        &mut self,
        name: &str,
        text: &Text,
        plan: &Plan,
        nowhere: String,
    ) -> Option<Planned> {
        if let Some(moment) = plan.named(name) {
            return Some(moment.clone());
        }
        if plan.has(name) {
            self.problem(
                text.span(),
                format!("nobody knows the moment of `{name}` before the program runs"),
            )
            .help = Some("it comes after a step that waits for the program".into());
            return None;
        }
        let help = match nearest(name, plan.names()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "a step gets a name with `name = \"...\"`".into(),
        };
        self.problem(text.span(), nowhere).help = Some(help);
        None
    }

    fn when(&mut self, step: &S<RawStep>) -> When {
        let raw = step.get_ref();
        let given = [
            ("at", raw.at.as_ref()),
            ("after", raw.after.as_ref()),
            ("output", raw.output.as_ref()),
            ("waiting", raw.waiting.as_ref()),
            ("ended", raw.ended.as_ref()),
        ];
        let tried = set(&raw.tried);
        self.at_most_one(
            given
                .into_iter()
                .map(|(key, it)| (key, it.map(Text::span)))
                .chain([("tried", tried.clone())]),
            "waits for",
        );
        if let Some(syscall) = &raw.syscall {
            self.syscall(syscall);
            if raw.waiting.is_none() {
                self.problem(syscall.span(), "`syscall` goes with `waiting`");
            }
        }
        // Their moments were planned.
        if raw.at.is_some() {
            When::At(Time::ZERO)
        } else if raw.after.is_some() {
            When::After(Duration::ZERO)
        } else if let Some(output) = &raw.output {
            When::Output(output.get_ref().clone())
        } else if let Some(role) = &raw.waiting {
            self.role(role);
            When::Waiting {
                role: role.get_ref().clone(),
                syscall: raw.syscall.as_ref().map(|it| it.get_ref().clone()),
            }
        } else if let Some(role) = &raw.ended {
            self.role(role);
            When::Ended {
                role: role.get_ref().clone(),
            }
        } else if tried.is_some() {
            When::Injected
        } else {
            When::Now
        }
    }

    fn action(&mut self, step: &S<RawStep>, has_terminal: bool) -> Action {
        let raw = step.get_ref();
        let given = [
            ("send", raw.send.as_ref().map(Text::span)),
            ("send_group", raw.send_group.as_ref().map(Text::span)),
            ("queue", raw.queue.as_ref().map(Text::span)),
            ("press", raw.press.as_ref().map(Text::span)),
            ("type", raw.type_text.as_ref().map(Text::span)),
            ("close_stdin", set(&raw.close_stdin)),
            ("hang_up", set(&raw.hang_up)),
            ("resize", raw.resize.as_ref().map(S::span)),
        ];
        self.at_most_one(given.clone(), "does");
        for (key, span) in given {
            if let Some(span) = span
                && !has_terminal
                && matches!(key, "press" | "hang_up" | "resize")
            {
                self.problem(span, format!("`{key}` needs a terminal")).help =
                    Some("add `terminal = true` to the scenario".into());
            }
        }
        let sends = raw.send.is_some() || raw.send_group.is_some() || raw.queue.is_some();
        if let Some(to) = raw.to.as_ref().filter(|_| !sends) {
            self.problem(to.span(), "`to` goes with `send`, `send_group` or `queue`");
        }
        if let (Some(value), None) = (&raw.value, &raw.queue) {
            self.problem(value.span(), "`value` goes with `queue`");
        }
        if sends {
            return self.sending(step);
        }
        if let Some(key) = &raw.press {
            self.key(key)
        } else if let Some(text) = &raw.type_text {
            Action::Type(text.get_ref().clone())
        } else if set(&raw.close_stdin).is_some() {
            Action::CloseStdin
        } else if set(&raw.hang_up).is_some() {
            Action::HangUp
        } else if let Some(size) = &raw.resize {
            Action::Resize {
                rows: size.get_ref().rows,
                columns: size.get_ref().columns,
            }
        } else {
            Action::Nothing
        }
    }

    fn sending(&mut self, step: &S<RawStep>) -> Action {
        let raw = step.get_ref();
        if let Some(to) = &raw.to {
            self.role(to);
        }
        let to = raw
            .to
            .as_ref()
            .map_or_else(|| self.roles.main().to_owned(), |to| to.get_ref().clone());
        let mut signal = |text: &Option<Text>| text.as_ref().and_then(|text| self.signal(text));
        if let Some(signal) = signal(&raw.send) {
            return Action::Send { signal, to };
        }
        if let Some(signal) = signal(&raw.send_group) {
            return Action::SendGroup { signal, to };
        }
        let Some(signal) = signal(&raw.queue) else {
            // The signal is unknown; that was reported.
            return Action::Nothing;
        };
        let value = match &raw.value {
            Some(value) => i32::try_from(*value.get_ref()).unwrap_or_else(|_| {
                self.problem(value.span(), format!("`{value}` doesn't fit 32 bits"));
                0
            }),
            None => {
                self.missing("value", &step.span());
                0
            }
        };
        Action::Queue { signal, value, to }
    }

    fn key(&mut self, text: &Text) -> Action {
        let written = text.get_ref();
        let known = KEYS.iter().find(|(name, key)| {
            name.eq_ignore_ascii_case(written) || key.to_string().eq_ignore_ascii_case(written)
        });
        match known {
            Some((_, key)) => Action::Press(*key),
            None => {
                let names = KEYS.map(|(name, _)| name).join(", ");
                self.problem(text.span(), format!("no key `{written}`"))
                    .help = Some(format!("there are: {names}"));
                Action::Nothing
            }
        }
    }

    fn at_most_one<'k>(
        &mut self,
        given: impl IntoIterator<Item = (&'k str, Option<Range<usize>>)>,
        verb: &str,
    ) {
        let mut given = given
            .into_iter()
            .filter_map(|(key, span)| span.map(|span| (key, span)));
        if let (Some((first, _)), Some((second, span))) = (given.next(), given.next()) {
            self.problem(
                span,
                format!("a step {verb} one thing; here are `{first}` and `{second}`"),
            )
            .help = Some("make two steps of it".into());
        }
    }
}

/// Where a step's moment is written, or the step.
fn moment_span(step: &S<RawStep>) -> Range<usize> {
    let raw = step.get_ref();
    let time = raw.at.as_ref().or(raw.after.as_ref());
    time.map_or_else(|| step.span(), Text::span)
}

/// Where a flag is written, if it is set.
fn set(flag: &Option<S<bool>>) -> Option<Range<usize>> {
    flag.as_ref().filter(|it| *it.get_ref()).map(S::span)
}
