//! Conditions on runs.

use std::collections::BTreeMap;
use std::fmt;

use serde_spanned::Spanned;
use siglab_explore::Exploration;
use siglab_model::Trace;

use super::{Criterion, Lab, Scenario, text};
use crate::evaluate::{check_requirement, explored};
use crate::manifest::raw::{
    RawAnchor, RawOutcome, RawPattern, RawRequirement, RawValue, S, unwritten,
};
use crate::manifest::{self, Manifest, ManifestError};
use crate::result::Diagnosis;

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

    /// Nothing of these kinds goes wrong, at whatever moment a signal comes: `deadlock`,
    /// `crash`, `lost-wakeup`, `unsafe-call`, .... Narrow it with [`Requirement::signal`]
    /// and [`Requirement::to`]; the finding gives the diagnosis.
    #[must_use]
    pub fn no_finding<'k>(kinds: impl IntoIterator<Item = &'k str>) -> Self {
        let kinds = kinds.into_iter().map(|kind| unwritten(kind.to_owned()));
        Self(RawRequirement {
            no_finding: Some(unwritten(kinds.collect())),
            ..RawRequirement::default()
        })
    }

    /// It must hold in each run in which a signal comes at another moment, if what it should
    /// come after happens there.
    #[must_use]
    pub fn at_any_moment(mut self) -> Self {
        self.0.at_any_moment = true;
        self
    }

    /// With [`Requirement::no_finding`] or [`Requirement::at_any_moment`]: this signal, rather than all that are handled.
    #[must_use]
    pub fn signal(mut self, signal: &str) -> Self {
        self.0.signal = text(signal);
        self
    }

    /// With [`Requirement::no_finding`] or [`Requirement::at_any_moment`]: the process or
    /// thread that gets the signal, and whose failures count.
    #[must_use]
    pub fn to(mut self, role: &str) -> Self {
        self.0.to = text(role);
        self
    }

    /// With [`Requirement::no_finding`] or [`Requirement::at_any_moment`]: so many moments
    /// are tried at the most, rather than 100.
    #[must_use]
    pub fn moments(mut self, moments: u32) -> Self {
        self.0.moments = number(moments);
        self
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
        requirements(&manifest).try_for_each(|requirement| {
            check_requirement(requirement, trace, &manifest.roles).map_err(Unmet::Diagnosis)
        })
    }

    /// Checks one about any moment on what exploring a program gave in which the first
    /// process is called `main`.
    ///
    /// # Errors
    /// If it doesn't hold, or makes no sense. Of another form, it never holds.
    pub fn check_explored(self, exploration: &Exploration) -> Result<(), Unmet> {
        let criterion = Criterion::new("criterion", "A criterion", 0).require(self);
        let lab = Lab::new("requirement", "A requirement").scenario(Scenario::new("run"));
        let manifest = lab.criterion(criterion).build()?;
        requirements(&manifest).try_for_each(|requirement| match &requirement.exploring {
            Some(exploring) => {
                explored::check(requirement, exploring, exploration, &manifest.roles)
                    .map_err(Unmet::Diagnosis)
            }
            None => Err(Unmet::Diagnosis(Diagnosis {
                id: requirement.id.clone(),
                message: "it is about one run, and not about every moment".into(),
                hint: "run the program, and check the trace".into(),
            })),
        })
    }

    pub(super) fn into_raw(self) -> RawRequirement {
        self.0
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

fn requirements(manifest: &Manifest) -> impl Iterator<Item = &manifest::Requirement> {
    manifest
        .criteria
        .iter()
        .flat_map(manifest::Criterion::requirements)
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
