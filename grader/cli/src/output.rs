//! Standard output and standard error: the only place that writes to them.

use std::fmt::Display;
use std::io::{self, Write};

use siglab_report::{Format, ReportOptions};

use crate::failure::Failure;

/// Writes styled text to standard output; styles are left out where they don't belong.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    settle(write!(anstream::stdout().lock(), "{text}"))
}

/// Writes bytes to standard output as they are.
pub(crate) fn print_raw(content: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    settle(out.write_all(content).and_then(|()| out.flush()))
}

/// Writes a JSON document to standard output.
pub(crate) fn print_json(document: &impl serde::Serialize) -> Result<(), Failure> {
    let mut content = serde_json::to_vec_pretty(document)
        .map_err(|error| Failure::new(crate::exit::INTERNAL, error))?;
    content.push(b'\n');
    print_raw(&content)
}

/// Writes styled text to standard error.
pub(crate) fn tell_all(text: impl Display) {
    let _ = write!(anstream::stderr().lock(), "{text}");
}

/// Writes styled text and a line end to standard error. If that is closed, nobody wants
/// to know.
pub(crate) fn tell(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Whether text may hold more than ASCII, as the locale says: locale(7). Without any, a
/// terminal is taken to be a modern one.
pub(crate) fn unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .is_none_or(|value| {
            let value = value.to_string_lossy().to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Writes a report to standard output, or to `target`.
pub(crate) fn report(
    format: &dyn Format,
    graded: &siglab_lab::Graded,
    options: &ReportOptions,
    target: Option<&crate::file::Target>,
) -> Result<(), Failure> {
    let mut content = Vec::new();
    let written = format.write(graded, options, &mut content);
    written.map_err(|error| Failure::new(crate::exit::INTERNAL, error))?;
    match target {
        Some(target) => {
            if format.is_styled() {
                let mut plain = anstream::StripStream::new(Vec::new());
                settle(plain.write_all(&content))?;
                content = plain.into_inner();
            }
            target.write(&content)?;
            print(format_args!("{}\n", siglab_report::verdict(&graded.result)))
        }
        None if format.is_styled() => settle(anstream::stdout().lock().write_all(&content)),
        None => print_raw(&content),
    }
}

/// A reader that has gone (`siglab ... | head`) is no error: it has seen what it wanted.
fn settle(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::usage(format_args!(
            "can't write to standard output: {}",
            crate::failure::reason(&error)
        ))),
        Ok(()) => Ok(()),
    }
}
