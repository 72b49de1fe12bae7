//! The builder says what lab.toml says.

use std::collections::BTreeMap;

use siglab_model::Trace;

use super::{Criterion, Event, Lab, Requirement, Scenario};

const TRACE: &str = r#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}
{"t":500000000,"role":"main","event":"generated","signal":"SIGINT","from":"script","directed":"process","code":"SI_USER"}
{"t":500000000,"role":"main","event":"exit","code":0}
{"outcome":{"status":{"exited":0},"deadlock":false}}
"#;

#[test]
fn requirements_are_checked_on_traces() {
    let trace = Trace::from_jsonl(TRACE).expect("it is a trace");
    let exit = || Event::new("exit").number("code", 0);
    let met = [
        Requirement::exactly(1, exit()),
        Requirement::at_most(1, Event::new("generated").not("signal", "SIGTERM")),
        Requirement::never(Event::new("killed")),
        Requirement::within("0s", exit()).after_each(Event::new("generated")),
        Requirement::within("1s", exit()).after_time("0.5s"),
        Requirement::same_instant(exit(), Event::new("generated").nth(1)),
        Requirement::in_order([Event::new("generated").any_of("signal", ["SIGINT"]), exit()]),
        Requirement::exits(0),
        Requirement::deadlocks(false),
    ];
    for requirement in met {
        requirement
            .check(&trace)
            .unwrap_or_else(|unmet| panic!("{unmet}"));
    }
    let check =
        |requirement: Requirement| requirement.check(&trace).map_err(|unmet| unmet.to_string());
    assert_eq!(
        check(Requirement::dies_of("SIGINT").diagnosis("survived", "look at main")),
        Err(
            "main exited with status 0 at 0.500s; it should have died of SIGINT \
             (survived); look at main"
                .to_owned()
        )
    );
    assert_eq!(
        check(Requirement::never(Event::new("exit").is("signl", "SIGINT"))),
        Err("`exit` events have no field `signl`; known here: event, role, at, after, before, in_handler, nth, code".to_owned())
    );
    let roles = BTreeMap::from([("main".to_owned(), "parent".to_owned())]);
    let unmet = Requirement::exits(1).check_with(&trace, &roles);
    let unmet = unmet.expect_err("it exits with 0").to_string();
    assert!(unmet.starts_with("parent exited with status 0"), "{unmet}");
}

#[test]
fn labs_are_built() {
    let scenario = Scenario::new("run")
        .terminal(24, 80)
        .waiting_in("parent", "pause")
        .at("0.5s")
        .press("Ctrl+C")
        .queue("SIGRTMIN+1", 7, "parent")
        .after("1ms")
        .resize(40, 100)
        .ended("child");
    let lab = Lab::new("lab", "A lab")
        .role("main", "parent")
        .scenario(scenario)
        .criterion(Criterion::builds())
        .criterion(
            Criterion::new("dies", "It dies", 3)
                .scenarios(["run"])
                .require(Requirement::dies_of("SIGINT")),
        )
        .build()
        .expect("it makes sense");
    let steps = lab.scenarios[0].script.steps.iter();
    let steps: Vec<_> = steps.map(ToString::to_string).collect();
    assert_eq!(
        steps,
        [
            "when parent waits in pause",
            "at 0.500s, press ^C",
            "queue SIGRTMIN+1 with value 7 to parent",
            "after 1ms, resize to 40x100",
            "when child has ended",
        ]
    );
    assert_eq!(lab.max_score(), 3);
    let error = Lab::new("lab", "A lab").build().expect_err("it is empty");
    assert_eq!(
        error
            .problems()
            .iter()
            .map(|it| it.message.as_str())
            .collect::<Vec<_>>(),
        ["a lab needs a scenario", "a lab needs a criterion"]
    );
}
