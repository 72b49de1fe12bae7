//! A live run: a topic's program is the only submission to a lab that has one scenario and one
//! criterion.

use std::fs;
use std::path::Path;

use siglab_lab::{
    CompileError, Diagnosis, GradeError, GradeOptions, Graded, Lab, LabError, MANIFEST, Verdict,
};
use siglab_model::{Signal, Trace};
use siglab_sandbox::Temporary;
use toml::{Table, Value};

use super::read::{Run, program};
use super::{Found, TopicError, Topics};

/// The id of the one scenario, and that of the one criterion.
const RUN: &str = "run";
const SHOWS: &str = "shows";

/// What a program of a topic did.
#[derive(Debug)]
pub struct Live {
    /// The program's file name.
    pub file: String,
    /// Its text.
    pub source: &'static str,
    /// The run, and what siglab says about it.
    graded: Graded,
    /// The id of the diagnosis that the topic is about.
    gives: Option<String>,
}

/// Why there is no live run.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The topic's data is wrong.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// What was made of it is no lab.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// It can't be built or run here.
    #[error(transparent)]
    Grade(#[from] GradeError),
}

impl Live {
    /// What happened; nothing if the program doesn't compile.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        let explored = self.graded.explored.values().next();
        explored.or_else(|| self.graded.runs.first()?.outcome.as_ref().ok())
    }

    /// What siglab says about the program, if what is asked for doesn't hold.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        self.graded.result.criteria.first()?.diagnosis.as_ref()
    }

    /// The same, if the topic is about what siglab says.
    #[must_use]
    pub fn told(&self) -> Option<&Diagnosis> {
        self.gives.as_ref().and_then(|_| self.diagnosis())
    }

    /// Whether what the topic says is seen in the run.
    #[must_use]
    pub fn is_as_told(&self) -> bool {
        let Some(criterion) = self.graded.result.criteria.first() else {
            return false;
        };
        match (&self.gives, &criterion.diagnosis) {
            (None, _) => criterion.verdict == Verdict::Pass,
            // Of what siglab can't judge, the verdict is an error.
            (Some(id), Some(diagnosis)) => {
                criterion.verdict != Verdict::Pass && diagnosis.id == *id
            }
            (Some(_), None) => false,
        }
    }
}

impl Topics {
    /// Runs the program of a topic; nothing if it has none.
    ///
    /// # Errors
    /// If there is no compiler, or the machine doesn't let siglab run programs.
    pub fn live(
        &self,
        found: Found<'_>,
        options: &GradeOptions,
    ) -> Result<Option<Live>, LiveError> {
        let Some(name) = &found.topic.run else {
            return Ok(None);
        };
        let run = self.runs.iter().find(|(it, _)| it == name);
        let (_, run) = run.ok_or_else(|| missing(format!("there is no run `{name}`")))?;
        run.live(found.signal, options).map(Some)
    }
}

impl Run {
    /// Runs it, for a signal if it is about one.
    pub(super) fn live(
        &self,
        signal: Option<Signal>,
        options: &GradeOptions,
    ) -> Result<Live, LiveError> {
        let text = |file: &str| program(file).ok_or_else(|| missing(format!("there is no {file}")));
        let source = text(&self.program)?;
        let io = |path: &Path| {
            let path = path.to_owned();
            |source| {
                let operation = "write";
                GradeError::Compile(CompileError::Io {
                    operation,
                    path,
                    source,
                })
            }
        };
        let folder = Temporary::new("").map_err(io(&std::env::temp_dir()))?;
        // The lab is called like the program, and so is what is built.
        let name = self.program.trim_end_matches(".c");
        let dir = folder.path().join(name);
        fs::create_dir(&dir).map_err(io(&dir))?;
        let write = |file: &str, text: &str| {
            let path = dir.join(file);
            fs::write(&path, text).map_err(io(&path))
        };
        write(&self.program, source)?;
        if let Some(original) = &self.original {
            write(original, text(original)?)?;
        }
        write(MANIFEST, &self.manifest(name, signal).to_string())?;
        let lab = Lab::load(&dir)?;
        let submission = lab
            .submission(&dir.join(&self.program))
            .map_err(GradeError::from)?;
        let mut graded = lab.grade(&submission, options)?;
        // A compiler names files with the folder, which is gone soon.
        let within = format!("{}/", lab.dir().display());
        let diagnoses = graded.result.criteria.iter_mut();
        for diagnosis in diagnoses.filter_map(|it| it.diagnosis.as_mut()) {
            diagnosis.message = diagnosis.message.replace(&within, "");
        }
        Ok(Live {
            file: self.program.clone(),
            source,
            graded,
            gives: self.gives.clone(),
        })
    }

    /// The manifest of a lab with this run.
    fn manifest(&self, name: &str, signal: Option<Signal>) -> Table {
        let text = |text: &str| Value::from(text);
        let of = |keys: Vec<(&str, Option<Value>)>| -> Table {
            let there = keys
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)));
            there.collect()
        };
        let scenario = of(vec![
            ("id", Some(text(RUN))),
            ("steps", self.steps.clone()),
            ("args", self.args.clone()),
            ("terminal", self.terminal.clone()),
            ("limits", self.limits.clone()),
        ]);
        let mut criterion = of(vec![
            ("id", Some(text(SHOWS))),
            ("title", Some(text(name))),
            ("points", Some(Value::from(1))),
        ]);
        match &self.rule {
            Some(rule) => criterion.extend(rule.clone()),
            None => {
                criterion.insert("hint".into(), text("look at the timeline"));
                criterion.insert("require".into(), self.requirements());
            }
        }
        let original = |file: &str| Value::from(of(vec![("c", Some(text(file)))]));
        let original = self.original.as_deref().map(original);
        let mut manifest = of(vec![
            ("id", Some(text(name))),
            ("title", Some(text(name))),
            ("scenario", Some(vec![Value::from(scenario)].into())),
            ("criterion", Some(vec![Value::from(criterion)].into())),
        ]);
        if let Some(original) = original {
            let files = of(vec![("original", Some(original))]);
            manifest.insert("files".into(), files.into());
        }
        if let Some(signal) = signal.or(self.signal) {
            for value in manifest.iter_mut().map(|(_, value)| value) {
                name_signal(value, signal);
            }
        }
        manifest
    }

    /// The requirements, with ids for those that want one and have none.
    fn requirements(&self) -> Value {
        let mut requirements = self.shows.clone().unwrap_or(Value::Array(Vec::new()));
        let list = requirements.as_array_mut().into_iter().flatten();
        for (index, requirement) in list.filter_map(Value::as_table_mut).enumerate() {
            if !requirement.contains_key("no_finding") && !requirement.contains_key("id") {
                let id = format!("not-seen-{}", index + 1);
                requirement.insert("id".into(), id.into());
            }
        }
        requirements
    }
}

/// Puts a signal's number and name where they are wanted.
fn name_signal(value: &mut Value, signal: Signal) {
    match value {
        Value::String(text) => {
            *text = text
                .replace("{number}", &signal.number().to_string())
                .replace("{signal}", &signal.to_string());
        }
        Value::Array(list) => list.iter_mut().for_each(|it| name_signal(it, signal)),
        Value::Table(table) => table.iter_mut().for_each(|(_, it)| name_signal(it, signal)),
        _ => {}
    }
}

fn missing(problem: String) -> LiveError {
    let file = "runs.toml".to_owned();
    LiveError::Topic(TopicError { file, problem })
}
