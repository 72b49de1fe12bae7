//! Runs a program under virtual time and scripted signals, one thread at a time, and
//! records what happened as a [`Trace`](siglab_model::Trace).

mod command;
mod error;
mod options;
mod script;

pub use command::{Command, Environment, Stdio};
pub use error::Error;
pub use options::{Cancel, Limits, Options};
pub use script::{Action, Key, Script, Step, When};

use siglab_model::Trace;

/// Runs `command` under `script`.
///
/// # Errors
/// If the program can't be started or the machine doesn't permit tracing it. Whatever
/// the program itself does is in the trace.
pub fn run(command: &Command, script: &Script, options: &Options) -> Result<Trace, Error> {
    let _ = (command, script, options);
    Err(Error::Internal("the engine is not there yet".into()))
}
