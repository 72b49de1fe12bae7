//! `siglab explore --outcomes`: what other orders of scheduling give.

use std::fs;

use predicates::prelude::*;
use tempfile::TempDir;

use crate::explore::{explore_json, program, sample};
use crate::siglab;

/// Two children of which each writes a letter: both orders, and nothing else.
const TWO_WRITERS: &str = r#"
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            char letter = (char)('a' + i);
            _exit(write(1, &letter, 1) == 1 ? i : 9);
        }
    while (wait(0) != -1) {
    }
    return 0;
}
"#;

#[test]
fn all_outcomes_are_listed_each_with_a_witness() {
    let folder = TempDir::new().expect("a temporary folder");
    let writers = program(&folder, "writers", TWO_WRITERS, &[]);
    let outcomes = explore_json(["--outcomes"], &writers, 0);
    assert_eq!(outcomes["schema"], "siglab/explore/v1");
    assert_eq!(outcomes["complete"], true);
    assert_eq!(outcomes["preemptions"], 2);
    let list = outcomes["outcomes"].as_array().expect("a list");
    let mut outputs: Vec<&str> = list
        .iter()
        .map(|outcome| outcome["output"].as_str().expect("a string"))
        .collect();
    outputs.sort_unstable();
    assert_eq!(outputs, ["ab", "ba"]);
    let runs: u64 = list
        .iter()
        .map(|it| it["runs"].as_u64().expect("a number"))
        .sum();
    assert_eq!(outcomes["runs"], runs);
    let ends = serde_json::json!([
        ["child", "exit status 0"],
        ["child.2", "exit status 1"],
        ["main", "exit status 0"]
    ]);
    for (nth, outcome) in list.iter().enumerate() {
        assert_eq!(outcome["ends"], ends);
        let witness = folder.path().join(format!("{nth}.json"));
        fs::write(&witness, outcome["witness"].to_string()).expect("the folder is ours");
        siglab(["replay", "--quiet"])
            .arg(&witness)
            .assert()
            .code(0)
            .stderr(predicate::str::starts_with(
                "siglab: the outcome: the run was reproduced",
            ));
    }
}

/// What the outcomes of a program wrote, each once, in order.
fn outputs_of(source: &str) -> Vec<String> {
    let folder = TempDir::new().expect("a temporary folder");
    let program = program(&folder, "program", source, &["-pthread"]);
    let outcomes = explore_json(["--outcomes"], &program, 0);
    let list = outcomes["outcomes"].as_array().expect("a list");
    let outputs: std::collections::BTreeSet<String> = list
        .iter()
        .map(|outcome| outcome["output"].as_str().expect("a string").to_owned())
        .collect();
    outputs.into_iter().collect()
}

#[test]
fn others_may_run_after_any_call() {
    let source = r#"
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *text)
{
    if (write(1, text, 1) != 1)
        _exit(9);
}

int main(void)
{
    if (fork() == 0) {
        put("a");
        put("b");
        _exit(0);
    }
    put("1");
    put("2");
    wait(0);
    return 0;
}
"#;
    let all = ["12ab", "1a2b", "1ab2", "a12b", "a1b2", "ab12"];
    assert_eq!(outputs_of(source), all);
}

/// No system call is made between reading the counter and writing it.
#[test]
fn threads_may_run_between_two_instructions() {
    let source = r#"
#include <pthread.h>
#include <unistd.h>

static volatile int counter;

static void *count(void *nothing)
{
    counter++;
    return nothing;
}

int main(void)
{
    pthread_t one, other;
    pthread_create(&one, 0, count, 0);
    pthread_create(&other, 0, count, 0);
    pthread_join(one, 0);
    pthread_join(other, 0);
    return write(1, counter == 2 ? "2" : "1", 1) != 1;
}
"#;
    assert_eq!(outputs_of(source), ["1", "2"]);
}

#[test]
fn who_wakes_at_the_same_time_runs_in_any_order() {
    let source = r#"
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            char letter = (char)('a' + i);
            sleep(1);
            _exit(write(1, &letter, 1) != 1);
        }
    while (wait(0) != -1) {
    }
    return 0;
}
"#;
    assert_eq!(outputs_of(source), ["ab", "ba"]);
}

/// SIGUSR1 of five children: as many handler calls as did not merge, and they start to merge
/// when the parent blocks it.
#[test]
fn all_counts_of_handlers_of_more_info_are_found() {
    let outcomes = explore_json(
        ["--outcomes", "--moments", "100", "--schedules", "60"],
        &sample("more_info"),
        0,
    );
    let list = outcomes["outcomes"].as_array().expect("a list");
    let counts: std::collections::BTreeSet<usize> = list
        .iter()
        .map(|outcome| {
            let output = outcome["output"].as_str().expect("a string");
            output.matches("handler: signal ").count()
        })
        .collect();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}
