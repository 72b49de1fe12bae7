//! What is wrong with a manifest, and where.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Everything that was found wrong with a manifest, in the order of the text.
///
/// Displays as one snippet each, with file, line, column and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    path: String,
    source: String,
    problems: Vec<ManifestProblem>,
}

/// How many problems are told at once.
const MOST_PROBLEMS: usize = 100;

/// One thing wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes from the start of the text; empty at 0 if it is nowhere in it.
    pub span: Range<usize>,
    /// What to do about it, if that can be said.
    pub help: Option<String>,
}

impl ManifestProblem {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span,
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

impl ManifestError {
    pub(crate) fn new(path: &str, source: &str, mut problems: Vec<ManifestProblem>) -> Self {
        problems.sort_by_key(|problem| problem.span.start);
        problems.dedup();
        // Each is shown with its line, which is looked for from the start of the text.
        if problems.len() > MOST_PROBLEMS {
            let left_out = problems.len() - MOST_PROBLEMS;
            problems.truncate(MOST_PROBLEMS);
            if let Some(last) = problems.last_mut() {
                let more = format!("{left_out} more problems come after this one");
                last.help = Some(match last.help.take() {
                    Some(help) => format!("{help}; {more}"),
                    None => more,
                });
            }
        }
        Self {
            path: path.to_owned(),
            source: source.to_owned(),
            problems,
        }
    }

    /// What is wrong, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[ManifestProblem] {
        &self.problems
    }

    /// The line and column of `problem`, both from 1; columns in characters.
    #[must_use]
    pub fn location(&self, problem: &ManifestProblem) -> (usize, usize) {
        let before = self.source.get(..problem.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    fn render(&self, problem: &ManifestProblem) -> String {
        if self.source.is_empty() {
            let help = problem.help.as_ref();
            let help = help.map_or_else(String::new, |help| format!("; {help}"));
            return format!("{}{help}", problem.message);
        }
        let annotation = AnnotationKind::Primary.span(problem.span.clone());
        let snippet = Snippet::source(self.source.as_str())
            .path(self.path.as_str())
            .annotation(annotation);
        let title = Level::ERROR.primary_title(problem.message.as_str());
        let mut group = title.element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        Renderer::plain().render(&[group])
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(self.render(problem).trim_end())?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}
