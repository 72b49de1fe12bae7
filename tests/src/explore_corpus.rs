//! The corpus of the explorer: small programs, each labelled with what trying a signal at
//! every moment finds in it. They are those of `c-samples/unsafe`,
//! `exercises/unsafe_handlers` and `tests/programs/explore`.
//!
//! A program begins with comment lines:
//!
//! ```text
//! // siglab-explore: clean
//! // siglab-explore: finds = deadlock, unsafe-call
//! // siglab-explore: may = crash
//! // siglab-explore: alone = exits 0
//! // siglab-explore: sent SIGTERM = exits 0
//! ```
//!
//! - `clean`: nothing is found, whichever of its handled signals comes at whichever
//!   instruction from the one at which its handler is there to the one at which the program
//!   takes it away itself.
//! - `finds`: all these kinds are found if no moment is left out, each at one moment or more.
//! - `may`: these kinds may be found as well; it depends on the C library, or on what counts
//!   as one. No other kind is found.
//! - `alone`: what it does if no signal comes.
//! - `sent SIGNAL`: what it does if this signal comes when nothing else can happen at that
//!   moment, once.
//!
//! Of the kinds, `deadlock` is a wait that can't end since a handler has interrupted somebody
//! who is needed, or has jumped away from what they held; `lost-wakeup` is one for a signal
//! that has been there; `hang` is one that keeps the processor busy. A program that is alone
//! `waits` waits for a signal, and there is nothing wrong about that.
//!
//! The lines that a clean program prints alone it prints with a signal, too, in the same
//! order. There may be more lines, also in between.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use siglab_model::Signal;

use crate::build::{c_program, rust_program};
use crate::ports::unsafe_handlers;

/// What such a comment line begins with.
const MARK: &str = "// siglab-explore: ";

/// The kinds of findings.
pub const KINDS: [&str; 9] = [
    "deadlock",
    "hang",
    "lost-wakeup",
    "crash",
    "killed-by-default",
    "unsafe-call",
    "errno-clobbered",
    "output-corrupted",
    "criterion-failed",
];

/// A program of the corpus.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file's name without its ending; with `exercises/` before it for one of the
    /// exercises, as some C programs have the same names.
    pub name: String,
    /// What its first lines say.
    pub label: Label,
    source: PathBuf,
    origin: Origin,
}

/// Which of the folders it is in, and so how it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    CSamples,
    Exercises,
    Tests,
}

/// What is known of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The kinds of findings that there must be; none for a clean one.
    pub finds: BTreeSet<String>,
    /// The kinds of findings that there may be besides.
    pub may: BTreeSet<String>,
    /// What it does if no signal comes.
    pub alone: Ending,
    /// What it does if one signal comes at the first moment at which nothing else can happen.
    pub sent: Vec<(Signal, Ending)>,
}

/// What becomes of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exits with this status.
    Exits(i32),
    /// It waits, and only a signal can do anything about that.
    Waits,
    /// It computes for ever.
    Spins,
}

impl Program {
    /// Its source file.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// Builds it, unless that was done before, and returns the executable. `target` is
    /// cargo's target folder, for programs that cargo builds.
    ///
    /// # Panics
    /// If it doesn't compile without a warning.
    #[must_use]
    pub fn build(&self, target: &Path) -> PathBuf {
        let stem = self.source.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.expect("the names of the programs are ASCII");
        let is_c = self.source.extension().is_some_and(|ending| ending == "c");
        match self.origin {
            Origin::CSamples => c_samples::path(stem).expect("its build script has seen the file"),
            Origin::Exercises => unsafe_handlers(target)
                .get(stem)
                .expect("cargo has seen the file")
                .clone(),
            Origin::Tests if is_c => c_program(&format!("explore/{stem}"), &[]),
            Origin::Tests => rust_program(&format!("explore/{stem}")),
        }
    }
}

/// All programs, sorted by name.
///
/// # Panics
/// If a folder or a file can't be read, or a file doesn't begin as it should.
#[must_use]
pub fn programs() -> Vec<Program> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        ("c-samples/unsafe", Origin::CSamples),
        ("exercises/unsafe_handlers/src/bin", Origin::Exercises),
        ("tests/programs/explore", Origin::Tests),
    ];
    let mut programs = Vec::new();
    for (folder, origin) in folders {
        for source in sources(&root.join(folder)) {
            programs.push(program(source, origin));
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs
}

fn program(source: PathBuf, origin: Origin) -> Program {
    let complain = |problem: &dyn fmt::Display| -> ! { panic!("{}: {problem}", source.display()) };
    let text = std::fs::read_to_string(&source).unwrap_or_else(|error| complain(&error));
    let label = Label::parse(&text).unwrap_or_else(|problem| complain(&problem));
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let folder = match origin {
        Origin::Exercises => "exercises/",
        Origin::CSamples | Origin::Tests => "",
    };
    Program {
        name: format!("{folder}{stem}"),
        label,
        source,
        origin,
    }
}

/// The C and Rust files of a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "c" || ending == "rs")
        })
        .collect()
}

impl Label {
    /// Reads the comment lines that a program begins with.
    ///
    /// # Errors
    /// If one isn't understood, or they contradict each other, or one is missing; in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut clean = false;
        let (mut finds, mut may) = (None, None);
        let mut alone = None;
        let mut sent: Vec<(Signal, Ending)> = Vec::new();
        for line in text.lines().map_while(|line| line.strip_prefix(MARK)) {
            let twice = || Err(format!("`{line}` comes second"));
            match line.split_once(" = ") {
                None if line == "clean" => clean = true,
                Some(("finds", kinds)) if finds.is_none() => finds = Some(parse_kinds(kinds)?),
                Some(("may", kinds)) if may.is_none() => may = Some(parse_kinds(kinds)?),
                Some(("alone", ending)) if alone.is_none() => alone = Some(parse_ending(ending)?),
                Some(("finds" | "may" | "alone", _)) => return twice(),
                Some((key, ending)) => {
                    let signal = key
                        .strip_prefix("sent ")
                        .and_then(|name| name.parse::<Signal>().ok())
                        .ok_or_else(|| format!("`{line}` isn't understood"))?;
                    if sent.iter().any(|(other, _)| *other == signal) {
                        return twice();
                    }
                    sent.push((signal, parse_ending(ending)?));
                }
                None => return Err(format!("`{line}` isn't understood")),
            }
        }
        if clean && (finds.is_some() || may.is_some()) {
            return Err("nothing is found in what is clean".to_owned());
        }
        if !clean && finds.is_none() {
            return Err(format!("neither `{MARK}clean` nor `finds`"));
        }
        let (finds, may) = (finds.unwrap_or_default(), may.unwrap_or_default());
        if let Some(both) = finds.intersection(&may).next() {
            return Err(format!("{both} both must and may be found"));
        }
        let alone = alone.ok_or("what it does alone is missing")?;
        if alone != (Ending::Exits(0)) && sent.is_empty() {
            return Err("it doesn't end, and what a signal does is missing".to_owned());
        }
        Ok(Self {
            finds,
            may,
            alone,
            sent,
        })
    }

    /// Whether nothing is found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.finds.is_empty()
    }

    /// What findings of these kinds say against this label, in words; empty if nothing.
    #[must_use]
    pub fn objections<'a>(&self, found: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let found: BTreeSet<&str> = found.into_iter().collect();
        let missing = self.finds.iter().filter(|kind| !found.contains(&***kind));
        let too_many = found
            .iter()
            .filter(|kind| !self.finds.contains(**kind) && !self.may.contains(**kind));
        missing
            .map(|kind| format!("{kind} was not found"))
            .chain(too_many.map(|kind| format!("{kind} was found")))
            .collect()
    }
}

fn parse_kinds(text: &str) -> Result<BTreeSet<String>, String> {
    let mut kinds = BTreeSet::new();
    for kind in text.split(", ") {
        if !KINDS.contains(&kind) {
            return Err(format!("`{kind}` is no kind of finding"));
        }
        if !kinds.insert(kind.to_owned()) {
            return Err(format!("{kind} is there twice"));
        }
    }
    Ok(kinds)
}

fn parse_ending(text: &str) -> Result<Ending, String> {
    match text.split_once(' ') {
        None if text == "waits" => Some(Ending::Waits),
        None if text == "spins" => Some(Ending::Spins),
        Some(("exits", status)) => status.parse().ok().map(Ending::Exits),
        _ => None,
    }
    .ok_or_else(|| format!("`{text}` is none of `exits STATUS`, `waits` and `spins`"))
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exits(status) => write!(f, "exits {status}"),
            Self::Waits => f.write_str("waits"),
            Self::Spins => f.write_str("spins"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Label};
    use siglab_model::Signal;

    fn parse(lines: &[&str]) -> Result<Label, String> {
        let marked = lines
            .iter()
            .map(|line| format!("// siglab-explore: {line}\n"));
        Label::parse(&(marked.collect::<String>() + "#include <signal.h>\n"))
    }

    #[test]
    fn a_label_says_what_is_found_and_what_happens() {
        let label = parse(&[
            "finds = deadlock, unsafe-call",
            "may = crash",
            "alone = waits",
            "sent SIGINT = exits 3",
            "sent SIGRTMIN+1 = spins",
        ])
        .expect("it is a label");
        assert!(!label.is_clean());
        assert_eq!(label.alone, Ending::Waits);
        let real_time = "SIGRTMIN+1".parse().expect("it is a signal");
        assert_eq!(
            label.sent,
            [(Signal::INT, Ending::Exits(3)), (real_time, Ending::Spins)]
        );
        let none: [String; 0] = [];
        assert_eq!(label.objections(["unsafe-call", "deadlock"]), none);
        assert_eq!(label.objections(["unsafe-call", "crash", "deadlock"]), none);
        assert_eq!(
            label.objections(["deadlock", "hang"]),
            ["unsafe-call was not found", "hang was found"]
        );
        assert!(
            parse(&["clean", "alone = exits 0"])
                .expect("it is a label")
                .is_clean()
        );
    }

    #[test]
    fn what_is_no_label_is_an_error_in_words() {
        for (lines, problem) in [
            (
                &["alone = waits"][..],
                "neither `// siglab-explore: clean` nor `finds`",
            ),
            (&["clean"], "what it does alone is missing"),
            (
                &["clean", "alone = waits"],
                "it doesn't end, and what a signal does is missing",
            ),
            (
                &["clean", "may = crash"],
                "nothing is found in what is clean",
            ),
            (
                &["finds = crash", "may = crash"],
                "crash both must and may be found",
            ),
            (&["finds = crash, crash"], "crash is there twice"),
            (&["finds = dedlock"], "`dedlock` is no kind of finding"),
            (&["clean", "clear"], "`clear` isn't understood"),
            (
                &["clean", "sent SIGFOO = waits"],
                "`sent SIGFOO = waits` isn't understood",
            ),
            (
                &["clean", "alone = exits"],
                "`exits` is none of `exits STATUS`, `waits` and `spins`",
            ),
            (
                &["alone = waits", "alone = waits"],
                "`alone = waits` comes second",
            ),
        ] {
            assert_eq!(parse(lines), Err(problem.to_owned()), "{lines:?}");
        }
    }
}
