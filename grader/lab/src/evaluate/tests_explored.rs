//! Verdicts on what must hold at any moment.

use siglab_explore::Exploration;

use super::tests::{EXITED, RUN, evidence, grade, lab, trace};
use super::{Evidence, check_moment, evaluate, explorations};
use crate::result::{Diagnosis, Verdict};

/// What exploring a program gave that has one finding, about `role`.
fn exploration(kind: &str, role: &str) -> Exploration {
    serde_json::from_value(serde_json::json!({
        "schema": "siglab/explore/v1", "program": "program", "signals": ["SIGINT"],
        "strategy": "fast", "moments": { "total": 9, "tried": 9, "safe": 8 },
        "complete": true, "schedules": 0, "map": [],
        "findings": [{
            "kind": kind, "moments": 1, "title": "it goes wrong", "explanation": "This is how.",
            "advice": "do it right", "role": role, "interrupted": [], "handler": [],
            "witness": null,
        }],
    }))
    .expect("it is well-formed")
}

/// The verdict on a criterion about every moment, if exploring gave this.
fn explored(requirement: &str, events: &str, exploration: Option<&Exploration>) -> String {
    explored_as("", requirement, events, exploration)
}

/// The same of a criterion with these further keys.
fn explored_as(
    keys: &str,
    requirement: &str,
    events: &str,
    exploration: Option<&Exploration>,
) -> String {
    let lab = lab(&format!("{keys}\n[[criterion.require]]\n{requirement}"));
    let trace = trace(events, EXITED);
    let explorations = exploration.map(|exploration| {
        let mut wanted = lab.criteria[0].explorations();
        (wanted.next().expect("there is one"), Ok(exploration))
    });
    let evidence = Evidence {
        explorations: explorations.into_iter().collect(),
        ..evidence(Ok(&trace))
    };
    let result = evaluate(&lab, &evidence);
    let it = &result.criteria[0];
    match &it.diagnosis {
        None => format!("{:?}", it.verdict),
        Some(Diagnosis { id, message, hint }) => {
            format!("{:?} {id}: {message} / {hint}", it.verdict)
        }
    }
}

#[test]
fn runs_at_other_moments_decide_about_any_moment() {
    const STARTS: &str = r#"{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}"#;
    let requirement = "id = \"lost\"\nhint = \"wait\"\nat_any_moment = true\n\
                       event = { event = \"killed\", role = \"child\" }";
    let mut failed = exploration("criterion-failed", "parent");
    failed.findings[0].requirement = Some("lost".into());
    let verdict = explored(requirement, STARTS, Some(&failed));
    assert_eq!(verdict, "Fail lost: This is how. / do it right");
    failed.findings[0].requirement = Some("another".into());
    // That the run by itself isn't as required decides nothing.
    assert_eq!(explored(requirement, STARTS, Some(&failed)), "Pass");
}

/// In a run in which what something should come after doesn't happen, it need not happen.
#[test]
fn a_run_of_many_is_checked_for_what_applies_to_it() {
    let requirement = "[[criterion.require]]\nid = \"lost\"\nhint = \"wait\"\n\
                       at_any_moment = true\nwithin = \"10ms\"\n\
                       event = { event = \"killed\", role = \"child\" }\n\
                       after = { event = \"generated\", signal = \"SIGINT\", from = \"script\", nth = NTH }";
    let check = |nth: &str| {
        let lab = lab(&requirement.replace("NTH", nth));
        let [requirement] = lab.criteria[0].requirements() else {
            panic!("there is one");
        };
        check_moment(requirement, &trace(RUN, EXITED), &lab.roles).map_err(|it| it.message)
    };
    assert_eq!(check("2"), Ok(()));
    let late = check("1").expect_err("it comes 0.2 s later");
    assert!(late.contains("0.200s after"), "{late}");
}

#[test]
fn a_criterion_that_needs_another_is_not_tried_without_it() {
    let criterion = |exited: u8| {
        format!(
            "[[criterion.require]]\nid = \"status\"\nhint = \"return\"\noutcome = {{ exited = {exited} }}\n\
             [[criterion]]\nid = \"more\"\ntitle = \"More\"\npoints = 1\nneeds = [\"it\"]\n\
             [[criterion.require]]\nno_finding = [\"crash\"]"
        )
    };
    let trace = trace(RUN, EXITED);
    let result = grade(&criterion(0), Ok(&trace));
    let more = &result.criteria[1];
    assert_eq!((more.verdict, more.points), (Verdict::Skipped, 0));
    let diagnosis = more.diagnosis.as_ref().expect("it says why");
    assert_eq!(diagnosis.id, "needs-another");
    assert_eq!(diagnosis.message, "not tried, because it doesn't hold: It");
    // It was not explored either: that says so.
    let result = grade(&criterion(3), Ok(&trace));
    assert_eq!(result.criteria[1].verdict, Verdict::Error);
}

#[test]
fn findings_decide_about_every_moment() {
    const STARTS: &str = r#"{"t":0,"role":"parent","event":"fork","child":"child","how":"fork"}"#;
    const SPINS: &str = r#"{"t":0,"role":"parent","event":"busy-waiting","how":"spinning"}"#;
    let no_crash = "no_finding = [\"crash\", \"hang\"]\nto = \"parent\"";
    let finding = |kind, role| exploration(kind, role);
    let verdict = |finding: &Exploration| explored(no_crash, STARTS, Some(finding));
    let fails = "Fail crash: it goes wrong: This is how. / do it right";
    assert_eq!(verdict(&finding("crash", "parent")), fails);
    assert_eq!(verdict(&finding("crash", "thread.2")), fails);
    assert_eq!(verdict(&finding("crash", "child")), "Pass");
    assert_eq!(verdict(&finding("deadlock", "parent")), "Pass");
    assert!(verdict(&finding("hang", "main")).starts_with("Fail hang: "));
    let anyone = explored(
        "no_finding = [\"crash\"]",
        STARTS,
        Some(&finding("crash", "child")),
    );
    assert_eq!(anyone, fails);
    let untried = explored(no_crash, STARTS, None);
    assert!(untried.starts_with("Error not-explored: "), "{untried}");
    let spins = explored(no_crash, SPINS, Some(&finding("crash", "child")));
    assert!(
        spins.starts_with("Fail not-explored: parent is busy"),
        "{spins}"
    );
}

/// A right program may block a signal all the time; that moments weren't tried is no such thing.
#[test]
fn without_a_moment_a_criterion_may_hold() {
    const NOTHING: &str = r#"{"t":0,"role":"parent","event":"spawn","program":"p"}"#;
    let requirement = "no_finding = [\"crash\"]";
    let mut none = exploration("crash", "parent");
    none.findings.clear();
    none.moments.tried = 0;
    let with = |keys: &str, exploration: &Exploration| {
        explored_as(keys, requirement, NOTHING, Some(exploration))
    };
    assert!(with("nothing_to_try = 'pass'", &none).starts_with("Skipped not-explored: "));
    none.moments.total = 0;
    assert!(with("", &none).starts_with("Skipped not-explored: "));
    assert!(with("nothing_to_try = 'skipped'", &none).starts_with("Skipped not-explored: "));
    assert_eq!(with("nothing_to_try = 'pass'", &none), "Pass");
}

/// Whether a criterion holds that only exploring can tell about isn't known before, and what needs
/// it is explored with it.
#[test]
fn what_needs_an_explored_criterion_is_explored() {
    let criteria = |exited: u8| {
        let text = format!(
            "[[criterion.require]]\nid = \"status\"\nhint = \"return\"\n\
             outcome = {{ exited = {exited} }}\n[[criterion.require]]\n\
             no_finding = [\"unsafe-call\"]\nmoments = 0\n\
             [[criterion]]\nid = \"more\"\ntitle = \"More\"\npoints = 1\nneeds = [\"it\"]\n\
             [[criterion.require]]\nno_finding = [\"crash\"]\nto = \"parent\""
        );
        lab(&text)
    };
    let trace = trace(RUN, EXITED);
    let wanted = |exited: u8| {
        let lab = criteria(exited);
        let evidence = evidence(Ok(&trace));
        let all: Vec<_> = lab.criteria.iter().collect();
        let wanted = explorations(&lab, &all, &evidence);
        wanted.iter().filter(|(_, it)| it.to.is_some()).count()
    };
    assert_eq!(wanted(3), 1);
    assert_eq!(wanted(0), 0);
}
