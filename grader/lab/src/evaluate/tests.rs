//! Verdicts on traces made by hand.

use std::collections::BTreeMap;

use siglab_engine::Error;
use siglab_model::Trace;

use super::{BuildOutcome, Evidence, evaluate};
use crate::manifest::Manifest;
use crate::original::Twins;
use crate::result::{Diagnosis, GradeResult, Language, Status, Verdict};

const HEADER: &str = r#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}"#;

/// A parent that gets SIGINT at 0.5 s, passes it on 0.2 s later, and reaps its child.
pub(super) const RUN: &str = r#"
{"t":0,"role":"parent","event":"spawn","program":"p"}
{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}
{"t":0,"role":"parent","event":"wait-begun","syscall":"rt_sigtimedwait","what":"{SIGINT}"}
{"t":500000000,"role":"parent","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}
{"t":700000000,"role":"child","event":"generated","signal":"SIGINT","from":"thread","directed":"process","code":"SI_USER"}
{"t":700000000,"role":"child","event":"killed","signal":"SIGINT"}
{"t":900000000,"role":"parent","event":"reaped","child":"child","status":{"killed":"SIGINT"}}
{"t":900000000,"role":"parent","event":"exit","code":3}
"#;

pub(super) const EXITED: &str = r#"{"outcome":{"status":{"exited":3},"deadlock":false}}"#;

/// A parent that waits for SIGINT only when its child has ended.
const DEADLOCK: &str = r#"
{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}
{"t":5000000000,"role":"child","event":"exit","code":0}
{"t":5000000000,"event":"deadlock","waiting":[{"role":"parent","syscall":"rt_sigtimedwait","what":"{SIGINT}","pending":"{SIGCHLD}"}]}
"#;

const DEADLOCKED: &str = r#"{"outcome":{"deadlock":true}}"#;

pub(super) fn trace(events: &str, outcome: &str) -> Trace {
    let text = format!("{HEADER}\n{}\n{outcome}\n", events.trim());
    Trace::from_jsonl(&text).expect("the trace is well-formed")
}

/// A lab with one criterion.
pub(super) fn lab(criterion: &str) -> Manifest {
    let text = format!(
        "id = \"lab\"\ntitle = \"A lab\"\nroles = {{ main = \"parent\" }}\n\
         [[scenario]]\nid = \"run\"\n\
         [[criterion]]\nid = \"it\"\ntitle = \"It\"\npoints = 4\n{criterion}\n"
    );
    Manifest::parse(&text, "lab.toml", None).unwrap_or_else(|error| panic!("{error}"))
}

/// What is known of a program in C that has had this one run.
pub(super) fn evidence<'a>(run: Result<&'a Trace, &'a Error>) -> Evidence<'a> {
    Evidence {
        language: Language::C,
        source: "",
        preprocessed: None,
        original: None,
        original_preprocessed: None,
        twins: Twins::new(),
        build: BuildOutcome::Built {
            output: String::new(),
        },
        runs: BTreeMap::from([("run", run)]),
        explorations: BTreeMap::new(),
    }
}

pub(super) fn grade(criterion: &str, run: Result<&Trace, &Error>) -> GradeResult {
    evaluate(&lab(criterion), &evidence(run))
}

/// The verdict on one criterion: `pass`, or the diagnosis.
fn verdict(criterion: &str, trace: &Trace) -> String {
    let result = grade(criterion, Ok(trace));
    let criterion = &result.criteria[0];
    assert_eq!(result.score, criterion.points);
    match (&criterion.diagnosis, criterion.verdict) {
        (None, Verdict::Pass) => {
            assert_eq!(criterion.points, 4);
            "pass".to_owned()
        }
        (Some(Diagnosis { id, message, .. }), Verdict::Fail) => format!("{id}: {message}"),
        (diagnosis, verdict) => format!("{verdict:?}: {diagnosis:?}"),
    }
}

/// The verdict on one requirement.
pub(super) fn requirement(requirement: &str, trace: &Trace) -> String {
    verdict(
        &format!("hint = \"h\"\n[[criterion.require]]\nid = \"own\"\n{requirement}"),
        trace,
    )
}

#[test]
fn counts() {
    let run = trace(RUN, EXITED);
    for (text, expected) in [
        (
            "exactly = 1\nevent = { event = 'generated', role = 'child' }",
            "pass",
        ),
        ("event = { event = 'generated', from = 'parent' }", "pass"),
        (
            "event = { event = 'generated', from = { not = 'parent' } }",
            "pass",
        ),
        (
            "event = { event = 'generated', signal = ['SIGHUP', 'SIGINT'], after = '0.5s' }",
            "pass",
        ),
        (
            "event = { event = 'reaped', status = { killed = 'SIGINT' } }",
            "pass",
        ),
        (
            "event = { event = 'wait-begun', what = { contains = 'SIGINT' } }",
            "pass",
        ),
        ("event = { event = 'killed', core = false }", "pass"),
        ("never = { event = 'killed', role = 'parent' }", "pass"),
        (
            "at_most = 2\nevent = { event = ['exit', 'killed'] }",
            "pass",
        ),
        (
            "at_least = 2\nevent = { event = 'generated', from = 'script' }",
            "own: a signal for anyone from script happened once (at 0.500s), not at least 2",
        ),
        (
            "event = { event = 'generated', signal = 'SIGKILL', role = 'child' }",
            "own: SIGKILL for child did not happen",
        ),
        (
            "never = { event = 'killed' }\nmessage = '{role} died of {signal} at {t}; {status} at {end}'",
            "own: child died of SIGINT at 0.700s; exited with status 3 at 0.900s",
        ),
        (
            "event = { event = 'stopped' }\nmissing = 'no stop; {status}'",
            "own: no stop; exited with status 3",
        ),
    ] {
        assert_eq!(requirement(text, &run), expected, "{text}");
    }
}

#[test]
fn delays() {
    let run = trace(RUN, EXITED);
    let forwarded = "event = { event = 'generated', role = 'child' }";
    for (text, expected) in [
        ("within = '0.2s'\nafter = '0.5s'", "pass"),
        (
            "within = '0.2s'\nafter = { event = 'generated', role = 'parent' }",
            "pass",
        ),
        ("within = '0.1s'\nof = '0.8s'", "pass"),
        (
            "same_instant_as = { event = 'killed', role = 'child' }",
            "pass",
        ),
        ("same_instant_as = '0.7s'", "pass"),
        (
            "within = '10ms'\nafter = '0.5s'",
            "own: a signal for child came at 0.700s, 0.200s after 0.500s",
        ),
        (
            "within = '10ms'\nafter = '0.5s'\nmessage = '{from}, {delay} after {anchor}, not {within}'",
            "own: thread, 0.200s after 0.500s, not 0.010s",
        ),
        (
            "within = '10ms'\nof = '0.8s'\nmessage = '{offset}'",
            "own: 0.100s before",
        ),
        (
            "within = '10ms'\nafter = { event = 'killed' }",
            "own: a signal for child did not happen after the death of a process (it did at 0.700s)",
        ),
        (
            "within = '10ms'\nafter = { event = 'stopped' }",
            "own: the stop of a process did not happen",
        ),
        (
            "within = '10ms'\neach = true\nafter = { event = 'generated' }",
            "own: a signal for child came at 0.700s, 0.200s after a signal for anyone",
        ),
    ] {
        let text = format!("{forwarded}\n{text}");
        assert_eq!(requirement(&text, &run), expected, "{text}");
    }
}

#[test]
fn order_and_outcome() {
    let run = trace(RUN, EXITED);
    for (text, expected) in [
        (
            "in_order = [{ event = 'fork' }, { event = 'killed' }, { event = 'exit' }]",
            "pass",
        ),
        (
            "in_order = [{ event = 'killed' }, { event = 'fork' }]",
            "own: `fork` did not happen after the death of a process (at 0.700s)",
        ),
        ("outcome = { exited = 3 }", "pass"),
        ("outcome = { deadlock = false }", "pass"),
        (
            "outcome = { exited = 0 }",
            "own: parent exited with status 3 at 0.900s; it should have exited with status 0",
        ),
        (
            "outcome = { killed = 'SIGINT' }",
            "own: parent exited with status 3 at 0.900s; it should have died of SIGINT",
        ),
    ] {
        assert_eq!(requirement(text, &run), expected, "{text}");
    }
}

#[test]
fn a_deadlock_explains_what_never_ended() {
    let run = trace(DEADLOCK, DEADLOCKED);
    let why = "since 5.000s nothing can go on any more (a deadlock): parent waits in \
               rt_sigtimedwait for {SIGINT}, while SIGCHLD is pending and blocked";
    assert_eq!(
        requirement("outcome = { exited = 0 }", &run),
        format!("deadlock: parent did not end; {why}")
    );
    assert_eq!(
        requirement(
            "event = { event = 'exit', role = 'parent' }\nmissing = 'no'",
            &run
        ),
        format!("deadlock: no; {why}")
    );
    // Who isn't stuck in a handler could have sent a signal before.
    assert_eq!(
        requirement("event = { event = 'generated' }\nmissing = 'no'", &run),
        "own: no"
    );
    // Who waits for a lock could not.
    let what = r#""syscall":"futex","what":"a lock at m, held by parent""#;
    let locked = DEADLOCK.replace(r#""syscall":"rt_sigtimedwait","what":"{SIGINT}""#, what);
    assert_eq!(
        requirement(
            "event = { event = 'generated' }\nmissing = 'no'",
            &trace(&locked, DEADLOCKED)
        ),
        "deadlock: no; since 5.000s nothing can go on any more (a deadlock): parent waits in \
         futex for a lock at m, held by parent, while SIGCHLD is pending and blocked"
    );
    assert_eq!(
        verdict("kind = 'no-leftovers'", &run),
        format!("zombie-left: child ended at 5.000s, and parent never waited for it; {why}")
    );
    assert_eq!(verdict("kind = 'no-busy-waiting'", &run), "pass");
}

#[test]
fn what_went_wrong_is_said() {
    let missing = "event = { event = 'exit', role = 'parent' }\nmissing = 'no'";
    for (events, outcome, expected) in [
        (
            r#"{"t":7,"role":"parent","event":"killed","signal":"SIGSEGV","core":true}"#,
            r#"{"outcome":{"status":{"killed":"SIGSEGV"},"deadlock":false}}"#,
            "crashed: parent crashed at 0.000000007s: SIGSEGV",
        ),
        (
            concat!(
                r#"{"t":7,"role":"parent","event":"generated","signal":"SIGPIPE","from":"parent","directed":"thread","code":"SI_USER"}"#,
                "\n",
                r#"{"t":7,"role":"parent","event":"killed","signal":"SIGPIPE"}"#,
            ),
            r#"{"outcome":{"status":{"killed":"SIGPIPE"},"deadlock":false}}"#,
            "broken-pipe: SIGPIPE killed parent at 0.000000007s: it wrote to a pipe or socket \
             that nobody can read any more",
        ),
        (
            r#"{"t":0,"event":"limit","limit":"no-progress"}"#,
            r#"{"outcome":{"deadlock":false,"limit":"no-progress"}}"#,
            "computes-forever: from 0.000s on the program goes round and round in a loop that \
             nothing will ever end",
        ),
        (
            r#"{"t":60000000000,"event":"limit","limit":"virtual-time"}"#,
            r#"{"outcome":{"deadlock":false,"limit":"virtual-time"}}"#,
            "time-limit: the run was cut off at 60.000s, when parent was running",
        ),
        (
            r#"{"t":0,"event":"limit","limit":"output"}"#,
            r#"{"outcome":{"deadlock":false,"limit":"output"}}"#,
            "too-much-output: the run was cut off at 0.000s: the program wrote too much",
        ),
        (
            r#"{"t":5,"role":"parent","event":"denied","syscall":"kill","what":"process 1","signal":"SIGKILL","errno":"EPERM"}"#,
            r#"{"outcome":{"deadlock":false}}"#,
            "sent-outside: no; parent called kill at 0.000000005s to send SIGKILL to something \
             outside the run (process 1), and got EPERM",
        ),
        (
            r#"{"t":5,"role":"parent","event":"send-failed","syscall":"kill","target":"99","signal":"99","errno":"EINVAL"}"#,
            r#"{"outcome":{"deadlock":false}}"#,
            "send-failed: no; parent called kill at 0.000000005s to send 99 to 99, and got EINVAL",
        ),
        (
            r#"{"t":1300000000,"event":"script-unfinished","step":1,"what":"at 1.300s, send SIGTERM to child"}"#,
            r#"{"outcome":{"deadlock":false}}"#,
            "step-impossible: at 1.300s there was no such process for step 1 of the \
             scenario (at 1.300s, send SIGTERM to child)",
        ),
    ] {
        assert_eq!(requirement(missing, &trace(events, outcome)), expected);
    }
}

#[test]
fn a_program_that_ends_early() {
    let run = trace(
        r#"{"t":500000000,"role":"parent","event":"exit","code":0}
{"t":500000000,"event":"script-unfinished","step":2,"what":"at 1.200s, send SIGINT to parent"}"#,
        r#"{"outcome":{"status":{"exited":0},"deadlock":false}}"#,
    );
    let killed =
        "event = { event = 'generated', signal = 'SIGKILL' }\nmissing = 'no'\nwithin = '10ms'";
    assert_eq!(
        requirement(&format!("{killed}\nafter = '1.2s'"), &run),
        "ended-early: parent exited with status 0 at 0.500s, before step 2 of the \
         scenario (at 1.200s, send SIGINT to parent)"
    );
    assert_eq!(
        requirement(&format!("{killed}\nafter = '0.4s'"), &run),
        "own: no"
    );
}

#[test]
fn leftovers() {
    let fork = r#"{"t":0,"role":"thread","event":"fork","child":"child","how":"fork"}"#;
    let end = r#"{"t":2,"role":"parent","event":"exit","code":0}"#;
    for (events, expected) in [
        (RUN.to_owned(), "pass"),
        (
            format!(
                "{fork}\n{}\n{end}\n{}",
                r#"{"t":1,"role":"child","event":"exit","code":0}"#,
                r#"{"t":2,"role":"child","event":"left-zombie"}"#
            ),
            "zombie-left: parent ended at 0.000000002s without having waited for child, \
             which had ended at 0.000000001s",
        ),
        (
            format!(
                "{fork}\n{end}\n{}",
                r#"{"t":2,"role":"child","event":"orphaned"}"#
            ),
            "orphan-left: parent ended at 0.000000002s while child was still running",
        ),
        (
            format!("{fork}\n{end}"),
            "left-running: child was still there when the run was over at 0.000000002s",
        ),
        (
            format!(
                "{fork}\n{}\n{end}",
                r#"{"t":1,"role":"child","event":"reaped-by-kernel"}"#
            ),
            "pass",
        ),
    ] {
        assert_eq!(
            verdict("kind = 'no-leftovers'", &trace(&events, EXITED)),
            expected
        );
    }
}

#[test]
fn polling_is_named() {
    let wait = |t: u64, result: &str| {
        format!(
            r#"{{"t":{t},"role":"parent","event":"wait-begun","syscall":"poll"}}
{{"t":{},"role":"parent","event":"wait-ended","syscall":"poll","result":"{result}"}}
"#,
            t + 100_000_000
        )
    };
    let signal = r#"{"t":0,"role":"parent","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}
"#;
    let two: String = (0..2).map(|n| wait(n * 100_000_000, "timeout")).collect();
    let three: String = (0..3).map(|n| wait(n * 100_000_000, "timeout")).collect();
    let rule = "kind = 'no-busy-waiting'\nrole = 'parent'";
    let judge = |events: &str| verdict(rule, &trace(events, EXITED));
    assert_eq!(judge(&two), "pass");
    assert_eq!(judge(&format!("{two}{signal}{two}")), "pass");
    assert_eq!(
        judge(&three),
        "repeated-timeouts: parent woke up 3 times in a row with nothing to do: poll ran out \
         at 0.100s, 0.200s, 0.300s"
    );
    assert_eq!(judge(&three.replace("parent", "child")), "pass");
    let ticks = wait(0, "EINTR").replace(
        "{\"t\":100000000",
        "{\"t\":100000000,\"role\":\"parent\",\"event\":\"generated\",\"signal\":\"SIGALRM\",\
         \"from\":\"kernel\",\"directed\":\"process\",\"code\":\"SI_KERNEL\"}\n{\"t\":100000000",
    );
    assert_eq!(
        judge(&ticks.repeat(3)),
        "repeated-timeouts: parent woke up 3 times in a row with nothing to do: poll ran out \
         at 0.100s, 0.100s, 0.100s"
    );
    assert_eq!(
        judge(
            r#"{"t":0,"role":"parent","event":"busy-waiting","how":"spinning","stack":[{"function":"parent"}]}"#
        ),
        "spinning: from 0.000s on parent keeps the processor busy in parent while it waits"
    );
    assert_eq!(
        judge(
            r#"{"t":0,"role":"parent","event":"busy-waiting","how":"spinning","stack":[{"function":"sched_yield","module":"libc.so.6"},{"function":"parent","file":"a.c","line":7}]}"#
        ),
        "spinning: from 0.000s on parent keeps the processor busy in parent (a.c:7) while it waits"
    );
    assert_eq!(
        judge(
            r#"{"t":0,"role":"thread","event":"busy-waiting","how":"polling","syscall":"wait4"}"#
        ),
        "polling: from 0.000s on thread calls wait4 again and again without blocking"
    );
}

#[test]
fn what_siglab_does_not_control_is_an_error() {
    let text = r#"{"t":4,"role":"child","event":"unsupported","syscall":"io_uring_setup","what":"io_uring"}"#;
    let result = grade("kind = 'no-leftovers'", Ok(&trace(text, EXITED)));
    let criterion = &result.criteria[0];
    assert_eq!((criterion.verdict, criterion.points), (Verdict::Error, 0));
    let diagnosis = criterion
        .diagnosis
        .as_ref()
        .expect("an error has a diagnosis");
    assert_eq!(diagnosis.id, "unsupported");
    assert_eq!(
        diagnosis.message,
        "child used io_uring_setup at 0.000000004s in a way that siglab doesn't control: io_uring"
    );
}

#[test]
fn runs_that_did_not_take_place() {
    let step = Error::Script {
        step: 2,
        what: "press ^C".into(),
        why: "the terminal is gone".into(),
    };
    let result = grade("kind = 'no-leftovers'", Err(&step));
    assert_eq!(result.status, Status::Graded);
    assert_eq!(result.criteria[0].verdict, Verdict::Fail);
    let internal = Error::Internal("lost".into());
    let result = grade("kind = 'no-leftovers'", Err(&internal));
    assert_eq!(result.status, Status::InternalError);
    assert_eq!(result.criteria[0].verdict, Verdict::Error);
    assert_eq!(result.message.as_deref(), Some("internal error: lost"));
}

#[test]
fn what_does_not_compile_is_not_judged() {
    let evidence = |output: &str| Evidence {
        language: Language::Rust,
        source: "",
        preprocessed: None,
        original: None,
        original_preprocessed: None,
        twins: Twins::new(),
        build: BuildOutcome::Failed {
            output: output.to_owned(),
        },
        runs: BTreeMap::new(),
        explorations: BTreeMap::new(),
    };
    let lab = lab(
        "kind = 'builds'\n[[criterion]]\nid = 'other'\ntitle = 'Other'\npoints = 1\nkind = 'no-leftovers'",
    );
    let result = evaluate(
        &lab,
        &evidence("warning: unused\nerror[E0308]: mismatched types\n  --> a.rs:3:5\n"),
    );
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&result).expect("results are plain data"),
        @r#"
        {
          "schema": "siglab/result/v1",
          "lab": "lab",
          "language": "rust",
          "score": 0,
          "max_score": 5,
          "status": "compile-error",
          "criteria": [
            {
              "id": "it",
              "title": "It",
              "verdict": "fail",
              "points": 0,
              "max_points": 4,
              "diagnosis": {
                "id": "compile-error",
                "message": "a.rs:3:5: error[E0308]: mismatched types",
                "hint": "mend the first error first; later ones often follow from it"
              }
            },
            {
              "id": "other",
              "title": "Other",
              "verdict": "skipped",
              "points": 0,
              "max_points": 1
            }
          ],
          "compiler_output": "warning: unused\nerror[E0308]: mismatched types\n  --> a.rs:3:5\n"
        }
        "#
    );
    let result = evaluate(&lab, &evidence("undefined reference to `main'"));
    let diagnosis = result.criteria[0].diagnosis.as_ref();
    assert_eq!(diagnosis.map(|it| it.id.as_str()), Some("no-main"));
}

/// Rounds of a run: what happens in each, one every 100 ms. `{t}` is its time.
fn rounds(rounds: &[&str]) -> Trace {
    let mut events = String::from(
        r#"{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}
{"t":0,"role":"parent","event":"wait-begun","syscall":"read","what":"timerfd (fd 3)"}
"#,
    );
    for (nth, round) in rounds.iter().enumerate() {
        let t = (nth as u64 + 1) * 100_000_000;
        events.push_str(&format!(
            r#"{{"t":{t},"event":"clock-advanced","from":0}}{}"#,
            "\n"
        ));
        events.push_str(&round.replace("{t}", &t.to_string()));
    }
    trace(&events, EXITED)
}

const TICK: &str = r#"{"t":{t},"role":"parent","event":"wait-ended","syscall":"read","result":"8"}
{"t":{t},"role":"parent","event":"wait-begun","syscall":"read","what":"timerfd (fd 3)"}
"#;
const FROM_PIPE: &str = r#"{"t":{t},"role":"parent","event":"wait-ended","syscall":"poll","result":"1"}
{"t":{t},"role":"parent","event":"wait-begun","syscall":"poll","what":"fds 3, 4"}
"#;
const SAYS: &str = r#"{"t":{t},"role":"child","event":"output","stream":"stdout","text":"{t}"}
"#;

#[test]
fn waking_up_for_nothing_is_counted_over_the_whole_run() {
    let judge = |roles: &str, all: &[&str]| {
        let text = format!(
            "id = \"lab\"\ntitle = \"A lab\"\nroles = {{ {roles} }}\n\
             [[scenario]]\nid = \"run\"\n[[criterion]]\nid = \"it\"\ntitle = \"It\"\npoints = 4\n\
             kind = 'no-busy-waiting'\nrole = 'parent'\n"
        );
        let lab = Manifest::parse(&text, "lab.toml", None).unwrap_or_else(|it| panic!("{it}"));
        let run = rounds(all);
        let evidence = evidence(Ok(&run));
        let result = evaluate(&lab, &evidence);
        let diagnosis = result.criteria[0].diagnosis.as_ref();
        diagnosis.map_or("pass".to_owned(), |it| it.message.clone())
    };
    let both = r#"main = "parent", child = "child""#;
    let event = |text: &str| format!("{{\"t\":{{t}},{text}}}\n");
    let signal = event(
        r#""role":"parent","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER""#,
    );
    let output = event(r#""role":"parent","event":"output","stream":"stdout","text":"{t}""#);
    let dot = event(r#""role":"parent","event":"output","stream":"stdout","text":".""#);
    let kick = event(
        r#""role":"child","event":"generated","signal":"SIGCONT","from":"parent","directed":"process","code":"SI_USER""#,
    );
    let pass_on = kick.replace("SIGCONT", "SIGINT");
    let nap = event(
        r#""role":"child.2","event":"wait-ended","syscall":"clock_nanosleep","result":"timeout""#,
    );
    let helper = event(r#""role":"parent","event":"fork","child":"child.2","how":"fork""#);
    let of_helper = event(
        r#""role":"parent","event":"generated","signal":"SIGUSR1","from":"child.2","directed":"process","code":"SI_USER""#,
    );
    let timer = event(
        r#""role":"parent","event":"generated","signal":"SIGALRM","from":"kernel","directed":"process","code":"SI_KERNEL""#,
    );
    let handled =
        event(r#""role":"parent","event":"handler-entered","signal":"SIGALRM","depth":1"#);
    let nothing = "parent woke up 3 times, and nothing came of it: read returned at 0.100s, \
                   0.200s, 0.300s";
    let with = |more: &str| format!("{TICK}{more}");
    for (round, expected) in [
        (TICK.to_owned(), nothing),
        (with(&dot), "pass"),
        (with(&output), "pass"),
        (with(&signal), "pass"),
        (with(&pass_on), "pass"),
        (with(&kick), nothing),
        (with(SAYS), nothing),
        (with(&helper), nothing),
        (with(&of_helper), nothing),
        // Somebody else did something: it may be what the pipe tells.
        (format!("{FROM_PIPE}{SAYS}"), "pass"),
        (
            FROM_PIPE.to_owned(),
            "parent woke up 3 times, and nothing came of it: poll returned at 0.100s, 0.200s, 0.300s",
        ),
        (
            format!("{nap}{FROM_PIPE}"),
            "parent, or somebody who ticks for it, woke up 3 times, and nothing came of it: \
             clock_nanosleep returned at 0.100s, 0.200s, 0.300s",
        ),
        (
            format!("{timer}{handled}"),
            "parent woke up 3 times, and nothing came of it: a handler ran at 0.100s, 0.200s, 0.300s",
        ),
    ] {
        assert_eq!(judge(both, &[round.as_str(); 3]), expected, "{round}");
        assert_eq!(judge(both, &[round.as_str(); 2]), "pass", "{round}");
    }
    // The same text again is no news, but the first is.
    assert!(judge(both, &[with(&dot).as_str(); 4]).contains("woke up 3 times"));
    // Without names for children nobody is a helper.
    let ticks = format!("{nap}{SAYS}");
    assert_eq!(judge(r#"main = "parent""#, &[ticks.as_str(); 9]), "pass");
    // A signal allows two more, also if others come in between.
    let signal = with(&signal);
    let four = [TICK, TICK, &signal, TICK, TICK];
    assert_eq!(judge(both, &four), "pass");
    assert!(judge(both, &[&four[..], &[TICK]].concat()).contains("woke up 5 times"));
}
