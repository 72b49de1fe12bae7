//! What the items of a Rust file declare.

use proc_macro2::{Delimiter, Ident, TokenTree};

use super::is;

/// A name that an item declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// The name.
    pub(super) name: String,
    /// What it stands for.
    pub(super) what: What,
    /// Its line, from 1.
    pub(super) line: usize,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// What has this path, imported.
    Import(String),
    /// A macro.
    Macro,
    /// A function or module, which a variable of the same name hides.
    Hidden,
    /// Something else: a type, a constant, ....
    Item,
}

/// What an item declares, and the paths from which it imports everything.
pub(super) fn declared(item: &[TokenTree]) -> (Vec<Declared>, Vec<String>) {
    let mut names = Vec::new();
    let mut globs = Vec::new();
    let trees = without_attributes(item);
    for (at, tree) in trees.iter().enumerate() {
        let TokenTree::Ident(keyword) = tree else {
            // Of `extern "C" fn`.
            if matches!(tree, TokenTree::Literal(_)) {
                continue;
            }
            // Of `extern "C" { fn ...; }`.
            if let TokenTree::Group(group) = tree
                && group.delimiter() == Delimiter::Brace
            {
                foreign(&group.stream().into_iter().collect::<Vec<_>>(), &mut names);
            }
            break;
        };
        let what = match plain(keyword).as_str() {
            "use" => {
                imports(&trees[at + 1..], String::new(), &mut names, &mut globs);
                break;
            }
            "fn" | "mod" => What::Hidden,
            "macro_rules" => What::Macro,
            "struct" | "enum" | "union" | "trait" | "type" | "static" => What::Item,
            "const" if !followed_by(&trees[at + 1..], &["fn", "unsafe", "extern", "async"]) => {
                What::Item
            }
            "crate" => What::Item,
            "const" | "async" | "unsafe" | "extern" | "safe" | "auto" => continue,
            _ => break,
        };
        let mut rest = trees[at + 1..].iter().filter_map(|tree| match tree {
            TokenTree::Ident(name) => Some((plain(name), name.span().start().line)),
            _ => None,
        });
        let mut name = rest.find(|(name, _)| name != "mut");
        if plain(keyword) == "crate" && rest.next().is_some_and(|(word, _)| word == "as") {
            name = rest.next();
        }
        names.extend(name.map(|(name, line)| Declared { name, what, line }));
        break;
    }
    (names, globs)
}

/// An identifier without `r#`.
pub(super) fn plain(word: &Ident) -> String {
    let text = word.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// An item without `#[...]` and `pub` before it.
pub(super) fn without_attributes(item: &[TokenTree]) -> &[TokenTree] {
    let mut rest = item;
    loop {
        rest = match rest {
            [TokenTree::Punct(punct), after @ ..] if punct.as_char() == ';' => after,
            [hash, TokenTree::Group(_), after @ ..] if is(Some(hash), '#') => after,
            [TokenTree::Ident(word), TokenTree::Group(group), after @ ..]
                if word == "pub" && group.delimiter() == Delimiter::Parenthesis =>
            {
                after
            }
            [TokenTree::Ident(word), after @ ..] if word == "pub" => after,
            _ => return rest,
        };
    }
}

fn followed_by(trees: &[TokenTree], words: &[&str]) -> bool {
    matches!(trees.first(), Some(TokenTree::Ident(word)) if words.iter().any(|it| word == it))
}

/// The functions and variables of an `extern` block.
fn foreign(trees: &[TokenTree], names: &mut Vec<Declared>) {
    for pair in trees.windows(2) {
        if let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = pair
            && (keyword == "fn" || keyword == "static")
        {
            names.push(Declared {
                name: plain(name),
                what: What::Item,
                line: name.span().start().line,
            });
        }
    }
}

/// What comes after `use`, or after `path::` in it.
fn imports(
    trees: &[TokenTree],
    mut path: String,
    names: &mut Vec<Declared>,
    globs: &mut Vec<String>,
) {
    let mut last: Option<(String, usize)> = None;
    let mut alias = None;
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        match tree {
            TokenTree::Ident(word) if word == "as" => {
                if let Some(TokenTree::Ident(name)) = trees.get(at + 1) {
                    alias = Some(plain(name));
                }
                at += 1;
            }
            TokenTree::Ident(word) => {
                if let Some((segment, _)) = last.take() {
                    join(&mut path, &segment);
                }
                last = Some((plain(word), word.span().start().line));
            }
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                if let Some((segment, _)) = last.take() {
                    join(&mut path, &segment);
                }
                globs.push(path.clone());
            }
            TokenTree::Group(group) => {
                if let Some((segment, _)) = last.take() {
                    join(&mut path, &segment);
                }
                let inner: Vec<_> = group.stream().into_iter().collect();
                for part in inner.split(|tree| is(Some(tree), ',')) {
                    imports(part, path.clone(), names, globs);
                }
            }
            _ => {}
        }
        at += 1;
    }
    let Some((segment, line)) = last else {
        return;
    };
    let own = path.rsplit("::").next().unwrap_or_default().to_owned();
    if segment == "self" && !path.is_empty() {
        names.push(Declared {
            name: alias.unwrap_or(own),
            what: What::Import(path),
            line,
        });
        return;
    }
    join(&mut path, &segment);
    names.push(Declared {
        name: alias.unwrap_or(segment),
        what: What::Import(path),
        line,
    });
}

/// Adds a segment to a path. Each name that is imported has the whole path, so a long one with
/// many names at its end would take far more room than the file; no name is found by such a one.
fn join(path: &mut String, segment: &str) {
    const LONGEST: usize = 512;
    if path.len() + segment.len() > LONGEST {
        "...".clone_into(path);
        return;
    }
    if !path.is_empty() {
        path.push_str("::");
    }
    path.push_str(segment);
}
