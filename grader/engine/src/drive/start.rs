//! Setting a run up, and cleaning up after it.

use std::collections::HashMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use siglab_model::{Clock as ClockMode, LimitKind, Trace};
use siglab_sandbox::{Confinement, Filter, ResourceLimits, Wants};

use crate::calls;
use crate::command::{Command, Environment};
use crate::drive::branch::{OnMoment, Watcher};
use crate::error::Error;
use crate::fault::Fault;
use crate::inspect::follower::{Follow, Followed, Follower};
use crate::inspect::symbols::Symbols;
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::launch::{Launch, LaunchError, Launched, launch};
use crate::kernel::sys::pids;
use crate::kernel::sys::ticker::Ticker;
use crate::kernel::sys::{Errno, cpu, creds, proc};
use crate::options::Options;
use crate::script::{Script, When};
use crate::tracer::stdio::Plumbing;
use crate::tracer::{Probe, Run, Tracer};
use crate::world::clock::Clock;
use crate::world::expected::Expected;
use crate::world::recorder::Recorder;
use crate::world::schedule::{Disturber, Scheduler, SplitMix};
use crate::world::stirred::Stirred;
use crate::world::timers::Timers;
use crate::world::{Injections, Progress, World};

/// Runs `command` under `script`, and returns all that happened.
///
/// The run takes place on a thread of its own, which is the tracer; when it ends, in
/// whatever way, the kernel kills every process of the run.
///
/// Effects on the calling process: it becomes a subreaper (orphans of the run become its
/// children, and are reaped), and the real-time signal `SIGRTMAX-2` gets a handler that
/// does nothing. If it handles `SIGCHLD`, its handler runs on the tracer's thread, for each
/// end of a process of the run and, without `SA_NOCLDSTOP`, for each stop, of which there
/// are thousands; its other threads are left alone.
///
/// # Errors
/// If the program can't be started, the machine doesn't permit tracing it, or a step of
/// the script can't be carried out. Whatever the program itself does is in the trace.
pub fn run(command: &Command, script: &Script, options: &Options) -> Result<Trace, Error> {
    on_tracer(command, script, || {
        trace(command, script, options, None).map(|(trace, _)| trace)
    })
}

/// Steps that can never be carried out.
fn check(command: &Command, script: &Script) -> Result<(), Error> {
    match script.needs_terminal() {
        Some(index) if !command.stdio.is_terminal() => Err(Error::Script {
            step: index + 1,
            what: script.steps[index].to_string(),
            why: "the program has no terminal".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Runs `command` like [`run`], and looks at every instruction that `follow` asks for.
///
/// # Errors
/// As [`run`].
pub fn follow(
    command: &Command,
    script: &Script,
    options: &Options,
    follow: &Follow,
) -> Result<Followed, Error> {
    follow_with(command, script, options, follow, &mut |_, _| Ok(()))
}

/// Runs `command` like [`follow`], and calls `on_moment` at each moment that isn't like
/// one before, with the program there.
///
/// # Errors
/// As [`run`], and what `on_moment` returns.
pub fn follow_with(
    command: &Command,
    script: &Script,
    options: &Options,
    follow: &Follow,
    on_moment: &mut OnMoment<'_>,
) -> Result<Followed, Error> {
    on_tracer(command, script, || {
        let (trace, follower) = trace(command, script, options, Some((follow, on_moment)))?;
        let follower = follower.ok_or_else(|| Error::Internal("nobody followed".to_owned()))?;
        // These leave off anywhere. At the others there is nothing left to follow, or nothing
        // that a program could get to.
        let is_cut = matches!(
            trace.outcome.limit,
            Some(LimitKind::Cancelled | LimitKind::RealTime | LimitKind::Events)
        );
        Ok(Followed {
            trace,
            complete: follower.complete && !follower.is_full && !is_cut,
            moments: follower.moments,
            steps: follower.steps,
        })
    })
}

fn on_tracer<T: Send>(
    command: &Command,
    script: &Script,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    check(command, script)?;
    std::thread::scope(|scope| {
        let tracer = std::thread::Builder::new()
            .name("tracer".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|source| Error::Environment {
                operation: "start a thread",
                source,
            })?;
        tracer
            .join()
            .unwrap_or_else(|_| Err(Error::Internal("the tracer panicked".to_owned())))
    })
}

fn trace<'a>(
    command: &'a Command,
    script: &'a Script,
    options: &'a Options,
    watcher: Option<(&Follow, &'a mut OnMoment<'a>)>,
) -> Result<(Trace, Option<Box<Follower>>), Error> {
    become_subreaper();
    pids::leave_small_ones();
    let filter = filter(options, proc::may_ask_for_tracer(&command.program))?;
    let processors = cpu::pin(options.processor).map_err(environment("choose a processor"))?;
    let ticker = Ticker::new().map_err(environment("make a timer"))?;
    let mut plumbing = Plumbing::new(
        command.stdio,
        script.uses_stdin() || command.stdin_stays_open,
    )
    .map_err(|(operation, source)| Error::Environment { operation, source })?;
    // Dropped at the end: then whatever was left behind is killed and removed.
    let confinement = confine(command, options)?;
    let spec = launch_spec(command, options, filter, confinement.as_ref(), &plumbing)?;
    let Launched {
        pid,
        stopped,
        listener,
    } = launch(&spec).map_err(|error| launch_error(command, error))?;
    plumbing.close_child_ends();
    // Dropped at the end, when nobody is looked at any more.
    let _borrowed = match confinement {
        Some(_) => creds::become_like(pid).map_err(environment("look at the program"))?,
        None => None,
    };
    let addresses_vary = proc::addresses_vary(pid);
    let waits_for_output = script
        .steps
        .iter()
        .any(|step| matches!(step.when, When::Output(_)));
    let mut recorder = Recorder::default();
    recorder.most_kept = options.limits.output;
    recorder.unmatched = waits_for_output.then(String::new);
    let siglab = i32::try_from(std::process::id()).unwrap_or(0);
    recorder.name(siglab, siglab_model::Role::new(siglab_model::Role::SCRIPT));
    let world = World {
        armed: 0,
        command,
        options,
        script,
        clock: Clock::new(options.date),
        tasks: Vec::new(),
        processes: Vec::new(),
        recorder,
        timers: Timers::new(crate::kernel::sys::proc::kernel_release() >= Some((6, 13))),
        scheduler: Scheduler::new(&options.policy),
        addresses_vary,
        disturber: options.disturb.map(Disturber::new),
        random: SplitMix(options.seed),
        expected: Expected::default(),
        passed_on: Vec::new(),
        has_arrived: false,
        calls_at_instant: 0,
        stirred: Stirred::default(),
        has_other_signals: false,
        doomed: Vec::new(),
        progress: Progress::default(),
        instant: std::collections::VecDeque::new(),
        injections: Injections::default(),
        copy_of: None,
        tid_address: None,
        parent_before_end: None,
        processors,
        pairs: std::collections::BTreeSet::new(),
        has_terminals: false,
        last: Some(pid),
        yielded: None,
        limit: None,
        deadlock: false,
        real_time: options.limits.real_time,
        started: real_now(),
        own_time_before: proc::own_processor_time(),
        late_looks: 0,
        idle: std::time::Duration::ZERO,
    };
    let tracer = Tracer {
        plumbing,
        ticker,
        symbols: Symbols::default(),
        stopped: HashMap::from([(pid, stopped)]),
        files: HashMap::new(),
        listener,
        serves: None,
        timerfds: HashMap::new(),
        armed: None,
        disarmed: None,
        follower: watcher
            .as_ref()
            .map(|(follow, _)| Box::new(Follower::new(Follow::clone(follow)))),
        probe: watcher
            .map(|(_, on_moment)| -> Box<dyn Probe + 'a> { Box::new(Watcher(on_moment)) }),
        crowded: 0,
    };
    let mut run = Run { world, tracer };
    let result = match run.add_first(pid) {
        Ok(()) => run.go(),
        Err(Fault::Fatal(error)) => Err(error),
        Err(Fault::Died(_) | Fault::Over) => Err(Error::Internal(
            "the program vanished at its start".to_owned(),
        )),
    };
    if let Err(error) = result {
        run.kill_all();
        run.reap_orphans();
        return Err(error);
    }
    let follower = run.tracer.follower.take();
    Ok((run.take_trace(), follower))
}

fn environment(operation: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Environment {
        operation,
        source: errno.into(),
    }
}

/// The filters are the same for all runs with the same clock, in a sandbox or not, of programs
/// that may ask who traces them and of others;
/// compiling one takes longer than starting a program.
fn filter(options: &Options, is_sought: bool) -> Result<&'static Filter, Error> {
    static FILTERS: [OnceLock<Filter>; 8] = [const { OnceLock::new() }; 8];
    let in_sandbox = options.sandbox.is_some();
    let is_real = options.clock == ClockMode::Real;
    let which = usize::from(is_real) + 2 * usize::from(in_sandbox) + 4 * usize::from(is_sought);
    let slot = &FILTERS[which];
    if let Some(filter) = slot.get() {
        return Ok(filter);
    }
    let filter = calls::filter(options.clock, in_sandbox, is_sought)
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(slot.get_or_init(|| filter))
}

/// What the program gets of the sandbox, if there is one.
fn confine(command: &Command, options: &Options) -> Result<Option<Confinement>, Error> {
    let Some(sandbox) = &options.sandbox else {
        return Ok(None);
    };
    let wants = Wants {
        read: vec![command.program.clone()],
        limits: options.resources,
        tools: false,
    };
    let confinement = sandbox.begin(&wants).map_err(|source| Error::Environment {
        operation: "prepare the sandbox",
        source,
    })?;
    Ok(Some(confinement))
}

fn become_subreaper() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // Where it isn't possible, init reaps the orphans.
        let _ = nix::sys::prctl::set_child_subreaper(true);
    });
}

fn launch_spec<'a>(
    command: &Command,
    options: &Options,
    filter: &'a Filter,
    confinement: Option<&'a Confinement>,
    plumbing: &Plumbing,
) -> Result<Launch<'a>, Error> {
    let exec_error = |kind: io::ErrorKind| Error::Exec {
        program: command.program.clone(),
        source: kind.into(),
    };
    let c_string = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| exec_error(io::ErrorKind::InvalidInput))
    };
    let name = command.name.as_deref();
    let args = std::iter::once(name.unwrap_or(command.program.as_os_str()))
        .chain(command.args.iter().map(OsString::as_os_str))
        .map(c_string)
        .collect::<Result<_, _>>()?;
    let env = variables(command)
        .iter()
        .map(|(name, value)| {
            let mut text = name.clone();
            text.push("=");
            text.push(value);
            c_string(&text)
        })
        .collect::<Result<_, _>>()?;
    let dir = command
        .dir
        .as_ref()
        .map(|dir| c_string(dir.as_os_str()))
        .transpose()?;
    Ok(Launch {
        program: c_string(command.program.as_os_str())?,
        args,
        env,
        dir,
        stdio: plumbing.stdio(),
        terminal: plumbing.is_terminal(),
        filter,
        confinement,
        // Core dumps are of no use to anybody here, and large.
        limits: ResourceLimits {
            core: Some(0),
            ..options.resources
        },
        siglab: i32::try_from(std::process::id()).unwrap_or(0),
        trap_time_stamp: options.clock == ClockMode::Virtual,
    })
}

fn variables(command: &Command) -> Vec<(OsString, OsString)> {
    // LeakSanitizer can't run under ptrace.
    let sanitizer = ("ASAN_OPTIONS", "detect_leaks=0");
    match command.env {
        Environment::Inherit => {
            let mut all: Vec<_> = std::env::vars_os().collect();
            if !all.iter().any(|(name, _)| name == sanitizer.0) {
                all.push((sanitizer.0.into(), sanitizer.1.into()));
            }
            all
        }
        Environment::Fixed => {
            let is_terminal = command.stdio.is_terminal();
            [
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("HOME", "/"),
                ("LANG", "C.UTF-8"),
                ("TERM", if is_terminal { "xterm" } else { "dumb" }),
                sanitizer,
            ]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
        }
    }
}

fn launch_error(command: &Command, error: LaunchError) -> Error {
    match error {
        LaunchError::Exec(source) => Error::Exec {
            program: command.program.clone(),
            source,
        },
        LaunchError::Seize(errno) => Error::PtraceDenied {
            source: errno.into(),
        },
        LaunchError::Setup(operation, source) => Error::Environment { operation, source },
    }
}
