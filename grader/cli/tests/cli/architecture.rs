//! The invariants of docs/architecture.md that can be read off the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::root;

/// What each package of grader/ may depend on, itself excluded.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("siglab-model", &[]),
    ("siglab-sandbox", &["siglab-model"]),
    ("siglab-engine", &["siglab-model", "siglab-sandbox"]),
    (
        "siglab-explore",
        &["siglab-model", "siglab-sandbox", "siglab-engine"],
    ),
    (
        "siglab-lab",
        &[
            "siglab-model",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
        ],
    ),
    (
        "siglab-report",
        &[
            "siglab-model",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
            "siglab-lab",
        ],
    ),
    (
        "siglab-class",
        &[
            "siglab-model",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
            "siglab-lab",
            "siglab-report",
        ],
    ),
    (
        "siglab",
        &[
            "siglab-model",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
            "siglab-lab",
            "siglab-report",
            "siglab-class",
        ],
    ),
];

/// What a student's `cargo test` must not compile. clap isn't in this list: libtest-mimic
/// uses its parser.
const HEAVY: [&str; 10] = [
    "schemars",
    "csv",
    "quick-junit",
    "zip",
    "siglab-report",
    "siglab-class",
    "siglab",
    "ratatui",
    "rusqlite",
    "minijinja",
];

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?}: {stderr}");
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

#[test]
fn dependencies_go_one_way() {
    let metadata = cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    for (name, allowed) in &allowed {
        let package = packages.iter().find(|package| package["name"] == *name);
        let dependencies = package.expect(name)["dependencies"]
            .as_array()
            .expect("a list");
        let ours: BTreeSet<&str> = dependencies
            .iter()
            // Tests may use what they like.
            .filter(|dependency| dependency["kind"] != "dev" && dependency["path"].is_string())
            .filter_map(|dependency| dependency["name"].as_str())
            .collect();
        let forbidden: Vec<_> = ours.iter().filter(|it| !allowed.contains(it)).collect();
        assert!(forbidden.is_empty(), "{name} depends on {forbidden:?}");
    }
}

#[test]
fn students_compile_nothing_heavy() {
    let tree = cargo(&["tree", "--offline", "-p", "terminator", "--prefix", "none"]);
    let packages: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(packages.contains("siglab-lab"), "{tree}");
    let heavy: Vec<_> = HEAVY
        .iter()
        .filter(|name| packages.contains(*name))
        .collect();
    assert!(
        heavy.is_empty(),
        "`cargo test -p terminator` compiles {heavy:?}"
    );
}

#[test]
fn unsafe_code_is_where_it_belongs() {
    for package in ["model", "lab", "report", "class"] {
        let file = root().join("grader").join(package).join("src/lib.rs");
        let text = fs::read_to_string(&file).expect("it is there");
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{}",
            file.display()
        );
    }
}

/// The packages whose tests keep snapshots in files.
#[test]
fn no_snapshot_is_left_over() {
    let folder = root().join("grader/report/tests/report");
    let mut sources = String::new();
    for file in entries(&folder) {
        if file.ends_with(".rs") {
            sources += &fs::read_to_string(folder.join(file)).expect("it is there");
        }
    }
    for file in entries(&folder.join("snapshots")) {
        let name = file
            .trim_end_matches(".snap")
            .rsplit("__")
            .next()
            .unwrap_or_default();
        assert!(
            sources.contains(&format!("\"{name}\"")),
            "no test uses {file}"
        );
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}
