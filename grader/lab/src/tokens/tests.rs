use super::{
    FunctionError, Unit, compiled_function, function, other_meaning_in_c, other_meaning_in_rust,
};
use crate::result::Language;

fn texts(language: Language, source: &str) -> Vec<String> {
    function(language, source, "child")
        .expect("there is one child()")
        .tokens
        .into_iter()
        .map(|token| token.text)
        .collect()
}

fn same(language: Language, one: &str, other: &str) -> bool {
    texts(language, one) == texts(language, other)
}

const C: &str = r#"
#include <stdio.h>
static int child(void);
struct pair { int child; };
static int child(void)
{
    for (int i = 0; i < 5; i++) {
        printf("a // b %d\n", i);
        sleep(1);
    }
    return 0;
}
int main(void) { return child(); }
"#;

#[test]
fn c_comments_and_white_space_do_not_matter() {
    let other = "int x = 3;\nstatic int /* of main */ child ( void )\n{ for(int i=0;i<5;i++){\
                 // five times \\\n still a comment\n pri\\\nntf(\"a // b %d\\n\", i); sleep\n(1); }\n\
                 /* { */ return 0; }";
    assert!(same(Language::C, C, other));
}

#[test]
fn c_changes_are_seen() {
    for (from, to) in [
        ("i < 5", "i < 4"),
        ("sleep(1)", "sleep(1.0)"),
        ("a // b", "a /* b"),
        ("static int child(void)\n{", "int child(void)\n{"),
        ("i++", "++i"),
        ("return 0;", ";return 0;"),
        ("    return 0;", "#if 1\n    return 0;\n#endif\n"),
    ] {
        assert!(C.contains(from), "{from}");
        assert!(
            !same(Language::C, C, &C.replace(from, to)),
            "{from} -> {to}"
        );
    }
}

#[test]
fn c_macros_that_change_a_word_are_seen() {
    let cheat = format!("#define sleep(n) \\\n usleep(n)\n#define other 1\n{C}");
    let function = function(Language::C, &cheat, "child").expect("there is one child()");
    assert_eq!(function.redefined, ["sleep"]);
    assert_eq!(function.tokens[0].line, Some(8));
}

#[test]
fn c_functions_may_be_missing_or_double() {
    assert_eq!(
        function(Language::C, "int child(void); int x = child(1);", "child"),
        Err(FunctionError::Missing {
            name: "child".into()
        })
    );
    let double = format!("{C}\n#if 0\nint child(void) {{ }}\n#endif");
    assert_eq!(
        function(Language::C, &double, "child"),
        Err(FunctionError::Several {
            name: "child".into(),
            count: 2
        })
    );
}

const RUST: &str = r#"#!/usr/bin/env run
#![allow(unused)]
use std::io;
/// Counts.
fn child() -> i32 {
    // five times
    for i in 0..5 {
        println!("a // b {i}");
        sleep(1);
    }
    0
}
fn main() { child(); }
"#;

#[test]
fn rust_comments_and_white_space_do_not_matter() {
    let other = "fn child()->i32{for i in 0..5{println!(\"a // b {i}\");/* /* x */ */sleep(1);}0}";
    assert!(same(Language::Rust, RUST, other));
}

#[test]
fn rust_changes_are_seen() {
    for (from, to) in [
        ("0..5", "0..=5"),
        ("sleep(1)", "sleep(2)"),
        ("a // b", "a b"),
        ("fn child", "unsafe fn child"),
        ("i32", "i64"),
        ("/// Counts.", "#[cold]"),
    ] {
        assert!(RUST.contains(from), "{from}");
        assert!(
            !same(Language::Rust, RUST, &RUST.replace(from, to)),
            "{from} -> {to}"
        );
    }
}

#[test]
fn rust_that_is_no_rust() {
    assert!(matches!(
        function(Language::Rust, "fn child() { ( }", "child"),
        Err(FunctionError::Unreadable { .. })
    ));
}

/// What C's preprocessor made of a file with a child() that depends on others.
const COMPILED: &str = r#"
extern unsigned int sleep(unsigned int seconds);
extern int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct action { int flags; void (*handler)(int); };
static void check(int result, const char *call) { if (result) perror(call); }
static void on_sigint(int number) { (void)number; }
static int child(void)
{
    struct action action = { .handler = on_sigint };
    check(action.flags, "x");
    for (int second = 1; second <= 5; second++)
        sleep(1);
    return 0;
}
int main(void) { return child(); }
"#;

/// The word that has another meaning, and where.
fn other(found: &str) -> Option<(String, Option<usize>)> {
    let (wanted, found) = (Unit::read(COMPILED), Unit::read(found));
    let function = |unit| compiled_function(unit, "child").map(|it| it.tokens.len());
    assert_eq!(
        function(&wanted),
        function(&found),
        "child() itself is the same"
    );
    other_meaning_in_c(&wanted, &found, "child").map(|it| (it.word, it.line))
}

#[test]
fn c_words_that_mean_the_same() {
    for added in [
        "",
        "static int child(void);\nstatic void check(int, const char *);\n",
        "static int wait_for(int second, int action) { return sleep(second); }\n",
        "typedef int pid_t; static int has_ended(pid_t second);\n",
        "static int second; enum { first, third }; struct child { int sleep; };\n",
        "static void barrier(void) { __asm__ __volatile__(\"pause\" ::: \"memory\"); }\n",
        "extern int fscanf(void *f) __asm__(\"\" \"__isoc99_fscanf\");\n",
        "int (*naps[])(unsigned) = { sleep };\n",
    ] {
        assert_eq!(other(&format!("{added}{COMPILED}")), None, "{added}");
    }
}

#[test]
fn c_words_that_mean_something_else() {
    for (word, added) in [
        ("sleep", "unsigned sleep(unsigned n) { return 0; }\n"),
        ("sleep", "unsigned sleep(n) unsigned n; { return 0; }\n"),
        ("sleep", "unsigned (sleep)(unsigned n) { return 0; }\n"),
        ("sleep", "unsigned sleep(unsigned) __asm__(\"doze\");\n"),
        (
            "sleep",
            "unsigned sleep(unsigned) __attribute__((alias(\"doze\")));\n",
        ),
        ("sleep", "static unsigned (*sleep)(unsigned) = doze;\n"),
        ("sleep", "#pragma redefine_extname sleep doze\n"),
        ("sleep", "#pragma weak sleep = doze\n"),
        (
            "child",
            "unsigned doze(unsigned) __asm__(\"sl\" \"eep\");\n",
        ),
        ("child", "__asm__(\".globl x\");\n"),
        ("child", "void f(void) { __asm__(\"x = doze\"); }\n"),
        (
            "child",
            "void f(void) { extern int sleep(int) __asm__(\"doze\"); }\n",
        ),
        ("check", "static void check(int a, const char *b) { }\n"),
        (
            "action",
            "struct action { char flags; void (*handler)(int); };\n",
        ),
        ("perror", "void perror(const char *s) { }\n"),
    ] {
        let found = other(&format!("{added}{COMPILED}"));
        if word == "perror" {
            // The handed-out file doesn't declare it, so nobody knows what it was.
            assert_eq!(found, None);
            continue;
        }
        assert_eq!(found.map(|it| it.0).as_deref(), Some(word), "{added}");
    }
    let changed = COMPILED.replace("(void)number;", "if (number) return;");
    assert_eq!(other(&changed), Some(("on_sigint".into(), None)));
    let marked = format!("# 0 \"a.c\"\n# 40 \"a.c\"\n{changed}");
    assert_eq!(other(&marked), Some(("on_sigint".into(), Some(45))));
}

const RUST_FILE: &str = r#"
use std::process::ExitCode;
use nix::sys::signal::{Signal, kill, sigaction};
use nix::unistd::{Pid, sleep};
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> { result.map_err(|e| e.to_string()) }
extern "C" fn on_sigint(_n: i32) { let _ = unsafe { libc::write(1, LINE.as_ptr(), 1) }; }
const LINE: &[u8] = b"x";
fn child() -> Result<ExitCode, String> {
    let action = on_sigint;
    check("sigaction", unsafe { sigaction(Signal::SIGINT, &action) })?;
    for second in 1..=5 { println!("{second}"); sleep(1); }
    Ok(ExitCode::SUCCESS)
}
fn main() { child(); }
"#;

fn other_in_rust(found: &str) -> Option<String> {
    other_meaning_in_rust(RUST_FILE, found, "child").map(|it| it.word)
}

#[test]
fn rust_words_that_mean_the_same() {
    for (from, to) in [
        ("fn main()", "fn second() {} fn action() {} fn main()"),
        ("use nix::unistd::{Pid, sleep};", "use nix::unistd::*;"),
        (
            "use nix::unistd::{Pid, sleep};",
            "use nix::{unistd::{self, sleep}, errno::Errno};",
        ),
        ("fn main()", "mod other { pub fn sleep() {} }\nfn main()"),
        (
            "fn main()",
            "thread_local! { static S: Signal = Signal::SIGINT; }\nfn main()",
        ),
        (
            "fn main()",
            "macro_rules! twice { ($e:expr) => { ($e, $e) } }\nfn main()",
        ),
        (
            "fn main()",
            "#[derive(Debug)] struct Window;\nimpl Window { fn sleep(&self) {} }\nfn main()",
        ),
    ] {
        let found = RUST_FILE.replace(from, to);
        assert_eq!(other_in_rust(&found), None, "{to}");
    }
}

#[test]
fn rust_words_that_mean_something_else() {
    for (word, from, to) in [
        (
            "sleep",
            "use nix::unistd::{Pid, sleep};",
            "fn sleep(_: u32) {}",
        ),
        (
            "sleep",
            "use nix::unistd::{Pid, sleep};",
            "use nap::doze as sleep;",
        ),
        (
            "sleep",
            "use nix::unistd::{Pid, sleep};",
            "use self::nix::unistd::sleep;",
        ),
        (
            "sleep",
            "use nix::unistd::{Pid, sleep};",
            "use nix::unistd::*; m!(sleep);",
        ),
        (
            "sleep",
            "use nix::unistd::{Pid, sleep};",
            "use nix::unistd::*; macro_rules! m { () => { fn sleep() {} } } m!();",
        ),
        ("nix", "fn main()", "mod nix {}\nfn main()"),
        (
            "println",
            "fn main()",
            "macro_rules! println { ($($t:tt)*) => {} }\nfn main()",
        ),
        (
            "println",
            "fn main()",
            "#[macro_use] mod m { macro_rules! println { ($($t:tt)*) => {} } }\nfn main()",
        ),
        ("Ok", "fn main()", "fn Ok<T>(t: T) -> T { t }\nfn main()"),
        ("String", "fn main()", "struct String;\nfn main()"),
        ("second", "fn main()", "const second: i32 = 1;\nfn main()"),
        ("check", "result.map_err(|e| e.to_string())", "todo!()"),
        ("on_sigint", "_n: i32) {", "_n: i32) { return;"),
        ("LINE", "b\"x\"", "b\"y\""),
        (
            "sleep",
            "fn main()",
            "#[unsafe(no_mangle)] extern \"C\" fn sleep() {}\nfn main()",
        ),
        (
            "sleep",
            "fn main()",
            "mod m { #[unsafe(no_mangle)] extern \"C\" fn sleep() {} }\nfn main()",
        ),
        ("child", "fn main()", "include!(\"x.rs\");\nfn main()"),
        (
            "child",
            "fn main()",
            "std::arch::global_asm!(\"nop\");\nfn main()",
        ),
        (
            "sleep",
            "fn main()",
            "unsafe extern \"C\" { fn sleep(n: u32) -> u32; }\nfn main()",
        ),
        ("sleep", "fn main()", "fn r#sleep() {}\nfn main()"),
    ] {
        assert!(RUST_FILE.contains(from), "{from}");
        let found = RUST_FILE.replace(from, to);
        assert_eq!(other_in_rust(&found).as_deref(), Some(word), "{to}");
    }
}

#[test]
fn brackets_without_end_are_not_followed() {
    let deep = format!(
        "{RUST_FILE}\nfn deep() {{ {}{} }}\n",
        "(".repeat(300),
        ")".repeat(300)
    );
    assert_eq!(other_in_rust(&deep).as_deref(), Some("child"));
    let shallow = format!(
        "{RUST_FILE}\nfn deep() {{ {}{} }}\n",
        "(".repeat(100),
        ")".repeat(100)
    );
    assert_eq!(other_in_rust(&shallow), None);
    // Each brace could begin a function: 100,000 of them are read at once all the same.
    let many = format!(
        "{COMPILED}\nint many[] = {};",
        "{1}, x[] = ".repeat(100_000) + "{1}"
    );
    assert_eq!(other(&many), None);
}

/// What takes a moment for each byte must not take a moment for each pair of them: then this would
/// take minutes, or all memory.
#[test]
fn no_source_takes_long() {
    const BYTES: usize = 1 << 16;
    let fill = |part: &str| part.repeat(BYTES / part.len());
    let nested = |open: &str, close: &str, count: usize| {
        format!("{}{}", open.repeat(count), close.repeat(count))
    };
    let n = BYTES / 4;
    let c = [
        fill("(").clone(),
        nested("(", ")", n),
        nested("{", "}", n),
        format!("int child(void) {{ {} }}", nested("(", ")", n)),
        format!("int child(void) {{ {} }}", fill("asm(")),
        format!("int child(void) {{ {} }}", fill("asm ")),
        format!("int child(void) {{ }} {}", fill("{}")),
        format!("int child; {}", fill("{};")),
        format!("int child(void), {};", fill("child(void),")),
        format!("enum child {{ {} }};", fill("a,")),
        format!("int {}", fill("__attribute__((")),
        format!("int {}child", fill("*(")),
        fill("struct s {"),
        fill("typeof("),
        fill("enum { a = ("),
        fill("#define a 1\n"),
        format!(
            "{}int child(void) {{ {} }}",
            fill("#define a\n"),
            fill("b ")
        ),
        fill("int child(void) { }"),
        fill("# 18446744073709551615 \"a.c\"\n"),
        fill("\\\n"),
        fill("/*"),
        fill("'"),
    ];
    let wanted_c = Unit::read("int f(void); int child(void) { return f(); }");
    for source in c {
        let _ = function(Language::C, &source, "child");
        let found = Unit::read(&source);
        let _ = compiled_function(&found, "child");
        let _ = other_meaning_in_c(&wanted_c, &found, "child");
        let _ = other_meaning_in_c(&found, &wanted_c, "child");
    }
    let rust = [
        nested("(", ")", n),
        format!("fn child() {{ {} }}", nested("(", ")", n)),
        format!("use {{{}}};", fill("a::*,")),
        format!("use {};", nested("{a::*,", "}", n / 4)),
        format!("use {}{{{}}};", "a::".repeat(n / 3), "child,".repeat(n / 6)),
        format!("use {}*;", fill("a::")),
        format!("extern \"C\" {{ {} }}", fill("fn child();")),
        format!("fn child() {{ f!({}) }}", nested("[", "]", n)),
        fill("fn child() { }"),
        fill("macro_rules! child { () => { fn f() { } } }"),
        fill("#[no_mangle] fn f() { }"),
        fill("#"),
        fill("/*"),
        fill("//! a\n"),
        format!("{}\"", fill("r#")),
    ];
    let wanted = "fn f() { } fn child() { f() }";
    for source in rust {
        let _ = function(Language::Rust, &source, "child");
        let _ = other_meaning_in_rust(wanted, &source, "child");
        let _ = other_meaning_in_rust(&source, wanted, "child");
    }
}

#[test]
fn deep_brackets_of_rust_are_refused() {
    let deep = |count: usize| {
        let brackets = format!("{}{}", "(".repeat(count), ")".repeat(count));
        function(
            Language::Rust,
            &format!("fn child() {{ {brackets} }}"),
            "child",
        )
    };
    assert!(deep(100).is_ok());
    let error = deep(100_000).expect_err("it is too deep").to_string();
    assert_eq!(
        error,
        "the text can't be read as rust: brackets are nested more than 200 deep"
    );
}
