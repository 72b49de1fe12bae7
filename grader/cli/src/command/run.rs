//! `siglab run`.

use std::time::Duration;

use siglab_engine::{Command, Environment, Limits, Options, Script, Stdio};
use siglab_model::{Event, Kind, LimitKind, ProcessStatus, Role, Time, Trace};
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
    if let Some(what) = refused_at_start(&trace) {
        let program = command.program.display();
        return Err(Failure::new(
            exit::NOT_EXECUTABLE,
            format_args!("can't execute {program}: {what}"),
        ));
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
    if trace.outcome.limit != Some(LimitKind::Cancelled) {
        check_roles(&steps, &trace)?;
    }
    Ok(status(&trace))
}

/// Why nothing of the program was run, if siglab can't control it at all.
fn refused_at_start(trace: &Trace) -> Option<&str> {
    match trace.events.get(..2)? {
        [
            Event {
                kind: Kind::Spawn { .. },
                ..
            },
            Event {
                kind: Kind::Unsupported { what, .. },
                ..
            },
        ] if trace.outcome.limit == Some(LimitKind::Unsupported) => Some(what),
        _ => None,
    }
}

/// Whom a step names has to have existed, even if it hadn't yet or didn't any more when the
/// step was carried out: otherwise the name is wrong, and what happened isn't what was asked
/// for.
fn check_roles(steps: &Script, trace: &Trace) -> Result<(), Failure> {
    let mut known: Vec<&Role> = Vec::new();
    for event in &trace.events {
        let child = match &event.kind {
            Kind::Fork { child, .. } => Some(child),
            _ => None,
        };
        for role in event.role.iter().chain(child) {
            if !known.contains(&role) {
                known.push(role);
            }
        }
    }
    let Some(missing) = steps
        .roles()
        .find(|name| known.iter().all(|role| **role != **name))
    else {
        return Ok(());
    };
    const SHOWN: usize = 8;
    let mut names: Vec<&str> = known.iter().take(SHOWN).map(|role| role.as_str()).collect();
    if known.len() > SHOWN {
        names.push("...");
    }
    Err(
        Failure::usage(format_args!("there was no `{missing}` in this run"))
            .hint(format_args!("there were: {}", names.join(", "))),
    )
}

fn command(args: &Run) -> Result<Command, Failure> {
    let search = std::env::var_os("PATH");
    Ok(Command {
        program: program::find(&args.program, search.as_deref())?,
        name: Some(args.program.clone()),
        args: args.args.clone(),
        env: Environment::Inherit,
        dir: None,
        stdio: Stdio::PassThrough,
    })
}

fn options(args: &Run) -> Result<Options, Failure> {
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let mut limits = Limits {
        real_time: Some(args.processor_time.since(Time::ZERO)),
        ..Limits::default()
    };
    if let Some(virtual_time) = args.limit {
        limits.virtual_time = virtual_time;
    }
    Ok(Options {
        clock: args.clock.into(),
        date: args.date,
        policy: args.policy.clone(),
        limits,
        linger: Some(Duration::from_nanos(args.linger.as_nanos())),
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
        _ if trace.outcome.deadlock => exit::ENDED,
        _ if !matches!(trace.outcome.limit, None | Some(LimitKind::Linger)) => exit::ENDED,
        Some(ProcessStatus::Exited(code)) => u8::try_from(code & 0xff).unwrap_or_default(),
        Some(ProcessStatus::Killed(signal)) => exit::signalled(signal),
        None => exit::ENDED,
    }
}
