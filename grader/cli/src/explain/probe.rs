//! The side of the process that sends itself a signal.

use std::fs;

use siglab_model::Signal;

use super::{Asked, sys};
use crate::{exit, output};

/// What `--probe` says: the signal's number, whether a core dump may be made, and whether the process is to
/// stop itself before. The status is 0 if nothing comes of the signal.
pub(crate) fn run(what: &str) -> u8 {
    let mut fields = what.split(',');
    let number = fields
        .next()
        .and_then(|it| it.parse().ok())
        .and_then(Signal::new);
    let mut flag = || fields.next() == Some("true");
    let (dumps, stops) = (flag(), flag());
    let Some(signal) = number else {
        return exit::USAGE;
    };
    match probe(signal, dumps, stops) {
        Ok(()) => exit::OK,
        Err(_) => exit::INTERNAL,
    }
}

fn probe(signal: Signal, dumps: bool, stops: bool) -> std::io::Result<()> {
    // Of the process's memory, nothing has to be dumped: core(5).
    let dumps = dumps && fs::write("/proc/self/coredump_filter", "0").is_ok();
    let dumps = sys::permit_core(dumps).is_ok() && dumps;
    sys::set_mask(0)?;
    if stops {
        return sys::raise(Signal::STOP);
    }
    let can_be_caught = sys::set_ignored(signal, true).is_ok();
    if can_be_caught {
        sys::set_ignored(signal, false)?;
    }
    let only = 1 << (signal.number() - 1);
    sys::set_mask(only)?;
    let queues = if sys::mask()? & only == 0 {
        None
    } else {
        sys::queue(signal)?;
        sys::queue(signal)?;
        let mut count = 0;
        while sys::take(only)? {
            count += 1;
        }
        Some(count == 2)
    };
    let asked = Asked {
        can_be_caught,
        queues,
        dumps,
    };
    output::print_json(&asked).map_err(|failure| std::io::Error::other(failure.to_string()))?;
    sys::set_mask(0)?;
    sys::raise(signal)
}
