//! What a twin gets, and how it is compared.

use super::*;

const ROLE: &str = "child";

/// A trace of events in JSON, without `t` and with `role` in front: `TIME ms ROLE EVENT`.
fn trace(lines: &[&str]) -> Trace {
    let mut text = String::from(
        r#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}"#,
    );
    text.push_str(
        "\n{\"t\":0,\"role\":\"main\",\"event\":\"fork\",\"child\":\"child\",\"how\":\"fork\"}\n",
    );
    for line in lines {
        let mut words = line.splitn(3, ' ');
        let (ms, role, rest) = (words.next(), words.next(), words.next());
        let nanos = ms
            .and_then(|it| it.parse::<u64>().ok())
            .map(|it| it * 1_000_000);
        text.push_str(&format!(
            "{{\"t\":{},\"role\":\"{}\",{}}}\n",
            nanos.expect("a time"),
            role.expect("a role"),
            rest.expect("an event")
        ));
    }
    text.push_str("{\"outcome\":{\"status\":{\"exited\":0},\"deadlock\":false}}\n");
    Trace::from_jsonl(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn waits(from: u64, until: u64, result: &str) -> [String; 2] {
    let end = if result == "timeout" {
        until
    } else {
        until - 500
    };
    [
        format!(
            "{from} child \"event\":\"wait-begun\",\"syscall\":\"clock_nanosleep\",\"until\":{}",
            until * 1_000_000
        ),
        format!(
            "{end} child \"event\":\"wait-ended\",\"syscall\":\"clock_nanosleep\",\"result\":\"{result}\""
        ),
    ]
}

const HANDLER: &str = r#"0 child "event":"disposition-changed","signal":"SIGINT","disposition":{"is":"handler","function":"h"}"#;
const SAYS: &str = r#"0 child "event":"output","stream":"stdout","text":"one\ntwo\n""#;
const EXIT: &str = r#"2000 child "event":"exit","code":0"#;
const SENT: &str = r#"500 child "event":"generated","signal":"SIGINT","from":"main","directed":"process","code":"SI_USER""#;
const CAUGHT: &str =
    r#"500 child "event":"delivered","signal":"SIGINT","disposition":"handler","code":"SI_USER""#;
const KILLED: &str = r#"500 child "event":"killed","signal":"SIGKILL""#;
const BLOCKED: &str = r#"500 child "event":"blocked-pending","signal":"SIGINT""#;

/// What it does when nobody disturbs it.
fn undisturbed() -> Vec<String> {
    let mut lines = vec![HANDLER.to_owned(), SAYS.to_owned()];
    lines.extend(waits(0, 1000, "timeout"));
    lines.extend(waits(1000, 2000, "timeout"));
    lines.push(EXIT.to_owned());
    lines
}

fn of(lines: &[String]) -> Trace {
    trace(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn plan_of(lines: &[&str]) -> (Vec<String>, Option<u128>) {
    let (role, roles) = (Role::new(ROLE), Roles::default());
    let (found, original) = (trace(lines), of(&undisturbed()));
    let part = Part::of(&found, &role).expect("it is there");
    let plan = part.plan(Part::of(&original, &role).expect("it is there"), &roles);
    let steps = plan
        .script
        .steps
        .iter()
        .map(|step| match (&step.when, &step.action) {
            (When::At(t), Action::Send { signal, .. }) => format!("{signal} {t}"),
            other => panic!("{other:?}"),
        });
    (steps.collect(), plan.until.map(|it| it.as_millis()))
}

#[test]
fn a_twin_gets_the_signals_that_count() {
    let last = r#"1999 main "event":"output","stream":"stdout","text":"x""#;
    let signal = |line: &str, name: &str| line.replace("SIGINT", name);
    let sent = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let begun = waits(0, 5000, "timeout")[0].clone();
    let usr1 = signal(SENT, "SIGUSR1");
    for (lines, steps, until) in [
        (vec![SENT, CAUGHT, EXIT], sent(&["SIGINT 0.500s"]), None),
        (
            vec![SENT, CAUGHT, last],
            sent(&["SIGINT 0.500s"]),
            Some(1999),
        ),
        // SIGKILL tells nothing; what others blocked, or set a handler for, isn't its affair.
        (vec![&signal(SENT, "SIGKILL"), KILLED], sent(&[]), Some(500)),
        (vec![SENT, BLOCKED, EXIT], sent(&[]), Some(500)),
        (
            vec![&usr1, &signal(CAUGHT, "SIGUSR1"), EXIT],
            sent(&[]),
            Some(500),
        ),
        // Nothing came of these: ignored from before, or by default.
        (vec![&usr1, EXIT], sent(&[]), None),
        (vec![&signal(SENT, "SIGCONT"), EXIT], sent(&[]), None),
        // It handles this one, so it should have noticed.
        (vec![SENT, EXIT], sent(&["SIGINT 0.500s"]), None),
        // Two at a time, or together with the end of a wait: the order isn't its affair.
        (vec![SENT, CAUGHT, SENT, CAUGHT, EXIT], sent(&[]), Some(500)),
        (
            vec![&begun, &SENT.replace("500 ", "4999 "), EXIT],
            sent(&[]),
            Some(4999),
        ),
        (vec![&SENT.replace("500 ", "0 "), EXIT], sent(&[]), Some(0)),
    ] {
        assert_eq!(plan_of(&lines), (steps, until), "{lines:?}");
    }
}

fn difference(lines: &[String], until: Option<u64>) -> Option<String> {
    let role = Role::new(ROLE);
    let (found, twin) = (of(lines), of(&undisturbed()));
    let part = |trace| Part::of(trace, &role).expect("it is there");
    let until = until.map(Duration::from_millis);
    let result = compare(part(&found), part(&twin), until, "count");
    result.err().map(|diagnosis| diagnosis.message)
}

#[test]
fn what_it_does_is_compared() {
    let good = undisturbed();
    assert_eq!(difference(&good, None), None);
    let with = |at: usize, line: &str| {
        let mut lines = good.clone();
        lines.insert(at, line.to_owned());
        lines
    };
    let pipe = r#"0 child "event":"wait-begun","syscall":"read""#;
    let fork = r#"0 child "event":"fork","child":"child/child","how":"fork""#;
    assert_eq!(difference(&with(1, pipe), None), None, "it may wait before");
    assert_eq!(
        difference(&with(1, fork), None).as_deref(),
        Some(
            "at 0.000s child starts another process or thread; running count() as it was \
             handed out, it waits in clock_nanosleep until 1.000s then"
        )
    );
    let later = r#"2000 main "event":"generated","signal":"SIGUSR1","from":"child","directed":"process","code":"SI_USER""#;
    assert_eq!(
        difference(&with(6, later), None).as_deref(),
        Some(
            "at 2.000s child sends SIGUSR1 to main; running count() as it was handed out, it \
             exits with 0 then"
        )
    );
    // A little later is the same, and what comes after the end of the comparison isn't seen.
    let shifted: Vec<_> = good.iter().map(|it| it.replace("1000 ", "1004 ")).collect();
    assert_eq!(difference(&shifted, None), None);
    let shifted: Vec<_> = good.iter().map(|it| it.replace("1000 ", "1100 ")).collect();
    assert!(difference(&shifted, None).is_some());
    let lazy = [&good[..3], &[EXIT.replace("2000", "700")]].concat();
    assert_eq!(
        difference(&lazy, None).as_deref(),
        Some(
            "at 0.700s child exits with 0; running count() as it was handed out, it returns \
             from clock_nanosleep (timeout) at 1.000s"
        )
    );
    assert_eq!(difference(&lazy, Some(600)), None);
    assert_eq!(
        difference(&good[..3], Some(1005)),
        None,
        "too close to tell"
    );
    assert_eq!(
        difference(&good[..3], Some(1500)).as_deref(),
        Some(
            "running count() as it was handed out, child returns from clock_nanosleep \
             (timeout) at 1.000s, and it doesn't"
        )
    );
}

#[test]
fn what_it_prints_is_compared_line_by_line() {
    let mut lines = undisturbed();
    lines[1] = SAYS.replace("one\\n", "left over from before one\\n");
    assert_eq!(difference(&lines, None), None);
    lines[1] = SAYS.replace("one\\n", "");
    assert_eq!(
        difference(&lines, None).as_deref(),
        Some("child doesn't print \"one\", as count() does as it was handed out")
    );
    assert_eq!(
        difference(&lines, Some(1990)),
        None,
        "it may be in a buffer"
    );
}
