//! `siglab labs` and `siglab lab`.

use serde_json::Value;
use tempfile::TempDir;

use crate::{fails, root, siglab, stdout};

#[test]
fn labs_are_found_above() {
    let assert = siglab(["labs", "--format", "json"])
        .current_dir(root().join("exercises/terminator/solution"))
        .assert()
        .code(0)
        .stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["schema"], "siglab/labs/v1");
    let labs = json["labs"].as_array().expect("a list");
    assert!(labs.iter().any(|lab| lab["id"] == "terminator"), "{json:#}");
}

#[test]
fn no_labs_at_all() {
    siglab(["labs"]).current_dir("/").assert().code(2).stdout("").stderr(
        "siglab: error: no folder `exercises` at or above /; name the folder of labs with --labs\n",
    );
    fails(
        &["labs", "--labs", "/no/such/folder"],
        2,
        "siglab: error: can't read /no/such/folder: No such file or directory",
    );
    let empty = TempDir::new().expect("a temporary folder");
    siglab(["labs", "--labs"])
        .arg(empty.path())
        .assert()
        .code(0)
        .stdout("")
        .stderr(format!("siglab: no labs in {}\n", empty.path().display()));
}

#[test]
fn a_malformed_manifest_is_shown_where_it_is_wrong() {
    let labs = TempDir::new().expect("a temporary folder");
    std::fs::create_dir(labs.path().join("broken")).expect("a folder");
    std::fs::write(
        labs.path().join("broken/lab.toml"),
        "id = \"broken\"\ntitel = 1\n",
    )
    .expect("a file");
    for args in [
        &["labs"][..],
        &["check", "broken", "x.c"],
        &["lab", "check"],
    ] {
        let assert = siglab(args).arg("--labs").arg(labs.path()).assert().code(2);
        let output = assert.get_output();
        let text =
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(text.contains("broken/lab.toml:2:1"), "{args:?}: {text}");
        assert!(text.contains("titel"), "{args:?}: {text}");
    }
}

#[test]
fn the_schema_is_a_schema() {
    let assert = siglab(["lab", "schema"]).assert().code(0).stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert!(
        json["$schema"]
            .as_str()
            .is_some_and(|it| it.contains("json-schema.org")),
        "{json:#}"
    );
    assert!(json["properties"]["scenario"].is_object());
    let assert = siglab(["lab", "schema", "--result"]).assert().code(0);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["title"], "siglab/result/v1");
    assert!(json["properties"]["criteria"].is_object());
}
