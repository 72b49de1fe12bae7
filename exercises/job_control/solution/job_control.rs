//! job_control, solved without a handler.
//!
//! The shell ignores the signals of the keyboard, and asks waitpid() with WNOHANG what has
//! become of its jobs: before each line, and nowhere else. Nobody else reaps, so the wait for
//! a job in the foreground can't miss anything.

use std::ffi::CString;
use std::io::{BufRead, stdin};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, kill, killpg, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execvp, fork, getpgrp, setpgid, tcsetpgrp};

/// The signals that the keyboard and the terminal send. The shell must not care about them.
const TERMINAL_SIGNALS: [Signal; 5] = [
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
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

/// Sets what happens at the signals of the terminal: ignored in the shell, default in jobs.
fn set_terminal_signals(disposition: SigHandler) -> Result<(), String> {
    for terminal_signal in TERMINAL_SIGNALS {
        // SAFETY: no handler is installed.
        check("signal", unsafe { signal(terminal_signal, disposition) })?;
    }
    Ok(())
}

/// Gives the terminal to a process group.
fn give_terminal(group: Pid) -> Result<(), String> {
    check("tcsetpgrp", tcsetpgrp(stdin(), group))
}

/// What waitpid() has said of a job; `None` if nothing has happened.
fn state_of(status: WaitStatus) -> Option<State> {
    match status {
        WaitStatus::StillAlive => None,
        WaitStatus::Stopped(..) => Some(State::Stopped),
        WaitStatus::Continued(_) => Some(State::Running),
        _ => Some(State::Ended),
    }
}

/// What happens in the child: becomes the program.
fn become_program(words: &[&str], in_background: bool) -> Result<(), String> {
    // Here and in the parent: who comes first isn't known, and both depend on it.
    check("setpgid", setpgid(Pid::from_raw(0), Pid::from_raw(0)))?;
    if !in_background {
        give_terminal(getpgrp())?;
    }
    // Only now: tcsetpgrp() would have stopped us.
    set_terminal_signals(SigHandler::SigDfl)?;
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
        set_terminal_signals(SigHandler::SigIgn)
    }

    /// Asks what has become of each job, and waits for nothing.
    fn look_at_jobs(&mut self) -> Result<(), String> {
        let flags = WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED | WaitPidFlag::WCONTINUED;
        for job in &mut self.jobs {
            while job.state != State::Ended {
                match state_of(check("waitpid", waitpid(job.pid, Some(flags)))?) {
                    Some(state) => job.state = state,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Waits until the job, which has the terminal, ends or stops, and takes the terminal back.
    fn wait_in_foreground(&mut self, index: usize) -> Result<(), String> {
        let job = &mut self.jobs[index];
        let status = check("waitpid", waitpid(job.pid, Some(WaitPidFlag::WUNTRACED)))?;
        if let Some(state) = state_of(status) {
            job.state = state;
        }
        give_terminal(getpgrp())
    }

    /// Starts a job.
    fn start_job(&mut self, words: &[&str], in_background: bool) -> Result<(), String> {
        // SAFETY: there is one thread only, so the child may call anything.
        let pid = match check("fork", unsafe { fork() })? {
            ForkResult::Child => {
                if let Err(message) = become_program(words, in_background) {
                    eprintln!("{message}");
                }
                std::process::exit(127);
            }
            ForkResult::Parent { child } => child,
        };
        match setpgid(pid, pid) {
            Err(Errno::EACCES) => {} // it did so itself, and exec
            result => check("setpgid", result)?,
        }
        self.jobs.push(Job {
            pid,
            state: State::Running,
        });
        if in_background {
            return Ok(());
        }
        give_terminal(pid)?;
        self.wait_in_foreground(self.jobs.len() - 1)
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
    fn continue_in_foreground(&mut self, index: usize) -> Result<(), String> {
        let job = &mut self.jobs[index];
        // The terminal first: a job that reads it would stop again at once.
        give_terminal(job.pid)?;
        check("kill", killpg(job.pid, Signal::SIGCONT))?;
        job.state = State::Running;
        self.wait_in_foreground(index)
    }

    /// Carries out `bg N`.
    fn continue_in_background(&mut self, index: usize) -> Result<(), String> {
        let job = &mut self.jobs[index];
        check("kill", killpg(job.pid, Signal::SIGCONT))?;
        job.state = State::Running;
        Ok(())
    }

    /// Ends the jobs that are left, before the shell leaves.
    fn hang_up(&mut self) -> Result<(), String> {
        for job in &self.jobs {
            if job.state == State::Ended {
                continue;
            }
            let group = Pid::from_raw(-job.pid.as_raw());
            check("kill", kill(group, Signal::SIGHUP))?;
            // A stopped process dies when it goes on.
            check("kill", kill(group, Signal::SIGCONT))?;
            check("waitpid", waitpid(job.pid, None))?;
        }
        Ok(())
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
