//! A made-up class: submissions in C to the lab `terminator`, made from its solutions and
//! wrong variants. The same seed gives the same class.
//!
//! Students hand in much that is nearly the same: a solution with other names, with
//! another indentation, without comments; some of it doesn't compile, and some is hostile.

use std::fs;
use std::path::{Path, PathBuf};

use siglab_lab::{Lab, Language, Part, Variant};

use crate::random::Random;

/// Names that are changed. None is used in `child()`, which has to stay as it is, and none
/// is a library's.
const NAMES: [&str; 12] = [
    "has_ended",
    "ignore_sigint",
    "next_signal",
    "now_ns",
    "old_mask",
    "reaped",
    "report_end",
    "status",
    "watched",
    "window_end",
    "deadline",
    "saved",
];

/// Submissions to the lab `hostile` that do in any lab what they are there for, and don't
/// take seconds of a grader's time.
const HOSTILE: [&str; 20] = [
    "compile_secret_include",
    "daemon",
    "endless_stdout",
    "execs_a_shell",
    "fake_result",
    "fills_disk",
    "fork_bomb",
    "fork_failed",
    "group_kill",
    "init_kill",
    "kill_everybody",
    "kill_everybody_term",
    "network",
    "orphan_holds_stdout",
    "parent_kill",
    "parent_limits",
    "parent_stop",
    "parent_traced",
    "vfork_kill",
    "writes_elsewhere",
];

/// How many of a hundred submissions are hostile.
const HOSTILE_SHARE: usize = 3;

/// How many of a hundred submissions don't compile.
const BROKEN: u64 = 4;

/// The lab's folder.
#[must_use]
pub fn lab_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/terminator")
}

/// The text of a hostile submission in C: see tests/submissions/hostile.
///
/// # Panics
/// If there is none of this name.
#[must_use]
pub fn hostile(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("submissions/hostile");
    fs::read_to_string(folder.join(format!("{name}.c"))).expect("it is there")
}

/// The C programs of the lab: solutions, starters, wrong variants, each by name.
fn programs() -> Vec<String> {
    let lab = Lab::load(&lab_folder()).expect("it is a lab");
    let variants = lab.variants().expect("its folders can be read");
    let parts = [Part::Solution, Part::Starter, Part::Wrong];
    let of = |part| {
        let is_meant = move |it: &&Variant| it.part == part && it.language == Language::C;
        variants.iter().filter(is_meant)
    };
    let programs = parts.into_iter().flat_map(of);
    programs
        .map(|it| it.text.as_ref().expect("it can be composed").clone())
        .collect()
}

/// Makes a class of `size` submissions in `folder`: files `student-0001.c` and so on. The
/// names of all files.
///
/// # Panics
/// If the lab can't be read, or there is no room.
pub fn make(folder: &Path, size: usize, random: &mut Random) -> Vec<String> {
    let all = programs();
    let mut pick = |limit: usize| usize::try_from(random.below(limit as u64)).unwrap_or(0);
    (1..=size)
        .map(|number| {
            let is_hostile = pick(100) < HOSTILE_SHARE;
            let mut text = if is_hostile {
                hostile(HOSTILE[pick(HOSTILE.len())])
            } else {
                all[pick(all.len())].clone()
            };
            if pick(3) > 0 {
                let suffix = ["_", "2", "_value", "X"][pick(4)];
                text = rename(&text, suffix);
            }
            if pick(3) > 0 {
                text = reformat(&text, ["\t", "  ", "   ", "        "][pick(4)]);
            }
            if pick(100) < usize::try_from(BROKEN).unwrap_or(0) {
                text = damage(&text, pick(3));
            }
            let name = format!("student-{number:04}.c");
            fs::write(folder.join(&name), text).expect("there is room");
            name
        })
        .collect()
}

/// A piece of a C program.
enum Piece<'a> {
    Word(&'a str),
    Comment,
    /// String literals and everything else.
    Other(&'a str),
}

/// Cuts a program into words, comments and the rest.
fn parts(text: &str) -> Vec<Piece<'_>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' || first == '\'' {
            literal(rest, first)
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        parts.push(if part.starts_with("//") || part.starts_with("/*") {
            Piece::Comment
        } else if is_word(first) {
            Piece::Word(part)
        } else {
            Piece::Other(part)
        });
        rest = after;
    }
    parts
}

/// The length of the literal that `text` begins with.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

/// The program with other names, and without comments.
fn rename(text: &str, suffix: &str) -> String {
    let renamed = parts(text).into_iter().map(|part| match part {
        Piece::Word(word) if NAMES.contains(&word) => format!("{word}{suffix}"),
        Piece::Word(text) | Piece::Other(text) => text.to_owned(),
        Piece::Comment => String::new(),
    });
    renamed.collect()
}

/// The program with another indentation.
fn reformat(text: &str, indentation: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let content = line.trim_start();
        let depth = (line.len() - content.len()) / 4;
        if !content.is_empty() {
            out.push_str(&indentation.repeat(depth));
            out.push_str(content);
            out.push('\n');
        }
    }
    out
}

/// A program that doesn't compile.
fn damage(text: &str, how: usize) -> String {
    match how {
        0 => text.trim_end().trim_end_matches('}').to_owned(),
        1 => text.replacen(
            "int main(void)\n{",
            "int main(void)\n{\n    undeclared = 1;",
            1,
        ),
        _ => format!("{text}\nint main(void) {{ return nothing }}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::{damage, make, reformat, rename};
    use crate::random::Random;

    #[test]
    fn the_same_seed_gives_the_same_class() {
        let read = |seed| {
            let folder = tempfile::TempDir::new().expect("there is room");
            let names = make(folder.path(), 40, &mut Random::new(seed));
            let texts = names.iter().map(|name| folder.path().join(name));
            texts
                .map(|path| std::fs::read_to_string(path).expect("it is text"))
                .collect::<Vec<_>>()
        };
        assert_eq!(read(1), read(1));
        assert_ne!(read(1), read(2));
    }

    #[test]
    fn programs_are_changed_as_intended() {
        let program = "/* a */\nint main(void)\n{\n    int status = 1; // \"\n    puts(\"status \\\" status\");\n}\n";
        assert_eq!(
            rename(program, "2"),
            "\nint main(void)\n{\n    int status2 = 1; \n    puts(\"status \\\" status\");\n}\n"
        );
        assert!(reformat(program, "\t").contains("\n\tint status"));
        for how in 0..3 {
            assert_ne!(damage(program, how), program);
        }
    }
}
