//! Runs.

use std::collections::BTreeMap;

use siglab_engine::{Command, Options, Stdio};
use siglab_model::Trace;

use super::{Criterion, Lab, text};
use crate::manifest::ManifestError;
use crate::manifest::raw::{RawScenario, RawSize, RawStep, RawTerminal, unwritten};

/// A run: what happens to the program from outside, and when.
///
/// A step is what it waits for ([`at`](Scenario::at), [`after`](Scenario::after),
/// [`output`](Scenario::output), [`waiting`](Scenario::waiting),
/// [`ended`](Scenario::ended)) followed by what it does.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    raw: RawScenario,
    roles: BTreeMap<String, String>,
    /// What the step in the making waits for.
    next: Option<RawStep>,
}

impl Scenario {
    /// A scenario without steps.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            raw: RawScenario {
                id: text(id),
                ..RawScenario::default()
            },
            ..Self::default()
        }
    }

    /// With a terminal of this size.
    #[must_use]
    pub fn terminal(mut self, rows: u16, columns: u16) -> Self {
        self.raw.terminal = RawTerminal::Size(RawSize { rows, columns });
        self
    }

    /// With these arguments for the program.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.raw.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Calls `role` (`main`, `child`, ...) by another name in [`Scenario::run`].
    #[must_use]
    pub fn role(mut self, role: &str, name: &str) -> Self {
        self.roles.insert(role.to_owned(), name.to_owned());
        self
    }

    /// Waits for this moment of virtual time, such as `"0.5s"`.
    #[must_use]
    pub fn at(self, time: &str) -> Self {
        self.when(RawStep {
            at: text(time),
            ..RawStep::default()
        })
    }

    /// Waits for this long after the step before.
    #[must_use]
    pub fn after(self, duration: &str) -> Self {
        self.when(RawStep {
            after: text(duration),
            ..RawStep::default()
        })
    }

    /// Waits until the program has written `output`.
    #[must_use]
    pub fn output(self, output: &str) -> Self {
        self.when(RawStep {
            output: text(output),
            ..RawStep::default()
        })
    }

    /// Waits until `role` waits in a system call.
    #[must_use]
    pub fn waiting(self, role: &str) -> Self {
        self.when(RawStep {
            waiting: text(role),
            ..RawStep::default()
        })
    }

    /// Waits until `role` waits in `syscall`.
    #[must_use]
    pub fn waiting_in(self, role: &str, syscall: &str) -> Self {
        self.when(RawStep {
            waiting: text(role),
            syscall: text(syscall),
            ..RawStep::default()
        })
    }

    /// Waits until the process `role` has ended.
    #[must_use]
    pub fn ended(self, role: &str) -> Self {
        self.when(RawStep {
            ended: text(role),
            ..RawStep::default()
        })
    }

    /// Waits until the signal has come that is tried at each moment.
    #[must_use]
    pub fn tried(self) -> Self {
        self.when(RawStep {
            tried: Some(unwritten(true)),
            ..RawStep::default()
        })
    }

    /// Sends `signal` to `to`.
    #[must_use]
    pub fn send(self, signal: &str, to: &str) -> Self {
        self.act(|step| {
            step.send = text(signal);
            step.to = text(to);
        })
    }

    /// Sends `signal` to the process group of `to`.
    #[must_use]
    pub fn send_group(self, signal: &str, to: &str) -> Self {
        self.act(|step| {
            step.send_group = text(signal);
            step.to = text(to);
        })
    }

    /// Sends `signal` with `value` to `to`.
    #[must_use]
    pub fn queue(self, signal: &str, value: i32, to: &str) -> Self {
        self.act(|step| {
            step.queue = text(signal);
            step.value = Some(unwritten(i64::from(value)));
            step.to = text(to);
        })
    }

    /// Presses `Ctrl+C`, `Ctrl+Z`, `Ctrl+\` or `Ctrl+D`.
    #[must_use]
    pub fn press(self, key: &str) -> Self {
        self.act(|step| step.press = text(key))
    }

    /// Writes to standard input, or types at the terminal.
    #[must_use]
    pub fn type_text(self, typed: &str) -> Self {
        self.act(|step| step.type_text = text(typed))
    }

    /// Closes standard input.
    #[must_use]
    pub fn close_stdin(self) -> Self {
        self.act(|step| step.close_stdin = Some(unwritten(true)))
    }

    /// Hangs the terminal up.
    #[must_use]
    pub fn hang_up(self) -> Self {
        self.act(|step| step.hang_up = Some(unwritten(true)))
    }

    /// Changes the size of the terminal's window.
    #[must_use]
    pub fn resize(self, rows: u16, columns: u16) -> Self {
        self.act(|step| step.resize = Some(unwritten(RawSize { rows, columns })))
    }

    /// Runs `command` under this scenario, by the virtual clock.
    ///
    /// # Errors
    /// If a step makes no sense, or the run can't take place.
    pub fn run(self, command: &Command) -> Result<Trace, RunError> {
        let roles = self.roles.clone();
        let mut lab = Lab::new("scenario", "A scenario");
        for (role, name) in &roles {
            lab = lab.role(role, name);
        }
        // A lab needs a criterion.
        let manifest = lab.scenario(self).criterion(Criterion::builds()).build()?;
        let mut command = command.clone();
        let [scenario] = manifest.scenarios.as_slice() else {
            unreachable!("one scenario was put in");
        };
        command.args.extend(scenario.args.iter().map(Into::into));
        command.stdin_stays_open |= scenario.stdin_stays_open;
        if let Some((rows, columns)) = scenario.terminal {
            command.stdio = Stdio::Terminal { rows, columns };
        }
        let options = Options {
            roles,
            limits: scenario.limits.clone(),
            policy: scenario.policy.clone(),
            ..Options::default()
        };
        Ok(siglab_engine::run(&command, &scenario.script, &options)?)
    }

    fn when(mut self, step: RawStep) -> Self {
        self.end_step();
        self.next = Some(step);
        self
    }

    fn act(mut self, set: impl FnOnce(&mut RawStep)) -> Self {
        let mut step = self.next.take().unwrap_or_default();
        set(&mut step);
        self.raw.steps.push(unwritten(step));
        self
    }

    fn end_step(&mut self) {
        self.raw.steps.extend(self.next.take().map(unwritten));
    }

    pub(super) fn finish(mut self) -> RawScenario {
        self.end_step();
        self.raw
    }
}

/// Why [`Scenario::run`] gave no trace.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A step makes no sense.
    #[error(transparent)]
    Scenario(#[from] ManifestError),
    /// The run couldn't take place.
    #[error(transparent)]
    Engine(#[from] siglab_engine::Error),
}
