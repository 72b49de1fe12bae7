//! Scenarios and requirements in Rust, for people who write `#[test]`s.
//!
//! Everything that `lab.toml` can say about a run can be said here, in the same words and
//! with the same checks.
//!
//! ```no_run
//! use siglab_lab::builder::{Event, Requirement, Scenario};
//!
//! // Ctrl+C twice within a second ends the daemon with status 0.
//! let scenario = Scenario::new("ctrl-c-twice")
//!     .terminal(24, 80)
//!     .at("0.5s").press("Ctrl+C")
//!     .at("1.2s").press("Ctrl+C");
//! let trace = scenario.run(&siglab_engine::Command::new("target/debug/daemon"))?;
//!
//! Requirement::exactly(2, Event::new("delivered").is("signal", "SIGINT").is("role", "main"))
//!     .check(&trace)?;
//! Requirement::within("10ms", Event::new("exit").number("code", 0))
//!     .after_time("1.2s")
//!     .check(&trace)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde_spanned::Spanned;
use siglab_engine::{Command, Options, Stdio};
use siglab_model::Trace;

use crate::evaluate::check_requirement;
use crate::manifest::raw::{
    RawAnchor, RawCriterion, RawManifest, RawOutcome, RawPattern, RawRequirement, RawScenario,
    RawSize, RawStep, RawTerminal, RawValue, S, Text, unwritten,
};
use crate::manifest::{Manifest, ManifestError, Rule};
use crate::result::Diagnosis;

fn text(text: &str) -> Option<Text> {
    Some(unwritten(text.to_owned()))
}

/// A lab: what [`Manifest::parse`] reads from a file, said in Rust.
#[derive(Clone, Debug, Default)]
pub struct Lab(RawManifest);

impl Lab {
    /// A lab with this id and title.
    #[must_use]
    pub fn new(id: &str, title: &str) -> Self {
        Self(RawManifest {
            id: text(id),
            title: text(title),
            ..RawManifest::default()
        })
    }

    /// Calls `role` (`main`, `child`, ...) by a name of the lab's own.
    #[must_use]
    pub fn role(mut self, role: &str, name: &str) -> Self {
        let (role, name) = (unwritten(role.to_owned()), unwritten(name.to_owned()));
        self.0.roles.insert(role, name);
        self
    }

    /// Adds a scenario.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.0.scenario.push(unwritten(scenario.finish()));
        self
    }

    /// Adds a criterion.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.0.criterion.push(unwritten(criterion.0));
        self
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn build(self) -> Result<Manifest, ManifestError> {
        Manifest::from_raw(&self.0)
    }
}

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
        if let Some((rows, columns)) = scenario.terminal {
            command.stdio = Stdio::Terminal { rows, columns };
        }
        let options = Options {
            roles,
            limits: scenario.limits.clone(),
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

    fn finish(mut self) -> RawScenario {
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

/// Something that must hold, for points.
#[derive(Clone, Debug, Default)]
pub struct Criterion(RawCriterion);

impl Criterion {
    /// A criterion of requirements.
    #[must_use]
    pub fn new(id: &str, title: &str, points: u32) -> Self {
        Self(RawCriterion {
            id: text(id),
            title: text(title),
            points: Some(unwritten(i64::from(points))),
            ..RawCriterion::default()
        })
    }

    /// The built-in rule `builds`, for 0 points.
    #[must_use]
    pub fn builds() -> Self {
        Self::new("builds", "It compiles", 0).kind("builds")
    }

    /// With a built-in rule in place of requirements: `no-leftovers`, `no-busy-waiting`.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> Self {
        self.0.kind = text(kind);
        self
    }

    /// About these scenarios only.
    #[must_use]
    pub fn scenarios<'s>(mut self, ids: impl IntoIterator<Item = &'s str>) -> Self {
        let ids = ids.into_iter().map(|id| unwritten(id.to_owned()));
        self.0.scenarios = Some(ids.collect());
        self
    }

    /// Adds a requirement.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.0.require.push(unwritten(requirement.0));
        self
    }
}

/// One condition on a run.
#[derive(Clone, Debug)]
pub struct Requirement(RawRequirement);

impl Requirement {
    /// `event` happens exactly `count` times.
    #[must_use]
    pub fn exactly(count: u32, event: Event) -> Self {
        Self::of_event(event, |raw| raw.exactly = number(count))
    }

    /// `event` happens `count` times or more.
    #[must_use]
    pub fn at_least(count: u32, event: Event) -> Self {
        Self::of_event(event, |raw| raw.at_least = number(count))
    }

    /// `event` happens `count` times or fewer.
    #[must_use]
    pub fn at_most(count: u32, event: Event) -> Self {
        Self::of_event(event, |raw| raw.at_most = number(count))
    }

    /// `event` doesn't happen.
    #[must_use]
    pub fn never(event: Event) -> Self {
        Self::with(|raw| raw.never = Some(event.pattern()))
    }

    /// `event` happens within `duration` after something: add [`Requirement::after`] or
    /// [`Requirement::after_time`].
    #[must_use]
    pub fn within(duration: &str, event: Event) -> Self {
        Self::of_event(event, |raw| raw.within = text(duration))
    }

    /// `event` happens at the instant of `other`.
    #[must_use]
    pub fn same_instant(event: Event, other: Event) -> Self {
        Self::of_event(event, |raw| {
            raw.same_instant_as = Some(unwritten(RawAnchor::Event(other.0)));
        })
    }

    /// These events happen one after another.
    #[must_use]
    pub fn in_order(events: impl IntoIterator<Item = Event>) -> Self {
        let events = events.into_iter().map(Event::pattern).collect();
        Self::with(|raw| raw.in_order = Some(unwritten(events)))
    }

    /// The first process exits with this status.
    #[must_use]
    pub fn exits(status: u8) -> Self {
        Self::ends(RawOutcome {
            exited: Some(unwritten(i64::from(status))),
            ..RawOutcome::default()
        })
    }

    /// `signal` terminates the first process.
    #[must_use]
    pub fn dies_of(signal: &str) -> Self {
        Self::ends(RawOutcome {
            killed: text(signal),
            ..RawOutcome::default()
        })
    }

    /// The program deadlocks, or doesn't.
    #[must_use]
    pub fn deadlocks(deadlock: bool) -> Self {
        Self::ends(RawOutcome {
            deadlock: Some(unwritten(deadlock)),
            ..RawOutcome::default()
        })
    }

    /// After `other`.
    #[must_use]
    pub fn after(mut self, other: Event) -> Self {
        self.0.after = Some(unwritten(RawAnchor::Event(other.0)));
        self
    }

    /// After each of `other`, not only the first.
    #[must_use]
    pub fn after_each(mut self, other: Event) -> Self {
        self.0.each = true;
        self.after(other)
    }

    /// After this moment of virtual time.
    #[must_use]
    pub fn after_time(mut self, time: &str) -> Self {
        self.0.after = Some(unwritten(RawAnchor::Time(time.to_owned())));
        self
    }

    /// With this diagnosis if it doesn't hold: its id, and what to look at.
    #[must_use]
    pub fn diagnosis(mut self, id: &str, hint: &str) -> Self {
        self.0.id = text(id);
        self.0.hint = text(hint);
        self
    }

    /// With this message if something happens too often, too early or too late.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.0.message = text(message);
        self
    }

    /// With this message if something doesn't happen at all.
    #[must_use]
    pub fn missing(mut self, message: &str) -> Self {
        self.0.missing = text(message);
        self
    }

    /// Checks it on a trace in which the first process is called `main`.
    ///
    /// # Errors
    /// If it doesn't hold, or makes no sense.
    pub fn check(self, trace: &Trace) -> Result<(), Unmet> {
        self.check_with(trace, &BTreeMap::new())
    }

    /// Checks it on a trace in which processes have names of their own: from `main`,
    /// `child`, ... to these.
    ///
    /// # Errors
    /// If it doesn't hold, or makes no sense.
    pub fn check_with(self, trace: &Trace, roles: &BTreeMap<String, String>) -> Result<(), Unmet> {
        let mut lab = Lab::new("requirement", "A requirement");
        for (role, name) in roles {
            lab = lab.role(role, name);
        }
        let lab = lab.scenario(Scenario::new("run"));
        let criterion = Criterion::new("criterion", "A criterion", 0).require(self);
        let manifest = lab.criterion(criterion).build()?;
        for criterion in &manifest.criteria {
            if let Rule::Requirements(requirements) = &criterion.rule {
                for requirement in requirements {
                    check_requirement(requirement, trace, &manifest.roles)
                        .map_err(Unmet::Diagnosis)?;
                }
            }
        }
        Ok(())
    }

    fn with(set: impl FnOnce(&mut RawRequirement)) -> Self {
        let mut raw = RawRequirement {
            id: text("unmet"),
            hint: text("compare with the trace"),
            ..RawRequirement::default()
        };
        set(&mut raw);
        Self(raw)
    }

    fn of_event(event: Event, set: impl FnOnce(&mut RawRequirement)) -> Self {
        Self::with(|raw| {
            raw.event = Some(event.pattern());
            set(raw);
        })
    }

    fn ends(outcome: RawOutcome) -> Self {
        Self::with(|raw| raw.outcome = Some(unwritten(outcome)))
    }
}

fn number(number: u32) -> Option<S<i64>> {
    Some(unwritten(i64::from(number)))
}

/// Why a requirement doesn't hold.
#[derive(Debug)]
pub enum Unmet {
    /// The requirement makes no sense.
    Nonsense(ManifestError),
    /// The run isn't as required.
    Diagnosis(Diagnosis),
}

impl From<ManifestError> for Unmet {
    fn from(error: ManifestError) -> Self {
        Self::Nonsense(error)
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonsense(error) => error.fmt(f),
            Self::Diagnosis(diagnosis) => {
                let Diagnosis { id, message, hint } = diagnosis;
                write!(f, "{message} ({id}); {hint}")
            }
        }
    }
}

impl std::error::Error for Unmet {}

/// Which events are meant.
#[derive(Clone, Debug, Default)]
pub struct Event(RawPattern);

impl Event {
    /// Events of this kind: `generated`, `exit`, ....
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self::default().is("event", kind)
    }

    /// Whose `field` is this text, signal, role or time.
    #[must_use]
    pub fn is(self, field: &str, value: &str) -> Self {
        self.field(field, RawValue::Text(value.to_owned()))
    }

    /// Whose `field` is this number.
    #[must_use]
    pub fn number(self, field: &str, value: i64) -> Self {
        self.field(field, RawValue::Integer(value))
    }

    /// Whose `field` is one of these.
    #[must_use]
    pub fn any_of<'v>(self, field: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let values = values
            .into_iter()
            .map(|value| unwritten(RawValue::Text(value.to_owned())));
        self.field(field, RawValue::List(values.collect()))
    }

    /// Whose `field` isn't this.
    #[must_use]
    pub fn not(self, field: &str, value: &str) -> Self {
        self.table(field, "not", RawValue::Text(value.to_owned()))
    }

    /// Whose `field` has this text in it.
    #[must_use]
    pub fn contains(self, field: &str, value: &str) -> Self {
        self.table(field, "contains", RawValue::Text(value.to_owned()))
    }

    /// A `reaped` event of a child that exited with this status.
    #[must_use]
    pub fn exited(self, status: u8) -> Self {
        self.table("status", "exited", RawValue::Integer(i64::from(status)))
    }

    /// A `reaped` event of a child that this signal terminated.
    #[must_use]
    pub fn killed(self, signal: &str) -> Self {
        self.table("status", "killed", RawValue::Text(signal.to_owned()))
    }

    /// The `nth` of them, from 1.
    #[must_use]
    pub fn nth(self, nth: u32) -> Self {
        self.number("nth", i64::from(nth))
    }

    fn table(self, field: &str, key: &str, value: RawValue) -> Self {
        let entry = (unwritten(key.to_owned()), unwritten(value));
        self.field(field, RawValue::Table(BTreeMap::from([entry])))
    }

    fn field(mut self, field: &str, value: RawValue) -> Self {
        self.0
            .0
            .insert(unwritten(field.to_owned()), unwritten(value));
        self
    }

    fn pattern(self) -> Spanned<RawPattern> {
        unwritten(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use siglab_model::Trace;

    use super::{Criterion, Event, Lab, Requirement, Scenario};

    const TRACE: &str = r#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}
{"t":500000000,"role":"main","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}
{"t":500000000,"role":"main","event":"exit","code":0}
{"outcome":{"status":{"exited":0},"deadlock":false}}
"#;

    #[test]
    fn requirements_are_checked_on_traces() {
        let trace = Trace::from_jsonl(TRACE).expect("it is a trace");
        let exit = || Event::new("exit").number("code", 0);
        let met = [
            Requirement::exactly(1, exit()),
            Requirement::at_most(1, Event::new("generated").not("signal", "SIGTERM")),
            Requirement::never(Event::new("killed")),
            Requirement::within("0s", exit()).after_each(Event::new("generated")),
            Requirement::within("1s", exit()).after_time("0.5s"),
            Requirement::same_instant(exit(), Event::new("generated").nth(1)),
            Requirement::in_order([Event::new("generated").any_of("signal", ["SIGINT"]), exit()]),
            Requirement::exits(0),
            Requirement::deadlocks(false),
        ];
        for requirement in met {
            requirement
                .check(&trace)
                .unwrap_or_else(|unmet| panic!("{unmet}"));
        }
        let check =
            |requirement: Requirement| requirement.check(&trace).map_err(|unmet| unmet.to_string());
        assert_eq!(
            check(Requirement::dies_of("SIGINT").diagnosis("survived", "look at main")),
            Err(
                "main exited with status 0 at 0.500s; it should have died of SIGINT \
                 (survived); look at main"
                    .to_owned()
            )
        );
        assert_eq!(
            check(Requirement::never(Event::new("exit").is("signl", "SIGINT"))),
            Err("`exit` events have no field `signl`; known here: event, role, at, after, before, nth, code".to_owned())
        );
        let roles = BTreeMap::from([("main".to_owned(), "parent".to_owned())]);
        let unmet = Requirement::exits(1).check_with(&trace, &roles);
        let unmet = unmet.expect_err("it exits with 0").to_string();
        assert!(unmet.starts_with("parent exited with status 0"), "{unmet}");
    }

    #[test]
    fn labs_are_built() {
        let scenario = Scenario::new("run")
            .terminal(24, 80)
            .waiting_in("parent", "pause")
            .at("0.5s")
            .press("Ctrl+C")
            .queue("SIGRTMIN+1", 7, "parent")
            .after("1ms")
            .resize(40, 100)
            .ended("child");
        let lab = Lab::new("lab", "A lab")
            .role("main", "parent")
            .scenario(scenario)
            .criterion(Criterion::builds())
            .criterion(
                Criterion::new("dies", "It dies", 3)
                    .scenarios(["run"])
                    .require(Requirement::dies_of("SIGINT")),
            )
            .build()
            .expect("it makes sense");
        let steps = lab.scenarios[0].script.steps.iter();
        let steps: Vec<_> = steps.map(ToString::to_string).collect();
        assert_eq!(
            steps,
            [
                "when parent waits in pause",
                "at 0.500s, press ^C",
                "queue SIGRTMIN+1 with value 7 to parent",
                "after 1ms, resize to 40x100",
                "when child has ended",
            ]
        );
        assert_eq!(lab.max_score(), 3);
        let error = Lab::new("lab", "A lab").build().expect_err("it is empty");
        assert_eq!(
            error
                .problems()
                .iter()
                .map(|it| it.message.as_str())
                .collect::<Vec<_>>(),
            ["a lab needs a scenario", "a lab needs a criterion"]
        );
    }
}
