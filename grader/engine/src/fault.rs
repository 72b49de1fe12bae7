//! What can go wrong in the middle of a run.

use crate::error::Error;
use crate::kernel::sys::Errno;

/// Why the engine can't go on with a task, or at all.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The task was killed meanwhile: its end will be reported.
    Gone,
    /// The run can't go on.
    Fatal(Error),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ESRCH => Self::Gone,
            errno => Self::Fatal(Error::Environment {
                operation: "control a traced process",
                source: errno.into(),
            }),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

/// The result of an operation on a task.
pub(crate) type Outcome<T> = Result<T, Fault>;
