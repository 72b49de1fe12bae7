//! Takes out of a result what differs from one grading to the next: the names of temporary
//! files. Compilers and linkers write them, and equal submissions have to have equal
//! results.

use std::env;
use std::io;
use std::path::Path;

use siglab_lab::{GradeOptions, GradeResult};
use siglab_sandbox::{Sandbox, Temporary};

/// The kind of the folders in which submissions are put for the compiler.
pub(crate) const KIND: &str = "class";

/// What their names begin with.
const PREFIX: &str = "siglab-class-";

/// The length of the random part of a temporary name, in mkstemp(3) and in Rust's.
const RANDOM: usize = 6;

/// The one for temporary files in a sandbox's view of the file system.
const TMP: &str = "/tmp";

/// The folders that an attempt writes to. Whoever makes them removes them, whatever becomes of
/// the attempt.
#[derive(Debug)]
pub(crate) struct Folders {
    /// For the source, and for all if there is no sandbox.
    own: Temporary,
    /// In the sandbox's folder: for compilers and programs.
    in_sandbox: Option<Temporary>,
}

impl Folders {
    /// Makes them.
    pub(crate) fn new(sandbox: Option<&Sandbox>) -> io::Result<Self> {
        let in_sandbox = |sandbox: &Sandbox| {
            let folder = Temporary::new_in("job", sandbox.folder())?;
            folder.open_to_others(false).map(|()| folder)
        };
        Ok(Self {
            own: Temporary::new(KIND)?,
            in_sandbox: sandbox.map(in_sandbox).transpose()?,
        })
    }

    /// The one for the source.
    pub(crate) fn own(&self) -> &Path {
        self.own.path()
    }

    /// One whose programs can be run.
    pub(crate) fn for_programs(&self) -> &Path {
        self.in_sandbox.as_ref().unwrap_or(&self.own).path()
    }

    /// Lets what is graded like this write to these folders.
    pub(crate) fn with(&self, options: &GradeOptions) -> GradeOptions {
        let sandbox = options.sandbox.as_ref().zip(self.in_sandbox.as_ref());
        GradeOptions {
            sandbox: sandbox.map(|(sandbox, folder)| sandbox.within(folder.path())),
            temporary: Some(self.own().to_owned()),
            ..options.clone()
        }
    }

    /// Makes the texts of a result independent of where it was made. Of the sandbox's layers
    /// it then says only which were active: how, and why not, is the machine's matter.
    pub(crate) fn tidy(&self, result: &mut GradeResult) {
        for layer in result.sandbox.iter_mut().flat_map(|it| &mut it.layers) {
            layer.detail.clear();
        }
        let temporary = env::temp_dir();
        let clean = |text: &mut String| {
            if let Some(folder) = &self.in_sandbox {
                *text = without_scratch(text, folder.path());
                *text = without_temporary(text, Path::new(TMP));
                *text = without_temporary(text, folder.path());
            }
            *text = without_temporary(text, self.own());
            *text = without_temporary(text, &temporary);
        };
        clean(&mut result.compiler_output);
        result.message.as_mut().map(clean);
        for criterion in &mut result.criteria {
            if let Some(diagnosis) = &mut criterion.diagnosis {
                clean(&mut diagnosis.message);
            }
        }
    }
}

/// Replaces names in the folder for temporary files: `/tmp/siglab-class-Ab12Cd/lab.c`
/// becomes `lab.c`, and `/tmp/ccAb12Cd.o` becomes `cc.o`.
fn without_temporary(text: &str, folder: &Path) -> String {
    let folder = format!("{}/", folder.display().to_string().trim_end_matches('/'));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&folder) {
        out.push_str(&rest[..at]);
        rest = &rest[at + folder.len()..];
        let known = [PREFIX, "siglab-", "rustc", "cc"]
            .into_iter()
            .find_map(|prefix| Some((prefix, random(rest.strip_prefix(prefix)?)?)));
        match known {
            Some((PREFIX | "siglab-", after)) if after.starts_with('/') => {
                rest = &after[1..];
                // Where compilers have their own temporary files in that folder.
                if let Some(after) = rest.strip_prefix("cc").and_then(random) {
                    out.push_str("cc");
                    rest = after;
                }
            }
            Some((prefix, after)) => {
                out.push_str(prefix.trim_end_matches('-'));
                rest = after;
            }
            None => out.push_str(&folder),
        }
    }
    out.push_str(rest);
    out
}

/// Replaces the folders that compilers work in, below the sandbox's: where they aren't seen as
/// `/tmp`, `SANDBOX/run-Ab12Cd/tmp/` becomes that.
fn without_scratch(text: &str, sandbox: &Path) -> String {
    let folder = format!("{}/run-", sandbox.display());
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&folder) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let scratch = &after[folder.len()..];
        match random(scratch).and_then(|it| it.strip_prefix("/tmp/")) {
            Some(after) => {
                out.push_str("/tmp/");
                rest = after;
            }
            None => {
                out.push_str(&folder);
                rest = scratch;
            }
        }
    }
    out.push_str(rest);
    out
}

/// What comes after a random part.
fn random(text: &str) -> Option<&str> {
    let (random, after) = text.split_at_checked(RANDOM)?;
    let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric());
    (ends && random.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(after)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{without_scratch, without_temporary};

    #[test]
    fn scratch_folders_are_taken_out() {
        for (text, tidy) in [
            (
                "/var/tmp/siglab-AbCdEf/run-AAAAAA/tmp/ccAbCdEf.o: in",
                "/tmp/ccAbCdEf.o: in",
            ),
            (
                "/var/tmp/siglab-AbCdEf/run-AAAAAA/shm/x",
                "/var/tmp/siglab-AbCdEf/run-AAAAAA/shm/x",
            ),
            ("/var/tmp/siglab-XXXXXX/run-", "/var/tmp/siglab-XXXXXX/run-"),
        ] {
            assert_eq!(
                without_scratch(text, Path::new("/var/tmp/siglab-AbCdEf")),
                tidy
            );
        }
    }

    #[test]
    fn temporary_names_are_taken_out() {
        for (text, tidy) in [
            (
                "/tmp/siglab-class-aB3xYz/lab.c:7:1: error: no /tmp/siglab-class-aB3xYz/lab.c",
                "lab.c:7:1: error: no lab.c",
            ),
            ("/usr/bin/ld: /tmp/ccAbCdEf.o: in", "/usr/bin/ld: cc.o: in"),
            ("-o /tmp/siglab-AAAAAA/lab", "-o lab"),
            ("/tmp/siglab-AAAAAA/ccAbCdEf.o: in", "cc.o: in"),
            ("/tmp/rustcAAAAAA/x.o", "rustc/x.o"),
            ("/tmp/mine.c and /tmp/", "/tmp/mine.c and /tmp/"),
            ("/tmp/ccAbCdEfG.o", "/tmp/ccAbCdEfG.o"),
            ("/tmp/cc\u{e9}\u{e9}\u{e9}.o", "/tmp/cc\u{e9}\u{e9}\u{e9}.o"),
            ("", ""),
        ] {
            assert_eq!(without_temporary(text, Path::new("/tmp")), tidy);
            let elsewhere = text.replace("/tmp/", "/scratch/x/");
            let tidied = without_temporary(&elsewhere, Path::new("/scratch/x/"));
            assert_eq!(tidied, tidy.replace("/tmp/", "/scratch/x/"));
        }
    }
}
