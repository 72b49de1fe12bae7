//! Entering the sandbox, for commands that run what strangers wrote.

use std::path::PathBuf;

use siglab_lab::{GradeError, GradeOptions, Lab, Language};
use siglab_model::Signal;
use siglab_sandbox::{Config, Ended, Entered, Sandbox};

use crate::args::SandboxMode;
use crate::failure::Failure;
use crate::{exit, output};

/// Who goes on.
#[derive(Debug)]
pub(crate) enum Side {
    /// This process, with a sandbox if one was asked for.
    Here(Option<Sandbox>),
    /// This process's worker has done its work, and siglab's exit status is this.
    Done(u8),
}

/// Enters the sandbox as `mode` says. To be called before anything that starts a thread
/// or makes a handler for signals.
///
/// # Errors
/// If it is required and a hostile program wouldn't be contained, or not even the lowest
/// layer is there, or something has killed the worker.
pub(crate) fn enter(mode: SandboxMode, tools: Vec<PathBuf>) -> Result<Side, Failure> {
    if mode == SandboxMode::Off {
        return Ok(Side::Here(None));
    }
    let config = Config {
        tools,
        ..Config::default()
    };
    let entered = Sandbox::enter(&config).map_err(|error| {
        Failure::new(exit::ENVIRONMENT, format_args!("no sandbox: {error}"))
            .hint("`siglab doctor` says what this machine lacks")
    })?;
    let sandbox = match entered {
        Entered::Outside(Ended::Exited(status)) => {
            return Ok(Side::Done(u8::try_from(status).unwrap_or(exit::INTERNAL)));
        }
        // Before the worker had handlers for them.
        Entered::Outside(Ended::Killed(number)) if let Some(signal) = asked_to_stop(number) => {
            return Err(Failure::interrupted(signal));
        }
        Entered::Outside(Ended::Killed(signal)) => {
            return Err(Failure::new(
                exit::INTERNAL,
                format_args!("the worker in the sandbox was killed by signal {signal}"),
            ));
        }
        Entered::Worker(sandbox) => sandbox,
    };
    let layers = sandbox.layers();
    if mode == SandboxMode::Required && !layers.contained() {
        return Err(Failure::new(
            exit::ENVIRONMENT,
            format_args!("the sandbox wouldn't contain a hostile program: {layers}"),
        )
        .hint("`siglab doctor` says how to get what is missing"));
    }
    output::tell(format_args!("siglab: sandbox: {layers}"));
    Ok(Side::Here(Some(sandbox)))
}

/// The signal of this number, if it is one that asks siglab to stop.
fn asked_to_stop(number: i32) -> Option<Signal> {
    let signals = [Signal::INT, Signal::TERM, Signal::HUP];
    Signal::new(number).filter(|signal| signals.contains(signal))
}

/// What compilers need in a sandbox, if one was asked for.
pub(crate) fn tools(
    mode: SandboxMode,
    lab: &Lab,
    language: Language,
) -> Result<Vec<PathBuf>, Failure> {
    if mode == SandboxMode::Off {
        return Ok(Vec::new());
    }
    siglab_lab::compiler_folders(lab, language, &GradeOptions::default())
        .map_err(|error| GradeError::Compile(error).into())
}
