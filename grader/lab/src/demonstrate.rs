//! Runs of a lab's own program, to be looked at: what the program that was handed out does, or a solution.

use std::path::PathBuf;

use siglab_sandbox::Temporary;

use crate::compile::{CompileError, Compiled, Workshop};
use crate::grade::{GradeError, GradeOptions, ScenarioRun, run_all};
use crate::lab::Lab;
use crate::manifest::Scenario;
use crate::result::Language;
use crate::submission::Submission;
use crate::variant::{Part, Variant};

/// A lab's own program under the lab's scenarios.
#[derive(Debug)]
pub struct Demonstration {
    /// The program's file, relative to the lab's folder.
    pub file: PathBuf,
    /// The runs, in the manifest's order of scenarios.
    pub runs: Vec<ScenarioRun>,
}

impl Lab {
    /// Runs the lab's own program under its scenarios, or those with the ids in `only`; hidden ones are
    /// left out. Of a lab that asks for predictions, it is the program that they are about; otherwise the
    /// solution that is called like the lab, or the first one.
    ///
    /// # Errors
    /// If there is no such program in that language (in any, if absent: C, if there is one), or it can't be
    /// built or run here.
    pub fn demonstrate(
        &self,
        language: Option<Language>,
        only: &[String],
        options: &GradeOptions,
    ) -> Result<Demonstration, GradeError> {
        let folder = Temporary::new("").map_err(|source| CompileError::Io {
            operation: "make a folder in",
            path: std::env::temp_dir(),
            source,
        })?;
        let languages = match language {
            Some(language) => vec![language],
            None => vec![Language::C, Language::Rust],
        };
        let mut found = None;
        for language in languages {
            if found.is_none() {
                found = self.own_program(language, &folder)?;
            }
        }
        let (file, program) = found.ok_or_else(|| GradeError::NoProgram {
            lab: self.id().to_owned(),
        })?;
        let built = match Workshop::new(self, options).compile(&program, &self.manifest)? {
            Compiled::Built(built) => built,
            Compiled::Failed { output } => return Err(GradeError::OwnProgram { file, output }),
        };
        let is_wanted = |it: &&Scenario| !it.hidden && (only.is_empty() || only.contains(&it.id));
        let scenarios: Vec<_> = self.manifest.scenarios.iter().filter(is_wanted).collect();
        let runs = run_all(&self.manifest, &scenarios, &built.program, options)?;
        Ok(Demonstration { file, runs })
    }

    /// The program in this language that shows what the lab is about.
    fn own_program(
        &self,
        language: Language,
        folder: &Temporary,
    ) -> Result<Option<(PathBuf, Submission)>, GradeError> {
        let files = &self.manifest.files;
        if !self.manifest.questions.is_empty() {
            let Some(file) = files.original.get(&language) else {
                return Ok(None);
            };
            let program = self.submission(&self.dir().join(file))?;
            return Ok(Some((file.clone(), program)));
        }
        let mut solutions = self.variants()?;
        solutions.retain(|it| it.part == Part::Solution && it.language == language);
        let named = solutions.iter().position(|it| it.name() == self.id());
        let Some(variant) = solutions.get(named.unwrap_or(0)) else {
            return Ok(None);
        };
        let text = variant
            .text
            .as_ref()
            .map_err(|error| GradeError::OwnProgram {
                file: variant.file.clone(),
                output: error.to_string(),
            })?;
        let program = Variant::submission(variant, text, self, folder.path())?;
        Ok(Some((variant.path.clone(), program)))
    }
}
