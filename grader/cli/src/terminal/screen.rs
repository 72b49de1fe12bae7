//! What a program that was ended has left behind on the screen.

use std::collections::BTreeMap;

use siglab_model::{Kind, Stream, Trace};

/// Private modes (DECSET) that programs switch on for as long as they run, and that are off at
/// other times: keys and pasted text in other forms, the mouse, focus, and the other screen.
const OFF: [u32; 13] = [
    1, 9, 47, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1049, 2004,
];
/// Those that are on at other times: lines that go on in the next row, and the cursor.
const ON: [u32; 2] = [7, 25];

/// What is known of a screen.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// Private modes that were set, and whether they are on.
    modes: BTreeMap<u32, bool>,
    /// Whether keys with modifiers send sequences: xterm's modifyOtherKeys.
    other_keys: bool,
    /// Whether the keypad sends sequences.
    keypad: bool,
    /// Whether anything was written in another style.
    is_styled: bool,
    is_in_line: bool,
}

impl Screen {
    /// After this run.
    pub(crate) fn after(trace: &Trace) -> Self {
        let mut screen = Self::default();
        for event in &trace.events {
            if let Kind::Output {
                stream: Stream::Terminal,
                text,
            } = &event.kind
            {
                screen.follow(text);
            }
        }
        screen
    }

    /// Whether something stands in the line where the cursor is.
    pub(crate) fn is_in_line(&self) -> bool {
        self.is_in_line
    }

    fn follow(&mut self, text: &str) {
        for part in text.split('\x1b').skip(1) {
            self.sequence(part);
        }
        if let Some(last) = text.chars().next_back() {
            self.is_in_line = last != '\n';
        }
    }

    /// What follows an ESC.
    fn sequence(&mut self, text: &str) {
        match text.chars().next() {
            Some('=') => self.keypad = true,
            Some('>') => self.keypad = false,
            _ => {}
        }
        let Some(control) = text.strip_prefix('[') else {
            return;
        };
        let is_parameter = |char: char| matches!(char, '0'..='?');
        let end = control.find(|char| !is_parameter(char));
        let Some((parameters, rest)) = end.map(|end| control.split_at(end)) else {
            return;
        };
        let last = rest.chars().next();
        match (parameters.split_at_checked(1), last) {
            (Some(("?", modes)), Some(set @ ('h' | 'l'))) => {
                let modes = modes.split(';').filter_map(|mode| mode.parse().ok());
                self.modes.extend(modes.map(|mode: u32| (mode, set == 'h')));
            }
            (Some((">", keys)), Some('m')) => {
                if let Some(level) = keys.strip_prefix('4') {
                    self.other_keys = !matches!(level, "" | ";" | ";0");
                }
            }
            (_, Some('m')) => self.is_styled = true,
            _ => {}
        }
    }

    /// What undoes to the terminal what the program has done to it.
    pub(crate) fn undo(&self) -> String {
        let mut text = String::new();
        if self.is_styled {
            text += "\x1b[m";
        }
        if self.keypad {
            text += "\x1b>";
        }
        if self.other_keys {
            text += "\x1b[>4m";
        }
        for mode in ON {
            if self.modes.get(&mode) == Some(&false) {
                text += &format!("\x1b[?{mode}h");
            }
        }
        for mode in OFF {
            if self.modes.get(&mode) == Some(&true) {
                text += &format!("\x1b[?{mode}l");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(texts: &[&str]) -> String {
        let mut screen = Screen::default();
        texts.iter().for_each(|text| screen.follow(text));
        screen.undo()
    }

    #[test]
    fn what_is_left_is_undone() {
        assert_eq!(undone(&["plain\r\n"]), "");
        // As vim begins and ends.
        let begin = "\x1b[?1049h\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?25l\x1b[1;24r\x1b[7mx";
        let end = "\x1b[?1l\x1b>\x1b[>4;m\x1b[?2004l\x1b[?25h\x1b[?1049l\r\n";
        assert_eq!(
            undone(&[begin]),
            "\x1b[m\x1b>\x1b[>4m\x1b[?25h\x1b[?1l\x1b[?1049l\x1b[?2004l"
        );
        assert_eq!(undone(&[begin, end]), "\x1b[m");
        assert_eq!(undone(&["\x1b[?1000;1006h\n"]), "\x1b[?1000l\x1b[?1006l");
        for odd in ["\x1b\n", "\x1b[\n", "\x1b[?\n", "\x1b[?25\n", "\x1b[?;h\n"] {
            assert_eq!(undone(&[odd]), "", "{odd:?}");
        }
    }
    #[test]
    fn a_line_that_was_begun_is_known() {
        for (texts, is_in_line) in [
            (&[][..], false),
            (&["$ "], true),
            (&["$ ", "\r\n", ""], false),
        ] {
            let mut screen = Screen::default();
            texts.iter().for_each(|text| screen.follow(text));
            assert_eq!(screen.is_in_line(), is_in_line, "{texts:?}");
        }
    }
}
