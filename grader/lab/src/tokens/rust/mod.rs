//! Rust, cut into tokens by `proc-macro2`.

mod item;
mod meaning;

use proc_macro2::{Delimiter, LexError, Span, TokenStream, TokenTree};

use super::{Function, Token};

pub(super) use meaning::other_meaning;

/// How deep brackets may be nested. What reads them calls itself for each level, and people don't
/// write a tenth of that.
const DEEPEST: usize = 200;

/// Why a text can't be cut into items.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// It isn't made of Rust's tokens, or brackets don't match.
    #[error(transparent)]
    Lex(#[from] LexError),
    /// Brackets are nested deeper than [`DEEPEST`].
    #[error("brackets are nested more than {DEEPEST} deep")]
    TooDeep,
}

/// All functions `name` at the top level of `source`.
pub(super) fn functions(source: &str, name: &str) -> Result<Vec<Function>, Unreadable> {
    let items = items(source)?.into_iter();
    Ok(items
        .filter(|item| is_function(item, name))
        .map(|item| Function {
            tokens: tokens_of(item),
            redefined: Vec::new(),
        })
        .collect())
}

/// The items at the top level of `source`, each up to its body or semicolon. What comes after
/// braces that don't end it (`use a::{b};`) is an item of its own.
fn items(source: &str) -> Result<Vec<Vec<TokenTree>>, Unreadable> {
    let stream: TokenStream = without_shebang(source).parse::<TokenStream>()?;
    if is_deeper(stream.clone(), DEEPEST) {
        return Err(Unreadable::TooDeep);
    }
    let mut items = Vec::new();
    let mut item: Vec<TokenTree> = Vec::new();
    for tree in stream {
        let ends = match &tree {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        item.push(tree);
        if ends {
            let attributes = inner_attributes(&item);
            item.drain(..attributes);
            items.push(std::mem::take(&mut item));
        }
    }
    items.push(item);
    Ok(items)
}

/// Whether brackets are nested deeper than this.
fn is_deeper(stream: TokenStream, most: usize) -> bool {
    stream.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => most == 0 || is_deeper(group.stream(), most - 1),
        _ => false,
    })
}

/// The tokens of an item.
fn tokens_of(item: Vec<TokenTree>) -> Vec<Token> {
    let mut tokens = Vec::new();
    flatten(item.into_iter().collect(), &mut tokens);
    tokens
}

/// A `#!` line is not Rust; an inner attribute is. The line stays, empty, so that lines
/// keep their numbers.
fn without_shebang(source: &str) -> &str {
    match source.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => {
            rest.find('\n').map_or("", |newline| &rest[newline..])
        }
        _ => source,
    }
}

fn is_function(item: &[TokenTree], name: &str) -> bool {
    let ends_in_body = matches!(item.last(), Some(TokenTree::Group(_)));
    let named = item.windows(2).any(|pair| {
        matches!(pair, [TokenTree::Ident(word), TokenTree::Ident(own)] if word == "fn" && own == name)
    });
    ends_in_body && named
}

/// How many trees the attributes of the whole file take up at the start: `# ! [...]`.
fn inner_attributes(item: &[TokenTree]) -> usize {
    item.chunks(3)
        .take_while(|trees| is(trees.first(), '#') && is(trees.get(1), '!'))
        .map(<[TokenTree]>::len)
        .sum()
}

fn is(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// The tokens of `stream`, one after another, without documentation comments (which the
/// lexer makes attributes of).
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let trees: Vec<_> = stream.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if let Some(length) = doc_comment(&trees[at..]) {
            at += length;
            continue;
        }
        match &trees[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(token(open, group.span_open()));
                flatten(group.stream(), tokens);
                tokens.push(token(close, group.span_close()));
            }
            other => tokens.push(token(other, other.span())),
        }
        at += 1;
    }
}

fn token(text: impl ToString, span: Span) -> Token {
    Token {
        text: text.to_string(),
        line: Some(span.start().line),
    }
}

/// How many trees a documentation comment at the start takes up: `# [doc = ...]`, or
/// `# ! [doc = ...]`.
fn doc_comment(trees: &[TokenTree]) -> Option<usize> {
    if !is(trees.first(), '#') {
        return None;
    }
    let at = if is(trees.get(1), '!') { 2 } else { 1 };
    match trees.get(at)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            let mut inner = group.stream().into_iter();
            let is_doc = matches!(inner.next(), Some(TokenTree::Ident(word)) if word == "doc");
            (is_doc && is(inner.next().as_ref(), '=')).then_some(at + 1)
        }
        _ => None,
    }
}
