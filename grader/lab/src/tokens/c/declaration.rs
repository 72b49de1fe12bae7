//! A preprocessed C file, cut into declarations: C17, 6.7 and 6.9.

use std::collections::BTreeMap;

use super::{Lexer, Token};

/// A preprocessed file.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// Its declarations and definitions, in order.
    pub(super) declarations: Vec<Declaration>,
    /// Its pragmas.
    pub(super) pragmas: Vec<Token>,
    /// Which declarations declare a name. Tags have the key of [`tag`].
    by_name: BTreeMap<String, Vec<usize>>,
}

/// A declaration or definition at the level of the file.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// All of it, with its semicolon or its body.
    pub(super) tokens: Vec<Token>,
    /// Where the body of the function begins that it defines.
    pub(super) body: Option<usize>,
    /// What it declares.
    pub(super) names: Vec<String>,
    /// How many of its braces were looked at. A function has one, and before it those of a type
    /// at the most; a program that has thousands is out to take time.
    braces: usize,
}

impl Unit {
    /// Reads what a preprocessor wrote.
    pub(crate) fn read(preprocessed: &str) -> Self {
        let (tokens, _) = Lexer::preprocessed(preprocessed).tokens();
        let mut unit = Self::default();
        let mut current = Declaration::default();
        let mut depth = 0_usize;
        for token in tokens {
            let at = current.tokens.len();
            match token.text.as_str() {
                directive if directive.starts_with('#') && directive.len() > 1 => {
                    // Within a function it is a part of the function, too.
                    unit.pragmas.push(token.clone());
                    if depth == 0 {
                        continue;
                    }
                }
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "{" => {
                    if depth == 0 && current.body.is_none() {
                        if at == 0
                            && let Some(head) = unit.declarations.pop()
                        {
                            // The parameters of an old-style definition came between.
                            current = head;
                        }
                        current.braces += 1;
                        if current.braces <= MOST_BRACES && is_head(&current.tokens) {
                            current.body = Some(current.tokens.len());
                        }
                    }
                    depth += 1;
                }
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let ends =
                depth == 0 && (token.text == ";" || token.text == "}" && current.body.is_some());
            current.tokens.push(token);
            if ends {
                unit.declarations.push(std::mem::take(&mut current));
            }
        }
        if !current.tokens.is_empty() {
            unit.declarations.push(current);
        }
        for (at, declaration) in unit.declarations.iter_mut().enumerate() {
            declaration.names = declared(declaration.head());
            for name in &declaration.names {
                let declaring = unit.by_name.entry(name.clone()).or_default();
                // One can declare a name as often as it likes.
                if declaring.last() != Some(&at) {
                    declaring.push(at);
                }
            }
        }
        unit
    }

    /// What declares `name`.
    pub(super) fn declaring(&self, name: &str) -> impl Iterator<Item = &Declaration> {
        let indices = self.by_name.get(name).into_iter().flatten();
        indices.map(|at| &self.declarations[*at])
    }

    /// The definitions of the function `name`.
    pub(crate) fn functions(&self, name: &str) -> Vec<Vec<Token>> {
        self.declaring(name)
            .filter(|it| it.body.is_some())
            .map(|it| it.tokens.clone())
            .collect()
    }
}

impl Declaration {
    /// All but the body of a function.
    pub(super) fn head(&self) -> &[Token] {
        &self.tokens[..self.body.unwrap_or(self.tokens.len())]
    }

    /// Whether it is written in the same way as another one.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let texts = |it: &Self| it.tokens.len();
        texts(self) == texts(other)
            && self
                .tokens
                .iter()
                .zip(&other.tokens)
                .all(|(one, other)| one.text == other.text)
    }
}

/// How many braces at the level of the file a declaration may have before its body.
const MOST_BRACES: usize = 16;

/// How deep brackets around a name may be nested; in deeper ones every word may be the name.
const DEEPEST: usize = 32;

/// The key of a struct, union or enum: tags have a name space of their own (C17, 6.2.3).
pub(super) fn tag(name: &str) -> String {
    format!("struct {name}")
}

/// Whether a token begins a struct, union or enum.
pub(super) fn is_tagged(text: &str) -> bool {
    matches!(text, "struct" | "union" | "enum")
}

/// Whether a token is an identifier, or a keyword.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
}

/// Words before a bracket that has nothing to do with what is declared.
pub(super) fn is_attribute(text: &str) -> bool {
    matches!(
        text,
        "__attribute__" | "__attribute" | "asm" | "__asm__" | "__asm" | "_Alignas" | "alignas"
    )
}

fn is_typeof(text: &str) -> bool {
    matches!(
        text,
        "typeof" | "__typeof__" | "__typeof" | "_Atomic" | "typeof_unqual"
    )
}

/// Keywords that name a type.
fn is_type(text: &str) -> bool {
    const TYPES: &[&str] = &[
        "char",
        "double",
        "float",
        "int",
        "long",
        "short",
        "signed",
        "unsigned",
        "void",
        "_Bool",
        "bool",
        "_Complex",
        "__signed__",
        "_Float128",
        "__int128",
        "__auto_type",
    ];
    TYPES.contains(&text) || is_typeof(text)
}

/// Keywords that can't be a name.
fn is_keyword(text: &str) -> bool {
    const OTHERS: &[&str] = &[
        "auto",
        "const",
        "extern",
        "inline",
        "register",
        "restrict",
        "static",
        "typedef",
        "volatile",
        "_Noreturn",
        "_Thread_local",
        "__thread",
        "__inline",
        "__inline__",
        "__restrict",
        "__restrict__",
        "__const",
        "__const__",
        "__volatile__",
        "__volatile",
        "__extension__",
        "constexpr",
        "thread_local",
        "noreturn",
        "_Static_assert",
        "static_assert",
    ];
    is_type(text) || OTHERS.contains(&text)
}

/// The position after the group that the bracket at `open` begins.
pub(super) fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Whether `tokens` are a declaration up to the body of a function: there is a list of
/// parameters, no value, and the brace isn't a struct's.
fn is_head(tokens: &[Token]) -> bool {
    let plain = simplified(tokens, &mut Vec::new());
    let opens = plain.iter().any(|token| token.text == "(");
    let last = plain.last().map(|token| token.text.as_str());
    let is_tag =
        plain.len() >= 2 && is_tagged(&plain[plain.len() - 2].text) || last.is_some_and(is_tagged);
    opens && !is_tag && !plain.iter().any(|token| token.text == "=")
}

/// `tokens` without attributes, and with one word in place of a struct, union or enum with
/// members. What these declare is added to `names`.
fn simplified(tokens: &[Token], names: &mut Vec<String>) -> Vec<Token> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        let next = |at: usize| tokens.get(at).map(|it| it.text.as_str());
        if (is_attribute(text) || is_typeof(text)) && next(at + 1) == Some("(") {
            if is_typeof(text) {
                plain.push(tokens[at].clone());
            }
            at = after_group(tokens, at + 1);
        } else if is_attribute(text) && next(at + 1).is_some_and(|it| it != "(") {
            at += 1;
        } else if text == "[" && next(at + 1) == Some("[") {
            at = after_group(tokens, at);
        } else if is_tagged(text) {
            let (after, complete) = tagged(tokens, at, names);
            if complete {
                plain.push(Token {
                    text: "int".into(),
                    line: tokens[at].line,
                });
            } else {
                let words = tokens[at..after]
                    .iter()
                    .take_while(|it| !is_attribute(&it.text));
                plain.extend(words.cloned());
            }
            at = after;
        } else if text == "{" {
            at = after_group(tokens, at);
        } else {
            plain.push(tokens[at].clone());
            at += 1;
        }
    }
    plain
}

/// Reads a struct, union or enum at `at`: the position after it, and whether it has members.
fn tagged(tokens: &[Token], at: usize, names: &mut Vec<String>) -> (usize, bool) {
    let is_enum = tokens[at].text == "enum";
    let mut at = at + 1;
    let mut own = None;
    while let Some(token) = tokens.get(at) {
        let opens = |at: usize| tokens.get(at).is_some_and(|it| it.text == "(");
        if is_attribute(&token.text) && opens(at + 1) {
            at = after_group(tokens, at + 1);
        } else if own.is_none() && is_word(&token.text) {
            own = Some(token.text.clone());
            at += 1;
        } else {
            break;
        }
    }
    if tokens.get(at).is_none_or(|token| token.text != "{") {
        return (at, false);
    }
    let end = after_group(tokens, at);
    names.extend(own.as_deref().map(tag));
    if is_enum {
        let mut depth = 0_usize;
        for pair in tokens[at..end].windows(2) {
            match pair[0].text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let begins = matches!(pair[0].text.as_str(), "{" | ",") && depth == 1;
            if begins && is_word(&pair[1].text) {
                names.push(pair[1].text.clone());
            }
        }
    }
    (end, true)
}

/// What a declaration declares; where its grammar leaves a choice that depends on what is a
/// type, all that it may.
fn declared(head: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let plain = simplified(head, &mut names);
    let is_assertion = plain
        .first()
        .is_some_and(|it| matches!(it.text.as_str(), "_Static_assert" | "static_assert"));
    if is_assertion {
        return names;
    }
    let mut start = 0;
    let mut at = 0;
    while at <= plain.len() {
        let text = plain.get(at).map(|token| token.text.as_str());
        match text {
            Some("(" | "[") => {
                at = after_group(&plain, at);
                continue;
            }
            None | Some("," | ";") => {
                declarator(&plain[start..at], 0, &mut names);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    names
}

/// The name in a declarator, with specifiers before it and a value after it or without.
fn declarator(tokens: &[Token], depth: usize, names: &mut Vec<String>) {
    if depth > DEEPEST {
        let words = tokens.iter().filter(|token| is_word(&token.text));
        names.extend(words.map(|token| token.text.clone()));
        return;
    }
    let mut words: Vec<&str> = Vec::new();
    let mut has_type = false;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "=" | ":" => break,
            bracket @ ("(" | "[") => {
                // `int (*name)(void)`; and `type (name)`, where `type` may be the name as well.
                let is_nested = bracket == "(" && words.len() < 2 - usize::from(has_type);
                if is_nested {
                    let end = after_group(tokens, at);
                    let inside = at + 1..end.saturating_sub(1).max(at + 1);
                    if words.is_empty() || !is_parameters(&tokens[inside.clone()]) {
                        declarator(&tokens[inside], depth + 1, names);
                    }
                }
                break;
            }
            word if is_tagged(word) => {
                has_type = true;
                at += 1;
            }
            word if is_type(word) => has_type = true,
            word if is_word(word) && !is_keyword(word) => words.push(word),
            _ => {}
        }
        at += 1;
    }
    names.extend(words.last().map(|word| (*word).to_owned()));
}

/// Whether this can only be a list of parameters: there is a comma or a keyword in it.
fn is_parameters(tokens: &[Token]) -> bool {
    tokens
        .iter()
        .any(|token| token.text == "," || is_keyword(&token.text))
}

#[cfg(test)]
mod tests {
    use super::Unit;

    fn names(text: &str) -> Vec<Vec<String>> {
        let unit = Unit::read(text);
        unit.declarations.into_iter().map(|it| it.names).collect()
    }

    #[test]
    fn declarations_declare_names() {
        for (text, expected) in [
            ("int a, *b[3], (*c)(int d), e = f(g, h);", "a b c e"),
            ("static unsigned sleep(unsigned seconds);", "sleep"),
            (
                "extern unsigned (sleep)(unsigned n) __asm__(\"x\");",
                "sleep",
            ),
            ("pid_t (sleep);", "sleep pid_t"),
            ("main(void) { return sleep(1); }", "main"),
            (
                "pid_t wait_for(pid_t pid, int status) { int x; }",
                "wait_for",
            ),
            ("struct s { int m; } v;", "struct s v"),
            ("struct s *f(struct t { int x; } *p);", "f struct t"),
            ("enum e { A, B = sizeof(int), C };", "struct e A B C"),
            ("typedef struct __attribute__((packed)) { int m; } t;", "t"),
            ("__attribute__((alias(\"x\"))) int sleep(int);", "sleep"),
            ("[[noreturn]] void out(void);", "out"),
            ("_Static_assert(sizeof(int) == 4, \"no\");", ""),
            ("void (*signal(int s, void (*f)(int)))(int);", "signal"),
            ("unsigned sleep(n) unsigned n; { return 0; }", "sleep"),
            ("int x = ({ int y = 1; y; });", "x"),
            ("__extension__ typedef long long i64;", "i64"),
            ("int a[] = {1}, b[] = {2};", "a b"),
            (
                &format!("int {}sleep{}(int);", "(".repeat(99), ")".repeat(99)),
                "sleep",
            ),
        ] {
            let mut found: Vec<String> = names(text).concat();
            found.sort();
            let mut expected: Vec<_> = expected.split(' ').collect();
            // A tag is two words.
            while let Some(at) = expected.iter().position(|it| *it == "struct") {
                let name = expected.remove(at + 1);
                expected.remove(at);
                expected.push(Box::leak(format!("struct {name}").into_boxed_str()));
            }
            expected.retain(|it| !it.is_empty());
            expected.sort_unstable();
            found.dedup();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn lines_are_the_main_file_s() {
        let text = "# 0 \"a.c\"\n# 1 \"/usr/include/x.h\" 1 3\nint b;\n# 7 \"a.c\" 2\n\nint\nc(void)\n{\n}\n";
        let unit = Unit::read(text);
        let lines: Vec<_> = unit
            .declarations
            .iter()
            .map(|it| it.tokens[0].line)
            .collect();
        assert_eq!(lines, [None, Some(8)]);
        assert_eq!(unit.functions("c").len(), 1);
    }
}
