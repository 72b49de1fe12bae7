//! Programs that have been run: submissions that differ in names, comments and indentation
//! alone are compiled to equal programs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind};
use serde::{Deserialize, Serialize};
use siglab_engine::DebugInfo;
use siglab_lab::{CriterionResult, KnownPrograms};
use siglab_model::Trace;
use siglab_sandbox::regular;

use crate::keys::digest;

/// The most kinds of programs that are remembered: about 20 MiB.
const MOST: usize = 4_096;

/// The most runs of the program that was handed out that are remembered, and the bytes that one
/// may have: its few events take some thousand.
const MOST_RUNS: usize = 1_024;
const LARGEST_RUN: usize = 64 << 10;

/// The section that holds a hash of the whole file, debugging information included.
const BUILD_ID: &str = ".note.gnu.build-id";

/// `SHF_ALLOC` of elf(5): the section is in memory while the program runs.
const ALLOCATED: u64 = 2;

/// A hash of what of a program is loaded into memory.
pub(crate) type Loaded = [u8; 32];

/// Verdicts on programs, by what is loaded into memory. They are kept by whoever has graders,
/// which read the programs.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    verdicts: HashMap<Loaded, Vec<Known>>,
    /// Runs of the program that was handed out, as JSON Lines, by how it was run.
    runs: HashMap<String, String>,
}

impl Programs {
    /// What is known of programs that are loaded like this.
    pub(crate) fn find(&self, loaded: &Loaded) -> &[Known] {
        self.verdicts.get(loaded).map_or(&[], Vec::as_slice)
    }

    /// Remembers what is known of one more.
    pub(crate) fn keep(&mut self, loaded: Loaded, known: Known) {
        if self.verdicts.len() < MOST {
            self.verdicts.entry(loaded).or_default().push(known);
        }
    }

    /// A run of the program that was handed out.
    pub(crate) fn find_run(&self, how: &str) -> Option<&str> {
        self.runs.get(how).map(String::as_str)
    }

    /// Remembers a run of the program that was handed out.
    pub(crate) fn keep_run(&mut self, how: String, trace: String) {
        if self.runs.len() < MOST_RUNS && trace.len() < LARGEST_RUN {
            self.runs.insert(how, trace);
        }
    }
}

/// A grader's way to [`Programs`].
pub(crate) trait Ask: fmt::Debug + Send + Sync {
    /// See [`Programs::find`].
    fn find(&self, loaded: Loaded) -> Vec<Known>;

    /// See [`Programs::keep`].
    fn keep(&self, loaded: Loaded, known: Known);

    /// See [`Programs::find_run`].
    fn find_run(&self, how: &str) -> Option<String>;

    /// See [`Programs::keep_run`].
    fn keep_run(&self, how: &str, trace: String);
}

/// The verdicts on programs that others have run.
#[derive(Debug)]
pub(crate) struct Others<T>(pub(crate) T);

/// What is known about a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The functions and variables whose names occur in diagnoses. Whoever is told of them
    /// must have them.
    mentioned: Vec<Named>,
    /// The lines of source that occur in diagnoses, with their instructions. Whoever is told
    /// of them must have one line for these instructions, too, if perhaps another one.
    lines: Vec<(Line, Vec<u64>)>,
    /// The names of the files that the program was made from.
    files: BTreeSet<String>,
    criteria: Vec<CriterionResult>,
}

/// The address and the name of a function or a variable.
type Named = (u64, String);

/// A file's name, without its folder, and the number of a line.
type Line = (String, u32);

/// A program as far as it matters.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// The hash of what is loaded into memory.
    loaded: [u8; 32],
    /// What its symbols name.
    names: BTreeSet<Named>,
}

/// What the debugging information of a program says.
#[derive(Debug, Default)]
struct Debug {
    /// The line that an instruction belongs to, by address: where lines begin.
    lines: BTreeMap<u64, Line>,
    /// Functions, also those that were compiled into others.
    functions: BTreeSet<Named>,
}

impl<T: Ask> KnownPrograms for Others<T> {
    fn find(&self, path: &Path) -> Option<Vec<CriterionResult>> {
        let program = Program::read(path)?;
        let candidates = self.0.find(program.loaded);
        let debug = match candidates.iter().all(Known::names_nothing) {
            true => Debug::default(),
            false => Debug::read(path)?,
        };
        candidates
            .iter()
            .find_map(|known| known.told_of(&program, &debug))
    }

    fn keep(&self, path: &Path, criteria: &[CriterionResult]) {
        let (Some(program), Some(debug)) = (Program::read(path), Debug::read(path)) else {
            return;
        };
        if let Some(known) = Known::new(&program, &debug, criteria) {
            self.0.keep(program.loaded, known);
        }
    }

    fn find_run(&self, how: &str) -> Option<Trace> {
        Trace::from_jsonl(&self.0.find_run(how)?).ok()
    }

    fn keep_run(&self, how: &str, trace: &Trace) {
        self.0.keep_run(how, trace.to_jsonl());
    }
}

impl Known {
    /// `None`: the diagnoses name lines that aren't the program's.
    fn new(program: &Program, debug: &Debug, criteria: &[CriterionResult]) -> Option<Self> {
        let files: BTreeSet<String> = debug.lines.values().map(|line| line.0.clone()).collect();
        let mut lines = BTreeMap::new();
        let mut mentioned = Vec::new();
        for text in texts(criteria) {
            for (_, line) in places(text, &files) {
                let its = debug.lines.iter().filter(|(_, it)| **it == line);
                let addresses: Vec<u64> = its.map(|(address, _)| *address).collect();
                if addresses.is_empty() {
                    return None;
                }
                lines.insert(line, addresses);
            }
            // By chance or not.
            let names = program.names.iter().chain(&debug.functions);
            mentioned.extend(names.filter(|(_, name)| text.contains(name)).cloned());
        }
        Some(Self {
            mentioned,
            lines: lines.into_iter().collect(),
            files,
            criteria: criteria.to_vec(),
        })
    }

    /// Whether the diagnoses say nothing that debugging information has to be read for.
    fn names_nothing(&self) -> bool {
        self.mentioned.is_empty() && self.lines.is_empty()
    }

    /// The verdicts in the terms of another program, whose instructions are the same.
    fn told_of(&self, program: &Program, debug: &Debug) -> Option<Vec<CriterionResult>> {
        let has = |it| program.names.contains(it) || debug.functions.contains(it);
        if !self.mentioned.iter().all(has) {
            return None;
        }
        let mut lines = BTreeMap::new();
        for (line, addresses) in &self.lines {
            let mut its = addresses.iter().map(|address| debug.lines.get(address));
            let first = its.next()??;
            if !its.all(|it| it == Some(first)) {
                return None;
            }
            lines.insert(line, first);
        }
        let mut criteria = self.criteria.clone();
        for criterion in &mut criteria {
            if let Some(diagnosis) = &mut criterion.diagnosis {
                for text in [&mut diagnosis.message, &mut diagnosis.hint] {
                    let of_old = places(text, &self.files);
                    for (range, line) in of_old.into_iter().rev() {
                        let (file, number) = lines.get(&line)?;
                        text.replace_range(range, &format!("{file}:{number}"));
                    }
                }
            }
        }
        Some(criteria)
    }
}

/// What is said about failing criteria.
fn texts(criteria: &[CriterionResult]) -> impl Iterator<Item = &str> {
    let diagnoses = criteria.iter().filter_map(|it| it.diagnosis.as_ref());
    diagnoses.flat_map(|it| [it.message.as_str(), it.hint.as_str()])
}

/// Where a text names lines of these files, as `file.c:12`, in order.
fn places(text: &str, files: &BTreeSet<String>) -> Vec<(std::ops::Range<usize>, Line)> {
    let mut found = Vec::new();
    for file in files {
        for (at, _) in text.match_indices(file.as_str()) {
            let is_part = text[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.".contains(c));
            let Some(rest) = text[at + file.len()..].strip_prefix(':') else {
                continue;
            };
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if let (false, Ok(number)) = (is_part, rest[..digits].parse()) {
                found.push((at..at + file.len() + 1 + digits, (file.clone(), number)));
            }
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

impl Debug {
    /// Reads what there is; nothing if that can't be read, or is more than makes sense.
    fn read(path: &Path) -> Option<Self> {
        let mut debug = Self::default();
        let info = DebugInfo::read(path)?;
        for (address, file, line) in info.lines()? {
            let file = file.rsplit('/').next().unwrap_or_default();
            debug.lines.insert(address, (file.to_owned(), line));
        }
        for address in debug.lines.keys() {
            let places = info.places(*address).into_iter();
            let names = places.filter_map(|it| it.function);
            let names = names.filter(|name| !name.is_empty());
            debug.functions.extend(names.map(|name| (*address, name)));
        }
        Some(debug)
    }
}

impl Program {
    /// Reads a program; nothing if it isn't one, or has more than makes sense.
    fn read(path: &Path) -> Option<Self> {
        let content = regular::read(path, regular::MOST_PROGRAM).ok()?;
        let file = object::File::parse(content.as_slice()).ok()?;
        // Sections, and names, may lie upon each other: there can be many times as much of them.
        let mut left = content.len().saturating_mul(2);
        let mut parts: Vec<Cow<'_, [u8]>> = vec![file.entry().to_le_bytes().to_vec().into()];
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                return None;
            };
            let name = section.name_bytes().ok()?;
            if sh_flags & ALLOCATED == 0 || name == BUILD_ID.as_bytes() {
                continue;
            }
            for number in [sh_flags, section.address(), section.size()] {
                parts.push(number.to_le_bytes().to_vec().into());
            }
            let data = section.data().ok()?;
            left = left.checked_sub(name.len() + data.len())?;
            parts.push(name.into());
            parts.push(data.into());
        }
        let mut names = BTreeSet::new();
        for symbol in file.symbols() {
            let name = symbol.name_bytes().ok()?;
            left = left.checked_sub(name.len())?;
            let name = String::from_utf8_lossy(name).into_owned();
            if matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) && !name.is_empty() {
                names.insert((symbol.address(), name));
            }
        }
        // A mangled name is shown in another form, so all of them have to be the same.
        let is_mangled = |(_, name): &Named| name.starts_with("_ZN") || name.starts_with("_R");
        if names.iter().any(is_mangled) {
            for (address, name) in &names {
                parts.push(address.to_le_bytes().to_vec().into());
                parts.push(name.as_bytes().to_vec().into());
            }
        }
        Some(Self {
            loaded: digest(parts.iter().map(AsRef::as_ref)),
            names,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::Mutex;

    use siglab_lab::{CriterionResult, KnownPrograms as _};
    use tempfile::TempDir;

    use super::{Ask, Known, Loaded, Others, Program, Programs};

    impl Ask for Mutex<Programs> {
        fn find(&self, loaded: Loaded) -> Vec<Known> {
            self.lock().expect("one thread").find(&loaded).to_vec()
        }

        fn keep(&self, loaded: Loaded, known: Known) {
            self.lock().expect("one thread").keep(loaded, known);
        }

        fn find_run(&self, how: &str) -> Option<String> {
            self.lock()
                .expect("one thread")
                .find_run(how)
                .map(str::to_owned)
        }

        fn keep_run(&self, how: &str, trace: String) {
            self.lock()
                .expect("one thread")
                .keep_run(how.to_owned(), trace);
        }
    }

    /// A folder with a program in C.
    fn compile(source: &str) -> (TempDir, PathBuf) {
        siglab_sandbox::own_signals().expect("the kernel permits it");
        let folder = TempDir::new().expect("there is room");
        let (file, program) = (folder.path().join("a.c"), folder.path().join("a"));
        fs::write(&file, source).expect("there is room");
        let status = Command::new("cc")
            .args(["-g", "-O1", "-o"])
            .args([&program, &file])
            .status();
        assert!(status.expect("a C compiler").success(), "{source}");
        (folder, program)
    }

    const BASE: &str = "int twice(int n) { int m = 2 * n; return m; }\n\
                        int main(void) { return twice(0); }";

    #[test]
    fn programs_are_told_apart_by_what_they_do() {
        let read = |source: &str| Program::read(&compile(source).1).expect("it is a program");
        let base = read(BASE);
        let other = BASE
            .replace("int m ", "int result ")
            .replace("return m", "return result");
        assert_eq!(read(&other.replace('{', "{\n\n/* */ ")).loaded, base.loaded);
        for change in [
            BASE.replace("2 *", "3 *"),
            BASE.replace("twice(0)", "twice(1)"),
            format!("{BASE}\nint data = 1;"),
            format!("{BASE}\nint data[100];"),
            format!("{BASE}\nconst char *text = __FILE__;"),
        ] {
            assert_ne!(read(&change).loaded, base.loaded, "{change}");
        }
        assert_eq!(Program::read(Path::new("/dev/null")), None);
    }

    /// A criterion that fails with this message.
    fn failing(message: &str) -> Vec<CriterionResult> {
        let criterion = serde_json::json!([{
            "id": "a", "title": "A", "verdict": "fail", "points": 0, "max_points": 1,
            "diagnosis": { "id": "d", "message": message, "hint": "" },
        }]);
        serde_json::from_value(criterion).expect("it is one")
    }

    #[test]
    fn names_of_functions_are_not_taken_over() {
        let local = BASE.replace("int twice", "static __attribute__((noinline)) int twice");
        let (_one, twice) = compile(&local);
        let (_other, doubled) = compile(&local.replace("twice", "doubled"));
        let programs = Others(Mutex::new(Programs::default()));
        assert_eq!(programs.find(&twice), None);
        programs.keep(&twice, &failing("twice was interrupted"));
        assert_eq!(
            programs.find(&twice),
            Some(failing("twice was interrupted"))
        );
        assert_eq!(programs.find(&doubled), None);
        programs.keep(&doubled, &failing("it left"));
        assert_eq!(programs.find(&doubled), Some(failing("it left")));
    }

    /// A function that is compiled into its caller has no symbol.
    #[test]
    fn names_of_functions_without_a_symbol_are_not_taken_over() {
        let inlined = BASE
            .replace("int twice", "static inline int twice")
            .replace("return twice(0)", "volatile int n = 4; return twice(n)");
        let (_one, twice) = compile(&inlined);
        let (_other, doubled) = compile(&inlined.replace("twice", "doubled"));
        let programs = Others(Mutex::new(Programs::default()));
        programs.keep(&twice, &failing("main (twice) was interrupted"));
        assert!(programs.find(&twice).is_some());
        assert_eq!(programs.find(&doubled), None);
    }

    #[test]
    fn lines_are_told_as_the_other_program_has_them() {
        let (_one, first) = compile(BASE);
        let (_other, second) = compile(&format!("/* one more line */\n{BASE}"));
        let programs = Others(Mutex::new(Programs::default()));
        programs.keep(&first, &failing("in main (a.c:2) and a.c:1, not b-a.c:2"));
        let told = Some(failing("in main (a.c:3) and a.c:2, not b-a.c:2"));
        assert_eq!(programs.find(&second), told);
        programs.keep(&first, &failing("in a.c:77"));
        assert_eq!(
            programs.find(&second),
            told,
            "that line isn't in the program"
        );
    }

    /// What was one line is two: it can't be said which of them it is.
    #[test]
    fn lines_that_were_split_are_not_taken_over() {
        let (_one, first) = compile(BASE);
        let (_other, second) = compile(&BASE.replace("2 * n; ", "2 * n;\n"));
        let programs = Others(Mutex::new(Programs::default()));
        programs.keep(&first, &failing("in twice (a.c:1)"));
        assert!(programs.find(&first).is_some());
        assert_eq!(programs.find(&second), None);
    }
}
