//! What a program did instead of what a requirement asks for.

use super::tests::{requirement, trace};

/// A parent that is still in its handler of SIGINT when the second one comes. Then it leaves
/// the handler, and the second one is caught.
const IN_HANDLER: &str = r#"
{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}
{"t":500000000,"role":"parent","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}
{"t":500000000,"role":"parent","event":"handler-entered","signal":"SIGINT","depth":1}
{"t":500000001,"role":"child","event":"generated","signal":"SIGTERM","from":"parent","directed":"process","code":"SI_USER"}
{"t":900000000,"role":"parent","event":"blocked-pending","signal":"SIGINT"}
{"t":1500000000,"role":"parent","event":"handler-left","signal":"SIGINT","how":"return"}
{"t":1500000000,"role":"parent","event":"handler-entered","signal":"SIGINT","depth":1}
{"t":1500000000,"role":"parent","event":"handler-left","signal":"SIGINT","how":"return"}
{"t":1600000000,"role":"parent","event":"blocked-pending","signal":"SIGTERM"}
{"t":5000000000,"role":"child","event":"exit","code":0}
"#;

const EXITED: &str = r#"{"outcome":{"status":{"exited":0},"deadlock":false}}"#;
const DEADLOCKED: &str = r#"{"outcome":{"deadlock":true}}"#;

/// The verdict on a requirement for SIGKILL, of which one of these `others` may explain why it
/// doesn't hold.
fn verdict(others: &str, events: &str, outcome: &str) -> String {
    let text = format!(
        "event = {{ event = 'generated', signal = 'SIGKILL', role = 'child' }}\n\
         within = '10ms'\nafter = '0.9s'\nmissing = 'no SIGKILL'\n{others}"
    );
    requirement(&text, &trace(events, outcome))
}

fn instead(id: &str, what: &str, message: &str) -> String {
    format!("[[criterion.require.instead]]\nid = '{id}'\n{what}\nmessage = '{message}'\n")
}

#[test]
fn the_first_that_a_run_shows_gives_the_diagnosis() {
    let hangup = instead(
        "hangup",
        "event = { event = 'generated', signal = 'SIGHUP' }",
        "SIGHUP",
    );
    let term = instead(
        "term",
        "event = { event = 'generated', signal = { not = 'SIGINT' }, from = 'parent' }",
        "{from} sent {signal} to {role} at {t}, due at {anchor}; it {status}",
    );
    let any = instead("any", "event = { event = 'exit' }", "exit");
    let shown = verdict(&format!("{hangup}{term}{any}"), IN_HANDLER, EXITED);
    // Of whole microseconds: it was a nanosecond later.
    assert_eq!(
        shown,
        "term: parent sent SIGTERM to child at 0.500s, due at 0.900s; it exited with status 0"
    );
    assert_eq!(verdict(&hangup, IN_HANDLER, EXITED), "own: no SIGKILL");
}

#[test]
fn more_can_be_asked_of_a_run() {
    let event = "event = { event = 'generated', signal = 'SIGTERM' }";
    let exit = "{ event = 'exit', role = 'child' }";
    for (what, shown) in [
        (format!("with = [{exit}]"), "other: m"),
        (
            format!("with = [{exit}, {{ event = 'stopped' }}]"),
            "own: no SIGKILL",
        ),
        (format!("without = [{exit}]"), "own: no SIGKILL"),
        ("without = [{ event = 'stopped' }]".to_owned(), "other: m"),
    ] {
        let other = instead("other", &format!("{event}\n{what}"), "m");
        assert_eq!(verdict(&other, IN_HANDLER, EXITED), shown, "{what}");
    }
}

#[test]
fn an_event_in_a_handler() {
    for (what, shown) in [
        // While it runs, not before or after.
        (
            "event = 'blocked-pending', in_handler = 'SIGINT'",
            "other: at 0.900s",
        ),
        (
            "event = 'blocked-pending', in_handler = 'SIGINT', signal = 'SIGTERM'",
            "own: no SIGKILL",
        ),
        (
            "event = 'blocked-pending', in_handler = 'SIGCHLD'",
            "own: no SIGKILL",
        ),
        // The child isn't in it.
        (
            "event = 'generated', role = 'child', in_handler = 'SIGINT'",
            "own: no SIGKILL",
        ),
        // The second time, it is left at once.
        (
            "event = 'handler-entered', in_handler = 'SIGINT', nth = 2",
            "other: at 1.500s",
        ),
    ] {
        let other = instead("other", &format!("event = {{ {what} }}"), "at {t}");
        assert_eq!(verdict(&other, IN_HANDLER, EXITED), shown, "{what}");
    }
}

#[test]
fn what_explains_everything_goes_first() {
    let other = instead("other", "event = { event = 'exit' }", "m");
    // That nothing happens any more explains only that nobody ends.
    let stuck = format!(
        "{IN_HANDLER}{}",
        r#"{"t":5000000000,"event":"deadlock","waiting":[{"role":"parent","syscall":"pause"}]}"#
    );
    assert_eq!(verdict(&other, &stuck, DEADLOCKED), "other: m");
    let refused = IN_HANDLER.replace(
        r#"{"t":900000000,"#,
        r#"{"t":900000000,"role":"parent","event":"denied","syscall":"kill","what":"siglab","signal":"SIGKILL","errno":"EPERM"}
{"t":900000000,"#,
    );
    let shown = verdict(&other, &refused, EXITED);
    assert!(shown.starts_with("sent-"), "{shown}");
}

/// What an exercise provokes explains nothing.
#[test]
fn what_is_expected_is_no_trouble() {
    const KILLED: &str = r#"{"outcome":{"status":{"killed":"SIGSEGV"},"deadlock":false}}"#;
    const CRASHES: &str = r#"
{"t":0,"role":"main","event":"send-failed","syscall":"kill","target":"pid 1","signal":"SIGTERM","errno":"EPERM"}
{"t":1000000,"role":"main","event":"generated","signal":"SIGSEGV","from":"kernel","directed":"thread","code":"SEGV_MAPERR"}
{"t":1000000,"role":"main","event":"killed","signal":"SIGSEGV"}
"#;
    let with = |expected: &str| {
        let lab = super::tests::lab(&format!(
            "expected = [{expected}]\n[[criterion.require]]\nid = 'own'\nhint = 'look'\n\
             event = {{ event = 'generated', signal = 'SIGKILL', role = 'child' }}\n\
             missing = 'no SIGKILL'\n"
        ));
        let [requirement] = lab.criteria[0].requirements() else {
            panic!("there is one");
        };
        let trace = trace(CRASHES, KILLED);
        let checked = super::check_requirement(requirement, &trace, &lab.roles);
        checked.expect_err("there is no SIGKILL").id
    };
    assert_eq!(with(""), "crashed");
    assert_eq!(with("'crashed'"), "send-failed");
    assert_eq!(with("'crashed', 'EPERM'"), "own");
    assert_eq!(with("'crashed', 'send-failed'"), "own");
}
