//! JUnit, TAP and Markdown, read by parsers that aren't ours.

use std::process::Command;

use pulldown_cmark::{Event, Options, Parser, Tag};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use roxmltree::{Document, Node};
use siglab_lab::{Status, Verdict};
use tap_parser::{DirectiveKind, TapParser, TapStatement};

use crate::cases::{self, written};

#[test]
fn junit_is_read_back() {
    for (name, graded) in cases::all() {
        let xml = written("junit", &graded);
        let report = Report::deserialize_from_str(&xml)
            .unwrap_or_else(|error| panic!("{name}: {error}: {xml}"));
        let suite = &report.test_suites[0];
        let result = &graded.result;
        let own = usize::from(result.status != Status::Graded);
        assert_eq!(suite.tests, result.criteria.len() + own, "{name}");
        for (case, criterion) in suite.test_cases[own..].iter().zip(&result.criteria) {
            let counts = !result.is_advice(criterion);
            let expected = match criterion.verdict {
                Verdict::Fail if counts => Some(NonSuccessKind::Failure),
                Verdict::Error if counts => Some(NonSuccessKind::Error),
                _ => None,
            };
            let kind = match &case.status {
                TestCaseStatus::NonSuccess { kind, .. } => Some(*kind),
                TestCaseStatus::Skipped { .. } => {
                    assert_eq!(criterion.verdict, Verdict::Skipped, "{name}");
                    None
                }
                TestCaseStatus::Success { .. } => None,
            };
            assert_eq!(kind, expected, "{name}: {}", criterion.id);
        }
        // No reader may take a submission that wasn't graded for a good one.
        assert!(own == 0 || suite.errors > 0, "{name}");
    }
}

#[test]
fn junit_is_read_by_others() {
    for (name, graded) in cases::all() {
        let xml = written("junit", &graded);
        let suites = junit_parser::from_reader(xml.as_bytes())
            .unwrap_or_else(|error| panic!("{name}: {error}: {xml}"));
        let suite = &suites.suites[0];
        let bad = suite.cases.iter();
        let bad = bad.filter(|it| it.status.is_failure() || it.status.is_error());
        let told = suite.failures + suite.errors;
        assert_eq!(bad.count() as u64, told, "{name}");
        assert_eq!(told == 0, graded.result.full_marks(), "{name}");
    }
}

/// What each element may hold, as nextest writes it: its attributes and its children.
const ELEMENTS: [(&str, &[&str], &[&str]); 10] = [
    (
        "testsuites",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "skipped",
            "uuid",
            "timestamp",
            "time",
        ],
        &["testsuite"],
    ),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "disabled",
            "errors",
            "failures",
            "skipped",
            "timestamp",
            "time",
        ],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "classname", "assertions", "timestamp", "time"],
        &[
            "properties",
            "failure",
            "error",
            "skipped",
            "system-out",
            "system-err",
        ],
    ),
    ("failure", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
    ("skipped", &["type", "message"], &[]),
    ("system-out", &[], &[]),
    ("system-err", &[], &[]),
    ("properties", &[], &["property"]),
    ("property", &["name", "value"], &[]),
];

fn check(node: Node<'_, '_>, name: &str) {
    let tag = node.tag_name().name();
    let (_, attributes, children) = ELEMENTS
        .iter()
        .find(|(known, ..)| *known == tag)
        .unwrap_or_else(|| panic!("{name}: <{tag}>"));
    for attribute in node.attributes() {
        let attribute = attribute.name();
        assert!(attributes.contains(&attribute), "{name}: {tag}@{attribute}");
    }
    for child in node.children().filter(Node::is_element) {
        let child_tag = child.tag_name().name();
        assert!(children.contains(&child_tag), "{name}: {tag}/{child_tag}");
        check(child, name);
    }
}

#[test]
fn junit_has_nothing_but_what_readers_know() {
    for (name, graded) in cases::all() {
        let xml = written("junit", &graded);
        let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "testsuites");
        check(root, name);
        for suite in root.children().filter(Node::is_element) {
            let cases = suite.children().filter(|it| it.has_tag_name("testcase"));
            let tests: usize = suite
                .attribute("tests")
                .and_then(|it| it.parse().ok())
                .expect("a number");
            assert_eq!(cases.count(), tests, "{name}");
        }
    }
}

#[test]
fn tap_is_read_by_others() {
    for (name, graded) in cases::all() {
        // That reader knows only the newer version, whose other lines are the same.
        let text = written("tap", &graded).replacen("version 13", "version 14", 1);
        let statements = TapParser::new()
            .parse(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        let result = &graded.result;
        let own = usize::from(result.status != Status::Graded);
        let plan = match &statements[0] {
            TapStatement::Plan(plan) => plan.count,
            other => panic!("{name}: {other:?}"),
        };
        let points: Vec<_> = statements
            .iter()
            .filter_map(|it| match it {
                TapStatement::TestPoint(point) => Some(point),
                TapStatement::Subtest(_) => panic!("{name}: {it:?}"),
                TapStatement::Plan(_) | TapStatement::Comment(_) => None,
            })
            .collect();
        assert_eq!(points.len(), result.criteria.len() + own, "{name}");
        assert_eq!(plan, points.len(), "{name}");
        for (at, point) in points.iter().enumerate() {
            assert_eq!(point.number, Some(at + 1), "{name}");
        }
        for (point, criterion) in points[own..].iter().zip(&result.criteria) {
            let good = matches!(criterion.verdict, Verdict::Pass | Verdict::Skipped);
            assert_eq!(point.result, good, "{name}: {}", criterion.id);
            let directive = point.directive.as_ref().map(|it| &it.kind);
            match (criterion.verdict, result.is_advice(criterion)) {
                (Verdict::Skipped, _) => assert!(matches!(directive, Some(DirectiveKind::Skip))),
                (Verdict::Fail | Verdict::Error, true) => {
                    assert!(matches!(directive, Some(DirectiveKind::Todo)));
                }
                _ => assert!(directive.is_none(), "{name}: {point:?}"),
            }
            assert_eq!(point.yaml.is_empty(), good, "{name}: {}", criterion.id);
        }
        // What a harness makes of it.
        let fails = points.iter().any(|it| !it.result && it.directive.is_none());
        assert_eq!(fails, !graded.result.full_marks(), "{name}");
    }
}

/// Perl's harness, which is stricter than the standard: it understands all of it, and its verdict
/// is the same.
#[test]
fn tap_is_read_by_prove() {
    if Command::new("prove").arg("--version").output().is_err() {
        eprintln!("skipped: perl's prove isn't installed");
        return;
    }
    let folder = tempfile::TempDir::new().expect("there is room");
    for (name, graded) in cases::all() {
        let file = folder.path().join(format!("{name}.tap"));
        std::fs::write(&file, written("tap", &graded)).expect("there is room");
        let output = Command::new("prove")
            .args(["--norc", "--exec", "cat"])
            .arg(&file)
            .env_remove("HARNESS_OPTIONS")
            .output()
            .expect("prove starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!said.contains("Parse errors"), "{name}: {said}");
        assert_eq!(
            output.status.success(),
            graded.result.full_marks(),
            "{name}: {said}"
        );
    }
}

#[test]
fn markdown_has_no_markup_of_students() {
    for (name, graded) in cases::all() {
        let text = written("markdown", &graded);
        let mut tables = 0;
        for event in Parser::new_ext(&text, Options::all()) {
            match event {
                Event::Start(Tag::Link { .. } | Tag::Image { .. }) => {
                    panic!("{name}: a link in {text}")
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let html = html.trim();
                    let ours = ["<details><summary>What happened</summary>", "</details>"];
                    assert!(ours.contains(&html), "{name}: {html}");
                }
                Event::Start(Tag::Table(columns)) => {
                    assert_eq!(columns.len(), 3, "{name}");
                    tables += 1;
                }
                _ => {}
            }
        }
        assert_eq!(tables, 1, "{name}: {text}");
        assert!(
            !text.contains("@everyone") || text.contains("```"),
            "{name}"
        );
    }
}
