//! Work that is bounded from outside: in a process of its own, with a deadline.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use siglab_engine::Cancel;
use siglab_sandbox::{Ended, Job};

use crate::failure::Failure;
use crate::{exit, interrupt, output};

/// The address space of the process, in bytes: many times what it needs for a submission that
/// means no harm.
const MEMORY: u64 = 4 << 30;

/// How often it is looked whether to stop, in milliseconds.
const LOOK: u16 = 100;

/// How long it may take to end by itself when it is asked to stop, before it is ended.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What became of it.
#[derive(Debug)]
pub(crate) enum Guarded {
    /// It came to its end, with this exit status.
    Over(u8),
    /// It was ended, at its deadline or some time after it had been asked to stop.
    TimedOut {
        /// Whether it had said that the work is done: it may have told what came of it.
        done: bool,
    },
    /// It died.
    Died {
        /// Why, in words.
        reason: String,
        /// As above.
        done: bool,
    },
}

/// In the process: says that the work is done, and that there is no deadline any more.
#[derive(Debug)]
pub(crate) struct Done(UnixStream);

impl Done {
    pub(crate) fn say(&self) {
        // If nobody listens, nobody will end this process either.
        let _ = (&self.0).write_all(b"!");
    }
}

/// Does `work` in a process of its own, which says what went wrong itself, and ends it at the
/// deadline, if it hasn't said by then that it is done. The caller must have a single thread.
///
/// # Errors
/// If there can be no such process.
pub(crate) fn guard(
    deadline: Option<Duration>,
    cancel: &Cancel,
    work: impl FnOnce(&Done) -> Result<u8, Failure>,
) -> Result<Guarded, Failure> {
    let mut job = Job::start(MEMORY, |channel| {
        let status = work(&Done(channel)).unwrap_or_else(|failure| {
            output::tell(&failure);
            failure.status
        });
        // This process ends without the usual ceremony.
        let _ = io::stdout().flush();
        status
    })
    .map_err(no_process)?;
    let mut until = deadline.map(|deadline| now() + deadline);
    let mut is_asked = false;
    let mut done = false;
    loop {
        let mut ready = [PollFd::new(job.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut ready, PollTimeout::from(LOOK));
        if ready[0].any().unwrap_or(false) {
            match job.channel().read(&mut [0]) {
                Ok(1) => {
                    done = true;
                    until = until.filter(|_| is_asked);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return Ok(settle(job.wait().map_err(no_process)?, done)),
            }
        }
        if cancel.is_cancelled() && !is_asked {
            is_asked = true;
            until = Some(now() + PATIENCE);
            let received = interrupt::received().map(|signal| Signal::try_from(signal.number()));
            let signal = received.and_then(Result::ok).unwrap_or(Signal::SIGTERM);
            job.signal(signal).map_err(no_process)?;
        }
        if until.is_some_and(|until| now() >= until) {
            job.end().map_err(no_process)?;
            return Ok(Guarded::TimedOut { done });
        }
    }
}

fn settle(ended: Ended, done: bool) -> Guarded {
    match ended {
        Ended::Exited(status) => Guarded::Over(u8::try_from(status).unwrap_or(exit::INTERNAL)),
        Ended::Killed(signal) => Guarded::Died {
            reason: siglab_class::death(signal),
            done,
        },
    }
}

fn no_process(error: io::Error) -> Failure {
    Failure::new(
        exit::ENVIRONMENT,
        format_args!("can't have a process for a submission: {error}"),
    )
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "a deadline is in real time")]
fn now() -> Instant {
    Instant::now()
}
