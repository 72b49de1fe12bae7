//! `siglab run`.

use std::io::IsTerminal as _;
use std::time::Duration;

use siglab_engine::{Command, Environment, Limits, Options, Script, Stdio};
use siglab_model::{Event, Kind, LimitKind, ProcessStatus, Role, Time, Trace};
use siglab_report::{Timeline, TimelineOptions};

use crate::args::{ClockName, Run};
use crate::failure::Failure;
use crate::file::Target;
use crate::program::Program;
use crate::terminal::{Screen, Taken};
use crate::{exit, interrupt, output, program, script, send, terminal};

pub(crate) fn run(args: &Run) -> Result<u8, Failure> {
    let steps = match &args.steps.script {
        Some(path) => script::read(path, script::Use::Run, args.terminal)?,
        None => send::script(&args.steps.send),
    };
    let target = args.trace.as_deref().map(Target::prepare).transpose()?;
    let mut options = options(args)?;
    let cancel = &options.cancel;
    let program = program::find_or_build(&args.program, &args.build, cancel, Failure::from)?;
    let taken = take_terminal(args)?;
    options.keyboard = taken.as_ref().map(|taken| taken.keyboard.clone());
    let size = taken.as_ref().map_or(terminal::SIZE, |taken| taken.size);
    let command = command(args, &program, size);
    let trace = siglab_engine::run(&command, &steps, &options);
    let has_typed = taken.is_some();
    drop(taken);
    let trace = trace?;
    if has_typed {
        tidy_screen(&trace, args.quiet);
    }
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
            columns: output::columns_of_error(),
            ..TimelineOptions::default()
        };
        output::tell_all(Timeline::new(&trace, options));
    }
    if trace.outcome.deadlock && args.terminal && !has_typed && terminal::is_there() {
        output::tell("hint: with --clock real you can type yourself; else only a --script does");
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

/// siglab's own terminal, if a person is to type there for the program.
fn take_terminal(args: &Run) -> Result<Option<Taken>, Failure> {
    if !args.terminal || args.clock != ClockName::Real {
        return Ok(None);
    }
    if terminal::is_there() {
        return Taken::new().map(Some);
    }
    if args.steps.script.is_none() {
        output::tell(
            "siglab: warning: nobody can type: standard input is no terminal, and there is no \
             --script that would",
        );
    }
    Ok(None)
}

/// A program that was ended hasn't tidied up the screen, as it would have at its own end.
fn tidy_screen(trace: &Trace, is_quiet: bool) {
    let screen = Screen::after(trace);
    let was_ended = !matches!(trace.outcome.limit, None | Some(LimitKind::Linger));
    let mut text = match was_ended {
        true => screen.undo(),
        false => String::new(),
    };
    if screen.is_in_line() && (was_ended || !is_quiet) {
        text.push('\n');
    }
    if std::io::stdout().is_terminal() {
        // Should the terminal be gone, there is nothing to tidy up.
        let _ = output::print_raw(text.as_bytes());
    }
}

fn command(args: &Run, program: &Program, (rows, columns): (u16, u16)) -> Command {
    Command {
        program: program.path.clone(),
        name: Some(program.name.clone()),
        args: args.args.clone(),
        env: Environment::Inherit,
        dir: None,
        stdin_stays_open: false,
        stdio: match args.terminal {
            true => Stdio::ShownTerminal { rows, columns },
            false => Stdio::PassThrough,
        },
    }
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
