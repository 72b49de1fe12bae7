//! `siglab run`.

use siglab_engine::{Command, Environment, Limits, Options, Stdio};
use siglab_model::{Kind, LimitKind, ProcessStatus, Trace};
use siglab_report::{Timeline, TimelineOptions};

use crate::args::Run;
use crate::failure::Failure;
use crate::file::Target;
use crate::{exit, interrupt, output, program, script, send};

pub(crate) fn run(args: &Run) -> Result<u8, Failure> {
    let steps = match &args.steps.script {
        Some(path) => script::read(path, script::Use::Run)?,
        None => send::script(&args.steps.send),
    };
    let target = args.trace.as_deref().map(Target::prepare).transpose()?;
    let command = command(args)?;
    let options = options(args)?;
    let trace = siglab_engine::run(&command, &steps, &options)?;
    if let Some(target) = target {
        target.write(trace.to_jsonl().as_bytes())?;
    }
    if args.quiet {
        remark(&trace);
    } else {
        let options = TimelineOptions {
            verbose: args.verbose,
            unicode: output::unicode(),
            ..TimelineOptions::default()
        };
        output::tell_all(Timeline::new(&trace, options));
    }
    Ok(status(&trace))
}

fn command(args: &Run) -> Result<Command, Failure> {
    let search = std::env::var_os("PATH");
    Ok(Command {
        program: program::find(&args.program, search.as_deref())?,
        args: args.args.clone(),
        env: Environment::Inherit,
        dir: None,
        stdio: Stdio::PassThrough,
    })
}

fn options(args: &Run) -> Result<Options, Failure> {
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let limits = match args.limit {
        Some(virtual_time) => Limits {
            virtual_time,
            ..Limits::default()
        },
        None => Limits::default(),
    };
    Ok(Options {
        clock: args.clock.into(),
        policy: args.policy.clone(),
        limits,
        cancel,
        ..Options::default()
    })
}

/// Without a timeline, what siglab did to the program still has to be said.
fn remark(trace: &Trace) {
    for event in &trace.events {
        match &event.kind {
            Kind::Deadlock { .. } | Kind::Limit { .. } => {
                output::tell(format_args!("siglab: {}", siglab_report::sentence(event)));
            }
            Kind::ScriptUnfinished { .. } | Kind::Unsupported { .. } | Kind::Denied { .. } => {
                output::tell(format_args!(
                    "siglab: warning: {}",
                    siglab_report::sentence(event)
                ));
            }
            _ => {}
        }
    }
}

/// The exit status that stands for what became of the program.
fn status(trace: &Trace) -> u8 {
    if trace.outcome.limit == Some(LimitKind::Cancelled)
        && let Some(signal) = interrupt::received()
    {
        return exit::signalled(signal);
    }
    match trace.outcome.status {
        _ if trace.outcome.deadlock || trace.outcome.limit.is_some() => exit::ENDED,
        Some(ProcessStatus::Exited(code)) => u8::try_from(code & 0xff).unwrap_or_default(),
        Some(ProcessStatus::Killed(signal)) => exit::signalled(signal),
        None => exit::ENDED,
    }
}
