//! Errors in the command line itself, in siglab's own form.

use clap::error::ErrorKind;

use crate::failure::Failure;
use crate::{exit, output};

/// Shows help or the version; turns everything else into a failure of one line and a
/// hint.
pub(crate) fn explain(error: &clap::Error) -> Result<u8, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::print(error.render().ansi())?;
            Ok(exit::OK)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::tell(error.render().ansi().to_string().trim_end());
            Ok(exit::USAGE)
        }
        _ => Err(shorten(&error.render().to_string())),
    }
}

/// clap writes `error: what is wrong`, perhaps with more lines, then paragraphs: tips,
/// the usage, where to find more.
fn shorten(text: &str) -> Failure {
    let mut paragraphs = text.split("\n\n").map(|paragraph| {
        paragraph
            .lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ")
    });
    let message = paragraphs.next().unwrap_or_default();
    let rest: Vec<String> = paragraphs.collect();
    let hint = |start: &str| rest.iter().find_map(|text| text.strip_prefix(start));
    let hint = hint("tip: ")
        .map(|tips| tips.split(" tip: ").next().unwrap_or(tips).to_owned())
        .or_else(|| hint("Usage: ").map(|usage| format!("usage: {usage}")));
    let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(&message));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
