//! A function's tokens, comments and white space aside: to see whether it is the starter's.
//!
//! Rust is cut into tokens by `proc-macro2`, which every build has already. C has a small
//! lexer of its own: a C parser would have to be compiled by every student, and where a
//! function begins and ends can be told from its tokens.

mod c;
mod rust;

use std::fmt;

pub(crate) use c::Unit;

use crate::result::Language;

/// A function's tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Function {
    /// From its first specifier to its closing brace.
    pub(crate) tokens: Vec<Token>,
    /// The macros that the file defines with the name of a word in the function (C only).
    pub(crate) redefined: Vec<String>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// As written, without comments and line continuations.
    pub(crate) text: String,
    /// The line, from 1, if it is known.
    pub(crate) line: Option<usize>,
}

/// A word that means something else in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    /// The word.
    pub(crate) word: String,
    /// Where it gets its other meaning, from 1, if that is known.
    pub(crate) line: Option<usize>,
}

/// Why a function's tokens can't be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FunctionError {
    /// No function has this name.
    #[error("there is no function {name}()")]
    Missing { name: String },
    /// Several have.
    #[error("there are {count} functions {name}()")]
    Several { name: String, count: usize },
    /// The text can't be cut into tokens.
    #[error("the text can't be read as {language}: {why}")]
    Unreadable { language: Language, why: String },
}

/// The tokens of the function `name` in `source`.
pub(crate) fn function(
    language: Language,
    source: &str,
    name: &str,
) -> Result<Function, FunctionError> {
    let mut found = match language {
        Language::C => c::functions(source, name),
        Language::Predictions => Vec::new(),
        Language::Rust => {
            rust::functions(source, name).map_err(|why| FunctionError::Unreadable {
                language,
                why: why.to_string(),
            })?
        }
    };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(FunctionError::Missing { name: name.into() }),
        count => Err(FunctionError::Several {
            name: name.into(),
            count,
        }),
    }
}

/// Whether `source` has the function `name` as `original` has it, and its words mean the same
/// there. C has to be preprocessed.
///
/// # Errors
/// If it hasn't: why, in words.
pub fn keeps_function(
    language: Language,
    original: &str,
    source: &str,
    name: &str,
) -> Result<(), String> {
    let said = |error: FunctionError| error.to_string();
    let wanted = function(language, original, name).map_err(said)?;
    let found = function(language, source, name).map_err(said)?;
    let texts = |it: &Function| -> Vec<String> {
        let texts = it.tokens.iter().map(|token| token.text.clone());
        texts.collect()
    };
    if texts(&wanted) != texts(&found) {
        return Err("it has other tokens".to_owned());
    }
    let other = match language {
        Language::C => {
            let (wanted, found) = (Unit::read(original), Unit::read(source));
            compiled_function(&found, name).map_err(said)?;
            other_meaning_in_c(&wanted, &found, name)
        }
        Language::Rust => other_meaning_in_rust(original, source, name),
        Language::Predictions => None,
    };
    other.map_or(Ok(()), |it| Err(format!("{} is something else", it.word)))
}

/// The function `name` as it is compiled: after macros and `#if`, of preprocessed C.
pub(crate) fn compiled_function(unit: &Unit, name: &str) -> Result<Function, FunctionError> {
    let mut found = unit.functions(name);
    match found.len() {
        1 => Ok(Function {
            tokens: found.remove(0),
            redefined: Vec::new(),
        }),
        0 => Err(FunctionError::Missing { name: name.into() }),
        count => Err(FunctionError::Several {
            name: name.into(),
            count,
        }),
    }
}

/// What gives a word of the C function `name` another meaning in `found` than in `wanted`: its
/// own tokens must have been compared.
pub(crate) fn other_meaning_in_c(wanted: &Unit, found: &Unit, name: &str) -> Option<Other> {
    c::other_meaning(wanted, found, name)
}

/// The same for Rust, of texts that can be cut into tokens.
pub(crate) fn other_meaning_in_rust(wanted: &str, found: &str, name: &str) -> Option<Other> {
    rust::other_meaning(wanted, found, name)
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
