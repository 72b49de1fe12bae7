//! What can go wrong in the middle of a run.

use crate::error::Error;
use crate::kernel::sys::ptrace::RequestError;
use crate::kernel::sys::{Errno, Pid};

/// Why the engine can't go on with a task, or at all.
#[derive(Debug)]
pub(crate) enum Fault {
    /// This task was killed meanwhile: its end will be reported.
    Died(Pid),
    /// All tasks were ended, in the middle of something.
    Over,
    /// The run can't go on.
    Fatal(Error),
}

impl Fault {
    /// siglab relied on something that isn't so.
    pub(crate) fn bug(what: impl Into<String>) -> Self {
        Self::Fatal(Error::Internal(what.into()))
    }

    /// Something that siglab does with what is its own failed.
    pub(crate) fn own(operation: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| {
            Self::Fatal(Error::Environment {
                operation,
                source: errno.into(),
            })
        }
    }

    /// Something that concerns a task failed: it may have died.
    pub(crate) fn of(tid: Pid, operation: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| match errno {
            Errno::ESRCH => Self::Died(tid),
            errno => Self::Fatal(Error::Environment {
                operation,
                source: errno.into(),
            }),
        }
    }
}

impl From<RequestError> for Fault {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Died(tid) => Self::Died(tid),
            RequestError::Refused(operation, errno) => Self::Fatal(Error::Environment {
                operation,
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
