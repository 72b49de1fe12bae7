//! Why a command gives up, in one or two lines.

use std::fmt;
use std::path::Path;

use siglab_class::ClassError;
use siglab_engine::Error as EngineError;
use siglab_explore::ExploreError;
use siglab_lab::{ErrorKind, GradeError, LabError};

use crate::exit;

/// Why a command gives up. Shown as `siglab: error: ...` and, if there is one, a line
/// `hint: ...`.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit status: see [`exit`].
    pub(crate) status: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Wrong use.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// With this exit status.
    pub(crate) fn new(status: u8, message: impl fmt::Display) -> Self {
        let message = without_numbers(&message.to_string());
        Self {
            status,
            message: message.trim_start_matches("error: ").to_owned(),
            hint: None,
        }
    }

    /// With a line that says what to do.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// What happened, without what to do.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// A file that can't be read or written.
    pub(crate) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::usage(format_args!(
            "can't {doing} {}: {}",
            path.display(),
            reason(error)
        ))
    }

    /// siglab's own signal handlers can't be installed.
    pub(crate) fn no_handlers(error: std::io::Error) -> Self {
        Self::new(
            exit::INTERNAL,
            format_args!("can't handle signals: {error}"),
        )
    }

    /// Asked to stop by a signal.
    pub(crate) fn interrupted(signal: siglab_model::Signal) -> Self {
        Self::new(exit::signalled(signal), format_args!("stopped by {signal}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |text: &str| siglab_report::escape_lines(text.trim_end());
        write!(f, "siglab: error: {}", line(&self.message))?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", line(hint))?;
        }
        Ok(())
    }
}

/// The operating system's words for an error, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    without_numbers(&error.to_string())
}

/// Takes ` (os error 2)` out.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += part
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start_matches(')');
    }
    out
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        Self::usage(error)
    }
}

impl From<GradeError> for Failure {
    fn from(error: GradeError) -> Self {
        match (error.kind(), error) {
            (_, GradeError::Engine(error)) => error.into(),
            (ErrorKind::Usage, error) => Self::usage(error),
            (ErrorKind::Environment, error) => {
                Self::new(exit::ENVIRONMENT, error).hint("`siglab doctor` says what is missing")
            }
            (ErrorKind::Internal, error) => Self::new(exit::INTERNAL, error),
            (ErrorKind::Cancelled, error) => match crate::interrupt::received() {
                Some(signal) => Self::interrupted(signal),
                None => Self::new(exit::INTERNAL, error),
            },
        }
    }
}

impl From<ExploreError> for Failure {
    fn from(error: ExploreError) -> Self {
        match error {
            ExploreError::Engine(error) => {
                let failure = Self::from(error);
                match failure.status {
                    exit::NOT_FOUND | exit::NOT_EXECUTABLE => Self {
                        status: exit::USAGE,
                        ..failure
                    },
                    _ => failure,
                }
            }
            ExploreError::Read { path, source } => Self::file("read", &path, &source),
            error => Self::usage(error),
        }
    }
}

impl From<ClassError> for Failure {
    fn from(error: ClassError) -> Self {
        let (status, error) = match (error.kind(), error) {
            (_, ClassError::Grade(error)) => return error.into(),
            (ErrorKind::Cancelled, error) => {
                return match crate::interrupt::received() {
                    Some(signal) => Self::interrupted(signal)
                        .hint("every result so far is kept; the same command goes on"),
                    None => Self::new(exit::INTERNAL, error),
                };
            }
            (ErrorKind::Usage, error) => (exit::USAGE, error),
            (ErrorKind::Environment, error) => (exit::ENVIRONMENT, error),
            (ErrorKind::Internal, error) => (exit::INTERNAL, error),
        };
        let failure = Self::new(status, &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// How to permit ptrace(2).
pub(crate) const PERMIT_PTRACE: &str = "\
permit it with `sudo sysctl kernel.yama.ptrace_scope=1`; in a container, with \
`--cap-add=SYS_PTRACE` (the default profile permits it from kernel 4.8 on)";

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Exec { program, source } => {
                let status = match source.kind() {
                    std::io::ErrorKind::NotFound => exit::NOT_FOUND,
                    _ => exit::NOT_EXECUTABLE,
                };
                let program = program.display();
                Self::new(
                    status,
                    format_args!("can't execute {program}: {}", reason(source)),
                )
            }
            EngineError::PtraceDenied { .. } => {
                Self::new(exit::ENVIRONMENT, error).hint(PERMIT_PTRACE)
            }
            EngineError::Environment { .. } => Self::new(exit::ENVIRONMENT, error)
                .hint("`siglab doctor` says what this machine lacks"),
            EngineError::Script { .. } => Self::usage(error),
            EngineError::Internal(message) => {
                Self::new(exit::INTERNAL, format_args!("internal error: {message}"))
                    .hint("this is a bug in siglab; please report it with the command")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_one_or_two_lines() {
        let missing = std::io::Error::from_raw_os_error(libc::ENOENT);
        let failure = Failure::usage(format_args!("can't read a\x1b[2J: {missing}; sorry"));
        assert_eq!(
            failure.to_string(),
            "siglab: error: can't read a\\x1b[2J: No such file or directory; sorry"
        );
        let failure = Failure::new(exit::ENVIRONMENT, "no").hint("do this");
        assert_eq!(failure.to_string(), "siglab: error: no\nhint: do this");
    }
}
