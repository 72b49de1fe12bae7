//! `siglab replay`.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use siglab_engine::Options;
use siglab_explore::{ExploreError, Witness};
use siglab_report::{Timeline, TimelineOptions};

use crate::args::Replay;
use crate::failure::Failure;
use crate::file::Target;
use crate::{exit, interrupt, output};

/// A witness is small; what is larger isn't one.
const MOST_BYTES: u64 = 16 << 20;

pub(crate) fn run(args: &Replay) -> Result<u8, Failure> {
    let target = args.trace.as_deref().map(Target::prepare).transpose()?;
    let path = &args.witness;
    let text = read_bounded(path)?;
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

/// The text of a file that isn't larger than a witness can be, whatever kind of file it is:
/// a device may have no end.
fn read_bounded(path: &Path) -> Result<String, Failure> {
    let read = |error: std::io::Error| Failure::file("read", path, &error);
    let refuse =
        |what: &str| Failure::usage(format_args!("{} is not a witness: {what}", path.display()));
    let metadata = fs::metadata(path).map_err(read)?;
    let kind = metadata.file_type();
    if kind.is_block_device() || kind.is_char_device() {
        return Err(refuse("it is a device"));
    }
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
        .map_err(read)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(refuse("it is too large"));
    }
    Ok(text)
}
