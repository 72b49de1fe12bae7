//! A lab's tests under `cargo test`: one for each language and criterion.
//!
//! A lab's package has `[[test]]` with `name = "lab"` and `harness = false`, and this as
//! its `tests/lab.rs`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     siglab_lab::harness::main(env!("CARGO_MANIFEST_DIR"))
//! }
//! ```
//!
//! What is tested are the starters: the files that students edit. As long as one has the
//! marker [`NOT_STARTED`](crate::NOT_STARTED) in it, its tests are ignored. A file is
//! compiled, and a scenario run, when the first test needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use siglab_engine::Error;
use siglab_model::Trace;
use siglab_timeline::{Timeline, TimelineOptions, locale_has_unicode, style};

use crate::compile::Compiled;
use crate::evaluate::{BuildOutcome, Evidence, evaluate_criterion, explorations};
use crate::explore::{self, Explored, explore_one, is_explorable};
use crate::grade::{GradeOptions, no_fault_of_the_machine, run_one, shown_run};
use crate::lab::Lab;
use crate::manifest::{Exploring, Rule};
use crate::original::{Original, Twins};
use crate::result::{CriterionResult, Diagnosis, Language, Verdict};
use crate::submission::Submission;

/// Runs the tests of the lab in `folder`, as the arguments of the command say.
#[must_use]
pub fn main(folder: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    if let Err(error) = siglab_sandbox::own_signals() {
        eprintln!("can't set what signals do: {error}");
        return ExitCode::from(3);
    }
    // What was left by one that was killed.
    let _ = siglab_sandbox::temporary::tidy_usual();
    let lab = match Lab::load(Path::new(folder)) {
        Ok(lab) => lab,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    libtest_mimic::run(&arguments, trials(&lab)).exit_code()
}

/// The most rows of a timeline that explain a failure.
const EXCERPT_ROWS: usize = 14;

/// The tests of a lab.
fn trials(lab: &Lab) -> Vec<Trial> {
    let mut trials = Vec::new();
    for &language in lab.manifest.handed_in() {
        let file = lab.manifest.files.starter_file(lab.id(), language);
        let path = lab.dir().join(file);
        if !path.exists() {
            continue;
        }
        let bench = Arc::new(Bench::new(lab.clone(), language, path));
        let criteria = lab.manifest.criteria.iter();
        for criterion in criteria.filter(|criterion| criterion.is_for(language)) {
            let name = format!("{language}::{}", criterion.id);
            let id = criterion.id.clone();
            let shared = Arc::clone(&bench);
            let trial = Trial::test(name, move || shared.test(&id));
            trials.push(trial.with_ignored_flag(bench.not_started));
        }
    }
    trials
}

/// One file and all that is found out about it, each once.
struct Bench {
    lab: Lab,
    language: Language,
    path: PathBuf,
    not_started: bool,
    options: GradeOptions,
    submission: OnceLock<Result<Submission, String>>,
    compiled: OnceLock<Result<Compiled, String>>,
    /// One for each scenario of the manifest.
    runs: Vec<OnceLock<Result<Result<Trace, Error>, String>>>,
}

impl Bench {
    fn new(lab: Lab, language: Language, path: PathBuf) -> Self {
        let submission = Submission::open(&path, lab.id()).map_err(|error| error.to_string());
        Self {
            language,
            not_started: submission.as_ref().is_ok_and(Submission::not_started),
            path,
            options: GradeOptions::default(),
            submission: OnceLock::from(submission),
            compiled: OnceLock::new(),
            runs: lab
                .manifest
                .scenarios
                .iter()
                .map(|_| OnceLock::new())
                .collect(),
            lab,
        }
    }

    fn test(&self, id: &str) -> Result<(), Failed> {
        let text = match self.judge(id) {
            Ok((result, trace)) => match result.verdict {
                Verdict::Pass => return Ok(()),
                Verdict::Skipped => match &result.diagnosis {
                    Some(diagnosis) => format!("{}; {}", diagnosis.message, diagnosis.hint),
                    None => "it doesn't compile; see the test `builds`".into(),
                },
                Verdict::Fail | Verdict::Error => self.describe(&result, trace.as_ref()),
            },
            Err(error) => error,
        };
        if self.is_advice(id) {
            eprintln!("{}: advice: {id}: {text}", self.path.display());
            return Ok(());
        }
        Err(self.failed(&text))
    }

    /// Whether a criterion fails no test: it has no points. That a file compiles is needed for
    /// all the others, whatever it is worth.
    fn is_advice(&self, id: &str) -> bool {
        let criterion = self.lab.manifest.criterion(id);
        criterion.is_some_and(|it| it.points == 0 && !matches!(it.rule, Rule::Builds))
    }

    /// The verdict on a criterion, and the run that decided if it doesn't hold.
    fn judge(&self, id: &str) -> Result<(CriterionResult, Option<Trace>), String> {
        let manifest = &self.lab.manifest;
        let criterion = manifest
            .criterion(id)
            .ok_or_else(|| format!("no criterion `{id}`"))?;
        let submission = self.submission()?;
        let compiled = self.compiled()?;
        let original = self
            .lab
            .originals
            .get_like(&self.lab, submission, &self.options);
        let original = original.map_err(|error| error.to_string())?;
        let mut evidence = Evidence {
            language: self.language,
            source: &submission.source,
            preprocessed: compiled.preprocessed(),
            original: original.as_deref().map(|it| it.source.as_str()),
            original_preprocessed: original.as_deref().and_then(Original::preprocessed),
            twins: Twins::new(),
            build: compiled.outcome(),
            runs: BTreeMap::new(),
            explorations: BTreeMap::new(),
        };
        let mut explored = Vec::new();
        if let Compiled::Built(built) = compiled {
            let criteria = manifest.with_needs(std::slice::from_ref(&criterion.id));
            for id in criteria.iter().flat_map(|criterion| &criterion.scenarios) {
                let run = self.run(id, &built.program)?;
                evidence.runs.insert(id, run.as_ref());
            }
            if let Some(original) = &original {
                let wanted = std::slice::from_ref(&criterion.id);
                let twins = original.twins(manifest, wanted, &evidence.runs, &self.options);
                evidence.twins = twins.map_err(|error| error.to_string())?;
            }
            let wanted = explorations(manifest, &criteria, &evidence);
            explored = self.explore(&wanted, &built.program)?;
            for it in &explored {
                let key = (it.scenario, it.exploring);
                evidence.explorations.insert(key, it.outcome.as_ref());
            }
        }
        let result = evaluate_criterion(manifest, criterion, &evidence);
        let trace = shown_run(manifest, &result, &explored).or_else(|| {
            let run = evidence.runs.get(result.scenario.as_deref()?)?;
            run.as_ref().ok().map(|trace| (*trace).clone())
        });
        Ok((result, trace))
    }
}

impl Bench {
    fn submission(&self) -> Result<&Submission, String> {
        let open =
            || Submission::open(&self.path, self.lab.id()).map_err(|error| error.to_string());
        self.submission
            .get_or_init(open)
            .as_ref()
            .map_err(Clone::clone)
    }

    fn compiled(&self) -> Result<&Compiled, String> {
        let compile = || {
            let submission = self.submission()?;
            let compiled = self
                .lab
                .compile(submission, &self.options)
                .map_err(|error| error.to_string())?;
            if let BuildOutcome::Built { output } = compiled.outcome()
                && !output.trim().is_empty()
            {
                eprintln!("{}", output.trim_end());
            }
            Ok(compiled)
        };
        self.compiled
            .get_or_init(compile)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The run of a scenario.
    fn run(&self, id: &str, program: &Path) -> Result<&Result<Trace, Error>, String> {
        let manifest = &self.lab.manifest;
        let found = manifest
            .scenarios
            .iter()
            .zip(&self.runs)
            .find(|(it, _)| it.id == id);
        let (scenario, run) = found.ok_or_else(|| format!("no scenario `{id}`"))?;
        run.get_or_init(|| {
            let outcome = run_one(manifest, scenario, program, &self.options);
            no_fault_of_the_machine(outcome).map_err(|error| error.to_string())
        })
        .as_ref()
        .map_err(Clone::clone)
    }

    /// What exploring for a criterion gives.
    fn explore<'a>(
        &'a self,
        wanted: &BTreeSet<(&'a str, &'a Exploring)>,
        program: &Path,
    ) -> Result<Vec<Explored<'a>>, String> {
        let manifest = &self.lab.manifest;
        let mut explored = Vec::new();
        for &(id, exploring) in wanted {
            let Some(scenario) = manifest.scenario(id) else {
                continue;
            };
            if !is_explorable(self.run(id, program)?, exploring) {
                continue;
            }
            let outcome = explore_one(manifest, scenario, exploring, program, &self.options);
            let outcome = explore::no_fault_of_the_machine(outcome);
            explored.push(Explored {
                scenario: id,
                exploring,
                outcome: outcome.map_err(|error| error.to_string())?,
            });
        }
        Ok(explored)
    }

    /// Why a criterion doesn't hold, with what `siglab check` shows of the run that decided.
    fn describe(&self, result: &CriterionResult, trace: Option<&Trace>) -> String {
        let mut text = String::new();
        if let Some(diagnosis) = &result.diagnosis {
            text.push_str(&diagnosis.message);
            // Writing to a string can't fail.
            let _ = write!(text, "\n  look at: {}", diagnosis.hint);
        }
        let scenario = result.scenario.as_deref();
        if let Some(scenario) = scenario.and_then(|id| self.lab.manifest.scenario(id)) {
            let _ = write!(text, "\n  in scenario {}: {}", scenario.id, scenario.title);
            if let (Some(trace), false) = (trace, scenario.hidden) {
                text += &timeline(result, trace);
            }
        }
        if let Ok(Compiled::Failed { output }) = self.compiled() {
            let _ = write!(text, "\n{}", output.trim_end());
        }
        text
    }

    fn failed(&self, text: &str) -> Failed {
        Failed::from(format!("{text}\n  file: {}", self.path.display()))
    }
}

/// The part of a run's timeline that decided, each line after a line end. Without styles:
/// libtest-mimic writes them to files as well.
fn timeline(result: &CriterionResult, trace: &Trace) -> String {
    let options = TimelineOptions {
        unicode: locale_has_unicode(),
        ..TimelineOptions::default()
    };
    let around = result.diagnosis.as_ref().map(Diagnosis::moments);
    let around = around.unwrap_or_default();
    let timeline = Timeline::new(trace, options).excerpt(EXCERPT_ROWS, &around);
    let timeline = style::strip(&timeline.to_string());
    timeline
        .lines()
        .fold(String::new(), |text, line| text + "\n    " + line)
}

#[cfg(test)]
mod tests;
