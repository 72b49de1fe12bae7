//! Grading one submission: build it once, run it under every scenario, evaluate.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use siglab_engine::{Cancel, Command, Error, Options, Stdio};
use siglab_model::{Clock, Trace};
use siglab_sandbox::{ResourceLimits, Sandbox};

use crate::compile::{CompileError, Compiled, Workshop};
use crate::evaluate::explored::{forbidden, id_of};
use crate::evaluate::{BuildOutcome, Evidence, evaluate, explorations, skip};
use crate::explore::{Explored, explore_all};
use crate::lab::Lab;
use crate::manifest::{Criterion, Manifest, Scenario};
use crate::result::{CriterionResult, GradeResult, Language, SandboxReport, Verdict};
use crate::reuse::{self, KnownPrograms};
use crate::submission::{Submission, SubmissionError};

/// How to grade.
#[derive(Clone, Debug)]
pub struct GradeOptions {
    /// How many scenarios may run at the same time; one for each processor if absent.
    pub jobs: Option<NonZeroUsize>,
    /// Asks grading to stop, from another thread or a signal handler.
    pub cancel: Cancel,
    /// Which clock the scenarios go by. Criteria are meant for the virtual one.
    pub clock: Clock,
    /// The folder in which the libraries for Rust submissions are kept, built once; absent:
    /// `siglab/` in cargo's target folder.
    pub cache: Option<PathBuf>,
    /// Only these criteria, by id; absent: all. The others are skipped.
    pub criteria: Option<Vec<String>>,
    /// How long a compiler may take, in real time.
    pub compile_deadline: Duration,
    /// What compilers and programs are confined by; nothing but siglab's tracer if absent.
    pub sandbox: Option<Sandbox>,
    /// Verdicts on programs that were run before, so that equal programs are run once;
    /// none if absent, or if only some criteria are asked for.
    pub known: Option<Arc<dyn KnownPrograms>>,
}

impl Default for GradeOptions {
    /// All criteria, on all processors, by the virtual clock, compilers within a minute.
    fn default() -> Self {
        Self {
            jobs: None,
            cancel: Cancel::default(),
            clock: Clock::Virtual,
            cache: None,
            criteria: None,
            compile_deadline: Duration::from_secs(60),
            sandbox: None,
            known: None,
        }
    }
}

/// What grading gave, with the evidence.
#[derive(Debug)]
pub struct Graded {
    /// Verdicts and score.
    pub result: GradeResult,
    /// The runs, in the manifest's order of scenarios; none if it doesn't compile.
    pub runs: Vec<ScenarioRun>,
    /// By a criterion's id: the run in which it doesn't hold, if that is none of these but
    /// one in which a signal came at another moment.
    pub explored: BTreeMap<String, Trace>,
}

impl Graded {
    /// A result without runs.
    #[must_use]
    pub fn without_runs(result: GradeResult) -> Self {
        Self {
            result,
            runs: Vec::new(),
            explored: BTreeMap::new(),
        }
    }

    /// The scenario that decided on a criterion, as it was run.
    #[must_use]
    pub fn run_of(&self, criterion: &CriterionResult) -> Option<&ScenarioRun> {
        let id = criterion.scenario.as_deref()?;
        self.runs.iter().find(|run| run.id == id)
    }

    /// What happened in the run that decided on a criterion, or why it gave no trace.
    #[must_use]
    pub fn trace_of(&self, criterion: &CriterionResult) -> Option<Result<&Trace, String>> {
        if let Some(trace) = self.explored.get(&criterion.id) {
            return Some(Ok(trace));
        }
        let outcome = self.run_of(criterion)?.outcome.as_ref();
        Some(outcome.map_err(ToString::to_string))
    }
}

/// For each criterion that doesn't hold at some moment, the run that shows it.
fn shown(
    manifest: &Manifest,
    result: &GradeResult,
    explored: &[Explored<'_>],
) -> BTreeMap<String, Trace> {
    let failing = result
        .criteria
        .iter()
        .filter(|it| it.verdict == Verdict::Fail);
    failing
        .filter_map(|failing| {
            let diagnosis = failing.diagnosis.as_ref()?;
            let criterion = manifest.criterion(&failing.id)?;
            let mut findings = criterion.requirements().iter().filter_map(|requirement| {
                let exploring = requirement.exploring.as_ref()?;
                let explored = explored.iter().find(|it| {
                    it.exploring == exploring && Some(it.scenario) == failing.scenario.as_deref()
                })?;
                let exploration = explored.outcome.as_ref().ok()?;
                forbidden(requirement, exploring, exploration, &manifest.roles)
            });
            let finding = findings.find(|finding| id_of(finding) == diagnosis.id)?;
            Some((failing.id.clone(), finding.trace.clone()?))
        })
        .collect()
}

/// One scenario's run.
#[derive(Debug)]
pub struct ScenarioRun {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// Whether students aren't to see its steps.
    pub hidden: bool,
    /// What happened, or why the run had to be given up.
    pub outcome: Result<Trace, siglab_engine::Error>,
}

/// Why grading could not take place.
#[derive(Debug, thiserror::Error)]
pub enum GradeError {
    /// The submission isn't something that can be compiled.
    #[error(transparent)]
    Submission(#[from] SubmissionError),
    /// The compiler, or what it needs, isn't there.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The machine doesn't let the engine run programs.
    #[error(transparent)]
    Engine(siglab_engine::Error),
    /// A file of the lab can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// [`GradeOptions::criteria`] names one that isn't there.
    #[error("lab {lab} has no criterion `{id}`")]
    UnknownCriterion {
        /// The lab.
        lab: String,
        /// What was asked for.
        id: String,
    },
    /// It was asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Whose doing an error is. Commands choose their exit status by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's: a bad argument, an unreadable or malformed file.
    Usage,
    /// The machine's: no compiler, ptrace not permitted.
    Environment,
    /// siglab's.
    Internal,
    /// It was asked to stop.
    Cancelled,
}

impl GradeError {
    /// Whose doing it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Submission(_) | Self::UnknownCriterion { .. } | Self::Read { .. } => {
                ErrorKind::Usage
            }
            Self::Compile(CompileError::Cancelled) | Self::Cancelled => ErrorKind::Cancelled,
            Self::Compile(_) => ErrorKind::Environment,
            Self::Engine(error) => match error {
                siglab_engine::Error::Internal(_) | siglab_engine::Error::Script { .. } => {
                    ErrorKind::Internal
                }
                _ => ErrorKind::Environment,
            },
        }
    }
}

impl Lab {
    /// Builds `submission`, runs it under every scenario, and judges it.
    ///
    /// # Errors
    /// If that can't be done for reasons that aren't the submission's: no compiler, ptrace
    /// not permitted, a file of the lab can't be read, asked to stop.
    pub fn grade(
        &self,
        submission: &Submission,
        options: &GradeOptions,
    ) -> Result<Graded, GradeError> {
        let wanted = self.wanted(options)?;
        let criteria = self.manifest.with_needs(&wanted);
        let original = self.original(submission.language)?;
        let workshop = Workshop::new(self, options);
        let compiled = workshop.compile(submission, &self.manifest)?;
        let known = options.known_verdicts(&compiled);
        let runs = match &compiled {
            Compiled::Built(_) if known.is_some() => Vec::new(),
            Compiled::Built(built) => {
                let needed = self.needed(&criteria);
                run_all(&self.manifest, &needed, &built.program, options)?
            }
            Compiled::Failed { .. } => Vec::new(),
        };
        let mut evidence = Evidence {
            language: submission.language,
            source: &submission.source,
            original: original.as_deref(),
            build: compiled.outcome(),
            runs: runs
                .iter()
                .map(|run| (run.id.as_str(), run.outcome.as_ref()))
                .collect(),
            explorations: BTreeMap::new(),
        };
        let explored = match &compiled {
            Compiled::Built(built) if known.is_none() => {
                let wanted = explorations(&self.manifest, &criteria, &evidence);
                explore_all(&self.manifest, &wanted, &runs, &built.program, options)?
            }
            _ => Vec::new(),
        };
        evidence.explorations = explored
            .iter()
            .map(|it| ((it.scenario, it.exploring), it.outcome.as_ref()))
            .collect();
        let mut result = evaluate(&self.manifest, &evidence);
        match known {
            Some(known) => reuse::apply(&mut result, &self.manifest, known),
            None => options.keep_verdicts(&compiled, &result, &runs, &explored),
        }
        skip(&mut result, &wanted);
        result.sandbox = options
            .sandbox
            .as_ref()
            .map(|sandbox| SandboxReport::new(sandbox.layers()));
        let explored = shown(&self.manifest, &result, &explored);
        Ok(Graded {
            result,
            runs,
            explored,
        })
    }

    /// The ids of the criteria that `options` asks for.
    fn wanted(&self, options: &GradeOptions) -> Result<Vec<String>, GradeError> {
        let all = self.manifest.criteria.iter().map(|it| it.id.clone());
        let Some(wanted) = &options.criteria else {
            return Ok(all.collect());
        };
        match wanted
            .iter()
            .find(|id| self.manifest.criterion(id).is_none())
        {
            Some(id) => Err(GradeError::UnknownCriterion {
                lab: self.id().to_owned(),
                id: id.clone(),
            }),
            None => Ok(wanted.clone()),
        }
    }

    /// The scenarios that these criteria are about.
    fn needed(&self, criteria: &[&Criterion]) -> Vec<&Scenario> {
        let ids: Vec<_> = criteria
            .iter()
            .flat_map(|criterion| &criterion.scenarios)
            .collect();
        let scenarios = self.manifest.scenarios.iter();
        scenarios.filter(|it| ids.contains(&&it.id)).collect()
    }

    /// The text of the program as it was handed out, if it was in this language.
    pub(crate) fn original(&self, language: Language) -> Result<Option<String>, GradeError> {
        let file = self.manifest.files.original_file(self.id(), language);
        let path = self.dir().join(file);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(GradeError::Read { path, source }),
        }
    }
}

impl Compiled {
    pub(crate) fn outcome(&self) -> BuildOutcome {
        match self {
            Self::Built(built) => BuildOutcome::Built {
                output: built.output.clone(),
            },
            Self::Failed { output } => BuildOutcome::Failed {
                output: output.clone(),
            },
        }
    }
}

/// Runs `program` under `scenarios`, several at the same time.
fn run_all(
    manifest: &Manifest,
    scenarios: &[&Scenario],
    program: &Path,
    options: &GradeOptions,
) -> Result<Vec<ScenarioRun>, GradeError> {
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = options
        .jobs
        .unwrap_or(processors)
        .get()
        .min(scenarios.len());
    let next = AtomicUsize::new(0);
    let outcomes: Vec<_> = scenarios.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(at) =
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < scenarios.len())
        {
            let outcome = run_one(manifest, scenarios[at], program, options);
            *outcomes[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
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
    scenarios
        .iter()
        .zip(outcomes)
        .map(|(scenario, outcome)| {
            let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
            let outcome = outcome.unwrap_or_else(|| Err(Error::Internal("a run was lost".into())));
            Ok(ScenarioRun {
                id: scenario.id.clone(),
                title: scenario.title.clone(),
                hidden: scenario.hidden,
                outcome: no_fault_of_the_machine(outcome)?,
            })
        })
        .collect()
}

/// What the machine doesn't permit is no evidence about a submission.
pub(crate) fn no_fault_of_the_machine(
    outcome: Result<Trace, Error>,
) -> Result<Result<Trace, Error>, GradeError> {
    match outcome {
        Err(
            error @ (Error::PtraceDenied { .. } | Error::Environment { .. } | Error::Exec { .. }),
        ) => Err(GradeError::Engine(error)),
        outcome => Ok(outcome),
    }
}

/// Limits of each process of a program that nobody trusts. They are far above what a lab's
/// program needs, and behind the engine's own, which say more when they are reached.
fn resources(manifest: &Manifest, scenario: &Scenario) -> ResourceLimits {
    let build = manifest.c.args();
    let has_sanitizer = build.iter().any(|flag| flag.starts_with("-fsanitize"));
    ResourceLimits {
        // A sanitizer reserves terabytes, of which it uses little.
        address_space: (!has_sanitizer).then_some(2 << 30),
        file_size: Some(16 << 20),
        open_files: Some(256),
        cpu_seconds: scenario
            .limits
            .real_time
            .map(|limit| limit.as_secs().saturating_add(2)),
        ..ResourceLimits::default()
    }
}

/// Runs `program` under `scenario`, on a thread of its own: a tracer is a thread.
pub(crate) fn run_one(
    manifest: &Manifest,
    scenario: &Scenario,
    program: &Path,
    options: &GradeOptions,
) -> Result<Trace, Error> {
    let (command, run_options) = command_and_options(manifest, scenario, program, options);
    thread::scope(|scope| {
        let run = scope.spawn(|| siglab_engine::run(&command, &scenario.script, &run_options));
        run.join()
            .unwrap_or_else(|_| Err(Error::Internal("the engine panicked".into())))
    })
}

/// How `program` is run under `scenario`.
pub(crate) fn command_and_options(
    manifest: &Manifest,
    scenario: &Scenario,
    program: &Path,
    options: &GradeOptions,
) -> (Command, Options) {
    let mut command = Command::new(program).args(&scenario.args);
    if let Some((rows, columns)) = scenario.terminal {
        command.stdio = Stdio::Terminal { rows, columns };
    }
    let run_options = Options {
        clock: options.clock,
        roles: manifest.roles.names().clone(),
        limits: scenario.limits.clone(),
        cancel: options.cancel.clone(),
        sandbox: options.sandbox.clone(),
        resources: match &options.sandbox {
            Some(_) => resources(manifest, scenario),
            None => ResourceLimits::default(),
        },
        ..Options::default()
    };
    (command, run_options)
}
