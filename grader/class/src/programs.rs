//! Programs that have been run: submissions that differ in names, comments and indentation
//! alone are compiled to equal programs.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind};
use siglab_lab::{CriterionResult, KnownPrograms};

use crate::keys::digest;

/// The most programs that are remembered: about 20 MiB.
const MOST: usize = 4_096;

/// The section that holds a hash of the whole file, debugging information included.
const BUILD_ID: &str = ".note.gnu.build-id";

/// `SHF_ALLOC` of elf(5): the section is in memory while the program runs.
const ALLOCATED: u64 = 2;

/// Verdicts on programs, by what makes them equal.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    verdicts: Mutex<HashMap<[u8; 32], Vec<CriterionResult>>>,
}

impl KnownPrograms for Programs {
    fn find(&self, program: &Path) -> Option<Vec<CriterionResult>> {
        let key = key(program)?;
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.get(&key).cloned()
    }

    fn keep(&self, program: &Path, criteria: &[CriterionResult]) {
        let Some(key) = key(program) else {
            return;
        };
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() < MOST {
            verdicts.insert(key, criteria.to_vec());
        }
    }
}

/// The hash of what is loaded into memory, and of the names of functions, which occur in
/// traces. Nothing if that can't be told.
fn key(program: &Path) -> Option<[u8; 32]> {
    let content = fs::read(program).ok()?;
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
    for symbol in file.symbols() {
        if symbol.kind() == SymbolKind::Text {
            parts.push(symbol.address().to_le_bytes().to_vec());
            parts.push(symbol.name_bytes().ok()?.to_vec());
        }
    }
    Some(digest(parts.iter().map(Vec::as_slice)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::key;

    /// The key of a program in C.
    fn compiled(source: &str) -> [u8; 32] {
        let folder = tempfile::TempDir::new().expect("there is room");
        let (file, program) = (folder.path().join("a.c"), folder.path().join("a"));
        fs::write(&file, source).expect("there is room");
        let status = Command::new("cc")
            .args(["-g", "-O1", "-o"])
            .args([&program, &file])
            .status();
        assert!(status.expect("a C compiler").success(), "{source}");
        key(&program).expect("it is a program")
    }

    #[test]
    fn programs_are_told_apart_by_what_they_do() {
        const BASE: &str =
            "int twice(int n) { int m = 2 * n; return m; }\nint main(void) { return twice(0); }";
        let base = compiled(BASE);
        let other_name = BASE
            .replace(" m", " result")
            .replace("main(", "\n/* */ main(");
        assert_eq!(compiled(&other_name), base);
        for change in [
            BASE.replace("2 *", "3 *"),
            BASE.replace("twice(0)", "twice(1)"),
            BASE.replace("twice", "double_it"),
            format!("{BASE}\nint data = 1;"),
            format!("{BASE}\nint data;"),
            format!("{BASE}\nconst char *text = __FILE__;"),
        ] {
            assert_ne!(compiled(&change), base, "{change}");
        }
        assert_eq!(key(Path::new("/dev/null")), None);
    }
}
