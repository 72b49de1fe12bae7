//! Verdicts that can be used again: the engine is deterministic, so a program that is equal
//! to one that was run needs no runs of its own.

use std::fmt;
use std::path::Path;

use siglab_model::LimitKind;

use crate::compile::Compiled;
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

/// Puts `known` verdicts into the result of a submission that was built and not run. What
/// needs no run has been judged: it may depend on the source.
pub(crate) fn apply(result: &mut GradeResult, manifest: &Manifest, known: Vec<CriterionResult>) {
    for verdict in known {
        let needs_runs = manifest
            .criterion(&verdict.id)
            .is_some_and(|criterion| !criterion.scenarios.is_empty());
        let place = result.criteria.iter_mut().find(|it| it.id == verdict.id);
        if let (true, Some(place)) = (needs_runs, place) {
            *place = verdict;
        }
    }
    result.score = result.criteria.iter().map(|it| it.points).sum();
}
