//! `siglab explore`.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use siglab_engine::{Command, Environment, Options, Stdio};
use siglab_explore::{
    Budget, Exploration, ExploreError, ExploreOptions, Finding, Outcomes, Progress, Strategy,
    Witness,
};
use siglab_model::Role;

use crate::args::{Explore, StrategyName, TextOrJson};
use crate::failure::Failure;
use crate::file::Target;
use crate::{exit, interrupt, output, program, script, send};

pub(crate) fn run(args: &Explore) -> Result<u8, Failure> {
    let target = args.witness.as_deref().map(Target::prepare).transpose()?;
    let command = command(args)?;
    let script = match &args.steps.script {
        Some(path) => script::read(path, script::Use::Explore)?,
        None => send::script(&args.steps.send),
    };
    let wanted = options(args)?;
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
            let source = |name: &str| find_source(name, &command.program);
            output::print(siglab_report::exploration(
                &explored,
                output::unicode(),
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
    Ok(if explored.findings.is_empty() {
        exit::OK
    } else {
        exit::FOUND
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
    Ok(exit::OK)
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

fn command(args: &Explore) -> Result<Command, Failure> {
    let search = std::env::var_os("PATH");
    let program = program::find(&args.program, search.as_deref())
        .map_err(|error| Failure::from(ExploreError::from(error)))?;
    Ok(Command {
        program,
        name: Some(args.program.clone()),
        args: args.args.clone(),
        env: Environment::Fixed,
        dir: None,
        stdio: Stdio::Capture,
    })
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
        if let Ok(text) = std::fs::read_to_string(folder.join(name)) {
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
