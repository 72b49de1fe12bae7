//! `siglab predict`.

use predicates::prelude::*;

use crate::{root, siglab, stdout};

/// `siglab predict` with these arguments and these lines on standard input.
fn predict(args: &[&str], answers: &str) -> assert_cmd::assert::Assert {
    let mut command = siglab(["predict"]);
    command.args(args).current_dir(root());
    command.write_stdin(answers).assert()
}

#[test]
fn right_answers_are_counted_and_the_run_is_shown_in_parts() {
    let args = ["simple_handler", "--scenario", "caught"];
    let assert = predict(&args, "1\n1\nexit 0\n9.5s\n").code(0).stderr("");
    let text = stdout(&assert);
    insta::assert_snapshot!(text.split_once("scenario 1").expect("it is there").1, @r#"
     of 1: SIGINT in the middle of the second sleep (caught)

    simple_handler in virtual time
      script: at 1.500s, send SIGINT to main

        0.000 ms  ●  main           starts simple_handler
                  ●  main           prints "simple_handler: my pid is <main>"
                  ●  main           prints "simple_handler: for 5 seconds I handle SIGINT (Ctrl+C) myself"
                  ●  main           handles SIGINT with on_sigint
                  ●  main           prints "simple_handler: 1 of 5"
                  ●  main           sleeps 1.000 s (clock_nanosleep)
    +1000.000 ms  ⋮
     1000.000 ms  ●  main           prints "simple_handler: 2 of 5"
                  ●  main           sleeps 1.000 s (clock_nanosleep)

    SIGINT is sent to main, from outside. What becomes of it?
      1  its handler runs
      2  it stays pending
      3  it is lost: it merges with one that is pending
      4  the process ends
      5  nothing: it is ignored
      6  a call that waits for it takes it
    > 1
    right -- main doesn't block SIGINT, and has a handler for it
    the kernel now: blocked {}, pending {SIGINT}

    main waits in clock_nanosleep. What becomes of that call?
      1  it fails with EINTR
      2  it goes on after the handler, and the program notices nothing
      3  it is finished first, and then the handler runs
    > 1
    right -- clock_nanosleep never goes on after a handler, with SA_RESTART or without

     +500.000 ms  ⋮
     1500.000 ms  ▼  script → main  SIGINT: delivered to on_sigint, interrupts clock_nanosleep (EINTR)
                  ●  main             prints "handler: caught SIGINT"
                  ●  main             on_sigint returns
                  ●  main           prints "simple_handler: 3 of 5"
                  ●  main           sleeps 1.000 s (clock_nanosleep)

    How does main end?
      "exit 0", a signal such as "SIGINT", or "never"
    > exit 0
    right -- at 9.500s main exits with 0

    When does main end, counted from its start?
      "2.5s", or "never"
    > 9.5s
    right -- at 9.500s main exits with 0

    +1000.000 ms  ⋮
     2500.000 ms  ●  main           prints "simple_handler: 4 of 5"
                  ●  main           sleeps 1.000 s (clock_nanosleep)
    +1000.000 ms  ⋮
     3500.000 ms  ●  main           prints "simple_handler: 5 of 5"
                  ●  main           sleeps 1.000 s (clock_nanosleep)
    +1000.000 ms  ⋮
     4500.000 ms  ●  main           sets SIGINT to its default action (terminate)
                  ●  main           prints "simple_handler: SIGINT has its default disposition again, for 5 seconds"
                  ●  main           sleeps 5.000 s (clock_nanosleep)
    +5000.000 ms  ⋮
     9500.000 ms  ●  main           prints "simple_handler: nothing more came, goodbye"
                  ■  main           exits with 0

    main exited with 0, after 9500.000 ms of virtual time; 1 signal

    4 right of 4 answers
    "#);
    let whole = siglab(["run", "--send", "SIGINT@1.5s", "--"])
        .arg(root().join("c-samples/simple_handler.c"))
        .assert();
    let whole = crate::stderr(&whole);
    let mut lines = text.lines();
    for line in whole.lines() {
        assert!(lines.any(|it| it == line), "{line}: {text}");
    }
}

#[test]
fn wrong_answers_are_put_right() {
    let args = ["signal_mask", "--scenario", "three-sigints"];
    let assert = predict(&args, "2\n2\n\n7\n3\n3\nkilled by SIGTERM\n")
        .code(1)
        .stderr("");
    let text = stdout(&assert);
    for part in [
        "> 2\nright -- main blocks SIGINT: its mask is {SIGINT}\n",
        "> 2\nno: it is lost: it merges with one that is pending -- SIGINT is pending already",
        "> 7\nwrite the number of one of them\n> 3\nright -- ",
        "> 3\nno: 1 -- this was pending for main: {SIGINT}\n",
        "> killed by SIGTERM\nno: SIGINT -- at 5.000s SIGINT kills main\n",
        "\n2 right of 5 answers\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    predict(&args, "2\n3\n3\n1\nkilled by SIGINT\n")
        .code(0)
        .stdout(predicate::str::ends_with("\n5 right of 5 answers\n"));
}

/// Nothing of what comes is shown before it was asked about.
#[test]
fn the_end_of_input_is_a_clean_end() {
    let assert = predict(&["signal_mask", "--scenario", "three-sigints"], "2\n3")
        .code(1)
        .stderr("");
    let text = stdout(&assert);
    assert!(
        text.ends_with("> \n\n2 right of 2 answers; the rest was not answered\n"),
        "{text}"
    );
    assert!(
        text.contains("MERGED") && !text.contains("3000.000 ms"),
        "{text}"
    );
    assert!(!text.contains("was killed by"), "{text}");
    predict(&["more_info"], "")
        .code(1)
        .stdout(predicate::str::ends_with(
            "\n0 right of 0 answers; the rest was not answered\n",
        ))
        .stderr("");
    predict(&["more_info"], "\u{1b}[2J\n")
        .code(1)
        .stdout(predicate::str::contains(
            "> \\x1b[2J\nwrite the number of one of them\n",
        ));
}

/// Of a lab in which students write a program, a solution is asked about; in either language.
#[test]
fn any_lab_has_something_to_predict() {
    for (language, file) in [("c", "terminator.c"), ("rust", "terminator.rs")] {
        let args = ["terminator", "--lang", language, "--scenario", "one-sigint"];
        predict(&args, "")
            .code(1)
            .stdout(predicate::str::contains(format!(
                "exercises/terminator/solution/{file}\n"
            )))
            .stdout(predicate::str::contains(
                "SIGINT is sent to parent, from outside.",
            ))
            .stderr("");
    }
}

#[test]
fn what_is_not_there_is_told() {
    predict(&["simple_handler", "--scenario", "cought"], "")
        .code(2)
        .stdout("")
        .stderr(
            "siglab: error: simple_handler has no scenario `cought`\nhint: there are: no-signal, \
         caught, ctrl-c, twice, together, sigterm, just-before, just-after\n",
        );
    predict(&["simple_hander"], "")
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("did you mean `simple_handler`?"));
    predict(&["more_info", "--lang", "rust"], "").code(2).stdout("").stderr(
        "siglab: error: lab more_info has no program to show: neither a solution nor one that was \
         handed out\n",
    );
}
