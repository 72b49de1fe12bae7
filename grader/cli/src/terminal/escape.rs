//! The keys that are for siglab: Ctrl+], three times within a second. They go to the program as
//! well, but for the last one, so that nothing has to be held back.

/// What Ctrl+] sends: as ever; with xterm's modifyOtherKeys, which vim asks for; and with kitty's
/// keyboard protocol.
const KEYS: [&[u8]; 3] = [b"\x1d", b"\x1b[27;5;93~", b"\x1b[93;5u"];

/// Within so many milliseconds.
const WITHIN: i64 = 1000;

/// How far somebody has got with the escape.
#[derive(Debug, Default)]
pub(super) struct Escape {
    /// When the key was pressed, the last time and the time before.
    last: Option<i64>,
    before: Option<i64>,
}

impl Escape {
    /// Looks for the escape in what was typed at this time, in milliseconds. How many bytes come
    /// before the key that completes it.
    pub(super) fn find(&mut self, bytes: &[u8], now: i64) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let Some(key) = KEYS.iter().find(|key| bytes[at..].starts_with(key)) else {
                *self = Self::default();
                at += 1;
                continue;
            };
            if self.before.is_some_and(|first| now - first <= WITHIN) {
                return Some(at);
            }
            self.before = self.last.replace(now);
            at += key.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_in_a_row_is_the_escape() {
        let find = |typed: &[(&[u8], i64)]| {
            let mut escape = Escape::default();
            let found = typed.iter().map(|(bytes, at)| escape.find(bytes, *at));
            found.collect::<Vec<_>>()
        };
        assert_eq!(find(&[(b"ab\x1d\x1d\x1dc", 5)]), [Some(4)]);
        assert_eq!(
            find(&[(b"\x1d", 0), (b"\x1d", 400), (b"\x1d", 1000)]),
            [None, None, Some(0)]
        );
        assert_eq!(
            find(&[(b"\x1b[27;5;93~", 0), (b"\x1b[93;5ux\x1d\x1b[93;5u", 0)]),
            [None, None],
            "another key in between"
        );
        assert_eq!(
            find(&[(b"\x1b[27;5;93~\x1b[27;5;93~", 0), (b"\x1b[93;5u", 0)]),
            [None, Some(0)]
        );
        // Whoever follows tags in vim isn't that fast.
        let slowly: [(&[u8], i64); 4] = [
            (b"\x1d", 0),
            (b"\x1d", 600),
            (b"\x1d", 1200),
            (b"\x1d", 1500),
        ];
        assert_eq!(find(&slowly), [None, None, None, Some(0)]);
    }
}
