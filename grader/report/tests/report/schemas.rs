//! The formats in JSON, against schemas.
//!
//! Those of Gradescope, Exercism and Classroom 50 are written down from what they document;
//! ours is generated.

use serde_json::{Value, json};

use crate::cases::{self, written};

fn schema(name: &str) -> Value {
    let path = format!(
        "{}/tests/report/schemas/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// What `schema` has to say against `document`.
fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every kind of result fits, and each of `wrong` (a JSON Pointer and what to put there;
/// null takes the field out) doesn't.
fn fits(format: &str, schema: &Value, wrong: &[(&str, Value)]) {
    for (name, graded) in cases::all() {
        let document: Value = serde_json::from_str(&written(format, &graded)).expect("JSON");
        assert_eq!(complaints(schema, &document), [""; 0], "{name}");
    }
    let graded = crate::results::mixed();
    let good: Value = serde_json::from_str(&written(format, &graded)).expect("JSON");
    for (pointer, value) in wrong {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = bad.pointer_mut(parent).expect("it is there");
        let parent = parent.as_object_mut().expect("an object");
        match value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value.clone()),
        };
        assert_ne!(complaints(schema, &bad), [""; 0], "{pointer} = {value}");
    }
}

#[test]
fn results_fit_their_own_schema() {
    fits(
        "json",
        &siglab_lab::result_schema(),
        &[
            ("/schema", json!("siglab/result/v2")),
            ("/score", Value::Null),
            ("/score", json!(-1)),
            ("/status", json!("fine")),
            ("/language", json!("cobol")),
            ("/criteria/0/verdict", json!("maybe")),
            ("/criteria/1/diagnosis/message", Value::Null),
        ],
    );
}

#[test]
fn gradescope_fits() {
    fits(
        "gradescope",
        &schema("gradescope"),
        &[
            ("/score", json!("7")),
            ("/tests/0/visibility", json!("secret")),
            ("/tests/0/number", json!(1)),
            ("/tests/0/status", json!("skipped")),
            ("/output_format", json!("rtf")),
            ("/nonsense", json!(1)),
        ],
    );
}

/// A hidden test would hide the student's total.
#[test]
fn gradescope_shows_every_test_and_a_reason_for_nothing() {
    for (name, graded) in cases::all() {
        let document: Value = serde_json::from_str(&written("gradescope", &graded)).expect("JSON");
        assert_eq!(document["visibility"], "visible", "{name}");
        assert_eq!(document["stdout_visibility"], "hidden", "{name}");
        let tests = document["tests"].as_array().expect("a list");
        assert_eq!(tests.len(), graded.result.criteria.len(), "{name}");
        let mut sum = 0;
        for test in tests {
            assert_eq!(test["visibility"], "visible", "{name}");
            sum += test["score"].as_u64().expect("a number");
        }
        assert_eq!(document["score"], sum, "{name}");
        if sum == 0 {
            let output = document["output"].as_str().expect("text");
            let reason = output.contains("compile")
                || output.contains("refused")
                || output.contains("siglab failed")
                || tests.iter().any(|test| test["status"] == "failed");
            assert!(reason, "{name}: {document:#}");
        }
    }
}

#[test]
fn exercism_fits() {
    fits(
        "exercism",
        &schema("exercism"),
        &[
            ("/version", json!(2)),
            ("/status", json!("failed")),
            ("/message", Value::Null),
            ("/message", json!("x".repeat(65_536))),
            ("/tests/0/output", json!("x".repeat(501))),
            ("/tests/0/message", json!("why a test passed")),
            ("/tests/1/message", Value::Null),
        ],
    );
}

#[test]
fn exercism_follows_the_verdict() {
    let status = |graded| {
        let document: Value = serde_json::from_str(&written("exercism", &graded)).expect("JSON");
        document["status"].clone()
    };
    assert_eq!(status(cases::full()), "pass");
    let mut wrong = crate::results::mixed();
    // Without the one that couldn't be decided.
    wrong.result.criteria.remove(4);
    assert_eq!(status(wrong), "fail");
    for graded in [
        crate::results::mixed(),
        cases::compile_error(),
        cases::refused(),
        cases::internal_error(),
    ] {
        assert_eq!(status(graded), "error");
    }
}

#[test]
fn classroom50_fits() {
    fits(
        "classroom50",
        &schema("classroom50"),
        &[
            ("/submission", json!("main")),
            ("/datetime", json!("2026-11-22 08:30:00")),
            ("/score", json!(7.5)),
            ("/max-score", Value::Null),
            ("/commit", Value::Null),
            ("/nonsense", json!(1)),
            ("/tests/0/passed", json!("yes")),
        ],
    );
}

#[test]
fn classroom50_needs_to_know_whose_it_is() {
    let format = siglab_report::format("classroom50").expect("it is there");
    assert!(format.needs_classroom50());
    let mut out = Vec::new();
    let options = siglab_report::ReportOptions::default();
    let error = format.write(&cases::full(), &options, &mut out);
    assert!(error.is_err());
    assert_eq!(out, b"");
}
