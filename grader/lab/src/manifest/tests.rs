//! What is wrong with a manifest is shown with line, column and caret.

use siglab_model::Signal;

use super::{Exploring, MOMENTS, Manifest};

/// A lab in order, which each test spoils.
const LAB: &str = r#"id = "lab"
title = "A lab"
roles = { main = "parent" }

[[scenario]]
id = "run"
steps = [{ at = "0.5s", send = "SIGINT", to = "parent" }]

[[criterion]]
id = "dies"
title = "It dies"
points = 2
hint = "look"
[[criterion.require]]
id = "lives"
event = { event = "killed", role = "parent" }
"#;

/// What is said about [`LAB`] with each of these replaced.
fn spoilt(changes: &[(&str, &str)]) -> String {
    let mut text = LAB.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let error = Manifest::parse(&text, "lab.toml", Some("lab")).expect_err("it is spoilt");
    error.to_string()
}

#[test]
fn a_lab_in_order() {
    let lab = Manifest::parse(LAB, "lab.toml", Some("lab")).expect("it is in order");
    assert_eq!(lab.max_score(), 2);
    assert_eq!(lab.roles.main(), "parent");
    assert_eq!(
        lab.scenarios[0].script.steps[0].to_string(),
        "at 0.500s, send SIGINT to parent"
    );
    assert_eq!(lab.criteria[0].scenarios, ["run"]);
}

#[test]
fn an_unknown_signal() {
    let shown = spoilt(&[(r#""SIGINT""#, r#""SIGITN""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: unknown signal `SIGITN`
     --> lab.toml:7:32
      |
    7 | steps = [{ at = "0.5s", send = "SIGITN", to = "parent" }]
      |                                ^^^^^^^^
      |
      = help: did you mean SIGINT?
    "#);
}

#[test]
fn a_role_by_a_name_that_says_something_else() {
    for name in [
        "script", "child.2", "thread", "timeout", "EINTR", "SIGINT", "7",
    ] {
        let shown = spoilt(&[(r#"main = "parent""#, &format!("main = '{name}'"))]);
        let expected = format!("`{name}` can't be a role's name");
        assert!(shown.contains(&expected), "{shown}");
    }
}

#[test]
fn a_negative_time() {
    let shown = spoilt(&[("0.5s", "-0.5s")]);
    insta::assert_snapshot!(shown, @r#"
    error: `-0.5s` is negative; times count from the start of the program
     --> lab.toml:7:17
      |
    7 | steps = [{ at = "-0.5s", send = "SIGINT", to = "parent" }]
      |                 ^^^^^^^
    "#);
}

#[test]
fn a_time_without_unit() {
    let shown = spoilt(&[("0.5s", "0.5")]);
    insta::assert_snapshot!(shown, @r#"
    error: `0.5` is not a time; write a number and a unit, as in 0.4s, 250ms, 30us or 5ns
     --> lab.toml:7:17
      |
    7 | steps = [{ at = "0.5", send = "SIGINT", to = "parent" }]
      |                 ^^^^^
    "#);
}

#[test]
fn times_that_go_backwards() {
    let shown = spoilt(&[("[{ at", r#"[{ at = "1s" }, { at"#)]);
    insta::assert_snapshot!(shown, @r#"
    error: times go backwards: 0.500s comes after a step at 1.000s
     --> lab.toml:7:32
      |
    7 | steps = [{ at = "1s" }, { at = "0.5s", send = "SIGINT", to = "parent" }]
      |                                ^^^^^^
      |
      = help: steps are carried out one after another
    "#);
}

#[test]
fn a_step_after_the_limit() {
    let shown = spoilt(&[("0.5s", "61s")]);
    insta::assert_snapshot!(shown, @r#"
    error: this step comes after the scenario's limit of 60.000s
     --> lab.toml:7:17
      |
    7 | steps = [{ at = "61s", send = "SIGINT", to = "parent" }]
      |                 ^^^^^
      |
      = help: raise `virtual_time` under `limits`
    "#);
}

#[test]
fn a_role_that_never_exists() {
    let shown = spoilt(&[(r#"to = "parent""#, r#"to = "parnet""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: no process is ever called `parnet`
     --> lab.toml:7:47
      |
    7 | steps = [{ at = "0.5s", send = "SIGINT", to = "parnet" }]
      |                                               ^^^^^^^^
      |
      = help: did you mean `parent`?
    "#);
}

#[test]
fn a_role_that_has_another_name_here() {
    let shown = spoilt(&[(r#"role = "parent" }"#, r#"role = "main" }"#)]);
    insta::assert_snapshot!(shown, @r#"
    error: `main` is called `parent` in this lab
      --> lab.toml:16:36
       |
    16 | event = { event = "killed", role = "main" }
       |                                    ^^^^^^
       |
       = help: write `parent`
    "#);
}

#[test]
fn a_key_without_a_terminal() {
    let shown = spoilt(&[(r#"send = "SIGINT", to = "parent""#, r#"press = "Ctrl+C""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: `press` needs a terminal
     --> lab.toml:7:33
      |
    7 | steps = [{ at = "0.5s", press = "Ctrl+C" }]
      |                                 ^^^^^^^^
      |
      = help: add `terminal = true` to the scenario
    "#);
}

#[test]
fn an_unknown_key_to_press() {
    let shown = spoilt(&[
        (r#"send = "SIGINT", to = "parent""#, r#"press = "Ctrl+X""#),
        (
            r#"id = "run""#,
            r#"id = "run"
terminal = true"#,
        ),
    ]);
    insta::assert_snapshot!(shown, @r#"
    error: no key `Ctrl+X`
     --> lab.toml:8:33
      |
    8 | steps = [{ at = "0.5s", press = "Ctrl+X" }]
      |                                 ^^^^^^^^
      |
      = help: there are: Ctrl+C, Ctrl+Z, Ctrl+\, Ctrl+D
    "#);
}

#[test]
fn a_step_that_does_two_things() {
    let shown = spoilt(&[(
        r#"send = "SIGINT""#,
        r#"send = "SIGINT", queue = "SIGUSR1", value = 1"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: a step does one thing; here are `send` and `queue`
     --> lab.toml:7:50
      |
    7 | steps = [{ at = "0.5s", send = "SIGINT", queue = "SIGUSR1", value = 1, to = "parent" }]
      |                                                  ^^^^^^^^^
      |
      = help: make two steps of it
    "#);
}

#[test]
fn an_unknown_key() {
    let shown = spoilt(&[(
        "points = 2",
        "pionts = 2
points = 2",
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: unknown key `pionts`
      --> lab.toml:12:1
       |
    12 | pionts = 2
       | ^^^^^^
       |
       = help: did you mean `points`?
    "#);
}

#[test]
fn an_unknown_key_of_a_step() {
    let shown = spoilt(&[(r#"at = "0.5s""#, r#"att = "0.5s""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: unknown key `att`
     --> lab.toml:7:12
      |
    7 | steps = [{ att = "0.5s", send = "SIGINT", to = "parent" }]
      |            ^^^
      |
      = help: did you mean `at`?
    "#);
}

#[test]
fn a_text_where_a_number_belongs() {
    let shown = spoilt(&[("points = 2", r#"points = "two""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: invalid type: string "two", expected an integer
      --> lab.toml:12:10
       |
    12 | points = "two"
       |          ^^^^^
    "#);
}

#[test]
fn no_toml() {
    let shown = spoilt(&[("points = 2", "points = = 2")]);
    insta::assert_snapshot!(shown, @r#"
    error: extra `=`, expected nothing
      --> lab.toml:12:10
       |
    12 | points = = 2
       |          ^

    error: unexpected key or value, expected newline, `#`
      --> lab.toml:12:12
       |
    12 | points = = 2
       |            ^
    "#);
}

#[test]
fn two_scenarios_with_one_id() {
    let shown = spoilt(&[(
        "[[criterion]]",
        r#"[[scenario]]
id = "run"

[[criterion]]"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: a second scenario `run`
      --> lab.toml:10:6
       |
    10 | id = "run"
       |      ^^^^^
    "#);
}

#[test]
fn a_criterion_about_no_scenario() {
    let shown = spoilt(&[(
        "points = 2",
        r#"points = 2
scenarios = ["runs"]"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: no scenario `runs`
      --> lab.toml:13:14
       |
    13 | scenarios = ["runs"]
       |              ^^^^^^
       |
       = help: did you mean `run`?
    "#);
}

#[test]
fn bounds_that_contradict_each_other() {
    let shown = spoilt(&[(
        r#"event = { event = "killed", role = "parent" }"#,
        r#"event = { event = "killed" }
at_least = 3
at_most = 2"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: at least 3 and at most 2 can't both hold
      --> lab.toml:18:11
       |
    18 | at_most = 2
       |           ^
    "#);
}

#[test]
fn an_unknown_event() {
    let shown = spoilt(&[(r#"event = "killed", role"#, r#"event = "kileld", role"#)]);
    insta::assert_snapshot!(shown, @r#"
    error: no event `kileld`
      --> lab.toml:16:19
       |
    16 | event = { event = "kileld", role = "parent" }
       |                   ^^^^^^^^
       |
       = help: did you mean `killed`?
    "#);
}

#[test]
fn an_unknown_field() {
    let shown = spoilt(&[(
        r#"role = "parent" }
"#,
        r#"sgnal = "SIGINT" }
"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: `killed` events have no field `sgnal`
      --> lab.toml:16:29
       |
    16 | event = { event = "killed", sgnal = "SIGINT" }
       |                             ^^^^^
       |
       = help: did you mean `signal`?
    "#);
}

#[test]
fn a_field_of_another_event() {
    let shown = spoilt(&[(
        r#"role = "parent" }
"#,
        "code = 0 }
",
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: `killed` events have no field `code`
      --> lab.toml:16:29
       |
    16 | event = { event = "killed", code = 0 }
       |                             ^^^^
       |
       = help: did you mean `core`?
    "#);
}

#[test]
fn a_number_where_a_signal_belongs() {
    let shown = spoilt(&[(
        r#"role = "parent" }
"#,
        "signal = 2 }
",
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: `signal` must be a signal's name
      --> lab.toml:16:38
       |
    16 | event = { event = "killed", signal = 2 }
       |                                      ^
    "#);
}

#[test]
fn a_word_that_a_field_never_is() {
    let shown = spoilt(&[(
        r#"event = { event = "killed", role = "parent" }"#,
        r#"event = { event = "delivered", disposition = "handled" }"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: `disposition` is never `handled`
      --> lab.toml:16:46
       |
    16 | event = { event = "delivered", disposition = "handled" }
       |                                              ^^^^^^^^^
       |
       = help: it is one of default, ignore, handler
    "#);
}

#[test]
fn a_requirement_of_two_forms() {
    let shown = spoilt(&[(
        r#"id = "lives""#,
        r#"id = "lives"
never = { event = "exit" }"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: a requirement has one form; here are `event` and `never`
      --> lab.toml:16:9
       |
    16 | never = { event = "exit" }
       |         ^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_message_with_an_unknown_name() {
    let shown = spoilt(&[(
        r#"id = "lives""#,
        r#"id = "lives"
message = "{role} died of {sginal}""#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: nothing is called `{sginal}` here
      --> lab.toml:16:11
       |
    16 | message = "{role} died of {sginal}"
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `{signal}`?
    "#);
}

#[test]
fn an_unknown_rule() {
    let shown = spoilt(&[(
        r#"hint = "look"
[[criterion.require]]
id = "lives"
event = { event = "killed", role = "parent" }
"#,
        r#"kind = "no-leftover"
"#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: no built-in rule `no-leftover`
      --> lab.toml:13:8
       |
    13 | kind = "no-leftover"
       |        ^^^^^^^^^^^^^
       |
       = help: did you mean `no-leftovers`?
    "#);
}

#[test]
fn no_scenario() {
    let shown = spoilt(&[(
        r#"[[scenario]]
id = "run"
steps = [{ at = "0.5s", send = "SIGINT", to = "parent" }]
"#,
        "",
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: a lab needs a scenario
      --> lab.toml:13:47
       |
    13 | event = { event = "killed", role = "parent" }
       |                                              ^
       |
       = help: add a [[scenario]] with an id and steps
    "#);
}

#[test]
fn an_id_that_is_not_the_folder() {
    let shown = spoilt(&[(r#"id = "lab""#, r#"id = "lba""#)]);
    insta::assert_snapshot!(shown, @r#"
    error: the lab's id is `lba`, but its folder is called `lab`
     --> lab.toml:1:6
      |
    1 | id = "lba"
      |      ^^^^^
    "#);
}

#[test]
fn missing_keys() {
    let shown = spoilt(&[
        (
            r#"hint = "look"
"#,
            "",
        ),
        (
            r#"title = "It dies"
"#,
            "",
        ),
    ]);
    insta::assert_snapshot!(shown, @r#"
    error: `title` is missing
     --> lab.toml:9:1
      |
    9 | [[criterion]]
      | ^^^^^^^^^^^^^

    error: `hint` is missing
      --> lab.toml:12:1
       |
    12 | [[criterion.require]]
       | ^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn everything_at_once() {
    let shown = spoilt(&[
        (r#""SIGINT""#, r#""SIGITN""#),
        ("0.5s", "half a second"),
        (r#"event = "killed""#, r#"event = "died""#),
        (r#"title = "A lab""#, r#"titel = "A lab""#),
    ]);
    insta::assert_snapshot!(shown, @r#"
    error: `title` is missing
     --> lab.toml:1:1
      |
    1 | id = "lab"
      | ^

    error: unknown key `titel`
     --> lab.toml:2:1
      |
    2 | titel = "A lab"
      | ^^^^^
      |
      = help: did you mean `title`?

    error: `half a second` is not a moment; write a time, or a step's name and what to add to it, as in half + 0.2s
     --> lab.toml:7:17
      |
    7 | steps = [{ at = "half a second", send = "SIGITN", to = "parent" }]
      |                 ^^^^^^^^^^^^^^^

    error: unknown signal `SIGITN`
     --> lab.toml:7:41
      |
    7 | steps = [{ at = "half a second", send = "SIGITN", to = "parent" }]
      |                                         ^^^^^^^^
      |
      = help: did you mean SIGINT?

    error: no event `died`
      --> lab.toml:16:19
       |
    16 | event = { event = "died", role = "parent" }
       |                   ^^^^^^
       |
       = help: did you mean `denied`?
    "#);
}

#[test]
fn an_unknown_system_call() {
    let shown = spoilt(&[(
        r#"at = "0.5s""#,
        r#"waiting = "parent", syscall = "sigwait""#,
    )]);
    insta::assert_snapshot!(shown, @r#"
    error: no system call `sigwait`
     --> lab.toml:7:42
      |
    7 | steps = [{ waiting = "parent", syscall = "sigwait", send = "SIGINT", to = "parent" }]
      |                                          ^^^^^^^^^
      |
      = help: names are the kernel's, as strace shows them: rt_sigtimedwait
    "#);
}

const EVENT: &str = r#"id = "lives"
event = { event = "killed", role = "parent" }"#;

#[test]
fn requirements_about_every_moment() {
    let shown = |requirement: &str| spoilt(&[(EVENT, requirement)]);
    for (requirement, problem) in [
        (
            "no_finding = [\"deadlok\"]",
            "no kind of finding `deadlok`\n  --> lab.toml:15:15",
        ),
        ("no_finding = [\"deadlok\"]", "did you mean `deadlock`?"),
        (
            "no_finding = []",
            "`no_finding` names no kind\n  --> lab.toml:15:14",
        ),
        (
            "no_finding = [\"crash\"]\nto = \"main\"",
            "`main` is called `parent` in this lab\n  --> lab.toml:16:6",
        ),
        (
            "no_finding = [\"crash\"]\nid = \"mine\"",
            "`id` doesn't go with `no_finding`",
        ),
        (
            "no_finding = [\"crash\"]\nmoments = 10001",
            "`10001` moments are too many",
        ),
        (
            "no_finding = [\"crash\"]\nwithin = \"1s\"",
            "`within` goes with `event`",
        ),
        (
            "id = \"a\"\nnever = { event = \"exit\" }\nsignal = \"SIGINT\"",
            "`signal` goes with `no_finding`",
        ),
    ] {
        let shown = shown(requirement);
        assert!(shown.contains(problem), "{requirement}: {shown}");
    }
}

#[test]
fn requirements_that_hold_at_any_moment() {
    let shown = |requirement: &str| spoilt(&[(EVENT, requirement)]);
    let at_any_moment = format!("{EVENT}\nat_any_moment = true\nmoments = 0");
    assert!(shown(&at_any_moment).contains("`at_any_moment` needs moments\n  --> lab.toml:18:11"));
    let both = "no_finding = [\"crash\"]\nat_any_moment = true";
    assert!(shown(both).contains("`no_finding` is about any moment already\n  --> lab.toml:15:14"));
}

#[test]
fn steps_that_wait_for_what_is_tried() {
    const STEP: &str = r#"at = "0.5s""#;
    let nobody = spoilt(&[(STEP, "tried = true")]);
    assert!(
        nobody.contains("no signal is ever tried in this scenario\n --> lab.toml:7:20"),
        "{nobody}"
    );
    let twice = spoilt(&[
        (STEP, "tried = true }, { tried = true"),
        (EVENT, "no_finding = [\"crash\"]"),
    ]);
    assert!(
        twice.contains("a signal is tried once in a scenario\n --> lab.toml:7:"),
        "{twice}"
    );
    let and_at = spoilt(&[
        (STEP, r#"at = "1s", tried = true"#),
        (EVENT, "no_finding = [\"crash\"]"),
    ]);
    assert!(
        and_at.contains("a step waits for one thing; here are `at` and `tried`"),
        "{and_at}"
    );
}

#[test]
fn criteria_that_need_others() {
    let needs = |ids: &str| spoilt(&[("points = 2", &format!("points = 2\nneeds = [{ids}]"))]);
    let own = needs("\"dies\"");
    assert!(
        own.contains("criterion `dies` doesn't come before this one\n  --> lab.toml:13:10"),
        "{own}"
    );
    let unknown = needs("\"builds\"");
    assert!(unknown.contains("no criterion `builds`"), "{unknown}");
}

#[test]
fn what_is_explored() {
    let text = LAB.replace(
        EVENT,
        "no_finding = [\"crash\"]\nsignal = \"SIGINT\"\nto = \"parent\"",
    );
    let lab = Manifest::parse(&text, "lab.toml", None).expect("it is in order");
    let dies = lab.criterion("dies").expect("it is there");
    let wanted: Vec<_> = dies.explorations().collect();
    let exploring = Exploring {
        signal: Some(Signal::INT),
        to: Some("parent".into()),
        moments: MOMENTS,
    };
    assert_eq!(wanted, [("run", &exploring)]);
    assert_eq!(lab.criteria[0].scenarios, ["run"]);
}
