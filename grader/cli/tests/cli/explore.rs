//! `siglab explore`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{fails, root, siglab, stdout};

/// A program whose handler prints, as main() does.
pub(crate) const PRINTF: &str = "printf_in_handler";

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

pub(crate) fn source_of(name: &str) -> PathBuf {
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

/// The same instructions run before, since the last call that is controlled: a read from a pipe is
/// none. Open files keep it from being tried on copies.
const TWICE: &str = r"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t first = 1, early;
static volatile int sum;

static void note(int number)
{
    (void)number;
    if (first)
        early = 1;
}

static void add(int byte)
{
    sum += byte;
    sum *= 3;
    sum -= 7;
}

int main(void)
{
    char byte;
    int ends[2];

    if (pipe(ends) == -1)
        return 1;
    signal(SIGINT, note);
    for (; read(STDIN_FILENO, &byte, 1) == 1; first = 0)
        add(byte);
    if (early)
        pause();
    return 0;
}
";

/// No signal comes before the script has got to where it may.
#[test]
fn moments_count_from_where_the_script_says() {
    let folder = TempDir::new().expect("a temporary folder");
    let script = folder.path().join("steps.toml");
    let steps = r#"steps = [
        { at = "0.1s", type = "a" },
        { at = "0.3s", type = "b" },
        { tried = true },
        { after = "0.1s", close_stdin = true },
    ]"#;
    fs::write(&script, steps).expect("it is written");
    let twice = program(&folder, "twice", TWICE, &[]);
    let script = script.to_str().expect("UTF-8");
    let explored = explore_json(["--script", script, "--schedules", "0"], &twice, 0);
    assert_eq!(kinds(&explored), [""; 0]);
    assert!(explored["moments"]["tried"].as_u64() > Some(0));
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
        .code(5)
        .stdout(
            "none: nothing to explore: it installs no handler for a signal that is to be tried\n",
        )
        .stderr("");
    let explored = explore_json(["--strategy", "all"], &none, 5);
    assert_eq!(explored["signals"], serde_json::json!([]));
    assert_eq!(explored["moments"]["total"], 0);
    assert_eq!(explored["complete"], true);
    assert_eq!(explored["conclusion"], "nothing-tried");
    // One that handles another signal than the one that is asked for.
    explore(["--signal", "SIGUSR1"], &sample(PRINTF))
        .assert()
        .code(5)
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

/// A program that takes SIGTERM with sigwait(3), and unblocks it for a moment between two waits.
const GAP: &str = r#"
#include <signal.h>
#include <unistd.h>

int main(void) {
    sigset_t set;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (number != SIGTERM) {
        sigwait(&set, &number);
#ifdef GAP
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        sigprocmask(SIG_BLOCK, &set, NULL);
#endif
    }
    return 0;
}
"#;

#[test]
fn a_gap_between_waits_is_found() {
    let folder = TempDir::new().expect("a folder");
    let options = [
        "--send",
        "SIGUSR1@1s",
        "--send",
        "SIGTERM@2s",
        "--signal",
        "SIGTERM",
    ];
    let gap = program(&folder, "gap", GAP, &["-DGAP"]);
    let explored = explore_json(options, &gap, 1);
    assert_eq!(kinds(&explored), ["killed-by-default"]);
    let title = explored["findings"][0]["title"].as_str();
    assert_eq!(title, Some("SIGTERM kills main while it isn't blocked"));
    let none = program(&folder, "none", GAP, &[]);
    assert!(kinds(&explore_json(options, &none, 0)).is_empty());
}

/// The handler of a fault runs after more instructions than are followed.
#[test]
fn a_fault_that_comes_late_has_its_handler_watched() {
    const LATE: &str = r#"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void on_fault(int number) {
    printf("signal %d\n", number);
    exit(1);
}

int main(void) {
    volatile int sum = 0;
    signal(SIGSEGV, on_fault);
    for (int round = 0; round < 20000; round++)
        sum += round;
    *(volatile int *)8 = 1;
    return 0;
}
"#;
    let folder = TempDir::new().expect("a folder");
    let late = program(&folder, "late", LATE, &["-Wno-array-bounds"]);
    let explored = explore_json([], &late, 1);
    assert!(kinds(&explored).contains(&"unsafe-call"));
}
