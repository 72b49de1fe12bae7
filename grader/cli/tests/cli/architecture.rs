//! The invariants of docs/architecture.md that can be read off the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use siglab_tests::surroundings::known;

use crate::root;

/// What each package of grader/ may depend on, itself excluded.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("siglab-model", &[]),
    ("siglab-timeline", &["siglab-model"]),
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
            "siglab-timeline",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
        ],
    ),
    (
        "siglab-report",
        &[
            "siglab-model",
            "siglab-timeline",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
            "siglab-lab",
        ],
    ),
    (
        "siglab-tutor",
        &[
            "siglab-model",
            "siglab-timeline",
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
            "siglab-timeline",
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
            "siglab-timeline",
            "siglab-sandbox",
            "siglab-engine",
            "siglab-explore",
            "siglab-lab",
            "siglab-report",
            "siglab-class",
            "siglab-tutor",
        ],
    ),
];

/// What a student's `cargo test` must not compile. clap isn't in this list: libtest-mimic
/// uses its parser.
const HEAVY: [&str; 13] = [
    "schemars",
    "csv",
    "terminal_size",
    "unicode-linebreak",
    "quick-junit",
    "zip",
    "siglab-report",
    "siglab-class",
    "siglab-tutor",
    "siglab",
    "ratatui",
    "rusqlite",
    "minijinja",
];

fn cargo(args: &[&str]) -> String {
    let output = known(&mut Command::new(env!("CARGO")))
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
    for package in ["model", "timeline", "lab", "report", "class", "tutor"] {
        let file = root().join("grader").join(package).join("src/lib.rs");
        let text = fs::read_to_string(&file).expect("it is there");
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{}",
            file.display()
        );
    }
}

/// Files that may make temporary files: the module for it, two that make some within what that one
/// made, and three that write beside a file that they then replace.
const TEMPORARY: [&str; 6] = [
    "sandbox/src/temporary/mod.rs",
    "sandbox/src/sandbox.rs",
    "sandbox/src/confinement.rs",
    "sandbox/src/regular.rs",
    "class/src/folder.rs",
    "cli/src/file.rs",
];

/// What would stay for ever if siglab was killed is made in one place.
#[test]
fn temporary_folders_are_made_in_one_place() {
    let grader = root().join("grader");
    let mut folders: Vec<_> = entries(&grader)
        .iter()
        .map(|name| grader.join(name).join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for name in entries(&folder) {
            let path = folder.join(&name);
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let short = path.strip_prefix(&grader).expect("it is below");
            let text = fs::read_to_string(&path).expect("it is text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let makes = product.contains("tempfile::") || product.contains("mkdtemp");
            let may = name == "tests.rs" || TEMPORARY.iter().any(|it| short == Path::new(it));
            assert!(may || !makes, "{}", short.display());
        }
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
