//! Standard output and standard error: the only place that writes to them.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd;

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
    siglab_report::locale_has_unicode()
}

/// The columns of the terminal that standard output is, if it is one.
pub(crate) fn columns() -> Option<usize> {
    columns_of(io::stdout())
}

/// The columns of the terminal that standard error is, if it is one.
pub(crate) fn columns_of_error() -> Option<usize> {
    columns_of(io::stderr())
}

fn columns_of(stream: impl AsFd) -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(stream)?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
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
