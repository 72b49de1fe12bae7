//! Names by content: what a result depends on, as one hash.
//!
//! A result depends on the lab (its manifest and the program as it was handed out), on
//! siglab's version, on the compiler, on the libraries of Rust submissions, on the layers of the
//! sandbox, on the seed that moments are drawn from, and on the submission itself. Equal keys mean equal results, so each key is run once.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use siglab_lab::{Lab, Language, MANIFEST};
use siglab_sandbox::{Layers, regular};

use crate::error::ClassError;
use crate::intake::source::Source;

/// The first part of what is hashed. Another number for another way to build keys.
const SCHEME: &[u8] = b"siglab/class-key/v2";

/// The SHA-256 of these parts; each with its length before it, so that what one loses the
/// next can't gain.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// As [`digest`], in hexadecimal.
pub(crate) fn hex<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let bytes = digest(parts);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What results of a lab depend on besides the submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabKeys {
    /// The lab's id.
    pub lab: String,
    /// The hash of its manifest, of the programs as they were handed out, and of the lock
    /// file.
    pub files: String,
    /// siglab's version.
    pub siglab: String,
    /// What the C compiler says of itself; absent if there is none.
    pub c: Option<String>,
    /// What the Rust compiler says of itself; absent if there is none.
    pub rust: Option<String>,
    /// The sandbox's level and active layers, or [`NO_SANDBOX`].
    pub sandbox: String,
    /// What the lab's moments are drawn from, a decimal number; absent if none is.
    pub seed: Option<String>,
}

/// What [`LabKeys::sandbox`] is without one.
pub const NO_SANDBOX: &str = "none";

impl LabKeys {
    /// Those of `lab`, graded by siglab of this `version` on this machine, without a sandbox.
    ///
    /// # Errors
    /// If a file of the lab can't be read.
    pub fn of(lab: &Lab, version: &str) -> Result<Self, ClassError> {
        let read = |path: &Path| match regular::read(path, regular::MOST_TEXT) {
            Ok(content) => Ok(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(ClassError::Read {
                path: path.to_owned(),
                source,
            }),
        };
        let manifest = read(&lab.dir().join(MANIFEST))?;
        let mut files = vec![manifest];
        for language in Language::ALL {
            let original = lab.manifest.files.original_file(lab.id(), language);
            files.push(read(&lab.dir().join(original))?);
        }
        // It fixes the versions of the libraries that Rust submissions may use.
        let lock_file = lab
            .dir()
            .ancestors()
            .map(|folder| folder.join("Cargo.lock"))
            .find(|file| file.is_file());
        files.push(lock_file.map_or_else(|| Ok(Vec::new()), |file| read(&file))?);
        let compiler = |language| siglab_lab::compiler_version(language).ok();
        Ok(Self {
            lab: lab.id().to_owned(),
            files: hex(files.iter().map(Vec::as_slice)),
            siglab: version.to_owned(),
            c: compiler(Language::C),
            rust: compiler(Language::Rust),
            sandbox: NO_SANDBOX.to_owned(),
            seed: lab.manifest.seed.map(|seed| seed.to_string()),
        })
    }

    /// The same, graded in a sandbox with these layers. Which of them are active matters,
    /// and not what the machine says about it.
    #[must_use]
    pub fn in_sandbox(mut self, layers: &Layers) -> Self {
        let active = layers.iter().filter(|(_, state)| state.is_active());
        let names: Vec<&str> = active.map(|(layer, _)| layer.name()).collect();
        self.sandbox = format!("{}: {}", layers.level(), names.join(" "));
        self
    }

    fn compiler(&self, language: Language) -> &str {
        let compiler = match language {
            // The program that was handed out is in C.
            Language::C | Language::Predictions => &self.c,
            Language::Rust => &self.rust,
        };
        compiler.as_deref().unwrap_or("none")
    }

    /// The key of a submission to this lab.
    #[must_use]
    pub fn key(&self, source: &Source) -> String {
        let hash = source.hash();
        let parts = [
            SCHEME,
            self.lab.as_bytes(),
            self.files.as_bytes(),
            self.siglab.as_bytes(),
            self.compiler(source.language).as_bytes(),
            self.sandbox.as_bytes(),
            hash.as_bytes(),
        ];
        // Labs that draw nothing keep the keys that they had before anything could be drawn.
        hex(parts
            .into_iter()
            .chain(self.seed.as_deref().map(str::as_bytes)))
    }

    /// The key of what isn't a submission, for this reason.
    #[must_use]
    pub fn refused(&self, reason: &str) -> String {
        hex([
            SCHEME,
            self.lab.as_bytes(),
            self.files.as_bytes(),
            self.siglab.as_bytes(),
            b"refused",
            reason.as_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use siglab_lab::Language;

    use super::{LabKeys, NO_SANDBOX, hex};
    use crate::intake::source::Source;

    fn keys() -> LabKeys {
        LabKeys {
            lab: "lab".into(),
            files: "files".into(),
            siglab: "1".into(),
            c: Some("gcc".into()),
            rust: Some("rustc".into()),
            sandbox: NO_SANDBOX.into(),
            seed: None,
        }
    }

    fn source(language: Language, main: &str) -> Source {
        Source {
            language,
            main: main.into(),
            beside: Vec::new(),
        }
    }

    #[test]
    fn a_key_depends_on_what_a_result_depends_on() {
        let c = source(Language::C, "int main(void) { }");
        let key = keys().key(&c);
        assert_eq!(key, keys().key(&c.clone()));
        assert_eq!(key.len(), 64);
        let mut others = vec![
            keys().key(&source(Language::Rust, &c.main)),
            keys().key(&source(Language::C, "int main(void) {}")),
            keys().refused("int main(void) { }"),
        ];
        let mut with_header = c.clone();
        with_header.beside.push(("a.h".into(), Vec::new()));
        others.push(keys().key(&with_header));
        for change in [
            |keys: &mut LabKeys| keys.lab.push('2'),
            |keys: &mut LabKeys| keys.files.push('2'),
            |keys: &mut LabKeys| keys.siglab.push('2'),
            |keys: &mut LabKeys| keys.c = Some("clang".into()),
            |keys: &mut LabKeys| keys.sandbox = "weak: L0".into(),
            |keys: &mut LabKeys| keys.seed = Some("7".into()),
            |keys: &mut LabKeys| keys.seed = Some("8".into()),
        ] {
            let mut changed = keys();
            change(&mut changed);
            others.push(changed.key(&c));
        }
        for (at, other) in others.iter().enumerate() {
            assert_ne!(*other, key, "{at}");
            assert!(!others[..at].contains(other), "{at}");
        }
        // The other language's compiler has nothing to do with it.
        let mut changed = keys();
        changed.rust = None;
        assert_eq!(changed.key(&c), key);
    }

    #[test]
    fn parts_are_not_run_together() {
        assert_ne!(hex([b"ab".as_slice(), b"c"]), hex([b"a".as_slice(), b"bc"]));
    }
}
