//! Moments of steps: drawn from ranges, named, and counted from one another.

use proptest::prelude::*;
use siglab_engine::When;
use siglab_model::Time;

use super::{Anchor, Manifest, Test};

const LAB: &str = r#"id = "lab"
title = "A lab"

[[scenario]]
id = "run"
title = "twice, {second - first} apart"
steps = [
  { at = "0.4s..0.7s", name = "first", send = "SIGINT" },
  { after = "0.6s..0.8s", name = "second", send = "SIGINT" },
  { at = "first + 0.999s", send = "SIGTERM" },
]

[[scenario]]
id = "other"
steps = [{ at = "1s..2s", name = "first", send = "SIGINT" }]

[[criterion]]
id = "dies"
title = "It dies"
points = 2
hint = "look"
[[criterion.require]]
id = "lives"
event = { event = "killed", role = "main", before = "first + 0.2s" }
within = "10ms"
after = "first"
missing = "SIGINT came at {first}"
[[criterion.require]]
id = "elsewhere"
never = { event = "exit" }
"#;

/// What is said about [`LAB`] with this replaced.
fn spoilt(from: &str, to: &str) -> String {
    assert!(LAB.contains(from), "{from}");
    let error = Manifest::parse(&LAB.replacen(from, to, 1), "lab.toml", None);
    error.expect_err("it is spoilt").to_string()
}

fn parsed() -> Manifest {
    Manifest::parse(LAB, "lab.toml", None).expect("it is in order")
}

/// The moments of a scenario's steps, counted from the start.
fn moments(manifest: &Manifest, scenario: &str) -> Vec<Time> {
    let scenario = manifest.scenario(scenario).expect("it is there");
    let steps = scenario.script.steps.iter();
    let moments = steps.scan(Time::ZERO, |last, step| {
        *last = match step.when {
            When::At(time) => time,
            When::After(duration) => *last + duration,
            _ => *last,
        };
        Some(*last)
    });
    moments.collect()
}

#[test]
fn names_stand_for_what_was_drawn() {
    let lab = parsed().with_seed(7).expect("any seed will do");
    let [first, second, third] = moments(&lab, "run")[..] else {
        panic!("there are three steps");
    };
    assert_eq!(third - first, std::time::Duration::from_millis(999));
    let apart = Time::ZERO + (second - first);
    assert_eq!(lab.scenarios[0].title, format!("twice, {apart} apart"));
    // One for each scenario, because the moments differ; then one for both.
    let [here, there, both] = lab.criteria[0].requirements() else {
        panic!("there are three requirements");
    };
    assert_eq!(both.scenarios, ["run", "other"]);
    for (requirement, id) in [(here, "run"), (there, "other")] {
        let first = moments(&lab, id)[0];
        assert_eq!(requirement.scenarios, [id]);
        let message = requirement.missing.as_ref().expect("it has one");
        assert_eq!(message.to_string(), format!("SIGINT came at {first}"));
        let Test::Near { event, anchor, .. } = &requirement.test else {
            panic!("it is about nearness");
        };
        assert!(matches!(anchor, Anchor::Time(time) if *time == first));
        let later = first + std::time::Duration::from_millis(200);
        assert_eq!(event.before, Some(later));
    }
}

#[test]
fn a_lab_has_a_seed_of_its_own_if_it_draws() {
    let lab = parsed();
    let seed = lab.seed.expect("it draws");
    let again = lab.with_seed(seed).expect("any seed will do");
    assert_eq!(moments(&lab, "run"), moments(&again, "run"));
    let plain = LAB
        .replace("0.4s..0.7s", "0.4s")
        .replace("0.6s..0.8s", "0.6s")
        .replace("1s..2s", "1s");
    let plain = Manifest::parse(&plain, "lab.toml", None).expect("it is in order");
    assert_eq!(plain.seed, None);
    let again = plain.with_seed(7).expect("any seed will do");
    assert_eq!(
        (again.seed, moments(&again, "run")),
        (None, moments(&plain, "run"))
    );
}

#[test]
fn what_is_wrong_with_a_moment_is_said_where_it_is_written() {
    for (from, to, said) in [
        (
            "0.4s..0.7s",
            "0.7s..0.4s",
            "8:10: `0.7s..0.4s` is empty: the end of a range comes after its beginning",
        ),
        ("0.4s..0.7s", "0.4s..0.4s", "8:10: `0.4s..0.4s` is empty"),
        ("0.4s..0.7s", "0.4s..7", "8:10: `7` is not a time"),
        ("0.4s..0.7s", "..0.7s", "8:10: `` is not a time"),
        (
            "\"first + 0.999s\"",
            "\"frist + 1s\"",
            "10:10: no step `frist` comes before this",
        ),
        (
            "\"first + 0.999s\"",
            "\"first * 2s\"",
            "10:10: `first * 2s` is not a moment",
        ),
        (
            "\"first + 0.999s\"",
            "\"first - 0.1s\"",
            "10:10: a step can't come before the one that it counts from",
        ),
        (
            "\"first + 0.999s\"",
            "\"first + 0.7s\"",
            "10:10: times may go backwards: 1.100s comes after a step that may be at 1.500s",
        ),
        (
            "\"first + 0.999s\"",
            "\"59s..61s\"",
            "10:10: this step comes after the scenario's limit of 60.000s",
        ),
        (
            "after = \"0.6s..0.8s\"",
            "after = \"first + 0.6s\"",
            "9:13: `after` counts from the step before",
        ),
        (
            "name = \"second\"",
            "name = \"first\"",
            "9:34: a second step `first`",
        ),
        (
            "name = \"second\"",
            "name = \"2nd\"",
            "9:34: `2nd` can't be a step's name",
        ),
        (
            "name = \"second\"",
            "name = \"signal\"",
            "9:34: `{signal}` means something else in messages",
        ),
        (
            "{second - first}",
            "{second - frist}",
            "6:9: nothing is called `{frist}` here",
        ),
        (
            "before = \"first + 0.2s\"",
            "before = \"second + 0.2s\"",
            "24:53: no step of scenario `other` is called `second`",
        ),
        (
            "before = \"first + 0.2s\"",
            "before = \"0.1s..0.2s\"",
            "24:53: only the moments of steps are drawn",
        ),
        (
            "after = \"first\"",
            "after = \"first - 0.5s\"",
            "26:9: `first - 0.5s` may be before the start",
        ),
        (
            "SIGINT came at {first}",
            "SIGINT came at {frist}",
            "27:11: nothing is called `{frist}` here",
        ),
        (
            "at = \"1s..2s\"",
            "output = \"x\"",
            "24:53: nobody knows the moment of `first` before the program runs",
        ),
    ] {
        let shown = spoilt(from, to);
        let (place, message) = said.split_once(": ").expect("place and message");
        assert!(
            shown.contains(&format!("lab.toml:{place}\n")),
            "{to}: {shown}"
        );
        assert!(
            shown.contains(&format!("error: {message}")),
            "{to}: {shown}"
        );
    }
}

/// Scripts of steps with ranges, as they are written.
fn scripts() -> impl Strategy<Value = Vec<(bool, u32, u32)>> {
    // Whether a step counts from the first one, at least how many milliseconds, and how many
    // may be added.
    proptest::collection::vec((any::<bool>(), 0..900_u32, 0..400_u32), 1..6)
}

proptest! {
    /// A manifest that is accepted keeps the order of its steps, and the ranges, with any seed.
    #[test]
    fn any_seed_keeps_the_order(script in scripts(), seeds in proptest::collection::vec(any::<u64>(), 8)) {
        let range = |least: u32, more: u32| match more {
            0 => format!("{least}ms"),
            more => format!("{least}ms..{}ms", least + more),
        };
        let steps = script.iter().enumerate().map(|(at, (from_first, least, more))| {
            let range = range(*least, *more);
            match (at, from_first) {
                (0, _) => format!("{{ at = '{range}', name = 'first' }},"),
                (_, true) => format!("{{ at = 'first + {range}' }},"),
                (_, false) => format!("{{ after = '{range}' }},"),
            }
        });
        let steps: String = steps.collect();
        let text = format!(
            "id = 'lab'\ntitle = 'A lab'\n[[scenario]]\nid = 'run'\nsteps = [{steps}]\n\
             [[criterion]]\nid = 'builds'\ntitle = 'It builds'\npoints = 1\nkind = 'builds'"
        );
        let Ok(lab) = Manifest::parse(&text, "lab.toml", None) else {
            // Only what some draw may bring into disorder is refused.
            let certain = script.iter().skip(1).all(|(from_first, ..)| !from_first);
            prop_assert!(!certain, "{text}");
            return Ok(());
        };
        for seed in seeds {
            let drawn = lab.with_seed(seed).expect("any seed will do");
            let moments = moments(&drawn, "run");
            prop_assert!(moments.is_sorted(), "{text} {seed}: {moments:?}");
            for (at, (from_first, least, more)) in script.iter().enumerate() {
                let from = match (at, from_first) {
                    (0, _) => Time::ZERO,
                    (_, true) => moments[0],
                    (_, false) => moments[at - 1],
                };
                let after = (moments[at] - from).as_millis();
                prop_assert!((u128::from(*least)..=u128::from(least + more)).contains(&after));
            }
        }
    }
}
