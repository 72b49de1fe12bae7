//! Whether the words of a function mean the same in two Rust files.
//!
//! As for C: what a function names, and what that names in turn, has to be declared in the same
//! way. Macros aren't expanded. One that might declare such a word counts as another meaning.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::item::{Declared, What, declared, plain, without_attributes};
use super::{is, is_function, items, tokens_of};
use crate::tokens::{Other, Token};

/// A file.
struct File {
    items: Vec<Vec<TokenTree>>,
    /// What is declared under a name, and by which item.
    by_name: BTreeMap<String, Vec<(Declared, usize)>>,
    /// Paths from which everything is imported.
    globs: Vec<String>,
}

/// What a function depends on.
#[derive(Default)]
struct Reach {
    /// Words that aren't a part of a path or a member.
    words: BTreeSet<String>,
    /// Names of macros that are called.
    macros: BTreeSet<String>,
    /// Names of its own variables.
    variables: BTreeSet<String>,
    /// The last words of paths.
    ends: BTreeSet<String>,
}

/// What gives a word of the function `name` another meaning in `found` than in `wanted`, if
/// anything does. What can't be cut into tokens may declare anything.
pub(crate) fn other_meaning(wanted: &str, found: &str, name: &str) -> Option<Other> {
    let wanted = File::read(wanted)?;
    let Some(found) = File::read(found) else {
        return Some(Other {
            word: name.to_owned(),
            line: None,
        });
    };
    let reach = wanted.reach(name);
    let declared = reach.words.iter().find_map(|word| {
        let line = differs(&wanted, &found, &reach, word)?;
        Some(Other {
            word: word.clone(),
            line,
        })
    });
    declared.or_else(|| {
        found
            .items
            .iter()
            .find_map(|item| hidden(item, &reach, name))
    })
}

impl File {
    fn read(source: &str) -> Option<Self> {
        let items = items(source).ok()?;
        let mut by_name: BTreeMap<String, Vec<(Declared, usize)>> = BTreeMap::new();
        let mut globs = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let (names, all_of) = declared(item);
            globs.extend(all_of);
            for it in names {
                by_name.entry(it.name.clone()).or_default().push((it, at));
            }
        }
        Some(Self {
            items,
            by_name,
            globs,
        })
    }

    fn declaring(&self, name: &str) -> &[(Declared, usize)] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    fn tokens(&self, item: usize) -> Vec<Token> {
        tokens_of(self.items[item].clone())
    }

    /// What the function `name` depends on.
    fn reach(&self, name: &str) -> Reach {
        let mut reach = Reach::default();
        let mut seen = BTreeSet::new();
        let mut followed = BTreeSet::new();
        let mut open: Vec<usize> = (0..self.items.len())
            .filter(|at| is_function(&self.items[*at], name))
            .collect();
        reach.words.insert(name.to_owned());
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let mut own = Reach::default();
            own.read(&self.tokens(at));
            // Those of others were followed already: a name may have many declarations.
            let new = own.words.iter().filter(|it| followed.insert((*it).clone()));
            for word in new {
                for (declared, at) in self.declaring(word) {
                    match &declared.what {
                        // Where a path begins has a meaning, too.
                        What::Import(path) => {
                            let mut segments = path.split("::");
                            reach.words.extend(segments.next().map(str::to_owned));
                            reach.ends.extend(segments.last().map(str::to_owned));
                        }
                        _ => open.push(*at),
                    }
                }
            }
            reach.words.append(&mut own.words);
            reach.macros.append(&mut own.macros);
            reach.variables.append(&mut own.variables);
            reach.ends.append(&mut own.ends);
        }
        reach
    }
}

impl Reach {
    /// Adds the words of an item.
    fn read(&mut self, tokens: &[Token]) {
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
        for at in 0..tokens.len() {
            let word = text(at).strip_prefix("r#").unwrap_or(text(at));
            if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                continue;
            }
            let before = at.checked_sub(1).map_or("", text);
            let is_in_path = before == ":" && at.checked_sub(2).is_some_and(|at| text(at) == ":");
            if is_in_path {
                self.ends.insert(word.to_owned());
                continue;
            }
            if before == "." {
                continue;
            }
            if text(at + 1) == "!" && text(at + 2) != "=" {
                self.macros.insert(word.to_owned());
            }
            let is_variable = matches!(before, "let" | "mut" | "for" | "|" | "ref")
                || text(at + 1) == ":" && text(at + 2) != ":";
            if is_variable {
                self.variables.insert(word.to_owned());
            }
            self.words.insert(word.to_owned());
        }
    }
}

/// Whether `word` is declared in another way, and on which line if that is known.
fn differs(wanted: &File, found: &File, reach: &Reach, word: &str) -> Option<Option<usize>> {
    let expected = wanted.declaring(word);
    let declared = found.declaring(word);
    if expected.is_empty() {
        let is_hidden = |it: &Declared| match it.what {
            What::Macro => !reach.macros.contains(word),
            What::Hidden | What::Import(_) => reach.variables.contains(word),
            What::Item => false,
        };
        let other = declared.iter().find(|(it, _)| !is_hidden(it));
        return other.map(|(it, _)| Some(it.line));
    }
    let is_same = |it: &Declared, at: usize| {
        expected.iter().any(|(other, other_at)| match &other.what {
            What::Import(path) => it.what == What::Import(path.clone()),
            _ => {
                it.what == other.what && {
                    let (one, other) = (found.tokens(at), wanted.tokens(*other_at));
                    one.iter()
                        .map(|it| &it.text)
                        .eq(other.iter().map(|it| &it.text))
                }
            }
        })
    };
    if let Some((other, _)) = declared.iter().find(|(it, at)| !is_same(it, *at)) {
        return Some(Some(other.line));
    }
    let has = |path: &str| {
        let glob = path.strip_suffix(word).and_then(|it| it.strip_suffix("::"));
        glob.is_some_and(|glob| found.globs.iter().any(|it| it == glob))
    };
    let is_there = !declared.is_empty()
        || expected
            .iter()
            .any(|(it, _)| matches!(&it.what, What::Import(path) if has(path)));
    (!is_there).then_some(None)
}

/// Finds what may declare a word without showing it: macros, names for the linker, assembler.
fn hidden(item: &[TokenTree], reach: &Reach, name: &str) -> Option<Other> {
    let other = |tree: &TokenTree, word: &str| {
        Some(Other {
            word: word.to_owned(),
            line: Some(tree.span().start().line),
        })
    };
    let trees = without_attributes(item);
    if let [TokenTree::Ident(word), bang, ..] = trees
        && is(Some(bang), '!')
        && word != "macro_rules"
        && word != "thread_local"
    {
        if word == "include" || word == "global_asm" {
            return other(&trees[0], name);
        }
        let mut words = BTreeSet::new();
        words_in(&trees[2..], &mut words);
        if let Some(word) = words.intersection(&reach.words).next() {
            return other(&trees[0], word);
        }
    }
    if let Some((tree, word)) = exported(item) {
        let is_used = reach.ends.contains(&word) || reach.words.contains(&word);
        if is_used || word.is_empty() {
            let word = if word.is_empty() { name } else { &word };
            return other(&tree, word);
        }
    }
    nested(item, reach, name)
}

/// Looks for definitions of macros, and for the linker's names, at any depth.
fn nested(trees: &[TokenTree], reach: &Reach, name: &str) -> Option<Other> {
    for (at, tree) in trees.iter().enumerate() {
        let next = |offset: usize| match trees.get(at + offset) {
            Some(TokenTree::Ident(word)) => Some(plain(word)),
            _ => None,
        };
        let line = Some(tree.span().start().line);
        match tree {
            TokenTree::Ident(word) if word == "macro_rules" && is(trees.get(at + 1), '!') => {
                let defined = next(2).unwrap_or_default();
                if reach.macros.contains(&defined) {
                    return Some(Other {
                        word: defined,
                        line,
                    });
                }
                let Some(TokenTree::Group(body)) = trees.get(at + 3) else {
                    continue;
                };
                if let Some(word) = declares(body.stream(), reach) {
                    return Some(Other { word, line });
                }
            }
            TokenTree::Ident(word) if word == "global_asm" => {
                return Some(Other {
                    word: name.to_owned(),
                    line,
                });
            }
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                if group.delimiter() == Delimiter::Brace
                    && let Some((_, word)) = exported(&inner)
                    && (word.is_empty() || reach.ends.contains(&word))
                {
                    return Some(Other { word, line });
                }
                if let Some(other) = nested(&inner, reach, name) {
                    return Some(other);
                }
            }
            _ => {}
        }
    }
    None
}

/// A word of `reach` that the body of a macro may declare.
fn declares(body: TokenStream, reach: &Reach) -> Option<String> {
    const KEYWORDS: [&str; 11] = [
        "fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod", "as", "use",
    ];
    let trees: Vec<_> = body.into_iter().collect();
    let mut is_import = false;
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Ident(word) => {
                let word = plain(word);
                let before = at.checked_sub(1).and_then(|at| trees.get(at));
                let after_keyword = matches!(before, Some(TokenTree::Ident(before))
                    if KEYWORDS.iter().any(|it| before == it));
                is_import |= word == "use";
                if (after_keyword || is_import) && reach.words.contains(&word) {
                    return Some(word);
                }
            }
            TokenTree::Group(group) => {
                if let Some(word) = declares(group.stream(), reach) {
                    return Some(word);
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_import = false,
            _ => {}
        }
    }
    None
}

/// The name under which the linker knows a function among `trees`, if an attribute says that it
/// has one: `no_mangle`, or `export_name`. Empty if it can't be told.
fn exported(trees: &[TokenTree]) -> Option<(TokenTree, String)> {
    let at = (0..trees.len()).find(|at| {
        if !is(trees.get(*at), '#') {
            return false;
        }
        let mut words = BTreeSet::new();
        words_in(&trees[*at..trees.len().min(at + 2)], &mut words);
        ["no_mangle", "export_name", "link_section", "linkage"]
            .iter()
            .any(|it| words.contains(*it))
    })?;
    let mut words = BTreeSet::new();
    words_in(&trees[at + 1..trees.len().min(at + 2)], &mut words);
    if !words.contains("no_mangle") {
        return Some((trees[at].clone(), String::new()));
    }
    let function = trees[at..].windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(name)]
            if keyword == "fn" || keyword == "static" =>
        {
            Some(plain(name))
        }
        _ => None,
    });
    Some((trees[at].clone(), function.unwrap_or_default()))
}

/// All words in `trees`.
fn words_in(trees: &[TokenTree], words: &mut BTreeSet<String>) {
    for tree in trees {
        match tree {
            TokenTree::Ident(word) => {
                words.insert(plain(word));
            }
            TokenTree::Group(group) => {
                words_in(&group.stream().into_iter().collect::<Vec<_>>(), words);
            }
            _ => {}
        }
    }
}
