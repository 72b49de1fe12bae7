//! Verdicts that can be used again: the engine is deterministic, so a program that is equal
//! to one that was run needs no runs of its own.

use std::fmt;
use std::path::Path;

use siglab_model::{LimitKind, Trace};

use crate::compile::Compiled;
use crate::evaluate::diagnosis as ids;
use crate::explore::Explored;
use crate::grade::{GradeOptions, ScenarioRun};
use crate::manifest::Manifest;
use crate::result::{CriterionResult, GradeResult};

/// Remembers the verdicts on programs. Which programs are equal is up to it; those must not
/// be that differ in what is loaded into memory. A verdict may name functions, variables and
/// lines of source: whoever has another name there needs verdicts of its own, and lines have
/// to be told as they are in the other program.
pub trait KnownPrograms: fmt::Debug + Send + Sync {
    /// The verdicts on a program that is equal to this one.
    fn find(&self, program: &Path) -> Option<Vec<CriterionResult>>;

    /// Remembers the verdicts on this program.
    fn keep(&self, program: &Path, criteria: &[CriterionResult]);

    /// A run of the program that was handed out, by how it was run.
    fn find_run(&self, how: &str) -> Option<Trace>;

    /// Remembers such a run.
    fn keep_run(&self, how: &str, trace: &Trace);
}

impl GradeOptions {
    /// What is known about a program.
    pub(crate) fn known_verdicts(&self, compiled: &Compiled) -> Option<Vec<CriterionResult>> {
        match (&self.known, compiled, &self.criteria) {
            (Some(known), Compiled::Built(built), None) => known.find(&built.program),
            _ => None,
        }
    }

    /// Remembers verdicts, if they are about nothing but the program.
    pub(crate) fn keep_verdicts(
        &self,
        compiled: &Compiled,
        result: &GradeResult,
        runs: &[ScenarioRun],
        explored: &[Explored<'_>],
    ) {
        if let (Some(known), Compiled::Built(built), None) = (&self.known, compiled, &self.criteria)
            && runs.iter().all(is_about_program)
            && explored.iter().all(|explored| explored.outcome.is_ok())
            && result.criteria.iter().all(is_not_about_text)
        {
            known.keep(&built.program, &result.criteria);
        }
    }
}

/// Whether the same program would give the same run again. When a limit is reached may
/// depend on the machine.
fn is_about_program(run: &ScenarioRun) -> bool {
    let is_exact = |limit| matches!(limit, LimitKind::NoProgress | LimitKind::VirtualTime);
    match &run.outcome {
        Ok(trace) => trace.outcome.limit.is_none_or(is_exact),
        Err(_) => false,
    }
}

/// Whether a verdict would be the same for another text of an equal program. A function that must
/// be unchanged is compared as text first, and what it does in a run only if that holds.
fn is_not_about_text(criterion: &CriterionResult) -> bool {
    let diagnosis = criterion.diagnosis.as_ref();
    diagnosis.is_none_or(|it| !TEXTUAL.contains(&it.id.as_str()))
}

/// The diagnoses of a function that must be unchanged, and that its text alone gives.
const TEXTUAL: [&str; 3] = [
    ids::FUNCTION_CHANGED,
    ids::FUNCTION_MISSING,
    ids::NO_ORIGINAL,
];

/// Puts `known` verdicts into the result of a submission that was built and not run. What
/// needs no run has been judged: it may depend on the source.
pub(crate) fn apply(result: &mut GradeResult, manifest: &Manifest, known: Vec<CriterionResult>) {
    for verdict in known {
        let needs_runs = manifest
            .criterion(&verdict.id)
            .is_some_and(|criterion| !criterion.scenarios.is_empty());
        let place = result.criteria.iter_mut().find(|it| it.id == verdict.id);
        if let (true, Some(place)) = (needs_runs, place)
            && is_not_about_text(place)
        {
            *place = verdict;
        }
    }
    result.score = result.criteria.iter().map(|it| it.points).sum();
}
