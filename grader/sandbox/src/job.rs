//! Work in a process of its own, which may be given up at any time.
//!
//! What grades a submission reads what a stranger has written, and may need more memory or time
//! than there is, whatever it looks after itself. So it is done by a forked process: whoever
//! has forked it bounds both from outside, and goes on if it dies.

//!
//! ```text
//! whoever wants the work
//!   '- keeper     takes what the job leaves behind, and ends it
//!        '- job   does the work
//!             '- what it starts
//! ```
//!
//! A keeper has no children but these, so it can end all that it has, and nobody else.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, SysconfVar, getpid, getppid, sysconf};

use crate::limits;
use crate::namespaces::{Ended, decode, encode};
use crate::sys::process;

/// A forked process that does some work. It, and all that it has started, is killed when this
/// is dropped, or when the process that has started it dies.
#[derive(Debug)]
pub struct Job {
    keeper: Pid,
    pid: Pid,
    channel: UnixStream,
    /// Where the keeper says how it ended.
    status: PipeReader,
    ended: Option<Ended>,
}

impl Job {
    /// Forks a process that does `work`, with the other end of [`Job::channel`], and then ends
    /// with the status that this returns, without any destructor of what was there before the
    /// fork. It may use up to `memory` bytes of address space; programs that it starts with
    /// [`ResourceLimits::apply`](crate::ResourceLimits::apply) aren't bound by that.
    ///
    /// # Errors
    /// If the caller has several threads (the others wouldn't be there, but perhaps what they
    /// hold: fork(2)), or if no process can be made.
    pub fn start(memory: u64, work: impl FnOnce(UnixStream) -> u8) -> io::Result<Self> {
        if !process::is_single_threaded() {
            return Err(io::Error::other(
                "a process with several threads can't fork",
            ));
        }
        let (channel, other_end) = UnixStream::pair()?;
        let (mut status, to) = io::pipe()?;
        let parent = getpid();
        let Some(keeper) = process::fork()? else {
            drop((channel, status));
            process::leave(match keep(parent, memory, to, other_end, work) {
                Ok(()) => 0,
                Err(_) => 1,
            });
        };
        drop((to, other_end));
        let mut pid = [0; 4];
        if let Err(error) = status.read_exact(&mut pid) {
            let _ = waitpid(keeper, None);
            return Err(error);
        }
        Ok(Self {
            keeper,
            pid: Pid::from_raw(i32::from_ne_bytes(pid)),
            channel,
            status,
            ended: None,
        })
    }

    /// What the job writes can be read here, and the other way round. Its end is the end of
    /// the file.
    #[must_use]
    pub fn channel(&self) -> &UnixStream {
        &self.channel
    }

    /// The processor time that it has used, together with what it has started and waited for.
    /// Nothing if it has ended.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let ticks = || -> Option<u64> {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
            // utime, stime, cutime and cstime: proc_pid_stat(5). The name before may hold
            // spaces.
            let fields = stat.rsplit_once(") ")?.1.split(' ');
            let four = fields.skip(11).take(4);
            four.map(|it| it.parse::<u64>().ok()).sum()
        };
        let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten();
        let per_second = u64::try_from(per_second.unwrap_or(100)).unwrap_or(100);
        Duration::from_millis(ticks().unwrap_or(0) * 1000 / per_second.max(1))
    }

    /// Passes a signal on to it, if it is still there.
    ///
    /// # Errors
    /// If it can't be found out whether it is.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // The keeper has waited for it before it ends itself; its number may be another's then.
        if self.has_ended()?.is_none() {
            let _ = kill(self.pid, signal);
        }
        Ok(())
    }

    /// How it ended, if it and all that it has started has.
    ///
    /// # Errors
    /// If its keeper can't be waited for.
    pub fn has_ended(&mut self) -> io::Result<Option<Ended>> {
        self.reap(Some(WaitPidFlag::WNOHANG))
    }

    /// Waits until it, and all that it has started, has ended; how it did.
    ///
    /// # Errors
    /// If its keeper can't be waited for.
    pub fn wait(&mut self) -> io::Result<Ended> {
        loop {
            if let Some(ended) = self.reap(None)? {
                return Ok(ended);
            }
        }
    }

    fn reap(&mut self, flags: Option<WaitPidFlag>) -> io::Result<Option<Ended>> {
        if self.ended.is_none() {
            match waitpid(self.keeper, flags) {
                Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => {}
                Ok(_) | Err(Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
            let mut report = [0; 8];
            self.ended = Some(match self.status.read_exact(&mut report) {
                Ok(()) => decode(report),
                // Something has killed the keeper, and with it the job.
                Err(_) => Ended::Killed(libc::SIGKILL),
            });
        }
        Ok(self.ended)
    }

    /// Kills it, and all that it has started, and waits for their end.
    ///
    /// # Errors
    /// If its keeper can't be waited for.
    pub fn end(&mut self) -> io::Result<Ended> {
        if self.ended.is_none() {
            // It isn't waited for yet, so this is its number.
            let _ = kill(self.keeper, END);
        }
        self.wait()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl AsFd for Job {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// What tells a keeper to end its job. Those that ask siglab to stop are sent to the whole
/// process group by terminals and by timeout(1), and are for the job.
const END: Signal = Signal::SIGUSR2;

/// What a keeper does.
fn keep(
    parent: Pid,
    memory: u64,
    mut to: PipeWriter,
    channel: UnixStream,
    work: impl FnOnce(UnixStream) -> u8,
) -> io::Result<()> {
    let mut before = SigSet::empty();
    // Keys at the terminal are for the job: what they end, the keeper sees.
    sigprocmask(
        SigmaskHow::SIG_SETMASK,
        Some(&SigSet::all()),
        Some(&mut before),
    )?;
    set_pdeathsig(END)?;
    set_child_subreaper(true)?;
    if getppid() != parent {
        return Ok(());
    }
    let keeper = getpid();
    let Some(job) = process::fork()? else {
        drop(to);
        let begun = set_pdeathsig(Signal::SIGKILL)
            .and_then(|()| set_child_subreaper(true))
            .and_then(|()| sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None))
            .map_err(io::Error::from)
            .and_then(|()| limits::bound_own_memory(memory));
        process::leave(match begun {
            Ok(()) if getppid() == keeper => i32::from(work(channel)),
            _ => 1,
        });
    };
    drop(channel);
    to.write_all(&job.as_raw().to_ne_bytes())?;
    let ended = attend(job)?;
    while end_children() {}
    to.write_all(&encode(ended))
}

/// Waits until the job has ended, or ends it if that is asked for.
fn attend(job: Pid) -> io::Result<Ended> {
    let mut set = SigSet::empty();
    set.add(END);
    set.add(Signal::SIGCHLD);
    loop {
        match waitpid(job, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, status)) => return Ok(Ended::Exited(status)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(Ended::Killed(signal as i32)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        if set.wait()? == END {
            let _ = kill(job, Signal::SIGKILL);
        }
    }
}

/// Kills the caller's children and waits for them; whether there were any. What they leave
/// comes to the caller in turn.
fn end_children() -> bool {
    // Mostly there are none, and then this is all that it takes.
    let mut any = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        Err(Errno::ECHILD) => return false,
        Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => true,
        // Death by a real-time signal, which nix has no name for, is an error.
        Ok(_) | Err(_) => false,
    };
    for pid in children() {
        let _ = kill(pid, Signal::SIGKILL);
        any |= waitpid(pid, None).is_ok();
    }
    any
}

/// The caller's children.
fn children() -> Vec<Pid> {
    let parent = getpid();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let of_caller = pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let its_parent: i32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        (its_parent == parent.as_raw()).then_some(Pid::from_raw(pid))
    });
    of_caller.collect()
}
