//! Runs a compiler with a deadline and bounded output.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::Pid;
use siglab_engine::Cancel;

/// Bytes that are usually kept of each stream; the rest is read and dropped.
pub(super) const KEPT: usize = 256 << 10;

/// How often it is looked whether to stop, in milliseconds.
const CANCEL_CHECK: u16 = 50;

/// What a compiler did.
#[derive(Debug)]
pub(super) struct Finished {
    /// How it ended.
    pub(super) ended: Ended,
    /// What it wrote to standard output.
    pub(super) stdout: String,
    /// What it wrote to standard error.
    pub(super) stderr: String,
}

/// How a compiler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Success,
    Failure,
    /// It was killed at its deadline.
    TimedOut,
    /// It was killed because it was asked to stop.
    Cancelled,
}

/// Runs `command` without standard input, in a process group of its own, which is killed
/// at the deadline. `kept` bytes of each stream are kept.
pub(super) fn run(
    command: &mut Command,
    deadline: Duration,
    cancel: &Cancel,
    kept: usize,
) -> io::Result<Finished> {
    let timer = TimerFd::new(
        ClockId::CLOCK_MONOTONIC,
        TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK,
    )?;
    timer.set(
        Expiration::OneShot(TimeSpec::from_duration(deadline)),
        TimerSetTimeFlags::empty(),
    )?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let mut stdout = Stream::new(child.stdout.take(), kept);
    let mut stderr = Stream::new(child.stderr.take(), kept);
    let mut running = Running::new(child)?;
    let stopped = loop {
        if cancel.is_cancelled() {
            break Some(Ended::Cancelled);
        }
        let left = [running.ended(), stdout.fd(), stderr.fd()];
        if left.iter().all(Option::is_none) {
            break None;
        }
        let ready = wait(timer.as_fd(), left)?;
        if ready.timer {
            break Some(Ended::TimedOut);
        }
        let [ended, from_stdout, from_stderr] = ready.others;
        if ended {
            running.reaped = true;
        }
        if from_stdout {
            stdout.read()?;
        }
        if from_stderr {
            stderr.read()?;
        }
    };
    let ended = match stopped {
        Some(ended) => ended,
        None if running.succeeded()? => Ended::Success,
        None => Ended::Failure,
    };
    // Whatever is left of its group is killed here.
    drop(running);
    Ok(Finished {
        ended,
        stdout: stdout.text(),
        stderr: stderr.text(),
    })
}

/// A child that a thread waits for. Its process group is killed when this is dropped
/// before it has ended.
struct Running {
    group: Pid,
    waiter: Option<JoinHandle<io::Result<ExitStatus>>>,
    /// Whose other end is closed when the child has been waited for.
    end: PipeReader,
    reaped: bool,
}

impl Running {
    fn new(mut child: Child) -> io::Result<Self> {
        let (end, other_end) = io::pipe()?;
        let group = i32::try_from(child.id()).map_err(io::Error::other)?;
        let waiter = thread::spawn(move || {
            let status = child.wait();
            drop(other_end);
            status
        });
        Ok(Self {
            group: Pid::from_raw(group),
            waiter: Some(waiter),
            end,
            reaped: false,
        })
    }

    /// What becomes readable when the child ends; absent when it has.
    fn ended(&self) -> Option<BorrowedFd<'_>> {
        (!self.reaped).then(|| self.end.as_fd())
    }

    fn succeeded(&mut self) -> io::Result<bool> {
        match self.waiter.take().map(JoinHandle::join) {
            Some(Ok(status)) => Ok(status?.success()),
            _ => Err(io::Error::other("the thread that waits was lost")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            // The compiler may be gone by now, and what it started still there.
            let _ = killpg(self.group, Signal::SIGKILL);
            let _ = waiter.join();
        }
    }
}

/// One stream of a child.
struct Stream<P> {
    /// Absent when it has ended.
    pipe: Option<P>,
    kept: Vec<u8>,
    most: usize,
    dropped: usize,
}

impl<P: Read + AsFd> Stream<P> {
    fn new(pipe: Option<P>, most: usize) -> Self {
        Self {
            pipe,
            kept: Vec::new(),
            most,
            dropped: 0,
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        let length = match pipe.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        };
        if length == 0 {
            self.pipe = None;
        }
        let kept = length.min(self.most - self.kept.len());
        self.kept.extend_from_slice(&buffer[..kept]);
        self.dropped += length - kept;
        Ok(())
    }

    fn text(self) -> String {
        let mut text = String::from_utf8_lossy(&self.kept).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[{} more bytes]\n", self.dropped));
        }
        text
    }
}

struct Ready {
    timer: bool,
    others: [bool; 3],
}

/// Waits until the timer has run out or something else is ready, or a moment has passed.
fn wait(timer: BorrowedFd<'_>, others: [Option<BorrowedFd<'_>>; 3]) -> io::Result<Ready> {
    let mut fds = vec![PollFd::new(timer, PollFlags::POLLIN)];
    let present = others.iter().flatten();
    fds.extend(present.map(|fd| PollFd::new(*fd, PollFlags::POLLIN)));
    match poll(&mut fds, PollTimeout::from(CANCEL_CHECK)) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut ready = fds
        .iter()
        .map(|fd| fd.revents().is_some_and(|events| !events.is_empty()));
    let timer = ready.next().unwrap_or(false);
    let others = others.map(|other| other.is_some() && ready.next().unwrap_or(false));
    Ok(Ready { timer, others })
}
