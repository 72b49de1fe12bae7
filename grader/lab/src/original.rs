//! The program as it was handed out, compiled and run once for all submissions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use siglab_engine::Error;
use siglab_model::{Role, Trace};
use siglab_sandbox::regular;

use crate::compile::{Built, Compiled, Workshop};
use crate::evaluate::twin::{Part, Plan};
use crate::grade::{GradeError, GradeOptions, ScenarioRun, run_all};
use crate::lab::Lab;
use crate::manifest::{Manifest, Rule, Scenario};
use crate::result::Language;
use crate::submission::{MAX_SOURCE_BYTES, Submission};

/// The handed-out programs of a lab, by language and how they are built. A clone of a lab has
/// the same ones.
#[derive(Clone, Default)]
pub(crate) struct Originals(Arc<Mutex<HashMap<String, Arc<Original>>>>);

/// A handed-out program.
pub(crate) struct Original {
    /// Its text.
    pub(crate) source: String,
    /// The program, if it compiles.
    built: Option<Built>,
    /// Its runs, by how it was run.
    runs: Mutex<HashMap<String, Arc<Trace>>>,
}

/// What the twin of a process did, for one scenario of a submission.
#[derive(Clone, Debug)]
pub struct Twin {
    /// What is compared.
    pub(crate) plan: Plan,
    /// The handed-out program's run.
    pub(crate) trace: Arc<Trace>,
}

/// Twins by the id of the criterion and of the scenario.
pub type Twins = BTreeMap<(String, String), Twin>;

impl fmt::Debug for Originals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Originals").finish_non_exhaustive()
    }
}

impl Originals {
    /// The program as it was handed out in `language`, if it was.
    ///
    /// # Errors
    /// If it can't be read, or there is no compiler.
    pub(crate) fn get(
        &self,
        lab: &Lab,
        language: Language,
        options: &GradeOptions,
    ) -> Result<Option<Arc<Original>>, GradeError> {
        self.get_fortified(lab, language, None, options)
    }

    /// The program that `submission` is compared with, if there is one: compiled as it is, with
    /// `_FORTIFY_SOURCE` if the submission defines that. With it, the C library's headers define
    /// other functions for the same names.
    ///
    /// # Errors
    /// As of [`Originals::get`].
    pub(crate) fn get_like(
        &self,
        lab: &Lab,
        submission: &Submission,
        options: &GradeOptions,
    ) -> Result<Option<Arc<Original>>, GradeError> {
        let level = match submission.language {
            Language::C => fortified(&submission.source),
            Language::Rust | Language::Predictions => None,
        };
        self.get_fortified(lab, submission.language, level, options)
    }

    fn get_fortified(
        &self,
        lab: &Lab,
        language: Language,
        level: Option<u8>,
        options: &GradeOptions,
    ) -> Result<Option<Arc<Original>>, GradeError> {
        let is_needed = |rule: &Rule| matches!(rule, Rule::Unchanged { .. });
        let mut manifest = Cow::Borrowed(&lab.manifest);
        if let Some(level) = level {
            let flags = [
                "-U_FORTIFY_SOURCE".to_owned(),
                format!("-D_FORTIFY_SOURCE={level}"),
            ];
            manifest.to_mut().c.flags.extend(flags);
        }
        let manifest = manifest.as_ref();
        let Some((path, source)) = read(lab, language)? else {
            return Ok(None);
        };
        if !manifest.criteria.iter().any(|it| is_needed(&it.rule)) {
            return Ok(Some(Arc::new(Original::uncompiled(source))));
        }
        let key = build_key(manifest, language, &source);
        // Whoever wants it meanwhile waits for it.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(original) = known.get(&key) {
            return Ok(Some(Arc::clone(original)));
        }
        let submission = Submission {
            path,
            language,
            source: source.clone(),
            beside: Vec::new(),
        };
        let compiled = Workshop::new(lab, options).compile(&submission, manifest)?;
        let mut original = Original::uncompiled(source);
        if let Compiled::Built(built) = compiled {
            original.built = Some(built);
        }
        let original = Arc::new(original);
        known.insert(key, Arc::clone(&original));
        Ok(Some(original))
    }
}

/// The level at which a C program has the library check its calls: feature_test_macros(7). It is one
/// digit in all programs that ask for it.
fn fortified(source: &str) -> Option<u8> {
    let level = |line: &str| {
        let directive = line.trim_start().strip_prefix('#')?.trim_start();
        let name = directive.strip_prefix("define")?.trim_start();
        let value = name.strip_prefix("_FORTIFY_SOURCE")?.trim_start();
        let digit = value.bytes().next().filter(u8::is_ascii_digit)?;
        Some(digit - b'0')
    };
    source.lines().find_map(level)
}

fn build_key(manifest: &Manifest, language: Language, source: &str) -> String {
    let build = (&manifest.c, &manifest.rust, language);
    format!("{build:?}\n{source}")
}

/// A handed-out program that a process has compiled for others.
#[derive(Debug, Serialize, Deserialize)]
pub struct BuiltOriginal {
    program: PathBuf,
    preprocessed: Option<String>,
}

impl Lab {
    /// Compiles the program that was handed out in `language` for [`Lab::adopt_original`], and
    /// puts it into `folder`, where whoever runs submissions can run it. Nothing if there is
    /// none, it doesn't compile, or nobody needs it.
    ///
    /// # Errors
    /// If it can't be read or written, or there is no compiler.
    pub fn build_original(
        &self,
        language: Language,
        folder: &Path,
        options: &GradeOptions,
    ) -> Result<Option<BuiltOriginal>, GradeError> {
        let original = self.originals.get(self, language, options)?;
        let Some(built) = original.as_ref().and_then(|it| it.built.as_ref()) else {
            return Ok(None);
        };
        let program = folder.join(format!("{}-{language}", self.id()));
        fs::copy(&built.program, &program).map_err(|source| GradeError::Read {
            path: program.clone(),
            source,
        })?;
        Ok(Some(BuiltOriginal {
            program,
            preprocessed: built.preprocessed.clone(),
        }))
    }

    /// Uses a program that was compiled by [`Lab::build_original`] for as long as its file is
    /// there, rather than compiling it in this process.
    ///
    /// # Errors
    /// If the handed-out program can't be read.
    pub fn adopt_original(
        &self,
        language: Language,
        built: BuiltOriginal,
    ) -> Result<(), GradeError> {
        let Some((_, source)) = read(self, language)? else {
            return Ok(());
        };
        let key = build_key(&self.manifest, language, &source);
        let mut original = Original::uncompiled(source);
        original.built = Some(Built::elsewhere(built.program, built.preprocessed));
        let mut known = self
            .originals
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(key, Arc::new(original));
        Ok(())
    }
}

/// The file of the program that was handed out, and its text.
fn read(lab: &Lab, language: Language) -> Result<Option<(PathBuf, String)>, GradeError> {
    let file = lab.manifest.files.original_file(lab.id(), language);
    let path = lab.dir().join(file);
    match regular::read_text(&path, MAX_SOURCE_BYTES) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GradeError::Read { path, source }),
    }
}

impl Original {
    fn uncompiled(source: String) -> Self {
        Self {
            source,
            built: None,
            runs: Mutex::default(),
        }
    }

    /// Its text after preprocessing, if it is C and compiles.
    pub(crate) fn preprocessed(&self) -> Option<&str> {
        self.built.as_ref()?.preprocessed.as_deref()
    }

    /// Runs the twins of processes for the criteria of the kind `unchanged` among `criteria`
    /// that name a process. `runs` are the submission's.
    ///
    /// # Errors
    /// If the machine doesn't let programs run, or it was asked to stop.
    pub(crate) fn twins(
        &self,
        manifest: &Manifest,
        criteria: &[String],
        runs: &BTreeMap<&str, Result<&Trace, &Error>>,
        options: &GradeOptions,
    ) -> Result<Twins, GradeError> {
        let mut twins = Twins::new();
        for criterion in manifest
            .criteria
            .iter()
            .filter(|it| criteria.contains(&it.id))
        {
            let Rule::Unchanged {
                role: Some(role), ..
            } = &criterion.rule
            else {
                continue;
            };
            let role = Role::new(role);
            let scenarios = criterion.scenarios.iter();
            let scenarios: Vec<_> = scenarios
                .filter_map(|id| manifest.scenario(id))
                .filter(|it| can_be_compared(it))
                .filter_map(|it| {
                    let trace = runs.get(it.id.as_str())?.ok()?;
                    Some((it, Part::of(trace, &role)?))
                })
                .collect();
            let undisturbed: Vec<_> = scenarios
                .iter()
                .map(|(scenario, _)| without_steps(scenario))
                .collect();
            let undisturbed = self.run(manifest, undisturbed, options)?;
            let mut planned = Vec::new();
            for ((scenario, part), trace) in scenarios.iter().zip(&undisturbed) {
                let original = trace.as_deref().and_then(|trace| Part::of(trace, &role));
                if let Some(original) = original {
                    planned.push((*scenario, part.plan(original, &manifest.roles)));
                }
            }
            let scripted = planned.iter().map(|(scenario, plan)| Scenario {
                script: plan.script.clone(),
                ..(*scenario).clone()
            });
            let traces = self.run(manifest, scripted.collect(), options)?;
            for ((scenario, plan), trace) in planned.into_iter().zip(traces) {
                if let Some(trace) = trace {
                    let key = (criterion.id.clone(), scenario.id.clone());
                    twins.insert(key, Twin { plan, trace });
                }
            }
        }
        Ok(twins)
    }

    /// Runs the program under these scenarios, unless it was already. Nothing for a run that
    /// gave no trace.
    fn run(
        &self,
        manifest: &Manifest,
        scenarios: Vec<Scenario>,
        options: &GradeOptions,
    ) -> Result<Vec<Option<Arc<Trace>>>, GradeError> {
        let Some(built) = &self.built else {
            return Ok(scenarios.iter().map(|_| None).collect());
        };
        let known = || self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<_> = scenarios.iter().map(|it| key(it, options)).collect();
        let mut missing: BTreeMap<&str, &Scenario> = BTreeMap::new();
        for (key, scenario) in keys.iter().zip(&scenarios) {
            if known().contains_key(key) {
                continue;
            }
            let elsewhere = options.known.as_ref().and_then(|it| it.find_run(key));
            match elsewhere {
                Some(trace) => drop(known().insert(key.clone(), Arc::new(trace))),
                None => drop(missing.insert(key, scenario)),
            }
        }
        let (missing, scenarios): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let made = run_all(manifest, &scenarios, &built.program, options)?;
        for (key, ScenarioRun { outcome, .. }) in missing.into_iter().zip(made) {
            if let Ok(trace) = outcome {
                if let Some(others) = &options.known {
                    others.keep_run(key, &trace);
                }
                known().insert(key.to_owned(), Arc::new(trace));
            }
        }
        Ok(keys.iter().map(|key| known().get(key).cloned()).collect())
    }
}

/// Whether a scenario consists of signals alone, so that it can be played to a process of another
/// program.
fn can_be_compared(scenario: &Scenario) -> bool {
    use siglab_engine::{Action, When};
    scenario.script.steps.iter().all(|step| {
        let is_timed = matches!(step.when, When::Now | When::At(_) | When::After(_));
        let is_signal = matches!(
            step.action,
            Action::Nothing
                | Action::Send { .. }
                | Action::SendGroup { .. }
                | Action::Queue { .. }
                | Action::Press(_)
        );
        is_timed && is_signal
    })
}

fn without_steps(scenario: &Scenario) -> Scenario {
    Scenario {
        script: siglab_engine::Script::default(),
        ..scenario.clone()
    }
}

/// All of a scenario and the options that a run depends on.
fn key(scenario: &Scenario, options: &GradeOptions) -> String {
    let Scenario {
        args,
        terminal,
        limits,
        script,
        ..
    } = scenario;
    let clock = options.clock;
    format!("{args:?} {terminal:?} {limits:?} {clock:?} {script:?}")
}
