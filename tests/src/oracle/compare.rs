//! Runs programs natively and under the engine, and compares with what is expected.

use std::fmt::{self, Write as _};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal as Number, kill};
use nix::unistd::Pid;
use siglab_engine::{Command as Traced, Options, Script, run};
use siglab_model::{ProcessStatus, Signal, Trace};

use crate::build::c_program;
use crate::twin::output_of;

use super::player::Expected;
use super::program::Program;

/// For how long nothing may happen natively, in ms.
const PATIENCE: u16 = 20_000;

/// The C program that carries out programs.
#[derive(Clone, Debug)]
pub struct Interpreter(PathBuf);

/// How a run differs from what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Who disagrees with the model: `native` or `engine`.
    pub who: &'static str,
    /// What differs, in words.
    pub what: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and model differ: {}", self.who, self.what)
    }
}

impl Interpreter {
    /// Compiles it.
    #[must_use]
    pub fn build() -> Self {
        Self(c_program("oracle/interpreter", &["-static"]))
    }

    /// How to run a program by hand.
    #[must_use]
    pub fn command_line(&self, program: &Program) -> String {
        let mut text = self.0.display().to_string();
        for argument in program.arguments("native") {
            // Writing to a string can't fail.
            let _ = write!(text, " '{argument}'");
        }
        text
    }

    /// Runs it natively.
    ///
    /// # Errors
    /// If what it does isn't what is expected.
    ///
    /// # Panics
    /// If it can't be run.
    pub fn check_natively(
        &self,
        program: &Program,
        expected: &Expected,
    ) -> Result<(), Disagreement> {
        let mut child = Command::new(&self.0)
            .args(program.arguments("native"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the interpreter can be executed");
        let (text, is_hung) = read_all(&mut child);
        let status = child.wait().expect("it is a child");
        let status = match (status.code(), status.signal().and_then(Signal::new)) {
            (Some(code), _) => Some(ProcessStatus::Exited(code)),
            (None, Some(signal)) => Some(ProcessStatus::Killed(signal)),
            (None, None) => None,
        };
        compare("native", &text, status.filter(|_| !is_hung), expected)
    }

    /// Runs it under the engine.
    ///
    /// # Errors
    /// If what it does isn't what is expected.
    ///
    /// # Panics
    /// If it can't be run.
    pub fn check_engine(
        &self,
        program: &Program,
        expected: &Expected,
        options: &Options,
    ) -> Result<Trace, Disagreement> {
        let command = Traced::new(&self.0).args(program.arguments("traced"));
        let trace = match run(&command, &Script::default(), options) {
            Ok(trace) => trace,
            Err(error) => {
                return Err(Disagreement {
                    who: "engine",
                    what: error.to_string(),
                });
            }
        };
        compare("engine", &output_of(&trace), trace.outcome.status, expected)?;
        Ok(trace)
    }
}

/// All that it writes, until nobody has its output open any more; whether it had to be ended.
fn read_all(child: &mut Child) -> (String, bool) {
    let mut output = child.stdout.take().expect("it is piped");
    let (mut bytes, mut buffer, mut is_hung) = (Vec::new(), [0; 4096], false);
    loop {
        let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::from(PATIENCE)).expect("poll works") == 0 {
            assert!(!is_hung, "what was killed still has its output open");
            is_hung = true;
            kill_session(child.id());
        }
        let length = if is_hung && fds[0].any() != Some(true) {
            continue;
        } else {
            output.read(&mut buffer).expect("a pipe can be read")
        };
        if length == 0 {
            return (String::from_utf8_lossy(&bytes).into_owned(), is_hung);
        }
        bytes.extend_from_slice(&buffer[..length]);
    }
}

/// Kills the processes of a session, which the interpreter leads: proc_pid_stat(5).
fn kill_session(leader: u32) {
    for entry in std::fs::read_dir("/proc")
        .expect("/proc is mounted")
        .flatten()
    {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name: state, parent, process group, session.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let session = fields.split_whitespace().nth(3);
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let (Some(pid), Some(true)) = (pid, session.map(|id| id == leader.to_string())) {
            // It may have ended by now.
            let _ = kill(Pid::from_raw(pid), Number::SIGKILL);
        }
    }
}

fn compare(
    who: &'static str,
    text: &str,
    status: Option<ProcessStatus>,
    expected: &Expected,
) -> Result<(), Disagreement> {
    let lines: Vec<_> = text.lines().collect();
    let differs = (0..lines.len().max(expected.lines.len()))
        .find(|at| lines.get(*at).copied() != expected.lines.get(*at).map(String::as_str));
    let what = match differs {
        Some(at) => {
            let expected = expected.lines.get(at).map_or("no more", String::as_str);
            let got = lines.get(at).copied().unwrap_or("no more");
            format!("line {at}: {who} has `{got}`, the model `{expected}`")
        }
        None if status != Some(expected.status) => {
            format!(
                "{who} ends with {status:?}, the model with {:?}",
                expected.status
            )
        }
        None => return Ok(()),
    };
    Err(Disagreement { who, what })
}
