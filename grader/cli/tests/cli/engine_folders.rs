//! The folders of the engine have an order: a file uses its own folder and those before it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::root;

/// The order. What isn't in a folder (errors, options, scripts) is for all of them.
const ORDER: [&str; 8] = [
    "kernel", "world", "inspect", "tracer", "moments", "signals", "calls", "drive",
];

/// A source file: the position of its folder, its name, and its text without comments.
struct Source {
    place: usize,
    name: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let top = root().join("grader/engine/src");
    let mut sources = Vec::new();
    for (place, folder) in ORDER.iter().enumerate() {
        add(&top.join(folder), place, &mut sources);
    }
    sources
}

fn add(folder: &Path, place: usize, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            add(&path, place, sources);
            continue;
        }
        let text = fs::read_to_string(&path).expect("it is text");
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        sources.push(Source {
            place,
            name: path
                .strip_prefix(root())
                .expect("below")
                .display()
                .to_string(),
            text: code.join("\n"),
        });
    }
}

/// The words that follow `before` in a text.
fn words_after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).map(|rest| {
        let end = rest
            .find(|char: char| !char.is_alphanumeric() && char != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

/// What is in the `impl` blocks of `Run`.
fn methods(text: &str) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("impl Run<") {
            inside = true;
        } else if line.starts_with('}') {
            inside = false;
        } else if inside {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[test]
fn imports_go_one_way() {
    let sources = sources();
    assert!(sources.len() > 50, "{} files", sources.len());
    let mut wrong = Vec::new();
    for source in &sources {
        for folder in words_after(&source.text, "crate::") {
            let used = ORDER.iter().position(|name| *name == folder);
            if used.is_some_and(|used| used > source.place) {
                wrong.push(format!("{} uses {folder}", source.name));
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
}

/// A method of `Run` needs no import, so what the one above shows isn't all.
#[test]
fn methods_of_a_run_go_one_way() {
    let sources = sources();
    let mut defined: BTreeMap<&str, usize> = BTreeMap::new();
    let bodies: Vec<(&Source, String)> = sources
        .iter()
        .map(|source| (source, methods(&source.text)))
        .collect();
    for (source, body) in &bodies {
        for name in words_after(body, "fn ") {
            let first = defined.entry(name).or_insert(source.place);
            *first = source.place.min(*first);
        }
    }
    assert!(defined.len() > 200, "{} methods", defined.len());
    let mut wrong = Vec::new();
    for (source, body) in &bodies {
        for name in words_after(body, "self.") {
            let is_call = body.contains(&format!("self.{name}("));
            if is_call && defined.get(name).is_some_and(|place| *place > source.place) {
                wrong.push(format!("{} calls {name}", source.name));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert_eq!(wrong, [] as [String; 0]);
}
