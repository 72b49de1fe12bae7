//! Programs that have been run: submissions that differ in names, comments and indentation
//! alone are compiled to equal programs.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind};
use siglab_lab::{CriterionResult, KnownPrograms};

use crate::keys::digest;

/// The most kinds of programs that are remembered: about 20 MiB.
const MOST: usize = 4_096;

/// The section that holds a hash of the whole file, debugging information included.
const BUILD_ID: &str = ".note.gnu.build-id";

/// `SHF_ALLOC` of elf(5): the section is in memory while the program runs.
const ALLOCATED: u64 = 2;

/// Verdicts on programs, by what is loaded into memory.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    verdicts: Mutex<HashMap<[u8; 32], Vec<Known>>>,
}

/// What is known about a program.
#[derive(Debug)]
struct Known {
    /// The functions whose names occur in diagnoses. Whoever is told of them must have them.
    mentioned: Vec<Function>,
    criteria: Vec<CriterionResult>,
}

/// A function's address and name.
type Function = (u64, Vec<u8>);

/// A program as far as it matters.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// The hash of what is loaded into memory.
    loaded: [u8; 32],
    functions: BTreeSet<Function>,
}

impl KnownPrograms for Programs {
    fn find(&self, program: &Path) -> Option<Vec<CriterionResult>> {
        let program = Program::read(program)?;
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let has_all = |known: &&Known| {
            let mut mentioned = known.mentioned.iter();
            mentioned.all(|it| program.functions.contains(it))
        };
        let known = verdicts.get(&program.loaded)?.iter().find(has_all)?;
        Some(known.criteria.clone())
    }

    fn keep(&self, program: &Path, criteria: &[CriterionResult]) {
        let Some(program) = Program::read(program) else {
            return;
        };
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() < MOST {
            verdicts.entry(program.loaded).or_default().push(Known {
                mentioned: mentioned(&program, criteria),
                criteria: criteria.to_vec(),
            });
        }
    }
}

/// The functions whose names occur in diagnoses, by chance or not.
fn mentioned(program: &Program, criteria: &[CriterionResult]) -> Vec<Function> {
    let diagnoses = criteria.iter().filter_map(|it| it.diagnosis.as_ref());
    let messages: Vec<&str> = diagnoses.map(|it| it.message.as_str()).collect();
    let occurs = |name: &str| messages.iter().any(|message| message.contains(name));
    let functions = program.functions.iter();
    functions
        .filter(|(_, name)| occurs(&String::from_utf8_lossy(name)))
        .cloned()
        .collect()
}

impl Program {
    /// Reads a program; nothing if it isn't one.
    fn read(path: &Path) -> Option<Self> {
        let content = fs::read(path).ok()?;
        let file = object::File::parse(content.as_slice()).ok()?;
        let mut parts: Vec<Vec<u8>> = vec![file.entry().to_le_bytes().to_vec()];
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                return None;
            };
            let name = section.name_bytes().ok()?;
            if sh_flags & ALLOCATED == 0 || name == BUILD_ID.as_bytes() {
                continue;
            }
            for number in [sh_flags, section.address(), section.size()] {
                parts.push(number.to_le_bytes().to_vec());
            }
            parts.push(name.to_vec());
            parts.push(section.data().ok()?.to_vec());
        }
        let mut functions = BTreeSet::new();
        for symbol in file.symbols() {
            if symbol.kind() == SymbolKind::Text {
                functions.insert((symbol.address(), symbol.name_bytes().ok()?.to_vec()));
            }
        }
        // A mangled name is shown in another form, so all of them have to be the same.
        let is_mangled = |(_, name): &Function| name.starts_with(b"_ZN") || name.starts_with(b"_R");
        if functions.iter().any(is_mangled) {
            for (address, name) in &functions {
                parts.push(address.to_le_bytes().to_vec());
                parts.push(name.clone());
            }
        }
        Some(Self {
            loaded: digest(parts.iter().map(Vec::as_slice)),
            functions,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use siglab_lab::{CriterionResult, KnownPrograms as _};
    use tempfile::TempDir;

    use super::{Program, Programs};

    /// A folder with a program in C.
    fn compile(source: &str) -> (TempDir, PathBuf) {
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
        let programs = Programs::default();
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
}
