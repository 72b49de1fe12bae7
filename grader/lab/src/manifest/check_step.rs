//! The steps of a scenario.

use std::ops::Range;
use std::time::Duration;

use siglab_engine::{Action, Key, Step, When};
use siglab_model::Time;

use super::check::Checker;
use super::raw::{RawStep, S, Text};

/// The keys that can be pressed.
const KEYS: [(&str, Key); 4] = [
    ("Ctrl+C", Key::CtrlC),
    ("Ctrl+Z", Key::CtrlZ),
    ("Ctrl+\\", Key::CtrlBackslash),
    ("Ctrl+D", Key::CtrlD),
];

impl Checker<'_> {
    /// The steps of a scenario that is cut off at `limit`.
    pub(super) fn steps(
        &mut self,
        raw: &[S<RawStep>],
        has_terminal: bool,
        limit: Time,
    ) -> Vec<Step> {
        let mut earliest = Time::ZERO;
        let mut steps = Vec::new();
        for step in raw {
            let when = self.when(step);
            let action = self.action(step, has_terminal);
            let time = step.get_ref().at.as_ref().or(step.get_ref().after.as_ref());
            let span = time.map_or_else(|| step.span(), Text::span);
            match when {
                When::At(time) if time < earliest => {
                    self.problem(
                        span.clone(),
                        format!("times go backwards: {time} comes after a step at {earliest}"),
                    )
                    .help = Some("steps are carried out one after another".into());
                }
                When::At(time) => earliest = time,
                When::After(duration) => earliest = earliest + duration,
                _ => {}
            }
            if earliest > limit {
                self.problem(
                    span,
                    format!("this step comes after the scenario's limit of {limit}"),
                )
                .help = Some("raise `virtual_time` under `limits`".into());
            }
            steps.push(Step { when, action });
        }
        steps
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
        if let Some(at) = &raw.at {
            When::At(self.time(at).unwrap_or(Time::ZERO))
        } else if let Some(after) = &raw.after {
            When::After(self.duration(after).unwrap_or(Duration::ZERO))
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

/// Where a flag is written, if it is set.
fn set(flag: &Option<S<bool>>) -> Option<Range<usize>> {
    flag.as_ref().filter(|it| *it.get_ref()).map(S::span)
}
