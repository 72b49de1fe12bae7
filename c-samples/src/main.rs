//! Prints where a sample's executable is, for use in a shell:
//! `siglab run -- $(cargo run -q -p c-samples -- simple_handler)`.
//! Without a name it lists all samples.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// Exit status for a name that isn't known, or too many of them.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let text = match names.as_slice() {
        [] => list(),
        [name] => c_samples::shown_path(name).map(|path| format!("{}\n", path.display())),
        _ => {
            eprintln!("error: usage: sample-path [NAME]");
            return ExitCode::from(WRONG_USE);
        }
    };
    match text {
        // A reader that has left (`| head`) is no reason to complain.
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(WRONG_USE)
        }
    }
}

/// One line for each sample: name and path.
fn list() -> Result<String, c_samples::UnknownSample> {
    let names: Vec<&str> = c_samples::all()
        .chain(c_samples::twins())
        .map(|(name, _)| name)
        .collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0) + 1;
    names
        .into_iter()
        .map(|name| {
            let path = c_samples::shown_path(name)?;
            Ok(format!("{name:<width$}{}\n", path.display()))
        })
        .collect()
}
