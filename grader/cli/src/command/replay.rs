//! `siglab replay`.

use std::io::ErrorKind;
use std::path::Path;

use siglab_engine::Options;
use siglab_explore::{ExploreError, Witness};
use siglab_report::{Timeline, TimelineOptions};
use siglab_sandbox::regular;

use crate::args::Replay;
use crate::failure::Failure;
use crate::file::Target;
use crate::{exit, interrupt, output};

/// A witness is small; what is larger isn't one.
const MOST_BYTES: u64 = 16 << 20;

pub(crate) fn run(args: &Replay) -> Result<u8, Failure> {
    let target = args.trace.as_deref().map(Target::prepare).transpose()?;
    let path = &args.witness;
    let text = read(path)?;
    let witness = Witness::parse(&text).map_err(|error| match error {
        ExploreError::NotAWitness(why) => {
            Failure::usage(format_args!("{} is not a witness: {why}", path.display()))
                .hint("`siglab explore --witness FILE -- PROGRAM` writes one")
        }
        other => other.into(),
    })?;
    let options = Options {
        cancel: interrupt::install().map_err(Failure::no_handlers)?,
        ..Options::default()
    };
    let replayed = siglab_explore::replay(&witness, &options)?;
    if let Some(signal) = interrupt::received() {
        return Err(Failure::interrupted(signal));
    }
    if let Some(target) = target {
        target.write(replayed.trace.to_jsonl().as_bytes())?;
    }
    if !args.quiet {
        let options = TimelineOptions {
            verbose: args.verbose,
            unicode: output::unicode(),
            columns: output::columns(),
            ..TimelineOptions::default()
        };
        output::print(Timeline::new(&replayed.trace, options))?;
    }
    let what = witness
        .kind
        .map_or_else(|| "the outcome".to_owned(), |kind| kind.id().to_owned());
    if !replayed.same {
        return Err(Failure::usage(format_args!(
            "{what}: not reproduced: the trace is {:016x}, not {}",
            replayed.trace.hash(),
            witness.trace_hash
        ))
        .hint(
            "the witness was changed, or a library or the kernel was since it was made: explore \
             the program again",
        ));
    }
    if !replayed.shows_it {
        return Err(Failure::usage(format_args!(
            "{what}: the run was reproduced, with the same trace ({}), but it doesn't show that: \
             the witness was changed",
            witness.trace_hash
        ))
        .hint("explore the program again"));
    }
    output::tell(format_args!(
        "siglab: {what}: the run was reproduced, with the same trace ({})",
        witness.trace_hash
    ));
    Ok(if witness.kind.is_some() {
        exit::FOUND
    } else {
        exit::OK
    })
}

/// The text of a file that isn't larger than a witness can be, whatever kind of file it is.
fn read(path: &Path) -> Result<String, Failure> {
    regular::read_named_text(path, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::FileTooLarge | ErrorKind::InvalidData => {
            Failure::usage(format_args!("{} is not a witness: {error}", path.display()))
        }
        _ => Failure::file("read", path, &error),
    })
}
