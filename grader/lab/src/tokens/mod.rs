//! A function's tokens, comments and white space aside: to see whether it is the starter's.
//!
//! Rust is cut into tokens by `proc-macro2`, which every build has already. C has a small
//! lexer of its own: a C parser would have to be compiled by every student, and where a
//! function begins and ends can be told from its tokens.

mod c;
mod rust;

use std::fmt;

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

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
