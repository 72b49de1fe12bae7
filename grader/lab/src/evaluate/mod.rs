//! From evidence to verdicts: a pure function.
//!
//! The evidence is whether the submission builds, its text, and a trace for each
//! scenario. A criterion that doesn't hold gets a [`Diagnosis`] that says what the
//! program did, with times and names out of the trace, and what to look at.

mod busy;
pub mod diagnosis;
mod end;
mod ended;
pub(crate) mod explored;
mod failed;
mod leftovers;
mod predicted;
mod refused;
mod requirement;
pub(crate) mod twin;
mod unchanged;
mod wakeups;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_explored;
#[cfg(test)]
mod tests_instead;

use std::collections::{BTreeMap, BTreeSet};

use siglab_engine::Error;
use siglab_explore::{Exploration, ExploreError};
use siglab_model::{Kind, Trace};

use crate::manifest::{Criterion, Exploring, Manifest, Rule};
use crate::original::Twins;
use crate::result::{
    CriterionResult, Diagnosis, GradeResult, Language, RESULT_SCHEMA, Status, Verdict,
};
use diagnosis as ids;

pub(crate) use requirement::check_moment;
pub use requirement::check_requirement;

/// What is known about a submission.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Its language.
    pub language: Language,
    /// Its text.
    pub source: &'a str,
    /// Its text as the compiler sees it, after preprocessing; absent if it isn't C, doesn't
    /// compile, or nothing must be unchanged.
    pub preprocessed: Option<&'a str>,
    /// The program as it was handed out, for what must be unchanged; absent if it wasn't
    /// handed out in this language.
    pub original: Option<&'a str>,
    /// That program after preprocessing, as of the submission.
    pub original_preprocessed: Option<&'a str>,
    /// What that does in place of the submission's processes.
    pub twins: Twins,
    /// What the compiler said.
    pub build: BuildOutcome,
    /// What happened in each scenario that was run, by its id.
    pub runs: BTreeMap<&'a str, Result<&'a Trace, &'a Error>>,
    /// What exploring gave, by scenario and by what was explored.
    pub explorations: Explorations<'a>,
}

/// What exploring scenarios gave: by a scenario's id, and by what of it was explored.
pub type Explorations<'a> =
    BTreeMap<(&'a str, &'a Exploring), Result<&'a Exploration, &'a ExploreError>>;

/// What the compiler said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildOutcome {
    /// It built the program.
    Built {
        /// What it wrote: warnings.
        output: String,
    },
    /// It didn't.
    Failed {
        /// What it wrote.
        output: String,
    },
}

/// Why a criterion doesn't hold.
struct Failing {
    verdict: Verdict,
    scenario: Option<String>,
    diagnosis: Diagnosis,
}

impl Failing {
    fn fail(scenario: Option<&str>, diagnosis: Diagnosis) -> Self {
        Self {
            verdict: Verdict::Fail,
            scenario: scenario.map(str::to_owned),
            diagnosis,
        }
    }
}

/// Judges a submission by all criteria of a lab.
#[must_use]
pub fn evaluate(manifest: &Manifest, evidence: &Evidence<'_>) -> GradeResult {
    let criteria: Vec<_> = manifest
        .criteria
        .iter()
        .filter(|criterion| criterion.is_for(evidence.language))
        .map(|criterion| evaluate_criterion(manifest, criterion, evidence))
        .collect();
    let (status, compiler_output) = match &evidence.build {
        BuildOutcome::Built { output } => (Status::Graded, output),
        BuildOutcome::Failed { output } => (Status::CompileError, output),
    };
    let internal = evidence
        .runs
        .values()
        .find_map(|run| run.err().filter(|error| is_internal(error)));
    GradeResult {
        schema: RESULT_SCHEMA.into(),
        lab: manifest.id.clone(),
        language: Some(evidence.language),
        score: match status {
            Status::Graded => criteria.iter().map(|criterion| criterion.points).sum(),
            _ => 0,
        },
        max_score: manifest.max_score_of(evidence.language),
        status: if internal.is_some() {
            Status::InternalError
        } else {
            status
        },
        criteria,
        message: internal.map(ToString::to_string),
        seed: manifest.seed,
        compiler_output: compiler_output.clone(),
        sandbox: None,
    }
}

/// Takes back the verdicts on all criteria but these.
pub(crate) fn skip(result: &mut GradeResult, wanted: &[String]) {
    for criterion in &mut result.criteria {
        if !wanted.contains(&criterion.id) {
            result.score -= std::mem::take(&mut criterion.points);
            criterion.verdict = Verdict::Skipped;
            criterion.scenario = None;
            criterion.diagnosis = None;
        }
    }
}

/// Judges a submission by one criterion.
#[must_use]
pub fn evaluate_criterion(
    manifest: &Manifest,
    criterion: &Criterion,
    evidence: &Evidence<'_>,
) -> CriterionResult {
    let mut result = CriterionResult {
        id: criterion.id.clone(),
        title: criterion.title.clone(),
        verdict: Verdict::Pass,
        points: 0,
        max_points: criterion.points,
        informational: criterion.informational,
        scenario: None,
        diagnosis: None,
    };
    if let BuildOutcome::Failed { output } = &evidence.build {
        if matches!(criterion.rule, Rule::Builds) {
            result.verdict = Verdict::Fail;
            result.diagnosis = Some(compile_error(output));
        } else {
            result.verdict = Verdict::Skipped;
        }
        return result;
    }
    if let Rule::Unchanged { function, .. } = &criterion.rule
        && let Err(diagnosis) = unchanged::check(evidence, function)
    {
        // Whatever it does when it is run.
        result.verdict = Verdict::Fail;
        result.diagnosis = Some(diagnosis);
        return result;
    }
    let needed = criterion.scenarios.iter().map(String::as_str);
    if needed.clone().any(|id| !evidence.runs.contains_key(id)) {
        result.verdict = Verdict::Skipped;
        return result;
    }
    if let Some((needed, _)) = unmet_needs(manifest, criterion, evidence).next() {
        result.verdict = Verdict::Skipped;
        result.diagnosis = Some(Diagnosis {
            id: ids::NEEDS_ANOTHER.into(),
            message: format!(
                "not tried, because {} doesn't hold: {}",
                needed.id, needed.title
            ),
            hint: "mend that first".into(),
        });
        return result;
    }
    match judge(manifest, criterion, evidence) {
        Ok(()) => match explored::nothing_tried(criterion, evidence) {
            None => result.points = criterion.points,
            Some(diagnosis) => {
                result.verdict = Verdict::Skipped;
                result.diagnosis = Some(diagnosis);
            }
        },
        Err(failing) => {
            result.verdict = failing.verdict;
            result.scenario = failing.scenario;
            result.diagnosis = Some(failing.diagnosis);
        }
    }
    result
}

/// The criteria that `criterion` needs and that don't hold, with the verdicts on them.
fn unmet_needs<'a>(
    manifest: &'a Manifest,
    criterion: &Criterion,
    evidence: &Evidence<'_>,
) -> impl Iterator<Item = (&'a Criterion, Verdict)> {
    let needed = criterion
        .needs
        .iter()
        .filter_map(|id| manifest.criterion(id));
    needed
        .map(|it| (it, evaluate_criterion(manifest, it, evidence).verdict))
        .filter(|(_, verdict)| *verdict != Verdict::Pass)
}

/// What of `criteria` has to be explored, as far as can be told from runs: a scenario's id,
/// and how. Not what belongs to a criterion that needs another, which doesn't hold; one about
/// which only exploring can tell may hold.
pub(crate) fn explorations<'a>(
    manifest: &'a Manifest,
    criteria: &[&'a Criterion],
    evidence: &Evidence<'_>,
) -> BTreeSet<(&'a str, &'a Exploring)> {
    let is_open = |needed: &Criterion, verdict: Verdict| {
        let mut explorations = needed.explorations();
        verdict == Verdict::Error
            && explorations.any(|key| !evidence.explorations.contains_key(&key))
    };
    criteria
        .iter()
        .filter(|criterion| {
            let mut unmet = unmet_needs(manifest, criterion, evidence);
            unmet.all(|(needed, verdict)| is_open(needed, verdict))
        })
        .flat_map(|criterion| criterion.explorations())
        .collect()
}

fn judge(
    manifest: &Manifest,
    criterion: &Criterion,
    evidence: &Evidence<'_>,
) -> Result<(), Failing> {
    if let Rule::Unchanged { function, role } = &criterion.rule {
        return match role {
            Some(role) => {
                unchanged::check_runs(criterion, evidence, function, role, &manifest.roles)
            }
            None => Ok(()),
        };
    }
    let mut traces = BTreeMap::new();
    for id in &criterion.scenarios {
        let trace = usable(id, &evidence.runs)?;
        traces.insert(id.as_str(), trace);
    }
    let roles = &manifest.roles;
    let in_scenario = |id: &str, check: &dyn Fn(&Trace) -> Result<(), Diagnosis>| {
        let trace = traces.get(id).copied();
        trace.map_or(Ok(()), |trace| {
            check(trace).map_err(|diagnosis| Failing::fail(Some(id), diagnosis))
        })
    };
    match &criterion.rule {
        Rule::Builds | Rule::Unchanged { .. } => Ok(()),
        Rule::Predicted => criterion.scenarios.iter().try_for_each(|id| {
            let checked = in_scenario(id, &|trace| {
                predicted::check(manifest, evidence.source, id, trace)
            });
            checked.map_err(|failing| match failing.diagnosis.id.as_str() {
                // The run would tell what nobody has predicted yet.
                ids::NOT_PREDICTED => Failing::fail(None, failing.diagnosis),
                _ => failing,
            })
        }),
        Rule::NoLeftovers => criterion
            .scenarios
            .iter()
            .try_for_each(|id| in_scenario(id, &|trace| leftovers::check(trace, roles))),
        Rule::NoBusyWaiting {
            role,
            expired_waits,
        } => criterion.scenarios.iter().try_for_each(|id| {
            in_scenario(id, &|trace| {
                busy::check(trace, roles, role.as_deref(), *expired_waits)
            })
        }),
        Rule::Requirements(requirements) => requirements.iter().try_for_each(|requirement| {
            let mut scenarios = requirement.scenarios.iter().map(String::as_str);
            let Some(exploring) = &requirement.exploring else {
                return scenarios.try_for_each(|id| {
                    in_scenario(id, &|trace| check_requirement(requirement, trace, roles))
                });
            };
            scenarios.try_for_each(|id| {
                let explored = evidence.explorations.get(&(id, exploring));
                traces.get(id).map_or(Ok(()), |trace| {
                    explored::judge(id, requirement, exploring, explored, trace, roles)
                })
            })
        }),
    }
}

/// The trace of a scenario, if one can judge by it.
fn usable<'a>(
    id: &str,
    runs: &BTreeMap<&str, Result<&'a Trace, &'a Error>>,
) -> Result<&'a Trace, Failing> {
    let undecided = |diagnosis| Failing {
        verdict: Verdict::Error,
        scenario: Some(id.to_owned()),
        diagnosis,
    };
    let trace = match runs.get(id) {
        Some(Ok(trace)) => trace,
        Some(Err(Error::Script { step, what, why })) => {
            return Err(Failing::fail(Some(id), step_impossible(*step, what, why)));
        }
        Some(Err(error)) => return Err(undecided(not_run(error))),
        None => return Err(undecided(not_run(&"it wasn't run"))),
    };
    let unsupported = trace.events.iter().find_map(|event| match &event.kind {
        Kind::Unsupported { syscall, what } => Some((event, syscall, what)),
        _ => None,
    });
    match unsupported {
        Some((event, syscall, what)) => {
            let who = event
                .role
                .as_ref()
                .map_or("the program", |role| role.as_str());
            Err(undecided(Diagnosis {
                id: ids::UNSUPPORTED.into(),
                message: format!(
                    "{who} used {syscall} at {} in a way that siglab doesn't control: {what}",
                    event.t
                ),
                hint: "use another call for this; what the program does can't be judged".into(),
            }))
        }
        None => Ok(trace),
    }
}

fn is_internal(error: &Error) -> bool {
    matches!(error, Error::Internal(_))
}

fn step_impossible(step: usize, what: &str, why: &str) -> Diagnosis {
    Diagnosis {
        id: ids::STEP_IMPOSSIBLE.into(),
        message: format!("step {step} of the scenario ({what}) could not be carried out: {why}"),
        hint: "does the program start the processes that it should, and do they live long enough?"
            .into(),
    }
}

fn not_run(why: &dyn std::fmt::Display) -> Diagnosis {
    Diagnosis {
        id: ids::NOT_RUN.into(),
        message: format!("the scenario gave no trace: {why}"),
        hint: "this is not the submission's doing; run `siglab doctor`".into(),
    }
}

/// The compiler's first error; its whole output is in the result.
fn compile_error(output: &str) -> Diagnosis {
    let first = output
        .lines()
        .find(|line| line.contains("error") || line.contains("undefined reference"))
        .or_else(|| output.lines().find(|line| !line.trim().is_empty()))
        .unwrap_or("the compiler failed without a word");
    let no_main = output.contains("undefined reference to `main'")
        || output.contains("undefined symbol: main")
        || output.contains("E0601");
    if no_main {
        return Diagnosis {
            id: ids::NO_MAIN.into(),
            message: "the program has no function main".into(),
            hint: "keep main as it is in the starter".into(),
        };
    }
    // rustc says on the next line where it is.
    let place = output
        .lines()
        .skip_while(|line| *line != first)
        .nth(1)
        .and_then(|line| line.trim_start().strip_prefix("--> "));
    const STOPPED: [&str; 6] = [
        "the compiler was stopped after",
        "signal terminated program",
        "out of memory",
        "virtual memory exhausted",
        "memory allocation of",
        "recursion limit",
    ];
    let was_stopped = STOPPED.iter().any(|words| output.contains(words));
    let message = match place {
        Some(place) => format!("{place}: {}", first.trim()),
        None => first.trim().to_owned(),
    };
    if was_stopped {
        return Diagnosis {
            id: ids::COMPILER_STOPPED.into(),
            message,
            hint: "the compiler used up its time or memory: look for a file that never ends, \
                   and for templates, macros or constants without end"
                .into(),
        };
    }
    Diagnosis {
        id: ids::COMPILE_ERROR.into(),
        message,
        hint: "mend the first error first; later ones often follow from it".into(),
    }
}
