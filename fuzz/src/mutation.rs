//! Inputs made from others, without a fuzzer that knows what the code does with them: enough to
//! go past the parsers many thousand times in a minute, with any compiler.

/// Makes inputs from those that it has. The same seed gives the same ones.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
    corpus: Vec<Vec<u8>>,
    is_text: bool,
}

/// How many inputs are kept.
const MOST: usize = 4_096;

/// No input is longer.
const LONGEST: usize = 1 << 20;

/// Numbers at which something may go wrong.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    7,
    8,
    127,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// What texts may hold in the place of a number or a word.
const WORDS: [&str; 24] = [
    "0",
    "-1",
    "1e400",
    "18446744073709551615",
    "18446744073709551616",
    "1000000000000000000",
    "-9223372036854775808",
    "0.0000000001",
    "584y",
    "999999999999999999s",
    "18446744073709551615ns",
    "9..1",
    "..",
    "\"\"",
    "[]",
    "{}",
    "null",
    "true",
    "\\u0000",
    "child.18446744073709551615",
    "*",
    "main",
    "\u{202e}",
    "nan",
];

impl Mutator {
    /// From these inputs, of which there must be one.
    #[must_use]
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        let is_text = corpus.iter().all(|it| str::from_utf8(it).is_ok());
        Self {
            state: seed | 1,
            corpus,
            is_text,
        }
    }

    /// Keeps an input, to make others from.
    pub fn keep(&mut self, input: Vec<u8>) {
        if self.corpus.len() < MOST {
            self.corpus.push(input);
        } else {
            let at = self.below(MOST);
            self.corpus[at] = input;
        }
    }

    /// The next input.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.any().to_vec();
        for _ in 0..=self.below(4) {
            if self.is_text {
                self.change_text(&mut input);
            } else {
                self.change_bytes(&mut input);
            }
        }
        input.truncate(LONGEST);
        input
    }

    /// xorshift64.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, end: usize) -> usize {
        // What is cut off is below the end, which is a usize.
        (self.random() % end.max(1) as u64) as usize
    }

    fn any(&mut self) -> &[u8] {
        let at = self.below(self.corpus.len());
        &self.corpus[at]
    }

    /// Changes a text by its words: it stays UTF-8, and often what it was.
    fn change_text(&mut self, input: &mut Vec<u8>) {
        let words = words(input);
        if words.is_empty() {
            return;
        }
        let one = words[self.below(words.len())].clone();
        let other = words[self.below(words.len())].clone();
        match self.below(7) {
            0 => drop(input.splice(one, [])),
            1 => {
                let word = WORDS[self.below(WORDS.len())].bytes();
                drop(input.splice(one, word));
            }
            2 => {
                let copy = input[other].to_vec();
                drop(input.splice(one, copy));
            }
            3 => {
                // A part of it once more, or many times.
                let (start, end) = (one.start.min(other.start), one.end.max(other.end));
                let count = 1 << self.below(if end - start < 64 { 10 } else { 3 });
                let part = input[start..end].repeat(count);
                drop(input.splice(end..end, part));
            }
            4 => {
                let (start, end) = (one.start.min(other.start), one.end.max(other.end));
                drop(input.splice(start..end, []));
            }
            5 => {
                let from = self.any().to_vec();
                let theirs = self::words(&from);
                if !theirs.is_empty() {
                    let first = self.below(theirs.len());
                    let last = (first + self.below(16)).min(theirs.len() - 1);
                    let part = from[theirs[first].start..theirs[last].end].to_vec();
                    drop(input.splice(one, part));
                }
            }
            _ => {
                // A number that is near.
                let text = str::from_utf8(&input[one.clone()]).unwrap_or_default();
                if let Ok(number) = text.parse::<u64>() {
                    let near = number.wrapping_add(self.below(9) as u64).wrapping_sub(4);
                    drop(input.splice(one, near.to_string().into_bytes()));
                }
            }
        }
    }

    fn change_bytes(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let left = input.len() - at;
        match self.below(8) {
            0 | 1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            2 => {
                let byte = self.random().to_le_bytes()[0];
                input.iter_mut().skip(at).take(1).for_each(|it| *it = byte);
            }
            3..=5 => {
                let number = NUMBERS[self.below(NUMBERS.len())];
                let number = number.wrapping_add(self.below(3) as u64).wrapping_sub(1);
                let width = (1 << self.below(4)).min(left);
                input[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
            }
            6 => {
                // A part of it somewhere else.
                let length = self.below(64.min(left + 1));
                let to = self.below(input.len() - length + 1);
                input.copy_within(at..at + length, to);
            }
            _ => {
                if self.below(8) == 0 {
                    input.truncate(at);
                } else {
                    let length = self.below(64.min(left + 1));
                    let part = input[at..at + length].to_vec();
                    drop(input.splice(at..at, part));
                }
            }
        }
    }
}

/// Where the words of a text are: letters and digits, or one other character.
fn words(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut in_word = false;
    for (at, byte) in text.iter().enumerate() {
        let goes_on = is_letter(*byte) && in_word;
        match words.last_mut() {
            Some(word) if goes_on => word.end = at + 1,
            _ => words.push(at..at + 1),
        }
        in_word = is_letter(*byte);
    }
    words
}
