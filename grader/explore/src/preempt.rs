//! Pre-emptions at instructions: what system calls are too coarse for. A process that looks
//! whether it is to wait, and then waits, makes no call in between; nor do threads that share
//! memory.

use siglab_engine::{Follow, FollowFrom, Options, Touches, follow};
use siglab_model::{ForkHow, Kind, Moment, SigSet, Trace};

use crate::error::ExploreError;
use crate::subject::Subject;

/// Instructions that are followed at the most to find them.
const MOST_STEPS: u64 = 60_000;

/// The moments at which it could matter that others run: before the program's own code calls
/// something, and, if threads share its memory, before it reads or writes memory. Each
/// instruction once, in the order in which the run without a pre-emption `trace` gets there;
/// `most` of them, evenly.
pub(crate) fn moments(
    subject: &Subject<'_>,
    trace: &Trace,
    most: usize,
) -> Result<Vec<Moment>, ExploreError> {
    let made = |wanted: fn(&ForkHow) -> bool| {
        trace
            .events
            .iter()
            .any(|event| matches!(&event.kind, Kind::Fork { how, .. } if wanted(how)))
    };
    if most == 0 || !made(|_| true) {
        return Ok(Vec::new());
    }
    let has_threads = made(|how| *how == ForkHow::Thread);
    let how = Follow {
        from: FollowFrom::BesideOthers,
        roles: Vec::new(),
        signals: SigSet::EMPTY,
        linker: false,
        rounds: 1,
        revisits: false,
        libraries: false,
        moments: true,
        most_steps: MOST_STEPS,
    };
    let mut options = subject.options_for(&[]);
    options.explains = false;
    let followed = follow(subject.command, subject.script, &options, &how)?;
    let moments: Vec<Moment> = followed
        .moments
        .into_iter()
        .filter(|seen| match seen.touches {
            Touches::Call => true,
            Touches::Memory => has_threads,
            Touches::Nothing => false,
        })
        .map(|seen| seen.moment)
        .collect();
    let all = moments.len();
    if all <= most {
        return Ok(moments);
    }
    let kept = |nth: usize| (nth + 1) * most / all > nth * most / all;
    let evenly = moments.into_iter().enumerate();
    Ok(evenly
        .filter(|(nth, _)| kept(*nth))
        .map(|(_, moment)| moment)
        .collect())
}

/// Options for a run in which others run at this moment.
pub(crate) fn options_with(options: &Options, moment: &Moment) -> Options {
    Options {
        preemptions: vec![moment.clone()],
        ..options.clone()
    }
}
