//! Who may have been woken, stopped or killed since the tasks were looked at last.
//!
//! Looking at a task costs two reads of /proc. With this, a stop costs the same however many
//! other tasks sleep: only those are looked at that what has happened could have reached.

use std::collections::BTreeSet;

use crate::kernel::sys::Pid;
use crate::world::call::Waits;
use crate::world::task::{State, Task};

/// Whom what has happened could have reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stirred {
    /// Everybody.
    all: bool,
    /// All tasks of these processes.
    processes: BTreeSet<i32>,
    /// Those that wait for what comes through descriptors, queues and the like.
    descriptors: bool,
    /// Those that wait in futex(2).
    locks: bool,
    /// Those that are stopped with their process.
    stopped: bool,
}

/// What a system call could do to other tasks, besides sending signals to processes that the
/// engine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wakes {
    /// Nothing.
    Nobody,
    /// Release a lock.
    Locks,
    /// Make a descriptor ready, make room in a queue, release a lock on a file.
    Descriptors,
}

impl Stirred {
    /// Nobody knows who was reached.
    pub(crate) fn all(&mut self) {
        self.all = true;
    }

    /// A process, with all its tasks.
    pub(crate) fn process(&mut self, pid: Pid) {
        self.processes.insert(pid.as_raw());
    }

    /// What a call may do.
    pub(crate) fn call(&mut self, wakes: Wakes) {
        match wakes {
            Wakes::Nobody => {}
            Wakes::Locks => self.locks = true,
            Wakes::Descriptors => self.descriptors = true,
        }
    }

    /// A task or a whole process ended, or has another program: its descriptors are closed,
    /// its locks may be released, and its group may have become an orphan, whose stopped
    /// processes get `SIGHUP` and `SIGCONT`.
    pub(crate) fn end(&mut self) {
        self.descriptors = true;
        self.locks = true;
        self.stopped = true;
    }

    /// Everybody was looked at.
    pub(crate) fn clear(&mut self) {
        if *self != Self::default() {
            *self = Self::default();
        }
    }

    /// Whether a task may have been reached.
    pub(crate) fn may_have_reached(&self, task: &Task) -> bool {
        if self.all || self.processes.contains(&task.pid.as_raw()) {
            return true;
        }
        match task.state {
            State::Blocked => match task.call().map(|call| call.waits) {
                Some(Waits::Signals | Waits::Children) => false,
                Some(Waits::Lock) => self.locks,
                Some(_) => self.descriptors,
                None => true,
            },
            State::GroupStopped(_) => self.stopped,
            // Only a signal, or its process's end, can reach it.
            State::Parked { .. } | State::Held(_) | State::Vfork | State::Running => false,
            State::Ending | State::Zombie => true,
        }
    }
}
