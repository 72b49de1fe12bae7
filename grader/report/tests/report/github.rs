//! The GitHub format, read as the runner of GitHub Actions reads a step's output.

use std::collections::BTreeMap;

use siglab_report::SUMMARY_LIMIT;

use crate::cases::{self, written};

/// Commands that the runner knows and that matter here.
const KNOWN: [&str; 13] = [
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "add-path",
    "add-matcher",
    "set-env",
    "set-output",
    "save-state",
    "echo",
];

#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    data: String,
}

/// The runner's part: which commands it carries out of what a step writes.
#[derive(Default)]
struct Runner {
    token: Option<String>,
    stopped: usize,
    commands: Vec<Command>,
}

impl Runner {
    fn read(output: &str) -> Self {
        let mut runner = Self::default();
        // The runner's line reader takes a lone carriage return for a line end, too.
        for line in output.split(['\n', '\r']) {
            runner.line(line);
        }
        runner
    }

    fn line(&mut self, line: &str) {
        let known = |name: &str| {
            let token = self.token.as_deref().unwrap_or("stop-commands");
            name.eq_ignore_ascii_case("stop-commands")
                || name.eq_ignore_ascii_case(token)
                || KNOWN.iter().any(|it| it.eq_ignore_ascii_case(name))
        };
        let Some(command) = parse(line, &known) else {
            return;
        };
        match &self.token {
            Some(token) if command.name.eq_ignore_ascii_case(token) => self.token = None,
            Some(_) => self.stopped += 1,
            None if command.name.eq_ignore_ascii_case("stop-commands") => {
                self.token = Some(command.data);
            }
            None => self.commands.push(command),
        }
    }

    fn named(&self, name: &str) -> Vec<&Command> {
        self.commands.iter().filter(|it| it.name == name).collect()
    }
}

/// Both forms of a command: `::name properties::data` at the start of a line, and the
/// older `##[name properties]data` anywhere in it.
fn parse(line: &str, known: &dyn Fn(&str) -> bool) -> Option<Command> {
    let newer = line.trim_start().strip_prefix("::").and_then(|rest| {
        let (head, data) = rest.split_once("::")?;
        command(head, data, ',', known)
    });
    newer.or_else(|| {
        let (_, rest) = line.split_once("##[")?;
        let (head, data) = rest.split_once(']')?;
        command(head, data, ';', known)
    })
}

fn command(
    head: &str,
    data: &str,
    separator: char,
    known: &dyn Fn(&str) -> bool,
) -> Option<Command> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    if !known(name) {
        return None;
    }
    let properties = properties
        .trim()
        .split(separator)
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| {
            let value = value.replace("%3A", ":").replace("%2C", ",");
            (key.to_owned(), unescape(&value))
        })
        .collect();
    Some(Command {
        name: name.to_owned(),
        properties,
        data: unescape(data),
    })
}

fn unescape(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}

#[test]
fn the_parser_knows_both_forms() {
    let runner = Runner::read(
        "text\n  ::error file=a%2Cb.c,line=7::one%0Atwo%250A\nx ##[warning]old\n\
         ::stop-commands::t0ken\n::error::no\n##[error]no\n::T0KEN::\n::notice::yes\n::nonsense::x",
    );
    let told: Vec<_> = runner
        .commands
        .iter()
        .map(|it| (it.name.as_str(), it.data.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("error", "one\ntwo%0A"),
            ("warning", "old"),
            ("notice", "yes")
        ]
    );
    assert_eq!(runner.commands[0].properties["file"], "a,b.c");
    assert_eq!(runner.stopped, 2);
}

#[test]
fn failures_are_annotated() {
    let runner = Runner::read(&written("github", &crate::results::mixed()));
    assert_eq!(runner.token, None, "commands go on after the report");
    let names: Vec<_> = runner.commands.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "group", "endgroup", "error", "error", "error", "error", "notice"
        ]
    );
    let error = runner.named("error")[0];
    assert_eq!(
        error.properties["file"],
        "exercises/terminator/starter/terminator.c"
    );
    assert_eq!(error.properties["line"], "1");
    assert_eq!(
        error.properties["title"],
        "double-sigint-kills: a second SIGINT within 1 s kills the child"
    );
    assert!(
        error
            .data
            .starts_with("the parent sent SIGTERM instead of SIGKILL"),
        "{}",
        error.data
    );
    assert!(
        error.data.contains("\nlook at: signal(7)"),
        "{}",
        error.data
    );
}

#[test]
fn compiler_errors_are_annotated_where_they_are() {
    let runner = Runner::read(&written("github", &cases::compile_error()));
    let places: Vec<_> = runner
        .named("error")
        .iter()
        .map(|it| (it.properties["line"].clone(), it.data.clone()))
        .collect();
    assert_eq!(places[0].0, "7");
    assert_eq!(places[0].1, "it does not compile");
    assert_eq!(
        places[1],
        ("7".into(), "expected ';' before '}' token".into())
    );
    assert_eq!(places[2], ("12".into(), "'n' undeclared".into()));
    let mut graded = cases::compile_error();
    graded.result.compiler_output =
        "error[E0425]: cannot find value `n`\n  --> main.rs:3:7\n   |\n3 |  n\n".into();
    let runner = Runner::read(&written("github", &graded));
    let error = runner.named("error")[1];
    assert_eq!(error.properties["line"], "3");
    assert_eq!(error.data, "error[E0425]: cannot find value `n`");
}

/// Each annotation is one that the format meant: its message is whole, and its number of
/// lines is its own.
#[test]
fn students_forge_no_commands() {
    let graded = cases::hostile();
    let text = written("github", &graded);
    let runner = Runner::read(&text);
    assert_eq!(runner.token, None);
    assert!(runner.stopped > 0, "the report has commands in it: {text}");
    let names: Vec<_> = runner.commands.iter().map(|it| it.name.as_str()).collect();
    let meant = ["group", "endgroup", "error", "error", "error", "notice"];
    assert_eq!(names, meant, "{text}");
    for command in runner.named("error") {
        let keys: Vec<_> = command.properties.keys().map(String::as_str).collect();
        assert_eq!(keys, ["file", "line", "title"]);
    }
    // Without the token, commands would be carried out.
    let bare: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("::stop-commands::"))
        .collect();
    assert!(Runner::read(&bare.join("\n")).commands.len() > meant.len());
}

#[test]
fn only_so_many_annotations_are_made() {
    let mut graded = crate::results::mixed();
    let many = graded.result.criteria[1].clone();
    graded.result.criteria = vec![many; 12];
    let runner = Runner::read(&written("github", &graded));
    let errors = runner.named("error");
    assert_eq!(errors.len(), 10);
    assert_eq!(errors[9].data, "3 more are in the log and in the summary");
}

#[test]
fn the_summary_keeps_to_its_limit() {
    let format = siglab_report::format("github").expect("it is there");
    let options = cases::options();
    let mut graded = crate::results::mixed();
    let page = format
        .summary(&graded, &options, SUMMARY_LIMIT)
        .expect("there is one");
    assert_eq!(page, written("markdown", &graded));
    let many = graded.result.criteria[1].clone();
    graded.result.criteria = vec![many; 2_000];
    let page = format
        .summary(&graded, &options, usize::MAX)
        .expect("there is one");
    assert!(page.len() <= SUMMARY_LIMIT, "{}", page.len());
    assert!(page.ends_with("more sections don't fit here.*\n"));
    let short = format.summary(&graded, &options, 2_048).expect("one");
    assert!(short.len() <= 2_048, "{}", short.len());
}
