//! Whether the words of a function mean the same in two files.
//!
//! A function can be the same to the last token and do something else: what it calls may be
//! another function. So whatever it names, and what that names in turn, has to be declared in
//! the same way. A prototype more or less does nothing; the assembler and the linker can be told
//! to take one function for another, and that is looked for.

use std::collections::BTreeSet;

use super::Token;
use super::declaration::{Declaration, Unit, after_group, is_attribute, is_tagged, is_word, tag};
use crate::tokens::Other;

/// What gives a word of the function `name` another meaning in `found` than in `wanted`, if
/// anything does. The function's own tokens must have been compared.
pub(crate) fn other_meaning(wanted: &Unit, found: &Unit, name: &str) -> Option<Other> {
    let named = reach(wanted, name);
    for word in &named {
        for declaration in found.declaring(word) {
            let is_known = wanted.declaring(word).any(|it| it.is_like(declaration));
            if !is_known && !is_prototype(declaration) {
                return Some(Other {
                    word: bare(word),
                    line: line(&declaration.tokens),
                });
            }
        }
    }
    let pragma = found.pragmas.iter().find_map(|pragma| {
        let is_link = ["#pragma redefine_extname ", "#pragma weak "]
            .iter()
            .any(|it| pragma.text.starts_with(it));
        let mut words = pragma.text.split(' ').skip(2);
        let word = words.find(|word| named.contains(*word))?;
        is_link.then(|| Other {
            word: word.to_owned(),
            line: pragma.line,
        })
    });
    pragma.or_else(|| {
        found
            .declarations
            .iter()
            .find_map(|it| assembled(it, wanted, &named, name))
    })
}

/// The names that the function `name` depends on, itself among them.
fn reach(unit: &Unit, name: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([name.to_owned()]);
    let mut open = vec![name.to_owned()];
    // One declaration can declare many names.
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        for declaration in unit.declaring(&name) {
            if !seen.insert(std::ptr::from_ref(declaration)) {
                continue;
            }
            let mut before = "";
            for token in &declaration.tokens {
                let text = token.text.as_str();
                let key = match before {
                    "." | "->" => None,
                    before if is_tagged(before) => Some(tag(text)),
                    _ => Some(text.to_owned()),
                };
                before = text;
                let key = key.filter(|_| is_word(text));
                if let Some(key) = key
                    && unit.declaring(&key).next().is_some()
                    && reached.insert(key.clone())
                {
                    open.push(key);
                }
            }
        }
    }
    reached
}

/// Whether a declaration does no more than say what a function takes and gives.
fn is_prototype(declaration: &Declaration) -> bool {
    let texts = || declaration.tokens.iter().map(|token| token.text.as_str());
    declaration.body.is_none()
        && texts().any(|text| text == "(")
        && !texts()
            .any(|text| is_attribute(text) || matches!(text, "typedef" | "_Noreturn" | "=" | "{"))
        && !texts()
            .zip(texts().skip(1))
            .any(|pair| matches!(pair, ("[", "[") | ("(", "*")))
}

/// Finds assembler that may say what a function is.
fn assembled(
    declaration: &Declaration,
    wanted: &Unit,
    named: &BTreeSet<String>,
    name: &str,
) -> Option<Other> {
    /// One with more of it than anybody writes isn't read to its end: it may say anything.
    const MOST: usize = 256;
    let tokens = &declaration.tokens;
    let mut places = (0..tokens.len()).filter(|at| is_assembler(&tokens[*at].text));
    let first = places.next()?;
    let mut known = declaration.names.iter().flat_map(|it| wanted.declaring(it));
    if known.any(|it| it.is_like(declaration)) {
        return None;
    }
    let mut looked = 0;
    let harmful = std::iter::once(first).chain(places).find(|at| {
        looked += 1;
        if looked > MOST {
            return true;
        }
        let open = (*at..tokens.len()).find(|at| tokens[*at].text == "(");
        let text: String = open.map_or_else(String::new, |open| {
            let inside = &tokens[open..after_group(tokens, open)];
            inside.iter().filter_map(quoted).collect()
        });
        if declaration.body.is_some_and(|body| *at > body) {
            // Instructions do no harm; labels, assignments and directives may.
            is_label(tokens, *at) || text.contains(['.', ':', '=', '#', '\\'])
        } else {
            *at == 0 || named.contains(&text) || text.contains('\\')
        }
    })?;
    Some(Other {
        word: name.to_owned(),
        line: tokens[harmful].line,
    })
}

fn is_assembler(text: &str) -> bool {
    matches!(text, "asm" | "__asm__" | "__asm")
}

/// What is between the quotes of a string.
fn quoted(token: &Token) -> Option<&str> {
    token.text.strip_prefix('"')?.strip_suffix('"')
}

/// Whether the assembler at `at` within a function is the name that a declaration gives to
/// something, and no statement.
fn is_label(tokens: &[Token], at: usize) -> bool {
    let start = tokens[..at]
        .iter()
        .rposition(|token| matches!(token.text.as_str(), ";" | "{" | "}" | ":"))
        .map_or(0, |it| it + 1);
    let first = &tokens[start].text;
    !is_assembler(first)
        && !matches!(
            first.as_str(),
            "if" | "while" | "for" | "switch" | "else" | "do"
        )
}

/// A key without its name space.
fn bare(key: &str) -> String {
    key.strip_prefix("struct ").unwrap_or(key).to_owned()
}

fn line(tokens: &[Token]) -> Option<usize> {
    tokens.iter().find_map(|token| token.line)
}
