// siglab: not started — delete this line when you begin
//! pid_one: the init of a container. pid_one COMMAND [ARG...]
//!
//! The exercise. Write run(), and what it needs:
//!   1. start COMMAND in a child process, with a clean signal mask and its default actions;
//!   2. pass signals on to the child: SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH;
//!   3. adopt orphans, and reap each at once when it has ended;
//!   4. when the child ends, leave at once: with its status, or 128 plus the number of the
//!      signal that killed it.
//!
//! Manual pages: fork(2), execvp(3), PR_SET_CHILD_SUBREAPER(2const) or prctl(2), waitpid(2),
//! sigprocmask(2), sigwaitinfo(2), sigsuspend(2), kill(2), pid_namespaces(7).

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command `command[0]` with the arguments that follow. Returns init's exit status.
fn run(command: &[OsString]) -> Result<u8, String> {
    // To be written.
    Err(format!("init: I should run {}", command[0].display()))
}

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().skip(1).collect();
    if command.is_empty() {
        eprintln!("usage: pid_one COMMAND [ARG...]");
        return ExitCode::from(2);
    }
    match run(&command) {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
