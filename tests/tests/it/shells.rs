//! The lab `job_control` beside the shells that people use, bash and dash: at a terminal, the same keys make
//! the same things happen to their jobs.

use std::path::{Path, PathBuf};

use siglab_engine::{Action, Command, Key, Options, Script, Stdio, When, run};
use siglab_model::{Kind, Role, Time};
use siglab_tests::build::c_program;
use siglab_tests::solutions::solution;
use siglab_tests::twin::output_of;
use tempfile::TempDir;

/// A shell, with arguments that let it read its lines from the terminal and nothing else.
struct Shell {
    name: &'static str,
    program: PathBuf,
    args: &'static [&'static str],
    /// What stands before the number of a job.
    job: &'static str,
}

/// Those that are installed.
fn others() -> Vec<Shell> {
    let bash = ["--norc", "--noprofile", "--noediting", "-i"].as_slice();
    let all = [
        ("bash", "/bin/bash", bash, "%"),
        ("dash", "/bin/dash", &["-i"], "%"),
    ];
    let shells = all.into_iter().map(|(name, program, args, job)| Shell {
        name,
        program: program.into(),
        args,
        job,
    });
    shells.filter(|shell| shell.program.is_file()).collect()
}

/// What is done at the terminal, one step each half second.
fn keys(job: &Path, prefix: &str) -> Script {
    let line = |line: &str| Action::Type(format!("{line}\n"));
    let start = line(&job.display().to_string());
    let steps = [
        start.clone(),
        Action::Press(Key::CtrlC),
        Action::Press(Key::CtrlZ),
        // At the shell's prompt.
        Action::Press(Key::CtrlC),
        line(&format!("fg {prefix}1")),
        Action::Resize {
            rows: 30,
            columns: 100,
        },
        Action::Press(Key::CtrlZ),
        line(&format!("bg {prefix}1")),
        Action::Press(Key::CtrlBackslash),
        Action::Press(Key::CtrlC),
        line(&format!("fg {prefix}1")),
        Action::Press(Key::CtrlC),
        Action::Press(Key::CtrlBackslash),
        start,
        Action::HangUp,
    ];
    let mut script = Script::default();
    for (half, action) in (1..).zip(steps) {
        script = script.then(When::At(Time::from_nanos(half * 500_000_000)), action);
    }
    script
}

/// What the job says of itself, and how each one ended: when the terminal has been hung up,
/// nothing is written to it any more.
fn told(shell: &Shell, job: &Path) -> (Vec<String>, Vec<i32>) {
    let mut command = Command::new(&shell.program).args(shell.args);
    command.stdio = Stdio::Terminal {
        rows: 24,
        columns: 80,
    };
    let trace = run(&command, &keys(job, shell.job), &Options::default());
    let trace = trace.expect("it can be run");
    let output = output_of(&trace);
    let lines = output.lines().filter_map(|line| {
        let at = line.find("job: ")?;
        Some(line[at..].trim_end().to_owned())
    });
    let name = |role: &Option<Role>| role.as_ref().is_some_and(|role| *role != Role::new("main"));
    let ends = trace.events.iter().filter_map(|event| match event.kind {
        Kind::Exit { code } if name(&event.role) => Some(code),
        _ => None,
    });
    (lines.collect(), ends.collect())
}

#[test]
fn shells_do_the_same_to_their_jobs() {
    let job = c_program("shell_job", &[]);
    let folder = TempDir::new().expect("there is room");
    let solutions: Vec<_> = ["job_control.c", "job_control.rs"]
        .into_iter()
        .map(|name| (name, solution("job_control", name, folder.path())))
        .collect();
    let own = solutions.iter().map(|(name, built)| Shell {
        name,
        program: built.path.clone(),
        args: &[],
        job: "",
    });
    let expected = [
        "job: begins in the foreground",
        "job: SIGINT in the foreground",
        "job: SIGTSTP in the foreground",
        "job: SIGCONT in the foreground",
        "job: SIGWINCH in the foreground",
        "job: SIGTSTP in the foreground",
        "job: SIGCONT in the background",
        "job: SIGINT in the foreground",
        "job: SIGQUIT in the foreground",
        "job: begins in the foreground",
    ];
    for shell in own.chain(others()) {
        let (lines, ends) = told(&shell, &job);
        assert_eq!(lines, expected, "{}", shell.name);
        assert_eq!(ends, [3, 3], "{}", shell.name);
    }
}
