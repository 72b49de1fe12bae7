//! Whether one requirement holds in one run.

use std::time::Duration;

use siglab_model::{Event, ProcessStatus, Time, Trace};

use super::diagnosis as ids;
use super::end::{self, Explains};
use super::failed;
use crate::manifest::{
    Anchor, Ending, Instead, Pattern, Requirement, Roles, Template, Test, describe_status,
    field_text, told,
};
use crate::result::Diagnosis;

/// Checks one requirement. `roles` is what processes are called.
///
/// # Errors
/// If it doesn't hold: why. One that must hold at any moment never does: a run isn't
/// evidence for it.
pub fn check_requirement(
    requirement: &Requirement,
    trace: &Trace,
    roles: &Roles,
) -> Result<(), Diagnosis> {
    if requirement.exploring.is_some() {
        return Err(needs_exploration());
    }
    check_run(requirement, trace, roles, false)
}

/// Checks a requirement that must hold at any moment, in one of the runs that are tried.
pub(crate) fn check_moment(
    requirement: &Requirement,
    trace: &Trace,
    roles: &Roles,
) -> Result<(), Diagnosis> {
    check_run(requirement, trace, roles, true)
}

fn check_run(
    requirement: &Requirement,
    trace: &Trace,
    roles: &Roles,
    at_any_moment: bool,
) -> Result<(), Diagnosis> {
    let run = Run {
        trace,
        roles,
        at_any_moment,
    };
    let failure = match &requirement.test {
        Test::Count { event, min, max } => run.count(event, *min, *max),
        Test::Near {
            event,
            anchor,
            within,
            either_side,
            each,
        } => run.near(event, anchor, *within, *either_side, *each),
        Test::InOrder(events) => run.in_order(events),
        Test::Ends(ending) => run.ends(*ending),
        Test::NoFinding(_) => return Err(needs_exploration()),
    };
    match failure {
        None => Ok(()),
        Some(failure) => Err(run.diagnose(requirement, failure)),
    }
}

/// One run can't tell what happens at other moments.
fn needs_exploration() -> Diagnosis {
    Diagnosis {
        id: ids::NOT_EXPLORED.into(),
        message: "it is about every moment, and there is only one run".into(),
        hint: "explore the program, and check what that gives".into(),
    }
}

struct Run<'a> {
    trace: &'a Trace,
    roles: &'a Roles,
    /// Whether it is one of many: then what something should come after need not happen.
    at_any_moment: bool,
}

/// How a requirement doesn't hold.
struct Failure<'a> {
    /// Whether something expected didn't happen; else something happened that shouldn't,
    /// or not as it should.
    missing: bool,
    /// Whether it did happen, but not often enough.
    too_few: bool,
    /// What to say if the manifest doesn't.
    message: String,
    /// The event in question.
    event: Option<&'a Event>,
    /// Further values for messages.
    values: Vec<(&'static str, String)>,
    /// The moment by which something should have happened, if that is known.
    due: Option<Time>,
    /// Whether what it should have happened after happened at all.
    anchored: bool,
}

impl<'a> Failure<'a> {
    fn missing(message: String) -> Self {
        Self {
            missing: true,
            too_few: false,
            message,
            event: None,
            values: Vec::new(),
            due: None,
            anchored: true,
        }
    }

    fn happened(event: &'a Event, message: String) -> Self {
        Self {
            missing: false,
            event: Some(event),
            ..Self::missing(message)
        }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }
}

impl<'a> Run<'a> {
    fn count(&self, event: &Pattern, min: usize, max: Option<usize>) -> Option<Failure<'a>> {
        let found: Vec<_> = event.find(&self.trace.events, self.roles).collect();
        let count = found.len();
        if count >= min && max.is_none_or(|max| count <= max) {
            return None;
        }
        let expected = match max {
            Some(max) if max == min => max.to_string(),
            Some(max) if min == 0 => format!("at most {max}"),
            Some(max) => format!("{min} to {max}"),
            None => format!("at least {min}"),
        };
        let what = event.describe();
        let times = found.iter().map(|(_, event)| told(event.t).to_string());
        let times: Vec<_> = times.collect();
        let times = times.join(", ");
        let mut failure = match found.first() {
            None => Failure::missing(format!("{what} did not happen")),
            Some((_, first)) if max == Some(0) => {
                Failure::happened(first, format!("{what} happened at {times}"))
            }
            Some((_, first)) => Failure::happened(
                first,
                format!(
                    "{what} happened {} (at {times}), not {expected}",
                    often(count)
                ),
            ),
        };
        failure.too_few = (1..min).contains(&count);
        Some(
            failure
                .with("count", count)
                .with("expected", expected)
                .with("times", times),
        )
    }

    fn near(
        &self,
        event: &Pattern,
        anchor: &Anchor,
        within: Duration,
        either_side: bool,
        each: bool,
    ) -> Option<Failure<'a>> {
        let moments: Vec<(Option<usize>, Time)> = match anchor {
            Anchor::Time(time) => vec![(None, *time)],
            Anchor::Event(anchor) => {
                let found = anchor.find(&self.trace.events, self.roles);
                let all = found.map(|(index, event)| (Some(index), event.t));
                all.take(if each { usize::MAX } else { 1 }).collect()
            }
        };
        let about = match anchor {
            Anchor::Time(time) => time.to_string(),
            Anchor::Event(anchor) => anchor.describe(),
        };
        if moments.is_empty() && self.at_any_moment {
            return None;
        }
        if moments.is_empty() {
            let mut failure = Failure::missing(format!("{about} did not happen"))
                .with("anchor", "never")
                .with("within", seconds(within));
            failure.anchored = false;
            return Some(failure);
        }
        moments
            .into_iter()
            .find_map(|moment| self.near_one(event, moment, &about, within, either_side))
    }

    fn near_one(
        &self,
        event: &Pattern,
        (index, moment): (Option<usize>, Time),
        about: &str,
        within: Duration,
        either_side: bool,
    ) -> Option<Failure<'a>> {
        let found: Vec<_> = event.find(&self.trace.events, self.roles).collect();
        let distance = |event: &Event| event.t.since(moment).max(moment.since(event.t));
        let nearest = if either_side {
            found.iter().min_by_key(|(_, event)| distance(event))
        } else {
            // At the same moment, the order of events counts.
            found
                .iter()
                .find(|(at, event)| event.t >= moment && index.is_none_or(|index| *at > index))
        };
        let what = event.describe();
        let failure = match nearest {
            Some((_, event)) if distance(event) <= within => return None,
            Some((_, event)) => {
                let delay = seconds(distance(event));
                let side = if event.t < moment { "before" } else { "after" };
                Failure::happened(
                    event,
                    format!("{what} came at {}, {delay} {side} {about}", told(event.t)),
                )
                .with("offset", format!("{delay} {side}"))
                .with("delay", delay)
            }
            None => {
                let earlier = match found.last() {
                    Some((_, event)) => format!(" (it did at {})", told(event.t)),
                    None => String::new(),
                };
                Failure::missing(format!("{what} did not happen after {about}{earlier}"))
            }
        };
        let mut failure = failure
            .with("anchor", told(moment))
            .with("within", seconds(within));
        failure.due = Some(moment + within);
        Some(failure)
    }

    fn in_order(&self, events: &[Pattern]) -> Option<Failure<'a>> {
        let mut from = 0;
        let mut last: Option<(&Pattern, Time)> = None;
        for pattern in events {
            let next = pattern
                .find(&self.trace.events, self.roles)
                .find(|(index, _)| *index >= from);
            let Some((index, event)) = next else {
                let what = pattern.describe();
                let mut failure = match last {
                    None => Failure::missing(format!("{what} did not happen")),
                    Some((before, t)) => Failure::missing(format!(
                        "{what} did not happen after {} (at {t})",
                        before.describe()
                    )),
                };
                if let Some((_, t)) = last {
                    failure = failure.with("t", t);
                }
                return Some(failure);
            };
            from = index + 1;
            last = Some((pattern, told(event.t)));
        }
        None
    }

    fn ends(&self, ending: Ending) -> Option<Failure<'a>> {
        let outcome = &self.trace.outcome;
        let main = self.roles.main();
        let end = told(end::end_time(self.trace, main));
        match ending {
            Ending::Status(wanted) => match outcome.status {
                Some(status) if status == wanted => None,
                Some(status) => Some(Failure {
                    missing: end::main_crashed(self.trace),
                    ..Failure::missing(format!(
                        "{main} {} at {end}; it should have {}",
                        describe_status(status),
                        expectation(wanted)
                    ))
                }),
                None => Some(Failure::missing(format!("{main} did not end"))),
            },
            Ending::Deadlock(wanted) if outcome.deadlock == wanted => None,
            Ending::Deadlock(true) => Some(Failure::missing(format!(
                "the program did not deadlock; {main} {} at {end}",
                end::status_text(self.trace)
            ))),
            Ending::Deadlock(false) => Some(Failure::missing("the program deadlocked".into())),
        }
    }

    fn diagnose(&self, requirement: &Requirement, failure: Failure<'a>) -> Diagnosis {
        let value = |name: &str| self.value(&failure, name);
        let template: Option<&Template> = match (failure.missing, failure.anchored) {
            (true, true) => requirement.missing.as_ref(),
            // The manifest's words are about something that didn't happen either.
            (true, false) => None,
            (false, _) => requirement.message.as_ref(),
        };
        let message =
            template.map_or_else(|| failure.message.clone(), |template| template.fill(value));
        let hint = requirement.hint.fill(value);
        let expected = &requirement.expected;
        let trouble = end::troubles(self.trace, self.roles.main(), expected).find(|trouble| {
            (failure.missing || failure.too_few)
                && self.explains(trouble.explains, &requirement.test, &failure)
        });
        let is_grave = trouble
            .as_ref()
            .is_some_and(|trouble| !trouble.explains.gives_way());
        let instead = self.instead(requirement).filter(|_| !is_grave);
        let mut diagnosis = match (instead, &trouble) {
            (Some((instead, event)), _) => {
                let value = |name: &str| field_text(event, name).or_else(|| value(name));
                Diagnosis {
                    id: instead.id.clone(),
                    message: instead.message.fill(value),
                    hint: instead.hint.as_ref().map_or(hint, |it| it.fill(value)),
                }
            }
            (None, Some(trouble)) => Diagnosis {
                id: trouble.id.into(),
                message: if trouble.says_all {
                    trouble.message.clone()
                } else {
                    format!("{message}; {}", trouble.message)
                },
                hint: trouble.hint.clone().unwrap_or(hint),
            },
            (None, None) => Diagnosis {
                id: requirement.id.clone(),
                message,
                hint,
            },
        };
        let until = failure.due.or_else(|| Some(failure.event?.t));
        if let Some(failed) = failed::before(self.trace, until, expected).filter(|_| !is_grave) {
            diagnosis.message = format!("{}; {}", diagnosis.message, failed.said);
            diagnosis.hint = failed.hint.to_owned();
        }
        diagnosis
    }

    /// Whether a trouble explains why this test fails.
    fn explains(&self, explains: Explains, test: &Test, failure: &Failure<'_>) -> bool {
        match explains {
            Explains::Everything => true,
            Explains::Since(t) => failure.due.is_none_or(|due| t <= due),
            Explains::Later => {
                let end = end::end_time(self.trace, self.roles.main());
                failure.due.is_none_or(|due| end < due)
            }
            Explains::NoEnd => match test {
                Test::Count { event, .. } | Test::Near { event, .. } => is_about_ends(event),
                Test::InOrder(events) => events.last().is_some_and(is_about_ends),
                Test::Ends(_) => true,
                Test::NoFinding(_) => false,
            },
        }
    }

    fn value(&self, failure: &Failure<'a>, name: &str) -> Option<String> {
        let own = failure.values.iter().find(|(other, _)| *other == name);
        if let Some((_, value)) = own {
            return Some(value.clone());
        }
        self.always(name)
            .or_else(|| failure.event.and_then(|event| field_text(event, name)))
    }

    /// A value that every message may use.
    fn always(&self, name: &str) -> Option<String> {
        match name {
            "status" => Some(end::status_text(self.trace)),
            "end" => Some(told(end::end_time(self.trace, self.roles.main())).to_string()),
            _ => None,
        }
    }

    /// What the program did instead, with the event that shows it.
    fn instead<'r>(&self, requirement: &'r Requirement) -> Option<(&'r Instead, &'a Event)> {
        let first = |pattern: &Pattern| pattern.find(&self.trace.events, self.roles).next();
        requirement.instead.iter().find_map(|instead| {
            let (_, event) = first(&instead.event)?;
            let fits = instead.with.iter().all(|it| first(it).is_some())
                && instead.without.iter().all(|it| first(it).is_none());
            fits.then_some((instead, event))
        })
    }
}

fn is_about_ends(event: &Pattern) -> bool {
    event
        .kinds
        .iter()
        .any(|kind| matches!(kind.as_str(), "exit" | "killed" | "reaped"))
}

/// What a process should have done.
fn expectation(status: ProcessStatus) -> String {
    match status {
        ProcessStatus::Exited(code) => format!("exited with status {code}"),
        ProcessStatus::Killed(signal) => format!("died of {signal}"),
    }
}

fn often(count: usize) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}

/// A duration as moments are written: `0.250s`.
fn seconds(duration: Duration) -> String {
    told(Time::ZERO + duration).to_string()
}
