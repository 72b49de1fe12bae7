//! `siglab doctor`.

use serde_json::Value;

use crate::{siglab, stdout};

/// The machine that runs the tests has everything, or no other test could pass.
#[test]
fn this_machine_will_do() {
    let assert = siglab(["doctor"]).assert().code(0).stderr("");
    let text = stdout(&assert);
    assert!(
        text.ends_with("\nEverything that siglab needs is there.\n"),
        "{text}"
    );
    let assert = siglab(["doctor", "--format", "json"])
        .assert()
        .code(0)
        .stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["schema"], "siglab/doctor/v1");
    assert_eq!(json["ok"], true);
    let checks = json["checks"].as_array().expect("a list");
    assert!(
        checks
            .iter()
            .any(|check| check["id"] == "ptrace" && check["state"] == "ok")
    );
}

#[test]
fn a_missing_compiler_is_named() {
    let assert = siglab(["doctor", "--format", "json"])
        .env("CC", "/no/such/cc")
        .env("CARGO", "/no/such/cargo")
        .assert()
        .code(3);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["ok"], false);
    let check = |id: &str| {
        let checks = json["checks"].as_array().expect("a list");
        checks
            .iter()
            .find(|check| check["id"] == id)
            .cloned()
            .expect(id)
    };
    let pretty = format!("{:#}", check("cc"));
    insta::assert_snapshot!(pretty, @r#"
    {
      "advice": "install gcc or clang, or set CC",
      "detail": "can't execute /no/such/cc: No such file or directory",
      "id": "cc",
      "required": true,
      "state": "missing",
      "title": "compile a C program"
    }
    "#);
    assert_eq!(check("cargo")["required"], false);
    assert_eq!(check("cargo")["state"], "missing");
}
