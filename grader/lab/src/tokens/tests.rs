use super::{FunctionError, function};
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
