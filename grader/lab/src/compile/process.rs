//! Runs a compiler with a deadline and bounded output.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::Pid;
use siglab_engine::Cancel;

/// Bytes that are kept of each stream; the rest is read and dropped.
const KEPT: usize = 256 << 10;

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
/// at the deadline.
pub(super) fn run(
    command: &mut Command,
    deadline: Duration,
    cancel: &Cancel,
) -> io::Result<Finished> {
    let timer = TimerFd::new(
        ClockId::CLOCK_MONOTONIC,
        TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK,
    )?;
    timer.set(
        Expiration::OneShot(TimeSpec::from_duration(deadline)),
        TimerSetTimeFlags::empty(),
    )?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let mut running = Running { child: Some(child) };
    let mut stdout = Stream::new(running.take(|child| child.stdout.take()));
    let mut stderr = Stream::new(running.take(|child| child.stderr.take()));
    let stopped = loop {
        if cancel.is_cancelled() {
            break Some(Ended::Cancelled);
        }
        if stdout.pipe.is_none() && stderr.pipe.is_none() {
            break None;
        }
        let ready = wait(timer.as_fd(), [stdout.fd(), stderr.fd()])?;
        if ready.timer {
            break Some(Ended::TimedOut);
        }
        let [from_stdout, from_stderr] = ready.streams;
        if from_stdout {
            stdout.read()?;
        }
        if from_stderr {
            stderr.read()?;
        }
    };
    let ended = match stopped {
        Some(ended) => {
            running.kill();
            ended
        }
        None if running.wait()? => Ended::Success,
        None => Ended::Failure,
    };
    Ok(Finished {
        ended,
        stdout: stdout.text(),
        stderr: stderr.text(),
    })
}

/// A child whose process group is killed unless it has ended.
struct Running {
    child: Option<Child>,
}

impl Running {
    fn take<T>(&mut self, take: impl FnOnce(&mut Child) -> Option<T>) -> Option<T> {
        self.child.as_mut().and_then(take)
    }

    /// Whether it succeeded.
    fn wait(&mut self) -> io::Result<bool> {
        match self.child.take() {
            Some(mut child) => Ok(child.wait()?.success()),
            None => Ok(false),
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            if let Ok(group) = i32::try_from(child.id()) {
                // ESRCH only: the group is ours and has not been waited for.
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            let _ = child.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One stream of a child.
struct Stream<P> {
    /// Absent when it has ended.
    pipe: Option<P>,
    kept: Vec<u8>,
    dropped: usize,
}

impl<P: Read + AsFd> Stream<P> {
    fn new(pipe: Option<P>) -> Self {
        Self {
            pipe,
            kept: Vec::new(),
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
        let kept = length.min(KEPT - self.kept.len());
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
    streams: [bool; 2],
}

/// Waits until the timer has run out or a stream can be read, or a moment has passed.
fn wait(timer: BorrowedFd<'_>, streams: [Option<BorrowedFd<'_>>; 2]) -> io::Result<Ready> {
    let mut fds = vec![PollFd::new(timer, PollFlags::POLLIN)];
    fds.extend(
        streams
            .iter()
            .flatten()
            .map(|fd| PollFd::new(*fd, PollFlags::POLLIN)),
    );
    match poll(&mut fds, PollTimeout::from(CANCEL_CHECK)) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut ready = fds
        .iter()
        .map(|fd| fd.revents().is_some_and(|events| !events.is_empty()));
    let timer = ready.next().unwrap_or(false);
    let streams = streams.map(|stream| stream.is_some() && ready.next().unwrap_or(false));
    Ok(Ready { timer, streams })
}
