//! Colours. They are never the only carrier of a meaning.
//!
//! Everything here writes ANSI styles always; whoever owns the stream takes them out
//! where they don't belong (`anstream` does, by the terminal and `NO_COLOR`).

use anstyle::{AnsiColor, Style};

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// What matters less.
pub const QUIET: Style = Style::new().dimmed();
/// Signals.
pub const SIGNAL: Style = colour(AnsiColor::Cyan);
/// What went well.
pub const GOOD: Style = colour(AnsiColor::Green);
/// What needs a look.
pub const WARNING: Style = colour(AnsiColor::Yellow);
/// What went wrong.
pub const BAD: Style = colour(AnsiColor::Red).bold();
/// Headings.
pub const HEADING: Style = Style::new().bold();

/// The colour of the lane with this index.
pub const fn lane(index: usize) -> Style {
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
pub fn paint(style: Style, text: &str) -> String {
    if text.is_empty() || style == Style::new() {
        text.to_owned()
    } else {
        format!("{style}{text}{style:#}")
    }
}

/// A text of ours without its ANSI styles. What others wrote in it is escaped already, so
/// every escape character in it begins a style.
#[must_use]
pub fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\x1b');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_taken_out() {
        assert_eq!(strip("a\x1b[1;31mb\x1b[0mc"), "abc");
    }
}
