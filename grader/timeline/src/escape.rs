//! Makes text that others wrote harmless for a terminal.
//!
//! Program output, file names and symbol names come from programs that nobody trusts. A
//! terminal would obey escape sequences in them: they could recolour a verdict, move the
//! cursor over it or set the window's title.

use std::fmt::Write as _;

/// Appends `c`, or an escape like `\n`, `\x1b` or `\u{202e}` if it isn't a character that
/// a terminal simply shows. With `unicode` false, all that isn't ASCII is escaped.
fn push(out: &mut String, c: char, unicode: bool) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii_control() => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c if c.is_ascii() => out.push(c),
        c if !unicode || c.is_control() || is_invisible(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters that change how their neighbours are shown: Unicode's bidirectional
/// controls, zero-width characters, line separators, and tags. And noncharacters, which
/// XML can't hold.
fn is_invisible(c: char) -> bool {
    if u32::from(c) & 0xfffe == 0xfffe {
        return true;
    }
    matches!(
        u32::from(c),
        0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
            | 0xfff9..=0xfffb | 0xe0000..=0xe007f
    )
}

/// One line: every control character is escaped, line ends too.
pub fn line(text: &str, unicode: bool) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c, unicode));
    out
}

/// Several lines: as [`line()`], but line ends stay and tabs become spaces.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            c => push(&mut out, c, true),
        }
    }
    out
}

/// In double quotes, as a C string literal would show it, cut to about `width`
/// characters.
pub fn quoted(text: &str, width: usize, unicode: bool) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars();
    for shown in 0.. {
        match rest.next() {
            None => break,
            Some(_) if shown == width => {
                let left = rest.count() + 1;
                let _ = write!(out, "\"... (+{left} characters)");
                return out;
            }
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some(c) => push(&mut out, c, unicode),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_are_shown_not_sent() {
        assert_eq!(
            line("a\x1b[31mb\u{9b}2J\r\n", true),
            "a\\x1b[31mb\\u{9b}2J\\r\\n"
        );
        assert_eq!(line("zażółć \u{202e}evil", true), "zażółć \\u{202e}evil");
        assert_eq!(line("ż", false), "\\u{17c}");
        assert_eq!(line("\u{fffe}\u{fffd}", true), "\\u{fffe}\u{fffd}");
        assert_eq!(lines("a\tb\r\n\x07"), "a    b\n\\x07");
    }

    #[test]
    fn quoted_text_is_cut() {
        assert_eq!(quoted("say \"hi\"\\", 80, true), r#""say \"hi\"\\""#);
        assert_eq!(quoted("abcdef", 6, true), "\"abcdef\"");
        assert_eq!(quoted("abcdef", 4, true), "\"abcd\"... (+2 characters)");
    }
}
