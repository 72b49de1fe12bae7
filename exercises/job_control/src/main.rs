//! job_control: a tiny shell.
//!
//! It reads lines from its terminal. `jobs`, `fg N`, `bg N` and `exit` are its own commands;
//! any other line is a program with its arguments, and becomes a job, in the background if the
//! last word is `&`.
//!
//! The exercise. As it is handed out, jobs have no process groups, so Ctrl+C kills the shell
//! as well, and a job that is stopped is never heard of again. README.md has the rules of job
//! control. The functions with "yours" are where they belong; change others as you need it.
//!
//! Manual pages: setpgid(2), tcsetpgrp(3), waitpid(2), kill(2), signal(7), credentials(7).

use std::ffi::CString;
use std::io::{BufRead, stdin};
use std::process::ExitCode;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, execvp, fork};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    #[expect(dead_code, reason = "for you to use; then delete this line")]
    Stopped,
    Ended,
}

struct Job {
    /// Of its process, and of its process group.
    pid: Pid,
    state: State,
}

/// The jobs by number, which is one more than the index.
#[derive(Default)]
struct Shell {
    jobs: Vec<Job>,
}

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// What happens in the child: becomes the program.
fn become_program(words: &[&str]) -> Result<(), String> {
    // Rust's start-up code has set SIGPIPE to be ignored, and exec keeps that.
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGPIPE, SigHandler::SigDfl)
    })?;

    let words: Vec<CString> = words
        .iter()
        .map(|word| CString::new(*word).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    check(&words[0].to_string_lossy(), execvp(&words[0], &words)).map(drop)
}

impl Shell {
    /// What the shell does before it reads the first line.
    fn set_up(&mut self) -> Result<(), String> {
        Ok(()) // yours
    }

    /// Called before each line is carried out, and before the shell leaves.
    fn look_at_jobs(&mut self) -> Result<(), String> {
        Ok(()) // yours: which jobs have ended, which are stopped?
    }

    /// Starts a job.
    fn start_job(&mut self, words: &[&str], in_background: bool) -> Result<(), String> {
        // SAFETY: there is one thread only, so the child may call anything.
        let pid = match check("fork", unsafe { fork() })? {
            ForkResult::Child => {
                if let Err(message) = become_program(words) {
                    eprintln!("{message}");
                }
                std::process::exit(127);
            }
            ForkResult::Parent { child } => child,
        };
        let index = self.jobs.len();
        self.jobs.push(Job {
            pid,
            state: State::Running,
        });

        // Yours: no groups yet, and nobody takes care of the terminal.
        if !in_background {
            check("waitpid", waitpid(self.jobs[index].pid, None))?;
            self.jobs[index].state = State::Ended;
        }
        Ok(())
    }

    /// The index of the job with the number that `word` is, if it hasn't ended.
    fn find_job(&self, word: Option<&&str>) -> Option<usize> {
        let number: Option<usize> = word.and_then(|word| word.parse().ok());
        let index = number.and_then(|number| number.checked_sub(1));
        let found = index.filter(|index| {
            self.jobs
                .get(*index)
                .is_some_and(|job| job.state != State::Ended)
        });
        if found.is_none() {
            eprintln!("no such job");
        }
        found
    }

    fn list_jobs(&self) {
        for (index, job) in self.jobs.iter().enumerate() {
            match job.state {
                State::Running => println!("[{}] running", index + 1),
                State::Stopped => println!("[{}] stopped", index + 1),
                State::Ended => {}
            }
        }
    }

    /// Carries out `fg N`.
    fn continue_in_foreground(&mut self, _index: usize) -> Result<(), String> {
        Ok(()) // yours
    }

    /// Carries out `bg N`.
    fn continue_in_background(&mut self, _index: usize) -> Result<(), String> {
        Ok(()) // yours
    }

    /// Ends the jobs that are left, before the shell leaves.
    fn hang_up(&mut self) -> Result<(), String> {
        Ok(()) // yours
    }

    /// Does what the line says that consists of these words.
    fn carry_out(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["jobs"] => self.list_jobs(),
            ["fg", ..] => {
                if let Some(index) = self.find_job(words.get(1)) {
                    self.continue_in_foreground(index)?;
                }
            }
            ["bg", ..] => {
                if let Some(index) = self.find_job(words.get(1)) {
                    self.continue_in_background(index)?;
                }
            }
            [] | ["&"] => {}
            [program @ .., "&"] => self.start_job(program, true)?,
            program => self.start_job(program, false)?,
        }
        Ok(())
    }
}

fn run() -> Result<(), String> {
    let mut shell = Shell::default();
    shell.set_up()?;

    for line in stdin().lock().lines() {
        let line = line.map_err(|error| format!("read: {error}"))?;
        let words: Vec<&str> = line.split_whitespace().collect();
        shell.look_at_jobs()?;
        if words == ["exit"] {
            break;
        }
        shell.carry_out(&words)?;
    }
    shell.look_at_jobs()?;
    shell.hang_up()
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
