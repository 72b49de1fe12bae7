//! The lab `pid_one` beside the inits that containers have: dumb-init and tini. All do the same, in a
//! run of siglab's and as the first process of a pid namespace.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Native, Stdio};

use nix::sys::signal::{Signal as Number, kill};
use nix::unistd::Pid;
use siglab_engine::{Command, Options, Script, run};
use siglab_lab::BuiltProgram;
use siglab_model::{ProcessStatus, Signal, Time};
use siglab_tests::build::c_program;
use siglab_tests::solutions::solution;
use siglab_tests::surroundings::{Started, bounded};
use siglab_tests::twin::output_of;
use tempfile::TempDir;

/// What all are to pass on, in the order in which it comes; the last one ends the command.
const PASSED_ON: [Signal; 7] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::WINCH,
    Signal::TERM,
];

/// What the command of an init does.
const STORIES: [&[&str]; 5] = [
    &["exit", "7"],
    &["die", "15"],
    &["die", "9"],
    &["tell"],
    &["orphans"],
];

/// An init and the arguments that make it one.
struct Init {
    name: &'static str,
    program: PathBuf,
    args: &'static [&'static str],
    /// Whether it adopts orphans where it isn't the first process.
    adopts: bool,
}

/// Those of the lab, and those that are installed.
struct Inits {
    all: Vec<Init>,
    _solutions: Vec<BuiltProgram>,
    _folder: TempDir,
}

impl Inits {
    fn new() -> Self {
        let folder = TempDir::new().expect("there is room");
        let mut all = Vec::new();
        let mut solutions = Vec::new();
        for name in ["pid_one.c", "sigsuspend.c", "pid_one.rs"] {
            let built = solution("pid_one", name, folder.path());
            all.push(Init {
                name,
                program: built.path.clone(),
                args: &[],
                adopts: true,
            });
            solutions.push(built);
        }
        // A subreaper only if it is told to be one; the other never is.
        let others: [(_, &[&str], _); 2] =
            [("tini", &["-s", "--"], true), ("dumb-init", &[], false)];
        for (name, args, adopts) in others {
            match installed(name) {
                Some(program) => all.push(Init {
                    name,
                    program,
                    args,
                    adopts,
                }),
                None => eprintln!("skipped: {name} isn't installed"),
            }
        }
        Self {
            all,
            _solutions: solutions,
            _folder: folder,
        }
    }
}

fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|program| program.is_file())
}

/// What the command says, and how the init ends.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    output: String,
    status: i32,
}

fn expected(story: &[&str]) -> Told {
    let (output, status) = match story {
        ["exit", status] => (String::new(), status.parse().expect("a status")),
        ["die", number] => (
            String::new(),
            128 + number.parse::<i32>().expect("a signal"),
        ),
        ["tell"] => {
            let got = PASSED_ON.iter().map(|signal| format!("got {signal}\n"));
            (format!("ready\n{}", got.collect::<String>()), 3)
        }
        _ => ("ready\nall are reaped\n".to_owned(), 0),
    };
    Told { output, status }
}

/// In a run of siglab's: one signal each tenth of a second.
fn run_it(init: &Init, command: &Path, story: &[&str]) -> Told {
    let mut script = Script::default();
    if story == ["tell"] {
        for (tenth, signal) in (1..).zip(PASSED_ON) {
            script = script.send_at(Time::from_nanos(tenth * 100_000_000), signal, "main");
        }
    }
    let args = init.args.iter().map(OsStr::new);
    let args = args.chain([command.as_os_str()]);
    let command = Command::new(&init.program).args(args.chain(story.iter().map(OsStr::new)));
    let trace = run(&command, &script, &Options::default()).expect("it can be run");
    let status = match trace.outcome.status {
        Some(ProcessStatus::Exited(status)) => status,
        ref other => panic!("{}: {other:?}\n{}", init.name, trace.to_jsonl()),
    };
    Told {
        output: output_of(&trace),
        status,
    }
}

/// As the first process of a pid namespace: one signal after another, each when what came before
/// has been told.
fn be_first(init: &Init, command: &Path, story: &[&str]) -> Told {
    let mut namespace = Native::new("unshare");
    namespace
        .args(["--pid", "--fork", "--kill-child"])
        .arg(&init.program)
        .args(init.args)
        .arg(command)
        .args(story)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let namespace = bounded(&mut namespace).spawn();
    let mut namespace = Started(namespace.expect("it can be started"));
    let mut said = BufReader::new(namespace.stdout.take().expect("it is piped"));
    let mut output = String::new();
    let mut to_send = PASSED_ON.iter();
    while said.read_line(&mut output).expect("it is text") > 0 {
        if story != ["tell"] {
            continue;
        }
        if let Some(signal) = to_send.next() {
            let number = Number::try_from(signal.number()).expect("a signal");
            kill(first_process(&namespace), number).expect("it is there");
        }
    }
    let status = namespace.wait().expect("it is a child");
    Told {
        output,
        status: status
            .code()
            .unwrap_or_else(|| panic!("{}: {status}", init.name)),
    }
}

/// The only child of unshare(1).
fn first_process(namespace: &Started) -> Pid {
    let pid = namespace.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.expect("it lives");
    Pid::from_raw(children.trim().parse().expect("it has one child"))
}

#[test]
fn inits_do_the_same_in_a_run() {
    let command = c_program("init_command", &[]);
    for init in &Inits::new().all {
        for story in STORIES {
            if story == ["orphans"] && !init.adopts {
                continue;
            }
            let told = run_it(init, &command, story);
            assert_eq!(told, expected(story), "{} {story:?}", init.name);
        }
    }
}

#[test]
fn inits_do_the_same_as_first_process() {
    let can = Native::new("unshare")
        .args(["--pid", "--fork", "true"])
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("skipped: pid namespaces can't be had here");
        return;
    }
    let command = c_program("init_command", &[]);
    for init in &Inits::new().all {
        for story in STORIES {
            let told = be_first(init, &command, story);
            assert_eq!(told, expected(story), "{} {story:?}", init.name);
        }
    }
}
