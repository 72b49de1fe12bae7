//! job_control, solved with the signal-hook crate and the standard library's Command.
//!
//! signal-hook catches the keys and SIGCHLD. A handler that is there when the program execs is
//! gone afterwards, so jobs have their defaults without further ado. Two things wake the
//! shell up: its terminal, and a self-pipe into which signal-hook writes at SIGCHLD.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgrp, read, tcsetpgrp};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGQUIT, SIGTSTP};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    Stopped,
    Ended,
}

struct Job {
    group: Pid,
    state: State,
}

struct Shell {
    jobs: Vec<Job>,
    /// The index of the job that has the terminal.
    in_foreground: Option<usize>,
    /// Can be read when SIGCHLD has come.
    children: UnixStream,
    /// What has been read and isn't a whole line yet, or waits for the job in the foreground.
    typed: Vec<u8>,
}

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

fn give_terminal(group: Pid) -> io::Result<()> {
    // From the background this sends SIGTTOU, but for those who block it.
    let sigttou = SigSet::from_iter([Signal::SIGTTOU]);
    let mut old_mask = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&sigttou), Some(&mut old_mask))?;
    let given = tcsetpgrp(io::stdin(), group);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&old_mask), None)?;
    Ok(given?)
}

/// Sends signals to all processes of a group.
fn tell_group(group: Pid, signals: &[Signal]) -> Result<(), String> {
    for signal in signals {
        check("kill", killpg(group, *signal))?;
    }
    Ok(())
}

impl Shell {
    fn new() -> io::Result<Self> {
        let (children, write_end) = UnixStream::pair()?;
        children.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, write_end)?;
        for key in [SIGINT, SIGQUIT, SIGTSTP] {
            // Nobody looks at the flag: to catch the signal is enough.
            signal_hook::flag::register(key, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(Self {
            jobs: Vec::new(),
            in_foreground: None,
            children,
            typed: Vec::new(),
        })
    }

    /// Waits for a line that is to be carried out; `None` at the end of the file.
    fn next_line(&mut self) -> Result<Option<String>, String> {
        loop {
            self.look_at_jobs()?;
            if self.in_foreground.is_none()
                && let Some(end) = self.typed.iter().position(|byte| *byte == b'\n')
            {
                let line: Vec<u8> = self.typed.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.wait()? && !self.read()? {
                return Ok(None);
            }
        }
    }

    /// Waits for a child or for the terminal, which is a job's while there is one in the
    /// foreground. Is there something to read?
    fn wait(&mut self) -> Result<bool, String> {
        let stdin = io::stdin();
        let mut watched = vec![PollFd::new(self.children.as_fd(), PollFlags::POLLIN)];
        if self.in_foreground.is_none() {
            watched.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut watched, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok(false),
            result => check("poll", result)?,
        };
        Ok(watched
            .get(1)
            .is_some_and(|terminal| terminal.any() == Some(true)))
    }

    /// Reads what there is; `false` at the end of the file.
    fn read(&mut self) -> Result<bool, String> {
        let mut buffer = [0; 1024];
        match read(io::stdin(), &mut buffer) {
            Err(Errno::EINTR) => Ok(true),
            result => {
                let count = check("read", result)?;
                self.typed.extend_from_slice(&buffer[..count]);
                Ok(count > 0)
            }
        }
    }

    /// Asks what has become of each job, and takes the terminal back from one that doesn't
    /// need it any more.
    fn look_at_jobs(&mut self) -> Result<(), String> {
        let mut buffer = [0; 64];
        while self.children.read(&mut buffer).is_ok_and(|count| count > 0) {}

        let flags = WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED | WaitPidFlag::WCONTINUED;
        for job in &mut self.jobs {
            while job.state != State::Ended {
                job.state = match check("waitpid", waitpid(job.group, Some(flags)))? {
                    WaitStatus::StillAlive => break,
                    WaitStatus::Stopped(..) => State::Stopped,
                    WaitStatus::Continued(_) => State::Running,
                    _ => State::Ended,
                };
            }
        }
        if let Some(index) = self.in_foreground
            && self.jobs[index].state != State::Running
        {
            self.in_foreground = None;
            give_terminal(getpgrp()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn start_job(&mut self, words: &[&str], in_background: bool) {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).process_group(0);
        if !in_background {
            // SAFETY: only system calls, of functions that are async-signal-safe.
            unsafe { command.pre_exec(|| give_terminal(getpgrp())) };
        }
        match command.spawn() {
            Ok(child) => {
                let group = Pid::from_raw(child.id().cast_signed());
                self.jobs.push(Job {
                    group,
                    state: State::Running,
                });
                self.in_foreground = (!in_background).then(|| self.jobs.len() - 1);
            }
            Err(error) => {
                eprintln!("{}: {error}", words[0]);
                // The child may have taken the terminal before its exec failed.
                if let Err(error) = give_terminal(getpgrp()) {
                    eprintln!("{error}");
                }
            }
        }
    }

    /// Continues the job with the number that `word` is, if it hasn't ended.
    fn continue_job(&mut self, word: &str, in_background: bool) -> Result<(), String> {
        let number = word.parse().unwrap_or(0_usize);
        let index = number.wrapping_sub(1);
        match self.jobs.get_mut(index) {
            Some(job) if job.state != State::Ended => {
                if !in_background {
                    give_terminal(job.group).map_err(|error| error.to_string())?;
                    self.in_foreground = Some(index);
                }
                job.state = State::Running;
                tell_group(job.group, &[Signal::SIGCONT])
            }
            _ => {
                eprintln!("no such job");
                Ok(())
            }
        }
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

    /// Ends the jobs that are left.
    fn hang_up(&mut self) -> Result<(), String> {
        self.look_at_jobs()?;
        for job in &self.jobs {
            if job.state != State::Ended {
                tell_group(job.group, &[Signal::SIGHUP, Signal::SIGCONT])?;
                while waitpid(job.group, None) == Err(Errno::EINTR) {}
            }
        }
        Ok(())
    }
}

fn run() -> Result<(), String> {
    let mut shell = Shell::new().map_err(|error| error.to_string())?;

    while let Some(line) = shell.next_line()? {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] | ["&"] => {}
            ["exit"] => break,
            ["jobs"] => shell.list_jobs(),
            ["fg", word] => shell.continue_job(word, false)?,
            ["bg", word] => shell.continue_job(word, true)?,
            [ref program @ .., "&"] => shell.start_job(program, true),
            ref program => shell.start_job(program, false),
        }
    }
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
