//! Grading one submission: build it once, run it under every scenario, evaluate.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use siglab_engine::{Cancel, Command, Error, Limits, Options, Stdio};
use siglab_model::{Clock, Event, Trace};
use siglab_sandbox::{ResourceLimits, Sandbox};

use crate::compile::{CompileError, Compiled};
use crate::evaluate::explored::{forbidden, id_of};
use crate::evaluate::{BuildOutcome, Evidence, evaluate, explorations, skip};
use crate::explore::{Explored, explore_all};
use crate::lab::Lab;
use crate::manifest::{Criterion, Manifest, Scenario};
use crate::original::{Original, Twins};
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
    /// How long grading may take, in real time, apart from the compiler. Runs and explorations
    /// get shares of it, so that a program that never ends is judged by all scenarios.
    /// Whoever needs a bound that holds whatever happens keeps one from outside, too.
    pub deadline: Duration,
    /// The folder for what is written while grading, if not in a sandbox; the one for
    /// temporary files if absent.
    pub temporary: Option<PathBuf>,
    /// Whether the traces of scenarios in which a criterion doesn't hold have the lines that make
    /// calls: these scenarios are run once more for it. For those who show timelines.
    pub lines: bool,
    /// What compilers and programs are confined by; nothing but siglab's tracer if absent.
    pub sandbox: Option<Sandbox>,
    /// Verdicts on programs that were run before, so that equal programs are run once;
    /// none if absent, or if only some criteria are asked for.
    pub known: Option<Arc<dyn KnownPrograms>>,
}

impl Default for GradeOptions {
    /// All criteria, on all processors, by the virtual clock, compilers within half a minute,
    /// the rest within a minute.
    fn default() -> Self {
        Self {
            jobs: None,
            cancel: Cancel::default(),
            clock: Clock::Virtual,
            cache: None,
            criteria: None,
            compile_deadline: Duration::from_secs(30),
            deadline: Duration::from_secs(60),
            temporary: None,
            lines: false,
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
    let criteria = result.criteria.iter();
    let shown = criteria.filter_map(|it| Some((it.id.clone(), shown_run(manifest, it, explored)?)));
    shown.collect()
}

/// The run that shows that a criterion doesn't hold at some moment.
pub(crate) fn shown_run(
    manifest: &Manifest,
    failing: &CriterionResult,
    explored: &[Explored<'_>],
) -> Option<Trace> {
    if failing.verdict != Verdict::Fail {
        return None;
    }
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
    finding.trace.clone()
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
    /// A lab has no program of its own to show.
    #[error("lab {lab} has no program to show: neither a solution nor one that was handed out")]
    NoProgram {
        /// The lab.
        lab: String,
    },
    /// A lab's own program can't be composed, or doesn't compile.
    #[error("{} doesn't compile:\n{output}", file.display())]
    OwnProgram {
        /// The program.
        file: PathBuf,
        /// What is wrong.
        output: String,
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
            Self::Submission(_)
            | Self::UnknownCriterion { .. }
            | Self::NoProgram { .. }
            | Self::OwnProgram { .. }
            | Self::Read { .. } => ErrorKind::Usage,
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
        let (original, compiled) = self.compile_both(submission, options)?;
        // Those are of the program, and predictions of one program differ.
        let is_program = submission.language != Language::Predictions;
        let known = is_program.then(|| options.known_verdicts(&compiled));
        let known = known.flatten();
        let mut runs = match &compiled {
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
            preprocessed: compiled.preprocessed(),
            original: original.as_deref().map(|it| it.source.as_str()),
            original_preprocessed: original.as_deref().and_then(Original::preprocessed),
            twins: Twins::new(),
            build: compiled.outcome(),
            runs: runs
                .iter()
                .map(|run| (run.id.as_str(), run.outcome.as_ref()))
                .collect(),
            explorations: BTreeMap::new(),
        };
        if let Some(original) = &original {
            evidence.twins = original.twins(&self.manifest, &wanted, &evidence.runs, options)?;
        }
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
            None if is_program => {
                options.keep_verdicts(&compiled, &result, &runs, &explored);
            }
            None => {}
        }
        skip(&mut result, &wanted);
        result.sandbox = options
            .sandbox
            .as_ref()
            .map(|sandbox| SandboxReport::new(sandbox.layers()));
        let explored = shown(&self.manifest, &result, &explored);
        if let (true, Compiled::Built(built)) = (options.lines, &compiled) {
            self.add_lines(&mut runs, &result, &explored, &built.program, options);
        }
        Ok(Graded {
            result,
            runs,
            explored,
        })
    }

    /// Runs the scenarios in which criteria don't hold once more, to see from which lines calls are
    /// made. The engine is deterministic; a run that is another all the same isn't shown.
    fn add_lines(
        &self,
        runs: &mut [ScenarioRun],
        result: &GradeResult,
        explored: &BTreeMap<String, Trace>,
        program: &Path,
        options: &GradeOptions,
    ) {
        let failing = result.criteria.iter();
        let failing = failing.filter(|it| !explored.contains_key(&it.id));
        let failing: BTreeSet<_> = failing.filter_map(|it| it.scenario.as_deref()).collect();
        for run in runs.iter_mut().filter(|run| failing.contains(&*run.id)) {
            let Some(scenario) = self.manifest.scenario(&run.id) else {
                continue;
            };
            let (command, mut run_options) =
                command_and_options(&self.manifest, scenario, program, options);
            run_options.lines = true;
            let again = run_on_thread(&command, scenario, &run_options);
            if let (Ok(shown), Ok(with_lines)) = (&mut run.outcome, again)
                && is_same_run(shown, &with_lines)
            {
                *shown = with_lines;
            }
        }
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

    /// Compiles the submission, and beside it the program as it was handed out, if it wasn't
    /// already.
    fn compile_both(
        &self,
        submission: &Submission,
        options: &GradeOptions,
    ) -> Result<(Option<Arc<Original>>, Compiled), GradeError> {
        thread::scope(|scope| {
            let original = scope.spawn(|| self.originals.get_like(self, submission, options));
            let compiled = self.compile(submission, options);
            let original = original.join().unwrap_or_else(|_| {
                Err(GradeError::Engine(Error::Internal(
                    "compiling the original panicked".into(),
                )))
            });
            Ok((original?, compiled?))
        })
    }
}

impl Compiled {
    /// What the compiler saw after preprocessing.
    pub(crate) fn preprocessed(&self) -> Option<&str> {
        match self {
            Self::Built(built) => built.preprocessed.as_deref(),
            Self::Failed { .. } => None,
        }
    }

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
pub(crate) fn run_all(
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

/// The limits of a run: the scenario's, and no more of the time for all of them than is its
/// share. With siglab's own, a run takes up to twice its processor time.
fn limits(manifest: &Manifest, scenario: &Scenario, options: &GradeOptions) -> Limits {
    let runs = u32::try_from(manifest.scenarios.len()).unwrap_or(u32::MAX);
    let share = options.deadline / runs.max(1).saturating_mul(5);
    let limits = &scenario.limits;
    Limits {
        real_time: Some(limits.real_time.map_or(share, |limit| limit.min(share))),
        ..limits.clone()
    }
}

/// Limits of each process of a program that nobody trusts. They are far above what a lab's
/// program needs, and behind the engine's own, which say more when they are reached.
fn resources(manifest: &Manifest, limits: &Limits) -> ResourceLimits {
    let build = manifest.c.args();
    let has_sanitizer = build.iter().any(|flag| flag.starts_with("-fsanitize"));
    ResourceLimits {
        // A sanitizer reserves terabytes, of which it uses little.
        address_space: (!has_sanitizer).then_some(2 << 30),
        file_size: Some(16 << 20),
        open_files: Some(256),
        pending_signals: Some(4096),
        cpu_seconds: limits
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
    run_on_thread(&command, scenario, &run_options)
}

fn run_on_thread(
    command: &Command,
    scenario: &Scenario,
    options: &Options,
) -> Result<Trace, Error> {
    thread::scope(|scope| {
        let run = scope.spawn(|| siglab_engine::run(command, &scenario.script, options));
        run.join()
            .unwrap_or_else(|_| Err(Error::Internal("the engine panicked".into())))
    })
}

/// Whether two runs are the same, the lines of calls aside.
fn is_same_run(one: &Trace, other: &Trace) -> bool {
    let same = |(one, other): (&Event, &Event)| {
        one.t == other.t && one.role == other.role && one.kind == other.kind
    };
    one.outcome == other.outcome
        && one.events.len() == other.events.len()
        && one.events.iter().zip(&other.events).all(same)
}

/// How `program` is run under `scenario`.
pub(crate) fn command_and_options(
    manifest: &Manifest,
    scenario: &Scenario,
    program: &Path,
    options: &GradeOptions,
) -> (Command, Options) {
    let mut command = Command::new(program).args(&scenario.args);
    command.stdin_stays_open = scenario.stdin_stays_open;
    if let Some((rows, columns)) = scenario.terminal {
        command.stdio = Stdio::Terminal { rows, columns };
    }
    let limits = limits(manifest, scenario, options);
    let run_options = Options {
        clock: options.clock,
        policy: scenario.policy.clone(),
        roles: manifest.roles.names().clone(),
        resources: match &options.sandbox {
            Some(_) => resources(manifest, &limits),
            None => ResourceLimits::default(),
        },
        limits,
        cancel: options.cancel.clone(),
        sandbox: options.sandbox.clone(),
        ..Options::default()
    };
    (command, run_options)
}
