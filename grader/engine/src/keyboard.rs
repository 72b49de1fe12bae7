//! What a person does at siglab's own terminal, for the program's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A person's keyboard, shared between threads: whoever reads siglab's own terminal puts in what
/// is pressed there, and the run takes it out, as soon as the task that runs can be stopped.
#[derive(Clone, Debug, Default)]
pub struct Keyboard(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<VecDeque<Typed>>,
    /// Whether there is something that the run could take.
    is_waiting: AtomicBool,
    has_escaped: AtomicBool,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Pressed keys, which send these bytes.
    Keys(Vec<u8>),
    /// Changed the size of the window.
    Resize {
        /// Rows.
        rows: u16,
        /// Columns.
        columns: u16,
    },
    /// Went away, with the terminal.
    HangUp,
}

impl Keyboard {
    /// Keys were pressed that send these bytes.
    pub fn press(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.put(Typed::Keys(bytes.to_vec()));
        }
    }

    /// The window has another size.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.put(Typed::Resize { rows, columns });
    }

    /// The terminal is gone: the program's own goes, too.
    pub fn hang_up(&self) {
        self.put(Typed::HangUp);
    }

    /// The person wants the run to end. All its processes are killed, and its trace ends with the
    /// limit `cancelled`.
    pub fn escape(&self) {
        self.0.has_escaped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_escaped(&self) -> bool {
        self.0.has_escaped.load(Ordering::Relaxed)
    }

    /// Whether a task that runs is to make room for what was done. Not if the terminal had no room
    /// for it when that was tried last: then the program has to read first.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.is_waiting.load(Ordering::Relaxed)
    }

    /// What was done first. Successive keys come together.
    pub(crate) fn take(&self) -> Option<Typed> {
        let mut queue = self.queue();
        let mut first = queue.pop_front();
        if let Some(Typed::Keys(bytes)) = &mut first {
            while let Some(Typed::Keys(more)) = queue.front() {
                bytes.extend_from_slice(more);
                queue.pop_front();
            }
        }
        self.0
            .is_waiting
            .store(!queue.is_empty(), Ordering::Relaxed);
        first
    }

    /// Puts back what hasn't been typed yet. `has_room`: whether more could be typed at once.
    pub(crate) fn put_back(&self, bytes: &[u8], has_room: bool) {
        if bytes.is_empty() {
            return;
        }
        self.queue().push_front(Typed::Keys(bytes.to_vec()));
        self.0.is_waiting.store(has_room, Ordering::Relaxed);
    }

    fn put(&self, typed: Typed) {
        self.queue().push_back(typed);
        self.0.is_waiting.store(true, Ordering::Relaxed);
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Typed>> {
        // Nobody panics in the middle of a change.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_comes_in_order() {
        let keyboard = Keyboard::default();
        assert!(!keyboard.is_waiting());
        keyboard.press(b"a");
        keyboard.press(b"");
        keyboard.press(b"b");
        keyboard.resize(40, 100);
        keyboard.press(b"c");
        assert!(keyboard.is_waiting());
        assert_eq!(keyboard.take(), Some(Typed::Keys(b"ab".to_vec())));
        keyboard.put_back(b"b", false);
        assert!(!keyboard.is_waiting(), "the program has to read first");
        assert_eq!(keyboard.take(), Some(Typed::Keys(b"b".to_vec())));
        assert!(keyboard.is_waiting());
        let (rows, columns) = (40, 100);
        assert_eq!(keyboard.take(), Some(Typed::Resize { rows, columns }));
        assert_eq!(keyboard.take(), Some(Typed::Keys(b"c".to_vec())));
        assert!(!keyboard.is_waiting());
        assert_eq!(keyboard.take(), None);
        keyboard.escape();
        assert!(keyboard.has_escaped());
    }
}
