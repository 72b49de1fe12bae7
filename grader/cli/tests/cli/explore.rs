//! `siglab explore` and `siglab replay`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{fails, root, siglab, stderr, stdout};

/// A program whose handler prints, as main() does.
const PRINTF: &str = "printf_in_handler";

pub(crate) fn sample(name: &str) -> PathBuf {
    c_samples::path(name).expect("a sample of that name")
}

fn explore<'a>(options: impl IntoIterator<Item = &'a str>, program: &Path) -> Command {
    let mut command = siglab(["explore"]);
    command.args(options).arg("--").arg(program);
    command
}

pub(crate) fn explore_json<'a>(
    options: impl IntoIterator<Item = &'a str>,
    program: &Path,
    status: i32,
) -> Value {
    let options = options.into_iter().chain(["--format", "json"]);
    let assert = explore(options, program).assert().code(status).stderr("");
    serde_json::from_str(&stdout(&assert)).expect("it is JSON")
}

/// Compiles a C file.
pub(crate) fn compile(source: &Path, flags: &[&str], program: &Path) {
    let output = Process::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args([
            "-std=gnu17",
            "-D_GNU_SOURCE",
            "-pthread",
            "-O1",
            "-Wall",
            "-Werror",
        ])
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(program)
        .output()
        .expect("a C compiler");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {words}", source.display());
}

/// Compiles a C program that is given as text.
pub(crate) fn program(folder: &TempDir, name: &str, text: &str, flags: &[&str]) -> PathBuf {
    let source = folder.path().join(format!("{name}.c"));
    fs::write(&source, text).expect("the folder is ours");
    let program = folder.path().join(name);
    compile(&source, flags, &program);
    program
}

fn source_of(name: &str) -> PathBuf {
    root().join("c-samples/unsafe").join(format!("{name}.c"))
}

fn kinds(explored: &Value) -> Vec<&str> {
    let findings = explored["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|finding| finding["kind"].as_str().expect("a string"))
        .collect()
}

#[test]
fn printf_in_a_handler_is_found_and_its_safe_twin_is_clean() {
    let assert = explore([], &sample(PRINTF)).assert().code(1).stderr("");
    let text = stdout(&assert);
    for expected in [
        "printf_in_handler, SIGINT: ",
        "1. deadlock: ",
        "unsafe-call: the handler of SIGINT calls ",
        "     the handler:\n",
        "     what it interrupted:\n",
        "on_sigint                                printf_in_handler.c:",
        "   Instead: Write with write(2)",
        "   safe   hang  crash corrupt  line",
        "not tried: ",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    // The hazard map has the source's own lines, if the source is found.
    let line = "printf(\"main: line %d\\n\", 1);";
    assert!(!text.contains(line), "{text}");
    explore([], &sample(PRINTF))
        .current_dir(root().join("c-samples"))
        .assert()
        .code(1)
        .stdout(predicate::str::contains(line));
    explore([], &sample("printf_in_handler_safe"))
        .assert()
        .code(0)
        .stderr("")
        .stdout(predicate::str::contains(
            "nothing goes wrong at any of them",
        ));
}

#[test]
fn the_fields_of_the_result() {
    let explored = explore_json([], &sample(PRINTF), 1);
    assert_eq!(explored["schema"], "siglab/explore/v1");
    assert_eq!(explored["program"], PRINTF);
    assert_eq!(explored["signals"], serde_json::json!(["SIGINT"]));
    assert_eq!(explored["strategy"], "fast");
    assert_eq!(explored["complete"], false);
    assert_eq!(explored["schedules"], 0);
    let moments = &explored["moments"];
    let number = |name: &str| moments[name].as_u64().expect("a number");
    assert!(number("safe") < number("tried") && number("tried") < number("total"));
    assert!(explored["left_out"][0].is_string());

    let kinds = kinds(&explored);
    assert!(
        kinds.contains(&"deadlock") && kinds.contains(&"unsafe-call"),
        "{kinds:?}"
    );
    for finding in explored["findings"].as_array().expect("a list") {
        for name in ["title", "explanation", "advice"] {
            let text = finding[name].as_str().expect(name);
            assert!(!text.is_empty(), "{name} of {finding}");
        }
        assert!(finding["moments"].as_u64().expect("a number") > 0);
        assert_eq!(finding["signal"], "SIGINT");
        assert_eq!(finding["role"], "main");
        assert_eq!(finding["witness"]["schema"], "siglab/witness/v1");
        assert_eq!(finding["witness"]["kind"], finding["kind"]);
    }
    let deadlock = &explored["findings"][0];
    assert_eq!(deadlock["kind"], "deadlock");
    let functions = |stack: &str| -> Vec<String> {
        let frames = deadlock[stack].as_array().expect("a list");
        let name = |frame: &Value| frame["function"].as_str().map(str::to_owned);
        frames.iter().filter_map(name).collect()
    };
    assert!(
        functions("handler").contains(&"on_sigint".to_owned()),
        "{deadlock}"
    );
    assert!(
        functions("interrupted").contains(&"main".to_owned()),
        "{deadlock}"
    );

    let map = explored["map"].as_array().expect("a list");
    let mut sums = [0; 4];
    for line in map {
        assert_eq!(line["file"], "printf_in_handler.c");
        assert!(line["line"].as_u64().expect("a number") > 0);
        for (sum, name) in sums.iter_mut().zip(["safe", "hang", "crash", "corrupt"]) {
            *sum += line[name].as_u64().expect("a number");
        }
    }
    assert!(sums[1] > 0, "no line at which it hangs");
    assert!(sums.iter().sum::<u64>() <= number("tried"));
}

#[test]
fn all_moments_are_tried_on_request() {
    let explored = explore_json(["--strategy", "all"], &sample(PRINTF), 1);
    assert_eq!(explored["strategy"], "all");
    assert_eq!(explored["complete"], true);
    assert_eq!(explored["moments"]["tried"], explored["moments"]["total"]);
    assert_eq!(explored["left_out"], Value::Null);
}

#[test]
fn a_budget_is_kept_and_what_it_leaves_out_is_said() {
    let explored = explore_json(["--moments", "10"], &sample(PRINTF), 1);
    assert_eq!(explored["complete"], false);
    assert_eq!(explored["moments"]["tried"], 10);
    let total = explored["moments"]["total"].as_u64().expect("a number");
    let words = format!("printf_in_handler, SIGINT: 10 of {total} moments tried\n");
    explore(["--moments", "10"], &sample(PRINTF))
        .assert()
        .code(1)
        .stdout(predicate::str::starts_with(words))
        .stdout(predicate::str::contains(
            "moments for want of number: the budget was used up",
        ));
}

/// What else happens to the program: another signal wakes it up, whenever the first one came.
#[test]
fn a_script_goes_on_when_the_signal_has_come() {
    let folder = TempDir::new().expect("a temporary folder");
    let script = folder.path().join("steps.toml");
    let steps = "steps = [{ tried = true }, { after = \"1s\", send = \"SIGUSR1\" }]\n";
    fs::write(&script, steps).expect("it is written");
    let lost = explore_json([], &sample("check_then_pause"), 1);
    assert_eq!(kinds(&lost), ["lost-wakeup"]);
    let script = script.to_str().expect("UTF-8");
    let woken = explore_json(["--script", script], &sample("check_then_pause"), 0);
    assert_eq!(kinds(&woken), [""; 0]);
    assert!(woken["moments"]["tried"].as_u64() > Some(0));
}

#[test]
fn a_witness_holds_the_script() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--send", "SIGWINCH@5s", "--witness"])
        .arg(&witness)
        .arg(sample("check_then_pause"))
        .assert()
        .code(1);
    let text = fs::read_to_string(&witness).expect("it was written");
    let content: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(content["script"][0]["when"]["at"], 5_000_000_000_u64);
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(1)
        .stdout(predicate::str::contains("SIGWINCH"))
        .stderr(predicate::str::contains("reproduced, with the same trace"));
}

#[test]
fn a_witness_replays_the_same_every_time() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(sample(PRINTF))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("siglab replay"));
    let text = fs::read_to_string(&witness).expect("it was written");
    let content: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(content["kind"], "deadlock");
    let hash = content["trace_hash"].as_str().expect("a string");
    let mut traces = Vec::new();
    for nth in 0..5 {
        let trace = folder.path().join(format!("{nth}.jsonl"));
        siglab(["replay", "--quiet", "--trace"])
            .args([&trace, &witness])
            .assert()
            .code(1)
            .stdout("")
            .stderr(format!(
                "siglab: deadlock: the run was reproduced, with the same trace ({hash})\n"
            ));
        traces.push(fs::read(&trace).expect("it was written"));
    }
    assert!(traces.iter().all(|trace| *trace == traces[0]));
    // The timeline is for people.
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(1)
        .stdout(predicate::str::contains("SIGINT"))
        .stdout(predicate::str::contains("on_sigint"));
}

/// The program sees by which path it was started, and where: a witness holds both.
#[test]
fn a_witness_is_replayed_as_the_program_was_started() {
    let folder = TempDir::new().expect("a temporary folder");
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("the folder is ours");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(sample(PRINTF), &link).expect("the folder is ours");
    let witness = folder.path().join("witness.json");
    for started_as in ["./link", "../link", link.to_str().expect("UTF-8")] {
        siglab(["explore", "--moments", "30", "--witness"])
            .arg(&witness)
            .arg(started_as)
            .current_dir(if started_as.starts_with("..") {
                &below
            } else {
                folder.path()
            })
            .assert()
            .code(1);
        siglab(["replay", "--quiet"])
            .arg(&witness)
            .current_dir("/")
            .assert()
            .code(1)
            .stderr(predicate::str::contains("the run was reproduced"));
    }
    // A link that leads elsewhere by now isn't followed there.
    fs::remove_file(&link).expect("it is ours");
    std::os::unix::fs::symlink(sample("printf_in_handler_safe"), &link).expect("ours");
    siglab(["replay", "--quiet"])
        .arg(&witness)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("has changed since the witness"));
}

/// Witnesses from before they said how the program was started.
#[test]
fn a_witness_without_the_newer_fields_is_replayed() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--moments", "30", "--witness"])
        .arg(&witness)
        .arg(sample(PRINTF))
        .assert()
        .code(1);
    let text = fs::read_to_string(&witness).expect("it was written");
    let mut content: Value = serde_json::from_str(&text).expect("it is JSON");
    let fields = content.as_object_mut().expect("an object");
    for field in ["started_as", "dir", "finding_hash"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    fs::write(&witness, content.to_string()).expect("the folder is ours");
    siglab(["replay", "--quiet"]).arg(&witness).assert().code(1);
}

#[test]
fn no_witness_is_written_if_nothing_is_found() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(sample("printf_in_handler_safe"))
        .assert()
        .code(0)
        .stderr("siglab: nothing was found: no witness was written\n");
    assert!(!witness.exists());
}

#[test]
fn a_changed_program_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    let source = fs::read_to_string(source_of(PRINTF)).expect("it is there");
    let executable = program(&folder, "changing", &source, &["-g"]);
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(&executable)
        .assert()
        .code(1);
    program(
        &folder,
        "changing",
        &source.replace("line 2", "line two").replace(", 2)", ", 3)"),
        &["-g"],
    );
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(
            "has changed since the witness was made",
        ));
    fs::remove_file(&executable).expect("it was built");
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("No such file or directory"));
}

#[test]
fn what_is_no_witness_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&file)
        .arg(sample(PRINTF))
        .assert()
        .code(1);
    let text = fs::read_to_string(&file).expect("it was written");
    let good: Value = serde_json::from_str(&text).expect("it is JSON");
    let check = |text: &str, problem: &str| {
        fs::write(&file, text).expect("the folder is ours");
        let assert = siglab(["replay", "--quiet"])
            .arg(&file)
            .assert()
            .code(2)
            .stdout("");
        let words = stderr(&assert);
        assert!(words.starts_with("siglab: error: "), "{words}");
        assert!(words.contains(problem), "{problem:?} is not in {words}");
    };
    check("", "is not a witness: the file is cut short");
    check(
        &text[..text.len() / 2],
        "is not a witness: the file is cut short",
    );
    check("{}", "is not a witness: missing field `schema`");
    check("no JSON", "is not a witness: ");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut other = good.clone();
        change(&mut other);
        other.to_string()
    };
    check(
        &with(&|it| it["schema"] = "siglab/witness/v9".into()),
        "is not a witness: its schema is `siglab/witness/v9`",
    );
    check(
        &with(&|it| it["comment"] = "mine".into()),
        "is not a witness: unknown field `comment`",
    );
    check(
        &with(&|it| it["trace_hash"] = "12".into()),
        "is not a witness: `12` is not a hash of 16 hexadecimal digits",
    );
    check(
        &with(&|it| it["program"] = "relative".into()),
        "is not a witness: the program's path isn't absolute",
    );
    // A witness, but of another program, or of another run.
    let twin = sample("printf_in_handler_safe");
    check(
        &with(&|it| it["program"] = twin.to_string_lossy().into()),
        "has changed since the witness was made",
    );
    let not_reproduced = "deadlock: not reproduced: the trace is ";
    let forged_hash = |it: &mut Value| it["trace_hash"] = "0123456789abcdef".into();
    check(&with(&forged_hash), not_reproduced);
    check(
        &with(&|it| it["injections"] = serde_json::json!([])),
        not_reproduced,
    );
    for (field, value) in [
        ("role", serde_json::json!("child")),
        ("calls", serde_json::json!(1_000_000)),
        (
            "place",
            serde_json::json!({"instruction": {"module": "none.so", "address": 1, "hit": 1}}),
        ),
    ] {
        let text = with(&|it| it["injections"][0]["moment"][field] = value.clone());
        check(&text, not_reproduced);
    }
    check(
        &with(&|it| it["injections"][0]["signal"] = "SIGKILL".into()),
        not_reproduced,
    );
    // The run is the same, but it isn't one of what is said.
    for kind in ["crash", "lost-wakeup", "output-corrupted", "unsafe-call"] {
        check(
            &with(&|it| it["kind"] = kind.into()),
            "but it doesn't show that: the witness was changed",
        );
    }
    check(
        &with(&|it| {
            it["kind"] = "crash".into();
            it["finding_hash"] = Value::Null;
        }),
        "but it doesn't show that: the witness was changed",
    );
    check(
        &with(&|it| it["dir"] = "/no/such/folder".into()),
        "the working directory of the witness's program, /no/such/folder, can't be used: No such",
    );
    fails(
        &["replay", "/dev/zero"],
        2,
        "siglab: error: /dev/zero is not a witness: it is a device",
    );
    fails(
        &["replay", "/no/such/file"],
        2,
        "siglab: error: can't read /no/such/file: No such file or directory",
    );
    fails(
        &["replay", "/"],
        2,
        "siglab: error: can't read /: Is a directory",
    );
}

#[test]
fn what_cannot_be_explored_is_said() {
    let folder = TempDir::new().expect("a temporary folder");
    fails(
        &["explore", "/no/such/program"],
        2,
        "siglab: error: can't read /no/such/program: No such file or directory",
    );
    fails(
        &["explore", "/"],
        2,
        "siglab: error: can't read /: Is a directory",
    );
    siglab(["explore", "no-such-program"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("no-such-program"));
    let executable = Permissions(0o755);
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\nexit 0\n").expect("the folder is ours");
    executable.give(&script);
    explore([], &script)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(
            "is a script for /bin/sh: siglab explores compiled programs",
        ));
    let set_uid = folder.path().join("set-uid");
    fs::copy(sample(PRINTF), &set_uid).expect("the folder is ours");
    Permissions(0o4755).give(&set_uid);
    explore([], &set_uid)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("is set-user-ID or set-group-ID"));
    let narrow = folder.path().join("narrow");
    let mut bytes = fs::read(sample(PRINTF)).expect("it was built");
    // EI_CLASS: elf(5).
    bytes[4] = 1;
    fs::write(&narrow, bytes).expect("the folder is ours");
    executable.give(&narrow);
    explore([], &narrow)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(
            "is a 32-bit program: siglab runs x86-64 programs only",
        ));
    siglab(["explore", "--signal", "SIGFOO"])
        .arg(sample(PRINTF))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("unknown signal `SIGFOO`"));
    siglab(["explore", "--witness", "/no/such/folder/file"])
        .arg(sample(PRINTF))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::starts_with("siglab: error: can't write "));
}

/// The permissions of a file.
struct Permissions(u32);

impl Permissions {
    fn give(&self, file: &Path) {
        fs::set_permissions(file, fs::Permissions::from_mode(self.0)).expect("the file is ours");
    }
}

#[test]
fn without_a_handler_there_is_nothing_to_explore() {
    let folder = TempDir::new().expect("a temporary folder");
    let none = program(&folder, "none", "int main(void) { return 0; }\n", &[]);
    explore([], &none)
        .assert()
        .code(0)
        .stdout(
            "none: nothing to explore: it installs no handler for a signal that is to be tried\n",
        )
        .stderr("");
    let explored = explore_json(["--strategy", "all"], &none, 0);
    assert_eq!(explored["signals"], serde_json::json!([]));
    assert_eq!(explored["moments"]["total"], 0);
    assert_eq!(explored["complete"], true);
    // One that handles another signal than the one that is asked for.
    explore(["--signal", "SIGUSR1"], &sample(PRINTF))
        .assert()
        .code(0)
        .stdout(predicate::str::starts_with(
            "printf_in_handler: nothing to explore",
        ));
}

#[test]
fn what_does_not_run_as_it_is_asked_for_is_said() {
    explore(["--to", "child.7"], &sample(PRINTF))
        .assert()
        .code(2)
        .stdout("")
        .stderr("siglab: error: no process or thread is called `child.7`; there is main\n");
    let folder = TempDir::new().expect("a temporary folder");
    let text = "int f(void) { return 0; }\n";
    let library = program(&folder, "libgone.so", text, &["-shared", "-fPIC"]);
    let text = "int f(void);\nint main(void) { return f(); }\n";
    let library_flag = library.to_str().expect("UTF-8");
    let flags = [
        "-Wl,-rpath,/nowhere",
        "-Wl,--no-as-needed",
        "-Wl,--allow-shlib-undefined",
    ];
    let source = folder.path().join("needs.c");
    fs::write(&source, text).expect("the folder is ours");
    let needs = folder.path().join("needs");
    // A library's path is taken over as it is, if it has no soname.
    compile(&source, &[&flags[..], &[library_flag]].concat(), &needs);
    fs::remove_file(&library).expect("it was built");
    explore([], &needs)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("the program doesn't start: "))
        .stderr(predicate::str::contains("libgone.so"));
}

/// Programs of which the texts once said something else than what happens in them.
#[test]
fn what_is_said_is_what_happens() {
    let folder = TempDir::new().expect("a temporary folder");
    let header = "#include <setjmp.h>\n#include <signal.h>\n#include <stdio.h>\n\
                  #include <stdlib.h>\n#include <unistd.h>\n";
    let install = "struct sigaction a = {.sa_handler = h}; sigaction(SIGUSR1, &a, 0);";
    for (name, before, main, expected) in [
        (
            "aborts_later",
            "static volatile int a1, b1; static void h(int s) { (void)s; if (a1 != b1) a1 = 9; }",
            "for (int i = 1; i < 3; i++) {\na1 = i;\nb1 = i;\n}\nif (a1 == 9)\nabort();",
            &["Its handler runs to its end; then main dies of SIGABRT in abort, called by main ("]
                [..],
        ),
        (
            "spins_in_handler",
            "static volatile int busy; static void h(int s) { (void)s; while (busy) { } }",
            "busy = 1; (void)!write(1, \"x\", 1); busy = 0;",
            &[
                "the handler of SIGUSR1 runs for ever",
                "Its handler, h, computes in h (spins_in",
            ],
        ),
        (
            "jumps",
            "static sigjmp_buf j; static void h(int s) { (void)s; siglongjmp(j, 1); }",
            "if (!sigsetjmp(j, 1)) { for (int i = 0; i < 2; i++) printf(\"line %d\\n\", i); } \
             puts(\"end\");",
            &[
                "which siglongjmp left locked",
                "its handler is left by siglongjmp(3)",
            ],
        ),
        (
            "crashes_alone",
            "static void h(int s) { (void)s; }",
            "abort();",
            &[
                "nothing goes wrong at any of them, but without a signal something does",
                "crash: main crashes with SIGABRT\n",
                "main dies of SIGABRT in abort, called by main (",
            ],
        ),
        (
            "exits",
            "static void h(int s) { exit(s); }",
            "puts(\"text\");",
            &["exit in the handler of SIGUSR1 deadlocks with exit on the lock on stdio's list"],
        ),
    ] {
        let text = format!(
            "{header}{before}\nint main(void)\n{{\n    {install}\n    {main}\n    return 0;\n}}\n"
        );
        let executable = program(&folder, name, &text, &["-g", "-Wno-clobbered"]);
        let assert = explore([], &executable).assert().code(1);
        let said = stdout(&assert);
        // Lines are wrapped.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in expected {
            assert!(
                words(&said).contains(&words(expected)),
                "{expected:?} is not in\n{said}"
            );
        }
    }
}

#[test]
fn a_program_that_spins_before_it_has_a_handler_is_cut_off() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = "int main(void) { volatile unsigned n = 0; for (;;) n++; }\n";
    let spins = program(&folder, "spins", text, &[]);
    let assert = explore([], &spins).assert();
    let text = stdout(&assert);
    assert!(text.starts_with("spins: nothing to explore"), "{text}");
}

#[test]
fn static_and_stripped_programs_are_explored() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, flags) in [
        ("static", &["-g", "-static"][..]),
        ("stripped", &["-s"]),
        ("static-stripped", &["-static", "-s"]),
    ] {
        let program = folder.path().join(name);
        compile(&source_of(PRINTF), flags, &program);
        let explored = explore_json([], &program, 1);
        assert!(
            kinds(&explored).contains(&"deadlock"),
            "{name}: {explored:#}"
        );
        let safe = folder.path().join(format!("{name}-safe"));
        compile(&source_of("printf_in_handler_safe"), flags, &safe);
        let explored = explore_json([], &safe, 0);
        assert!(explored["moments"]["tried"].as_u64() > Some(0), "{name}");
    }
}
