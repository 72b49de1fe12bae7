//! Names of processes and threads in a trace.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a process or thread in a trace, in place of its pid.
///
/// The first process is `main`; its children, in the order in which they were made, are
/// `child`, `child.2`, ...; theirs are `child/child`, `child/child.2`, .... Threads other
/// than a process's first are `thread`, `thread.2` (of `main`) or `child/thread`. A lab
/// may give names of its own. Besides these, `script` is siglab carrying out a script,
/// `kernel` the kernel, and `outside` any process that isn't part of the run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(Arc<str>);

impl Role {
    /// The first process.
    pub const MAIN: &'static str = "main";
    /// siglab itself, carrying out a script.
    pub const SCRIPT: &'static str = "script";
    /// The kernel.
    pub const KERNEL: &'static str = "kernel";
    /// A process that isn't part of the run.
    pub const OUTSIDE: &'static str = "outside";

    /// The role with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The role of the `nth` (from 1) child process of this one.
    #[must_use]
    pub fn child(&self, nth: usize) -> Self {
        self.descendant("child", nth)
    }

    /// The role of the `nth` (from 1) further thread of this process.
    #[must_use]
    pub fn thread(&self, nth: usize) -> Self {
        self.descendant("thread", nth)
    }

    fn descendant(&self, what: &str, nth: usize) -> Self {
        let prefix = if self.as_str() == Self::MAIN {
            String::new()
        } else {
            format!("{self}/")
        };
        let suffix = if nth > 1 {
            format!(".{nth}")
        } else {
            String::new()
        };
        Self(format!("{prefix}{what}{suffix}").into())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for Role {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Role {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Role {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_descent() {
        let main = Role::new(Role::MAIN);
        assert_eq!(main.child(1), "child");
        assert_eq!(main.child(2), "child.2");
        assert_eq!(main.child(1).child(1), "child/child");
        assert_eq!(main.child(2).child(3), "child.2/child.3");
        assert_eq!(main.thread(1), "thread");
        assert_eq!(main.child(1).thread(2), "child/thread.2");
    }
}
