//! Which stretches of moments belong together: those within the installing of a handler, and
//! those between the first and the last at which a signal is handled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use siglab_engine::Seen;
use siglab_model::{Role, Signal};

/// For each process and thread, from where in its own code it called what installed its
/// handler; absent within once it has come back.
#[derive(Default)]
pub(crate) struct Installs(BTreeMap<Role, Option<CallSite>>);

type CallSite = (Arc<PathBuf>, u64);

impl Installs {
    /// Whether the next moment is still in the middle of that.
    pub(crate) fn next(&mut self, seen: &Seen, signal: Signal) -> bool {
        if !seen.handled.contains(signal) {
            return false;
        }
        let role = &seen.moment.role;
        let site = self
            .0
            .entry(role.clone())
            .or_insert_with(|| seen.own_at.clone());
        if seen.own || *site != seen.own_at {
            *site = None;
        }
        site.is_some()
    }
}

/// What the threads of a program do with signals in the run without any from outside.
pub(crate) struct Habits<'a> {
    /// Whether a handler is reset to the default when it is called.
    pub(crate) one_shot: &'a dyn Fn(&Role, Signal) -> bool,
    /// Whether a signal is taken while it is blocked.
    pub(crate) accepts: &'a dyn Fn(&Role, Signal) -> bool,
}

/// For each thread, the moments between the first and the last at which it handles a signal, or
/// blocks one that it takes while it is blocked: in between may be some at which it doesn't, for a
/// while.
pub(crate) struct Windows(BTreeMap<Role, (usize, usize)>);

impl Windows {
    /// `in_handler`: whether it was handled before the first moment.
    pub(crate) fn new(
        signal: Signal,
        moments: &[Seen],
        habits: &Habits<'_>,
        in_handler: bool,
    ) -> Self {
        let mut windows = BTreeMap::new();
        for (index, seen) in moments.iter().enumerate() {
            let is_kept =
                seen.blocked.contains(signal) && (habits.accepts)(&seen.moment.role, signal);
            if seen.handled.contains(signal) || is_kept {
                windows
                    .entry(seen.moment.role.clone())
                    .and_modify(|(_, last)| *last = index)
                    .or_insert((if in_handler { 0 } else { index }, index));
            }
        }
        for (role, (_, last)) in &mut windows {
            if (habits.one_shot)(role, signal) {
                *last = moments.len();
            }
        }
        Self(windows)
    }

    pub(crate) fn contain(&self, seen: &Seen, index: usize) -> bool {
        self.0
            .get(&seen.moment.role)
            .is_some_and(|(first, last)| (*first..*last).contains(&index))
    }
}
