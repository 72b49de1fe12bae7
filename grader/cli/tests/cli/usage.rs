//! Wrong use: one or two lines, exit status 2.

use std::io::Read as _;
use std::process::{Command, Stdio};

use predicates::prelude::*;
use siglab_tests::surroundings::bounded;

use crate::{fails, siglab};

#[test]
fn arguments_are_checked() {
    for (args, stderr) in [
        (
            &["chekc"][..],
            "siglab: error: unrecognized subcommand 'chekc'\n\
             hint: a similar subcommand exists: 'check'",
        ),
        (
            &["run"],
            "siglab: error: the following required arguments were not provided: <PROGRAM>\n\
             hint: usage: siglab run [OPTIONS] [--] PROGRAM [ARG]...",
        ),
        (
            &["run", "--sned", "SIGINT@1s", "true"],
            "siglab: error: unexpected argument '--sned' found\n\
             hint: a similar argument exists: '--send'",
        ),
        (
            &["run", "--send", "SIGITN@1s", "true"],
            "siglab: error: invalid value 'SIGITN@1s' for '--send <SIGNAL@TIME[:ROLE]>': \
             unknown signal `SIGITN`; did you mean SIGINT?",
        ),
        (
            &["run", "--send", "SIGINT@-1s", "true"],
            "siglab: error: invalid value 'SIGINT@-1s' for '--send <SIGNAL@TIME[:ROLE]>': \
             `-1s` is negative; times count from the start of the program",
        ),
        (
            &["run", "--send", "SIGINT", "true"],
            "siglab: error: invalid value 'SIGINT' for '--send <SIGNAL@TIME[:ROLE]>': \
             write SIGNAL@TIME or SIGNAL@TIME:ROLE, as in SIGINT@0.4s",
        ),
        (
            &["run", "--limit", "10", "true"],
            "siglab: error: invalid value '10' for '--limit <TIME>': `10` is not a time; \
             write a number and a unit, as in 0.4s, 250ms, 30us or 5ns",
        ),
        (
            &["run", "--policy", "random:x", "true"],
            "siglab: error: invalid value 'random:x' for '--policy <in-order|newest-first|random[:SEED]>': \
             `random:x` is not a policy; write in-order, newest-first, random or \
             random:SEED with a number",
        ),
        (
            &["run", "--quiet", "--verbose", "true"],
            "siglab: error: the argument '--quiet' cannot be used with '--verbose'\n\
             hint: usage: siglab run [OPTIONS] [--] PROGRAM [ARG]...",
        ),
        (
            &["check", "terminator"],
            "siglab: error: the following required arguments were not provided: <FILE>\n\
             hint: usage: siglab check <LAB> <FILE>",
        ),
        (
            &["check", "terminator", "x.c", "--format", "xml"],
            "siglab: error: invalid value 'xml' for '--format <FORMAT>' \
             [possible values: text, json, junit, gradescope, exercism, classroom50, github, \
             tap, markdown]",
        ),
    ] {
        fails(args, 2, stderr);
    }
}

#[test]
fn help_is_no_error() {
    siglab(["--help"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("Exit status:"))
        .stderr("");
    siglab(["--version"]).assert().code(0).stdout(concat!(
        "siglab ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    ));
    siglab([""; 0])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("Usage:"));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args(["lab", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("stderr is piped")
        .read_to_string(&mut stderr)
        .expect("siglab writes UTF-8");
    let status = child.wait().expect("siglab ends");
    assert_eq!((stderr.as_str(), status.code()), ("", Some(0)));
}
