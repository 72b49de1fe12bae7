//! What a person does at the program's terminal: [`crate::Keyboard`].

use std::io;

use siglab_model::Kind;

use crate::error::Error;
use crate::fault::{Fault, Outcome};
use crate::keyboard::{Keyboard, Typed};
use crate::tracer::Run;

impl Run<'_> {
    /// Whether a person has done something that a task which runs is to make room for.
    pub(super) fn is_typed(&self) -> bool {
        let keyboard = self.world.options.keyboard.as_ref();
        keyboard.is_some_and(Keyboard::is_waiting)
    }

    /// Whether a person has asked for the end of the run.
    pub(super) fn has_escaped(&self) -> bool {
        let keyboard = self.world.options.keyboard.as_ref();
        keyboard.is_some_and(Keyboard::has_escaped)
    }

    /// Does what a person has done, up to the first key that generates a signal. Whether there was
    /// something.
    pub(super) fn typed(&mut self) -> Outcome<bool> {
        let Some(keyboard) = &self.world.options.keyboard else {
            return Ok(false);
        };
        match keyboard.take() {
            None => Ok(false),
            // The script may have hung up: then nobody can type any more.
            Some(_) if !self.tracer.plumbing.is_terminal() => Ok(true),
            Some(Typed::Resize { rows, columns }) => {
                self.world.stirred.all();
                self.on_terminal(&format!("resize {rows}x{columns}"), true);
                let resized = self.tracer.plumbing.resize(rows, columns);
                resized.map_err(failed("resize a terminal"))?;
                Ok(true)
            }
            Some(Typed::HangUp) => {
                self.hang_up(true).map_err(failed("hang a terminal up"))?;
                Ok(true)
            }
            Some(Typed::Keys(bytes)) => self.type_keys(keyboard, &bytes),
        }
    }

    fn type_keys(&mut self, keyboard: &Keyboard, bytes: &[u8]) -> Outcome<bool> {
        self.drain_for(None);
        let (length, signal) = self.tracer.plumbing.first_part(bytes);
        let targets = self.survey_key(signal);
        let is_hidden = self.tracer.plumbing.hides_what_is_typed();
        let typed = self.tracer.plumbing.type_some(bytes);
        let typed = typed.map_err(failed("type at a terminal"))?;
        keyboard.put_back(&bytes[typed..], typed == length);
        if typed == 0 {
            return Ok(false);
        }
        self.world.stirred.all();
        let text = shown(&bytes[..typed], is_hidden);
        let by_person = true;
        self.world.event(None, Kind::Input { text, by_person });
        self.drain_echo();
        let signal = signal.filter(|_| typed == length);
        let signalled = self.key_generated(signal, targets)?;
        self.begin_instant(&signalled)?;
        Ok(true)
    }
}

fn failed(operation: &'static str) -> impl Fn(io::Error) -> Fault {
    move |source| Error::Environment { operation, source }.into()
}

/// What keys send, as a text: control characters as `^C`, but for tabs and ends of lines.
/// `is_hidden`: with asterisks in place of all others.
fn shown(bytes: &[u8], is_hidden: bool) -> String {
    let mut text = String::new();
    for char in String::from_utf8_lossy(bytes).chars() {
        match char {
            '\t' | '\n' | '\r' => text.push(char),
            '\0'..='\x1f' | '\x7f' => {
                text.push('^');
                text.push(char::from(char as u8 ^ 0x40));
            }
            _ => text.push(if is_hidden { '*' } else { char }),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn control_characters_are_written_as_keys() {
        assert_eq!(shown(b"ls\r", false), "ls\r");
        assert_eq!(shown(b"\x03\x1c\x7f\x1b[A\0", false), "^C^\\^?^[[A^@");
        assert_eq!(shown("caf\u{e9}\t".as_bytes(), false), "caf\u{e9}\t");
        assert_eq!(shown("caf\u{e9}\x7f\r".as_bytes(), true), "****^?\r");
    }
}
