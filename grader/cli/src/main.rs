//! The `siglab` command.

mod args;
mod classroom50;
mod command;
mod doctor;
mod exit;
mod failure;
mod file;
mod interrupt;
mod moment;
mod output;
mod pack;
mod program;
mod progress;
mod sandbox;
mod script;
mod send;
mod usage;
mod user;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, Lab};
use crate::failure::Failure;

fn main() -> ExitCode {
    let started = interrupt::start().map_err(Failure::no_handlers);
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
            labs,
        }) => command::lab_check::run(labs_to_check, labs),
        Command::Lab(Lab::Schema { result }) => command::schema(*result),
        Command::Pack(args) => pack::run(args),
        Command::Doctor(args) => doctor::run(args),
    }
}
