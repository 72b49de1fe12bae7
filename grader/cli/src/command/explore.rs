//! `siglab explore`.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use siglab_engine::{Command, Environment, Options, Stdio};
use siglab_explore::{
    Budget, Conclusion, Exploration, ExploreError, ExploreOptions, Finding, Outcomes, Progress,
    Strategy, Witness,
};
use siglab_model::Role;
use siglab_sandbox::regular;

use crate::args::{Explore, StrategyName, TextOrJson};
use crate::failure::Failure;
use crate::file::Target;
use crate::program::Program;
use crate::progress::Waiting;
use crate::{exit, interrupt, output, program, script, send, terminal};

pub(crate) fn run(args: &Explore) -> Result<u8, Failure> {
    let target = args.witness.as_deref().map(Target::prepare).transpose()?;
    let wanted = options(args)?;
    let not_found = |error| Failure::from(ExploreError::from(error));
    let mut program =
        program::find_or_build(&args.program, &args.build, &wanted.cancel, not_found)?;
    if target.is_some() {
        program.keep()?;
    }
    let command = command(args, &program);
    let script = match &args.steps.script {
        Some(path) => script::read(path, script::Use::Explore, args.terminal)?,
        None => send::script(&args.steps.send),
    };
    if args.outcomes {
        let bar = Bar::new(args.format == TextOrJson::Text);
        let outcomes = siglab_explore::outcomes(
            &command,
            &script,
            &Options::default(),
            &wanted,
            args.preemptions,
            &bar,
        );
        drop(bar);
        return tell_outcomes(args, &outcomes?, target.as_ref());
    }
    let bar = Bar::new(args.format == TextOrJson::Text);
    let explored = siglab_explore::explore(&command, &script, &Options::default(), &wanted, &bar);
    drop(bar);
    let explored = explored?;
    match args.format {
        TextOrJson::Json => output::print_json(&explored)?,
        TextOrJson::Text => {
            let near = program.source().unwrap_or(&command.program);
            let source = |name: &str| find_source(name, near);
            output::print(siglab_report::exploration(
                &explored,
                output::unicode(),
                output::columns(),
                &source,
            ))?;
        }
    }
    if let Some(signal) = interrupt::received() {
        return Err(Failure::interrupted(signal));
    }
    if let Some(target) = target {
        match shortest(&explored) {
            Some(witness) => write_witness(&target, witness, args.format)?,
            None => output::tell("siglab: nothing was found: no witness was written"),
        }
    }
    Ok(match explored.conclusion {
        Conclusion::Found => exit::FOUND,
        Conclusion::NothingFound => exit::OK,
        Conclusion::NothingTried => exit::NOTHING_TRIED,
    })
}

fn tell_outcomes(
    args: &Explore,
    outcomes: &Outcomes,
    target: Option<&Target>,
) -> Result<u8, Failure> {
    match args.format {
        TextOrJson::Json => output::print_json(outcomes)?,
        TextOrJson::Text => output::print(siglab_report::outcomes(outcomes))?,
    }
    if let Some(signal) = interrupt::received() {
        return Err(Failure::interrupted(signal));
    }
    // The rarest is what one wants to see again.
    if let (Some(target), Some(outcome)) = (target, outcomes.outcomes.last()) {
        write_witness(target, &outcome.witness, args.format)?;
    }
    Ok(if outcomes.runs == 0 {
        exit::NOTHING_TRIED
    } else {
        exit::OK
    })
}

fn write_witness(target: &Target, witness: &Witness, format: TextOrJson) -> Result<(), Failure> {
    let mut content =
        serde_json::to_vec_pretty(witness).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    content.push(b'\n');
    target.write(&content)?;
    if format == TextOrJson::Text {
        output::tell("siglab: the witness was written: see it again with `siglab replay FILE`");
    }
    Ok(())
}

/// The witness with the fewest injections of the worst finding.
fn shortest(explored: &Exploration) -> Option<&Witness> {
    explored
        .findings
        .iter()
        .filter_map(|finding: &Finding| finding.witness.as_ref().map(|w| (finding.kind, w)))
        .min_by_key(|(kind, witness)| (*kind, witness.injections.len()))
        .map(|(_, witness)| witness)
}

fn command(args: &Explore, program: &Program) -> Command {
    let (rows, columns) = terminal::SIZE;
    Command {
        program: program.path.clone(),
        name: Some(program.name.clone()),
        args: args.args.clone(),
        env: Environment::Fixed,
        dir: None,
        stdin_stays_open: false,
        stdio: match args.terminal {
            true => Stdio::Terminal { rows, columns },
            false => Stdio::Capture,
        },
    }
}

fn options(args: &Explore) -> Result<ExploreOptions, Failure> {
    let defaults = ExploreOptions::default();
    Ok(ExploreOptions {
        signals: args.signal.clone(),
        to: args.to.iter().map(|role| Role::new(role)).collect(),
        strategy: match args.strategy {
            StrategyName::Fast => Strategy::Fast,
            StrategyName::All => Strategy::All,
        },
        from_start: args.from_start,
        budget: Budget {
            time: args
                .time
                .map(|time| std::time::Duration::from_nanos(time.as_nanos())),
            moments: args.moments.map(std::num::NonZeroUsize::get),
        },
        jobs: args.jobs,
        schedules: args.schedules.unwrap_or(defaults.schedules),
        cancel: interrupt::install().map_err(Failure::no_handlers)?,
        ..defaults
    })
}

/// A source file by its name alone, which is all that a stack has: beside the program, or
/// below the current folder.
fn find_source(name: &str, program: &Path) -> Option<String> {
    /// Folders that are looked into.
    const MOST_FOLDERS: usize = 2000;
    let beside = program.parent().map(Path::to_owned);
    let here = std::env::current_dir().ok();
    let mut folders: Vec<_> = beside.into_iter().chain(here).collect();
    folders.reverse();
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        looked += 1;
        if looked > MOST_FOLDERS {
            return None;
        }
        if let Ok(text) = regular::read_text(&folder.join(name), siglab_lab::MAX_SOURCE_BYTES) {
            return Some(text);
        }
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let below = entries.filter_map(Result::ok).filter(|entry| {
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.') || name == "target";
            !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir())
        });
        folders.extend(below.map(|entry| entry.path()));
    }
    None
}

/// A progress bar on standard error, if that is a terminal.
struct Bar {
    bar: ProgressBar,
    /// Until it is known how many moments there are.
    before: Mutex<Option<Waiting>>,
    wrong: AtomicUsize,
}

impl Bar {
    fn new(shown: bool) -> Self {
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos} of {len} moments, {eta} left{msg}")
        {
            bar.set_style(style);
        }
        Self {
            bar,
            before: Mutex::new(shown.then(|| Waiting::new("looking for moments"))),
            wrong: AtomicUsize::new(0),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, moments: usize) {
        drop(
            self.before
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.bar.set_length(moments as u64);
    }

    fn tried(&self, wrong: bool) {
        self.bar.inc(1);
        if wrong {
            let wrong = self.wrong.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!("; {wrong} break it"));
        }
    }
}
