//! The programs of the corpus: small ones that use one interface each and print what they
//! observe. Each runs natively and under the engine, and has to print the same.
//!
//! A program begins with `// siglab-test: outcomes = one` if its output doesn't depend on
//! scheduling, or `several` if the order of its lines does. A second such line may give
//! the linker's or the compiler's `flags`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use siglab_engine::{Options, Script, run};
use siglab_model::{Kind, Policy, ProcessStatus, Trace};

use crate::build::{c_program, cxx_program, rust_program};
use crate::strace;
use crate::twin::{output_of, run_command_natively};

/// By how many milliseconds a busy machine may delay a native run without its output
/// being different: see `observe.h`.
const SLACK_MS: &str = "2000";

/// How many native runs there are at most until one is as under the engine. What happens
/// there has to be *possible* natively; on a busy machine, a process that is late by a
/// tenth of a second is possible, too.
const NATIVE_RUNS: usize = 5;

/// How long a run may take: far longer than any does, so that one that hangs is a failure
/// with a trace.
const REAL_TIME_LIMIT: Duration = Duration::from_secs(60);

/// The comment that a program of the corpus begins with.
const MARK: &str = "// siglab-test: ";

/// A program of the corpus.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// Whether the order of its lines depends on scheduling.
    lines_in_any_order: bool,
}

/// What is compared: what a program printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Observed {
    text: String,
    /// `None`: siglab ended it.
    status: Option<ProcessStatus>,
}

impl Program {
    /// Builds the program of this name.
    ///
    /// # Panics
    /// If there is none, or it doesn't begin as it should, or it doesn't compile.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let source = sources()
            .into_iter()
            .find(|source| source.file_stem().is_some_and(|stem| stem == name))
            .unwrap_or_else(|| panic!("no program {name} begins with `{MARK}`"));
        let text = std::fs::read_to_string(&source).expect("it was read before");
        let setting = |key: &str| {
            let mut lines = text.lines().map_while(|line| line.strip_prefix(MARK));
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
        };
        let lines_in_any_order = match setting("outcomes") {
            Some("one") => false,
            Some("several") => true,
            other => panic!("{name}: outcomes = {other:?}"),
        };
        let flags: Vec<&str> = setting("flags").unwrap_or("").split_whitespace().collect();
        let path = match source.extension().and_then(|ending| ending.to_str()) {
            Some("c") => c_program(name, &flags),
            Some("cc") => cxx_program(name, &flags),
            _ => rust_program(name),
        };
        Self {
            path,
            lines_in_any_order,
        }
    }

    /// Runs it natively and under the engine.
    ///
    /// # Panics
    /// If it prints something else or ends in another way there.
    pub fn check_native_twin(&self) {
        let engine = self.observed(&Policy::InOrder, None);
        let mut native = self.natively();
        for _ in 1..NATIVE_RUNS {
            if self
                .difference("native", &native, "engine", &engine)
                .is_none()
            {
                return;
            }
            native = self.natively();
        }
        self.compare("native", &native, "engine", &engine);
    }

    /// Compares what signals did to its processes with what strace(1) sees natively. Without
    /// strace, says so and compares nothing.
    ///
    /// # Panics
    /// If something else happens under the engine.
    pub fn check_strace_twin(&self) {
        let engine = strace::told(&strace::of_trace(&self.trace(&Policy::InOrder, None)));
        assert_ne!(engine, "", "there is something to compare");
        let mut native = String::new();
        for _ in 0..NATIVE_RUNS {
            let Some(seen) = self.by_strace() else {
                eprintln!("not compared: strace isn't installed");
                return;
            };
            native = strace::told(&seen);
            if native == engine {
                return;
            }
        }
        let difference = difference("native", &native, "engine", &engine);
        panic!("native and engine differ:\n{difference}");
    }

    fn by_strace(&self) -> Option<strace::Processes> {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let file = folder.path().join("strace");
        let found = Command::new("strace").arg("-V").output();
        found.ok().filter(|it| it.status.success())?;
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-e", "signal=all", "-o"]);
        command.arg(&file).arg(&self.path);
        let _ = run_command_natively(known_environment(&mut command), &[]);
        let text = std::fs::read(&file).expect("strace wrote it");
        Some(strace::of_strace(&String::from_utf8_lossy(&text)))
    }

    /// Runs it under the engine `runs` times, at all but the first disturbed by siglab.
    ///
    /// # Panics
    /// If the traces aren't all the same.
    pub fn check_same_trace(&self, runs: u64) {
        let first = self.trace(&Policy::InOrder, None);
        for run in 1..runs {
            let next = self.trace(&Policy::InOrder, Some(run));
            assert!(
                next.hash() == first.hash(),
                "the traces of two runs differ:\n{}",
                difference("one", &first.to_jsonl(), "other", &next.to_jsonl())
            );
        }
    }

    /// Runs it under the engine once in order, and with each of the first `seeds` seeds, every
    /// other time disturbed by siglab.
    ///
    /// # Panics
    /// If it prints something else or ends in another way with a seed.
    pub fn check_any_schedule(&self, seeds: u64) {
        let in_order = self.observed(&Policy::InOrder, None);
        for seed in 0..seeds {
            let disturb = seed.is_multiple_of(2).then_some(seed);
            let random = self.observed(&Policy::Random { seed }, disturb);
            self.compare("in order", &in_order, &format!("seed {seed}"), &random);
        }
    }

    fn natively(&self) -> Observed {
        let mut command = Command::new(&self.path);
        let native = run_command_natively(known_environment(&mut command), &[]);
        Observed {
            text: native.text,
            status: Some(native.status),
        }
    }

    fn observed(&self, policy: &Policy, disturb: Option<u64>) -> Observed {
        let trace = self.trace(policy, disturb);
        Observed {
            text: output_of(&trace),
            status: trace.outcome.status,
        }
    }

    /// Runs it under the engine: nothing unsupported may happen, no deadlock and no limit.
    fn trace(&self, policy: &Policy, disturb: Option<u64>) -> Trace {
        let mut options = Options {
            policy: policy.clone(),
            disturb,
            ..Options::default()
        };
        options.limits.real_time = Some(REAL_TIME_LIMIT);
        let command = siglab_engine::Command::new(&self.path);
        let trace = run(&command, &Script::default(), &options)
            .unwrap_or_else(|error| panic!("{policy:?}: {error}"));
        let wrong = trace.events.iter().find(|event| {
            matches!(
                event.kind,
                Kind::Unsupported { .. } | Kind::Deadlock { .. } | Kind::Limit { .. }
            )
        });
        if let Some(wrong) = wrong {
            let all = trace.to_jsonl();
            panic!("{policy:?}: {wrong:?}\nwith the trace\n{all}");
        }
        trace
    }

    fn compare(&self, name: &str, expected: &Observed, other_name: &str, other: &Observed) {
        if let Some(difference) = self.difference(name, expected, other_name, other) {
            panic!("{name} and {other_name} differ:\n{difference}");
        }
    }

    fn difference(
        &self,
        name: &str,
        expected: &Observed,
        other_name: &str,
        other: &Observed,
    ) -> Option<String> {
        let text = |observed: &Observed| {
            let mut lines: Vec<&str> = observed.text.lines().collect();
            if self.lines_in_any_order {
                lines.sort_unstable();
            }
            let status = &observed.status;
            format!("{}\nended: {status:?}\n", lines.join("\n"))
        };
        let (expected, other) = (text(expected), text(other));
        (expected != other).then(|| difference(name, &expected, other_name, &other))
    }
}

/// As under the engine: `Environment::Fixed`.
fn known_environment(command: &mut Command) -> &mut Command {
    command.env_clear().envs([
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/"),
        ("LANG", "C.UTF-8"),
        ("TERM", "dumb"),
        ("OBSERVE_SLACK_MS", SLACK_MS),
    ])
}

/// The source files of all programs of the corpus, in order.
///
/// # Panics
/// If they can't be read.
#[must_use]
pub fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let mut sources: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of the programs is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| {
            path.is_file() && std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
        })
        .collect();
    sources.sort();
    sources
}

/// Two texts beside each other, line by line: `-` only in the first, `+` only in the
/// second. Of long texts only what is near the first difference.
fn difference(name: &str, first: &str, other_name: &str, second: &str) -> String {
    const BEFORE: usize = 5;
    const AFTER: usize = 60;
    let (first, second): (Vec<&str>, Vec<&str>) =
        (first.lines().collect(), second.lines().collect());
    let same = first
        .iter()
        .zip(&second)
        .take_while(|(a, b)| a == b)
        .count();
    let from = same.saturating_sub(BEFORE);
    let end = |lines: &[&str]| lines.len().min(same + AFTER);
    let (first, second) = (&first[from..end(&first)], &second[from..end(&second)]);
    // common[i][j]: the length of the longest common part of first[i..] and second[j..].
    let mut common = vec![vec![0; second.len() + 1]; first.len() + 1];
    for i in (0..first.len()).rev() {
        for j in (0..second.len()).rev() {
            common[i][j] = if first[i] == second[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let mut text = format!("--- {name}\n+++ {other_name}\n");
    let (mut i, mut j) = (0, 0);
    while i < first.len() || j < second.len() {
        let (sign, line) = if i < first.len() && j < second.len() && first[i] == second[j] {
            (i, j) = (i + 1, j + 1);
            (' ', first[i - 1])
        } else if j == second.len() || (i < first.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', first[i - 1])
        } else {
            j += 1;
            ('+', second[j - 1])
        };
        let _ = writeln!(text, "{sign}{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn differences_are_shown_line_by_line() {
        assert_eq!(
            difference("native", "a\nb\nc\nd\n", "engine", "a\nc\nx\nd\n"),
            "--- native\n+++ engine\n a\n-b\n c\n+x\n d\n"
        );
    }
}
