//! C, cut into preprocessing tokens: C17, 6.4.

mod declaration;
mod meaning;

use std::collections::BTreeSet;

use super::{Function, Token};

pub(crate) use declaration::Unit;
pub(super) use meaning::other_meaning;

/// Punctuators of more than one character, longest first: C17, 6.4.6.
const PUNCTUATORS: [&str; 22] = [
    "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=",
    "/=", "%=", "+=", "-=", "&=", "^=", "|=",
];

/// A line marker may give any number; no file has more lines.
const MOST_LINES: usize = 1 << 32;

/// All definitions of the function `name` in `source`.
pub(super) fn functions(source: &str, name: &str) -> Vec<Function> {
    let (tokens, macros) = Lexer::new(source).tokens();
    let macros: BTreeSet<String> = macros.into_iter().collect();
    let mut functions = Vec::new();
    // Where the present declaration began, and how many brackets are open.
    let (mut start, mut depth) = (0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    if defines(&tokens[start..=at], name) {
                        functions.push(function(&tokens[start..=at], &macros));
                    }
                    start = at + 1;
                }
            }
            ";" if depth == 0 => start = at + 1,
            directive if depth == 0 && directive.starts_with('#') => start = at + 1,
            _ => {}
        }
    }
    functions
}

fn function(tokens: &[Token], macros: &BTreeSet<String>) -> Function {
    let words = tokens.iter().filter_map(|token| macros.get(&token.text));
    let redefined: BTreeSet<String> = words.cloned().collect();
    Function {
        tokens: tokens.to_vec(),
        redefined: redefined.into_iter().collect(),
    }
}

/// Whether a declaration that ends in `}` defines the function `name`: outside all
/// brackets, `name` comes before `(`, and there is no `=`.
fn defines(declaration: &[Token], name: &str) -> bool {
    let mut depth = 0_usize;
    let mut named = false;
    for (at, token) in declaration.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "=" if depth == 0 => return false,
            text if depth == 0 && text == name => {
                named |= declaration.get(at + 1).is_some_and(|next| next.text == "(");
            }
            _ => {}
        }
    }
    named
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    /// Of a text that was preprocessed: where it is now.
    markers: Option<Markers>,
}

/// What line markers say: the preprocessor's manual, "Preprocessor Output".
#[derive(Default)]
struct Markers {
    /// The first file that was named, which is the one that was given.
    main: Option<String>,
    /// Whether the lines are that file's.
    in_main: bool,
}

impl<'a> Lexer<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            rest: source,
            line: 1,
            markers: None,
        }
    }

    /// For a preprocessor's output.
    fn preprocessed(text: &'a str) -> Self {
        Self {
            markers: Some(Markers::default()),
            ..Self::new(text)
        }
    }

    /// All tokens, a preprocessing directive being one, and the names of all macros that
    /// the text defines or undefines.
    fn tokens(mut self) -> (Vec<Token>, Vec<String>) {
        let mut tokens = Vec::new();
        let mut macros = Vec::new();
        let mut at_line_start = true;
        while let Some(newline) = self.skip_blank() {
            at_line_start |= newline;
            let line = self.line;
            let Some(text) = self.next() else { break };
            let in_file = self.markers.as_ref().is_none_or(|it| it.in_main);
            let line = in_file.then_some(line);
            if at_line_start && (text == "#" || text == "%:") {
                if let Some(text) = self.directive(&mut macros) {
                    tokens.push(Token { text, line });
                }
                continue;
            }
            at_line_start = false;
            tokens.push(Token { text, line });
        }
        (tokens, macros)
    }

    /// The rest of a directive, to the end of its line; nothing if it only tells lines.
    fn directive(&mut self, macros: &mut Vec<String>) -> Option<String> {
        let mut words = Vec::new();
        let mut last = self.line;
        // Until the next line begins, or the text is over.
        while let Some(false) = self.skip_blank() {
            match self.next() {
                Some(word) => words.push(word),
                None => break,
            }
            last = self.line;
        }
        if let (Some(markers), [number, file, ..]) = (&mut self.markers, words.as_slice())
            && let Ok(number) = number.parse::<usize>()
        {
            let main = markers.main.get_or_insert_with(|| file.clone());
            markers.in_main = main == file;
            // The number is that of the line after the marker.
            self.line = number.min(MOST_LINES) + self.line.saturating_sub(last + 1);
            return None;
        }
        if let [word, name, ..] = words.as_slice()
            && (word == "define" || word == "undef")
        {
            macros.push(name.clone());
        }
        Some(format!("#{}", words.join(" ")))
    }

    /// Skips white space, comments and line continuations. Says whether a line ended;
    /// nothing at the end of the text. A comment is no line end, even a long one.
    fn skip_blank(&mut self) -> Option<bool> {
        let mut newline = false;
        loop {
            let rest = self.rest;
            if rest.is_empty() {
                return None;
            }
            if let Some(length) = continuation(rest) {
                self.take(length);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/").map_or(rest.len(), |end| end + 4);
                self.take(end);
            } else if rest.starts_with("//") {
                self.line_comment();
            } else if let Some(blank) = rest.chars().next().filter(|c| c.is_whitespace()) {
                newline |= blank == '\n';
                self.take(blank.len_utf8());
            } else {
                return Some(newline);
            }
        }
    }

    fn line_comment(&mut self) {
        while !self.rest.is_empty() && !self.rest.starts_with('\n') {
            let length = continuation(self.rest)
                .or_else(|| self.rest.chars().next().map(char::len_utf8))
                .unwrap_or(1);
            self.take(length);
        }
    }

    /// The next token; the text must not begin with white space.
    fn next(&mut self) -> Option<String> {
        let first = self.rest.chars().next()?;
        if is_word(first)
            || first == '.' && self.rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            return Some(self.word());
        }
        if first == '"' || first == '\'' {
            return Some(self.quoted(first));
        }
        let length = PUNCTUATORS
            .iter()
            .find(|punctuator| self.rest.starts_with(**punctuator))
            .map_or(first.len_utf8(), |punctuator| punctuator.len());
        Some(self.take(length).to_owned())
    }

    /// An identifier, keyword or number. A prefix such as `L` stays apart from its string,
    /// which doesn't matter for comparing.
    fn word(&mut self) -> String {
        let is_number = !self
            .rest
            .starts_with(|c: char| is_word(c) && !c.is_ascii_digit());
        let mut word = String::new();
        loop {
            if let Some(length) = continuation(self.rest) {
                self.take(length);
                continue;
            }
            let Some(next) = self.rest.chars().next() else {
                break;
            };
            let exponent = matches!(next, '+' | '-')
                && is_number
                && word.ends_with(['e', 'E', 'p', 'P'])
                && !(word.starts_with("0x") && word.ends_with(['e', 'E']));
            if !(is_word(next) || is_number && next == '.' || exponent) {
                break;
            }
            word.push(next);
            self.take(next.len_utf8());
        }
        word
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::from(quote);
        self.take(1);
        while let Some(next) = self.rest.chars().next() {
            if let Some(length) = continuation(self.rest) {
                self.take(length);
                continue;
            }
            if next == '\n' {
                // Not closed: the compiler will say so.
                break;
            }
            self.take(next.len_utf8());
            text.push(next);
            if next == '\\' {
                if let Some(escaped) = self.rest.chars().next() {
                    self.take(escaped.len_utf8());
                    text.push(escaped);
                }
            } else if next == quote {
                break;
            }
        }
        text
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of a line continuation at the start.
fn continuation(text: &str) -> Option<usize> {
    ["\\\n", "\\\r\n"]
        .into_iter()
        .find(|it| text.starts_with(it))
        .map(str::len)
}
