//! Requirements that must hold at whatever moment a signal comes.

use siglab_explore::{Exploration, ExploreError, Finding, FindingKind};
use siglab_model::{Kind, Trace};

use super::{Evidence, Failing, diagnosis as ids};
use crate::manifest::{Criterion, Exploring, Requirement, Roles, Test};
use crate::result::{Diagnosis, Verdict};

/// Why the moments of a program that does `trace` by itself aren't tried. What never waits
/// has moments without end, and each run that ends at a limit takes as long as that.
pub(crate) fn unexplorable(trace: &Trace, exploring: &Exploring) -> Option<Diagnosis> {
    if exploring.moments == 0 {
        return None;
    }
    let message = trace
        .events
        .iter()
        .find_map(|event| match (&event.kind, &event.role) {
            (Kind::BusyWaiting { .. }, Some(role)) => {
                Some(format!("{role} is busy waiting at {}", event.t))
            }
            _ => None,
        })
        .or_else(|| {
            trace.outcome.limit?;
            Some("the run was cut off".to_owned())
        })?;
    Some(Diagnosis {
        id: ids::NOT_EXPLORED.into(),
        message: format!("{message}, so not every moment can be tried"),
        hint: "mend that first: wait in a call that blocks".into(),
    })
}

/// Judges what exploring the scenario `id` gave.
pub(super) fn judge(
    id: &str,
    requirement: &Requirement,
    exploring: &Exploring,
    explored: Option<&Result<&Exploration, &ExploreError>>,
    trace: &Trace,
    roles: &Roles,
) -> Result<(), Failing> {
    if let Some(diagnosis) = unexplorable(trace, exploring) {
        return Err(Failing::fail(Some(id), diagnosis));
    }
    match explored {
        Some(Ok(exploration)) => check(requirement, exploring, exploration, roles)
            .map_err(|diagnosis| Failing::fail(Some(id), diagnosis)),
        Some(Err(error)) => Err(not_explored(id, error)),
        None => Err(not_explored(id, &"it wasn't tried")),
    }
}

/// Checks that an exploration found nothing that a requirement forbids.
pub(crate) fn check(
    requirement: &Requirement,
    exploring: &Exploring,
    exploration: &Exploration,
    roles: &Roles,
) -> Result<(), Diagnosis> {
    let Some(finding) = forbidden(requirement, exploring, exploration, roles) else {
        return Ok(());
    };
    Err(Diagnosis {
        id: id_of(finding).to_owned(),
        message: match finding.requirement {
            Some(_) => finding.explanation.clone(),
            None => format!("{}: {}", finding.title, finding.explanation),
        },
        hint: finding.advice.clone(),
    })
}

/// Why a criterion about any moment says nothing, although nothing speaks against it: in none
/// of its scenarios was there a moment to try. That it passes then, the manifest may say; not
/// if there were moments, and no time for them.
pub(super) fn nothing_tried(criterion: &Criterion, evidence: &Evidence<'_>) -> Option<Diagnosis> {
    let mut wanted = criterion.explorations().filter(|(_, it)| it.moments > 0);
    let was_tried = |key: (&str, &Exploring)| match evidence.explorations.get(&key) {
        Some(Ok(exploration)) => {
            let moments = exploration.moments;
            moments.tried > 0 || (criterion.nothing_to_try_passes && moments.total == 0)
        }
        _ => true,
    };
    let (id, first) = wanted.next()?;
    if was_tried((id, first)) || wanted.any(was_tried) {
        return None;
    }
    let signal = first
        .signal
        .map_or("a signal".to_owned(), |it| it.to_string());
    let who = first.to.as_deref().unwrap_or("anybody");
    Some(Diagnosis {
        id: ids::NOT_EXPLORED.into(),
        message: format!("not tried: there was no moment at which {signal} could come for {who}"),
        hint: "this is no fault by itself: nothing was tried, so nothing is known".into(),
    })
}

/// The first finding of an exploration that a requirement forbids.
pub(crate) fn forbidden<'a>(
    requirement: &Requirement,
    exploring: &Exploring,
    exploration: &'a Exploration,
    roles: &Roles,
) -> Option<&'a Finding> {
    exploration
        .findings
        .iter()
        .find(|finding| match &requirement.test {
            Test::NoFinding(kinds) => {
                kinds.contains(&finding.kind) && is_about(finding, exploring.to.as_deref(), roles)
            }
            _ => finding.requirement.as_ref() == Some(&requirement.id),
        })
}

/// The id of the diagnosis that a finding brings.
pub(crate) fn id_of(finding: &Finding) -> &str {
    match &finding.requirement {
        Some(requirement) => requirement,
        None => finding.kind.id(),
    }
}

/// Whether a finding is about the process or thread `to`, or about one of its threads.
fn is_about(finding: &Finding, to: Option<&str>, roles: &Roles) -> bool {
    // These say of a run as a whole that it goes wrong.
    let of_all = matches!(
        finding.kind,
        FindingKind::Hang | FindingKind::OutputCorrupted
    );
    let role = &finding.role;
    of_all || to.is_none_or(|to| *role == to || roles.process_of(role) == to)
}

fn not_explored(id: &str, why: &dyn std::fmt::Display) -> Failing {
    Failing {
        verdict: Verdict::Error,
        scenario: Some(id.to_owned()),
        diagnosis: Diagnosis {
            id: ids::NOT_EXPLORED.into(),
            message: format!("the moments of the scenario could not be tried: {why}"),
            hint: "this is not the submission's doing; run `siglab doctor`".into(),
        },
    }
}
