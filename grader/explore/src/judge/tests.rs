//! Judging traces that are written here.

use super::*;

fn trace(events: &str) -> Trace {
    let header = r#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}"#;
    let text = format!(
        "{header}\n{}\n{{\"outcome\":{{\"deadlock\":true}}}}\n",
        events.trim()
    );
    Trace::from_jsonl(&text).expect("the trace is well-formed")
}

/// The function in which each of these dies.
fn where_dies(trace: &Trace, roles: &[&str]) -> Vec<Option<String>> {
    let innermost = |role: &&str| {
        let (stack, _) = stacks_at_death(trace, &Role::new(role));
        stack.first().and_then(|frame| frame.function.clone())
    };
    roles.iter().map(innermost).collect()
}

#[test]
fn a_process_dies_on_the_stack_of_one_of_its_own_threads() {
    let of_children = trace(
        r#"
{"t":0,"role":"main","event":"fork","child":"child","how":"fork"}
{"t":0,"role":"child","event":"default-action","signal":"SIGSEGV","action":"core","stack":[{"function":"first"}]}
{"t":0,"role":"main","event":"fork","child":"child.2","how":"fork"}
{"t":1,"role":"child.2","event":"fork","child":"child.2/thread","how":"thread"}
{"t":1,"role":"child.2/thread","event":"default-action","signal":"SIGSEGV","action":"core","stack":[{"function":"second"}]}
"#,
    );
    let dies = where_dies(&of_children, &["main", "child", "child.2"]);
    assert_eq!(dies, [None, Some("first".into()), Some("second".into())]);
}

#[test]
fn names_of_a_labs_own_change_no_family() {
    let renamed = trace(
        r#"
{"t":0,"role":"parent","event":"fork","child":"thread","how":"thread"}
{"t":0,"role":"thread","event":"default-action","signal":"SIGSEGV","action":"core","stack":[{"function":"first"}]}
{"t":0,"role":"parent","event":"fork","child":"logger","how":"fork"}
{"t":1,"role":"logger","event":"fork","child":"child/thread","how":"thread"}
{"t":1,"role":"child/thread","event":"default-action","signal":"SIGSEGV","action":"core","stack":[{"function":"second"}]}
"#,
    );
    let dies = where_dies(&renamed, &["parent", "logger"]);
    assert_eq!(dies, [Some("first".into()), Some("second".into())]);
}

#[test]
fn a_handler_is_that_of_the_whole_process() {
    let trace = trace(
        r#"
{"t":0,"role":"main","event":"fork","child":"thread","how":"thread"}
{"t":0,"role":"thread","event":"disposition-changed","signal":"SIGUSR1","disposition":{"is":"handler"}}
{"t":0,"role":"main","event":"fork","child":"child","how":"fork"}
"#,
    );
    let whose: Vec<String> = handled(&trace)
        .into_iter()
        .map(|(role, signal)| format!("{role} {signal}"))
        .collect();
    assert_eq!(whose, ["main SIGUSR1", "child SIGUSR1"]);
}

/// Whether who waits so, in a handler or not, is stuck, and the lock.
fn locked(what: &str, in_handler: bool) -> Option<String> {
    let handler = if in_handler {
        r#","handler":"SIGINT""#
    } else {
        ""
    };
    let trace = trace(&format!(
        r#"{{"t":0,"event":"deadlock","waiting":[{{"role":"main","syscall":"futex","what":"{what}"{handler}}}]}}"#
    ));
    let normal = Normal::of_nothing("p");
    let [waiting] = waiting(&trace).expect("it is a deadlock") else {
        panic!("one thread waits");
    };
    normal.lock_of(waiting).map(ToString::to_string)
}

#[test]
fn locks_are_told_from_conditions() {
    for (what, lock, is_stuck, is_stuck_in_handler) in [
        ("a lock", "a lock", true, true),
        ("a lock at m", "a lock at m", true, true),
        (
            "a lock at map<a, b>::m",
            "a lock at map<a, b>::m",
            true,
            true,
        ),
        (
            "stdio's lock on stdout",
            "stdio's lock on stdout",
            true,
            true,
        ),
        ("a lock at m, held by main", "a lock at m", true, true),
        (
            "a lock or condition at c",
            "a lock or condition at c",
            false,
            true,
        ),
        (
            "a lock or condition at m, held by thread",
            "a lock or condition at m",
            true,
            true,
        ),
        ("a pipe (fd 3)", "", false, false),
        ("", "", false, false),
    ] {
        for (in_handler, is_stuck) in [(false, is_stuck), (true, is_stuck_in_handler)] {
            let expected = is_stuck.then(|| lock.to_owned());
            assert_eq!(locked(what, in_handler), expected, "{what} {in_handler}");
        }
    }
}
