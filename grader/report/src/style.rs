//! Colours. They are never the only carrier of a meaning.
//!
//! Everything here writes ANSI styles always; whoever owns the stream takes them out
//! where they don't belong (`anstream` does, by the terminal and `NO_COLOR`).

use anstyle::{AnsiColor, Style};

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// What matters less.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Signals.
pub(crate) const SIGNAL: Style = colour(AnsiColor::Cyan);
/// What went well.
pub(crate) const GOOD: Style = colour(AnsiColor::Green);
/// What needs a look.
pub(crate) const WARNING: Style = colour(AnsiColor::Yellow);
/// What went wrong.
pub(crate) const BAD: Style = colour(AnsiColor::Red).bold();
/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();

/// The colour of the lane with this index.
pub(crate) const fn lane(index: usize) -> Style {
    const COLOURS: [AnsiColor; 5] = [
        AnsiColor::Blue,
        AnsiColor::Magenta,
        AnsiColor::Green,
        AnsiColor::Yellow,
        AnsiColor::Cyan,
    ];
    colour(COLOURS[index % COLOURS.len()])
}

/// `text` in `style`. Nothing is written around empty text.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if text.is_empty() || style == Style::new() {
        text.to_owned()
    } else {
        format!("{style}{text}{style:#}")
    }
}
