//! Takes out of a result what differs from one grading to the next: the names of temporary
//! files. Compilers and linkers write them, and equal submissions have to have equal
//! results.

use std::env;
use std::path::Path;

use siglab_lab::GradeResult;

/// What the folders begin with in which submissions are put for the compiler.
pub(crate) const PREFIX: &str = "siglab-class-";

/// The length of the random part of a temporary name, in mkstemp(3) and in Rust's.
const RANDOM: usize = 6;

/// The one for temporary files in a sandbox's view of the file system.
const TMP: &str = "/tmp";

/// Makes the texts of a result independent of where it was made, which was perhaps in a
/// sandbox with this folder. Of the sandbox's layers it then says only which were active:
/// how, and why not, is the machine's matter.
pub(crate) fn tidy(result: &mut GradeResult, sandbox: Option<&Path>) {
    for layer in result.sandbox.iter_mut().flat_map(|it| &mut it.layers) {
        layer.detail.clear();
    }
    let folder = env::temp_dir();
    let clean = |text: &mut String| {
        if let Some(sandbox) = sandbox {
            *text = without_scratch(text, sandbox);
            *text = without_temporary(text, Path::new(TMP));
        }
        *text = without_temporary(text, &folder);
    };
    clean(&mut result.compiler_output);
    result.message.as_mut().map(clean);
    for criterion in &mut result.criteria {
        if let Some(diagnosis) = &mut criterion.diagnosis {
            clean(&mut diagnosis.message);
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
