//! Trying the moments of a scenario, for requirements about any moment.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use siglab_engine::Error;
use siglab_explore::{
    Broken, Budget, Exploration, ExploreError, ExploreOptions, Silent, Strategy, explore_with,
};
use siglab_model::{Clock, Role, Trace};

use crate::evaluate::check_moment;
use crate::evaluate::explored::unexplorable;
use crate::grade::{GradeError, GradeOptions, ScenarioRun, command_and_options};
use crate::manifest::{Exploring, Manifest, Scenario};

/// Instructions that are followed to find moments, in each run that is followed. Following
/// takes most of the time, and a grade must be there soon. A bound in instructions, unlike
/// one in time, gives the same findings on every machine.
const MOST_STEPS: u64 = 12_000;

/// Harmless moments at which each signal is watched more closely.
const SAMPLES: usize = 1;

/// Into so many parts the time for grading is cut, one for each exploration. It is a hundred
/// times what one takes, unless each moment leads to a run without an end.
const SHARES: u32 = 3;

/// What exploring a scenario gave.
#[derive(Debug)]
pub(crate) struct Explored<'a> {
    /// The scenario's id.
    pub(crate) scenario: &'a str,
    /// What of it was explored.
    pub(crate) exploring: &'a Exploring,
    /// What that gave.
    pub(crate) outcome: Result<Exploration, ExploreError>,
}

/// Whether a run says that its scenario can be explored.
pub(crate) fn is_explorable(
    outcome: &Result<siglab_model::Trace, Error>,
    exploring: &Exploring,
) -> bool {
    let trace = outcome.as_ref();
    trace.is_ok_and(|trace| unexplorable(trace, exploring).is_none())
}

/// Explores `program` in all of these ways, several at the same time; those scenarios
/// aside whose runs say that it can't be done.
pub(crate) fn explore_all<'a>(
    manifest: &'a Manifest,
    wanted: &BTreeSet<(&'a str, &'a Exploring)>,
    runs: &[ScenarioRun],
    program: &Path,
    options: &GradeOptions,
) -> Result<Vec<Explored<'a>>, GradeError> {
    let wanted: Vec<_> = wanted
        .iter()
        .filter(|(id, exploring)| {
            let run = runs.iter().find(|run| run.id == *id);
            run.is_some_and(|run| is_explorable(&run.outcome, exploring))
        })
        .collect();
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let jobs = options.jobs.unwrap_or(processors).get();
    let workers = jobs.min(wanted.len());
    // If there are fewer to explore, each is explored by several.
    let jobs_each = NonZeroUsize::new(jobs / workers.max(1)).unwrap_or(NonZeroUsize::MIN);
    let next = AtomicUsize::new(0);
    let explored = Mutex::new(Vec::new());
    let work = || {
        while let Some((id, exploring)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(scenario) = manifest.scenario(id) else {
                continue;
            };
            let each = GradeOptions {
                jobs: Some(jobs_each),
                ..options.clone()
            };
            let outcome = explore_one(manifest, scenario, exploring, program, &each);
            let outcome = no_fault_of_the_machine(outcome).map(|outcome| Explored {
                scenario: id,
                exploring,
                outcome,
            });
            let mut explored = explored.lock().unwrap_or_else(PoisonError::into_inner);
            explored.push(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    if options.cancel.is_cancelled() {
        return Err(GradeError::Cancelled);
    }
    let explored = explored
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    explored.into_iter().collect()
}

/// What the machine doesn't permit is no evidence about a submission.
pub(crate) fn no_fault_of_the_machine(
    outcome: Result<Exploration, ExploreError>,
) -> Result<Result<Exploration, ExploreError>, GradeError> {
    match outcome {
        Err(ExploreError::Engine(
            error @ (Error::PtraceDenied { .. } | Error::Environment { .. } | Error::Exec { .. }),
        )) => Err(GradeError::Engine(error)),
        outcome => Ok(outcome),
    }
}

/// Explores `program` under `scenario`, always by the virtual clock.
pub(crate) fn explore_one(
    manifest: &Manifest,
    scenario: &Scenario,
    exploring: &Exploring,
    program: &Path,
    options: &GradeOptions,
) -> Result<Exploration, ExploreError> {
    let (command, mut run_options) = command_and_options(manifest, scenario, program, options);
    run_options.clock = Clock::Virtual;
    let wanted = ExploreOptions {
        signals: exploring.signal.into_iter().collect(),
        to: exploring.to.iter().map(|role| Role::new(role)).collect(),
        strategy: Strategy::Fast,
        budget: Budget {
            time: Some(options.deadline / SHARES),
            moments: Some(exploring.moments),
        },
        jobs: options.jobs,
        // Orders of scheduling aren't moments.
        schedules: 0,
        most_steps: MOST_STEPS,
        samples: SAMPLES,
        cancel: options.cancel.clone(),
        ..ExploreOptions::default()
    };
    let demand = |trace: &Trace| {
        manifest
            .demands(&scenario.id, exploring)
            .filter_map(|requirement| {
                let diagnosis = check_moment(requirement, trace, &manifest.roles).err()?;
                Some(Broken {
                    id: requirement.id.clone(),
                    message: diagnosis.message,
                    hint: diagnosis.hint,
                })
            })
            .collect()
    };
    // On a thread of its own: a tracer is a thread.
    thread::scope(|scope| {
        let explored = scope.spawn(|| {
            let script = &scenario.script;
            explore_with(&command, script, &run_options, &wanted, &Silent, &demand)
        });
        explored.join().unwrap_or_else(|_| {
            let panicked = Error::Internal("the explorer panicked".into());
            Err(ExploreError::Engine(panicked))
        })
    })
}
