//! Tests in a pid namespace of their own, so that a bug in what they test can't reach the
//! rest of the machine, and so that everything left behind can be seen.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{Pid, geteuid, setpgid};
use siglab_engine::{Options, Script, run};
use siglab_model::Trace;

use crate::build::c_program;
use crate::surroundings;

/// Tells the test process in the namespace that it is there; its value is the program.
const INSIDE: &str = "SIGLAB_TESTS_CONFINED";

/// What the test process in the namespace prints when it has done its work: a wrong test
/// name would run nothing at all, successfully.
const DONE: &str = "the confined test has ended well";

/// How long a test may take, in seconds of real time.
const DEADLINE: &str = "60";

/// What a confined test works with.
#[derive(Debug)]
pub struct Inside {
    /// The program, built.
    program: PathBuf,
    bystander: Child,
}

/// Runs `body`, the test of the full name `name`, in a pid namespace of its own, with a
/// program of `tests/programs`. Prints why, and does nothing, where that isn't possible.
///
/// The test executable starts itself once more in the namespace, below an init that isn't
/// siglab: an init would be immune to many signals.
///
/// # Panics
/// If `body` does, or takes too long.
pub fn confined(name: &str, program: &str, body: impl FnOnce(&Inside)) {
    if let Some(program) = std::env::var_os(INSIDE) {
        let inside = Inside::new(program.into());
        body(&inside);
        inside.check_nothing_left();
        eprintln!("{DONE}");
        return;
    }
    if let Err(reason) = probe() {
        eprintln!("skipped, because a pid namespace can't be made: {reason}");
        return;
    }
    let (_, name) = name.split_once("::").expect("it begins with the crate");
    let test = std::env::current_exe().expect("this test is a program");
    let output = namespace()
        // A shell as init: it waits for the test and passes its status on.
        .args(["sh", "-c", r#""$@"; exit $?"#, "sh"])
        .arg(test)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, c_program(program, &[]))
        .stdin(Stdio::null())
        .output()
        .expect("the probe has worked");
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(
        output.status.success() && err.contains(DONE),
        "in the namespace, {}:\n{out}{err}",
        output.status
    );
}

/// A command that runs its further arguments in a new pid namespace with a /proc of its
/// own. All that is in there is killed when the command ends or the deadline passes.
fn namespace() -> Command {
    let mut command = Command::new("timeout");
    surroundings::known(&mut command);
    command.args(["-s", "KILL", DEADLINE, "unshare"]);
    if !geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    command
}

fn probe() -> Result<(), String> {
    let output = namespace()
        .arg("true")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

impl Inside {
    fn new(program: PathBuf) -> Self {
        // A group of its own, that can be named in here.
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).expect("it is no session leader");
        let bystander = Command::new("cat")
            // A pipe that nobody writes to: it waits as long as the test lives.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("there is a `cat`");
        Self { program, bystander }
    }

    /// The pid of a process that has nothing to do with the run.
    #[must_use]
    pub fn bystander(&self) -> String {
        self.bystander.id().to_string()
    }

    /// Runs the program.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Trace {
        self.run_with(args, &Script::default(), &Options::default())
    }

    /// Runs the program, and makes sure that nobody else was hit and nothing is left.
    ///
    /// # Panics
    /// If it can't be run, or somebody was hit, or something is left.
    #[must_use]
    pub fn run_with(&self, args: &[&str], script: &Script, options: &Options) -> Trace {
        let command = siglab_engine::Command::new(&self.program).args(args);
        self.run_command(&command, script, options)
    }

    /// Runs any command, and makes sure that nobody else was hit and nothing is left.
    ///
    /// # Panics
    /// If it can't be run, or somebody was hit, or something is left.
    #[must_use]
    pub fn run_command(
        &self,
        command: &siglab_engine::Command,
        script: &Script,
        options: &Options,
    ) -> Trace {
        let before = self.outsiders();
        let trace = run(command, script, options).expect("it can be run");
        assert_eq!(self.outsiders(), before, "somebody outside was changed");
        self.check_nothing_left();
        trace
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What can be seen of the processes that the run must not touch: this one, the
    /// bystander, and init.
    fn outsiders(&self) -> Vec<String> {
        [1, std::process::id(), self.bystander.id()]
            .iter()
            .map(|pid| {
                let read = |file: &str| {
                    std::fs::read_to_string(format!("/proc/{pid}/{file}"))
                        .unwrap_or_else(|error| error.to_string())
                };
                let stat = read("stat");
                let state = stat
                    .rsplit_once(") ")
                    .map_or("gone", |(_, rest)| rest.split(' ').next().unwrap_or(""));
                // This process runs, or isn't sure about it.
                let state = if state == "Z" || state == "T" || state == "gone" {
                    state
                } else {
                    "lives"
                };
                format!("{pid} {state}\n{}", read("limits"))
            })
            .collect()
    }

    /// Every process of the namespace is one of those that were there before.
    ///
    /// # Panics
    /// If there is another.
    pub fn check_nothing_left(&self) {
        let known = [1, std::process::id(), self.bystander.id()].map(|pid| pid.to_string());
        let left: Vec<String> = std::fs::read_dir("/proc")
            .expect("/proc is mounted")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|name| !known.contains(name))
            .map(|pid| {
                let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
                status
                    .unwrap_or_default()
                    .lines()
                    .take(7)
                    .collect::<Vec<_>>()
                    .join(", ")
            })
            .collect();
        assert!(left.is_empty(), "left behind: {}", left.join("; "));
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // It lives, unless a test failed.
        let _ = self.bystander.kill();
        let _ = self.bystander.wait();
    }
}
