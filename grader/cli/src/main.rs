//! The `siglab` command.

mod args;
mod classroom50;
mod command;
mod doctor;
mod exit;
mod explain;
mod failure;
mod file;
mod guard;
mod interrupt;
mod moment;
mod output;
mod pack;
mod program;
mod progress;
mod remembered;
mod sandbox;
mod script;
mod send;
mod terminal;
mod usage;
mod user;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, Lab};
use crate::failure::Failure;

fn main() -> ExitCode {
    let started = siglab_sandbox::own_signals().map_err(Failure::no_handlers);
    let status = started.and_then(|()| match Cli::try_parse() {
        Ok(cli) => run(&cli.command),
        Err(error) => usage::explain(&error),
    });
    ExitCode::from(status.unwrap_or_else(|failure| {
        output::tell(&failure);
        failure.status
    }))
}

/// Carries a command out; the exit status.
fn run(command: &Command) -> Result<u8, Failure> {
    // What a siglab left that was killed. `doctor` says what it removes.
    if !matches!(command, Command::Doctor(_)) {
        let _ = siglab_sandbox::temporary::tidy_usual();
    }
    match command {
        Command::Run(args) => command::run::run(args),
        Command::Explore(args) => command::explore::run(args),
        Command::Replay(args) => command::replay::run(args),
        Command::Check(args) => command::check::run(args),
        Command::Grade(args) => command::grade::run(args),
        Command::Regrade(args) => command::grade::again(args),
        Command::Merge(args) => command::grade::merge(args),
        Command::Labs(args) => command::labs::run(args),
        Command::Lab(Lab::Check {
            labs_to_check,
            seed,
            labs,
        }) => command::lab_check::run(labs_to_check, *seed, labs),
        Command::Lab(Lab::Show {
            lab,
            variant,
            lang,
            labs,
        }) => command::lab_show::run(lab, variant.as_deref(), *lang, labs),
        Command::Lab(Lab::Schema { result, course }) => command::schema(*result, *course),
        Command::Pack(args) => pack::run(args),
        Command::Explain(args) => command::explain::run(args),
        Command::Predict(args) => command::predict::run(args),
        Command::Doctor(args) => doctor::run(args),
    }
}
