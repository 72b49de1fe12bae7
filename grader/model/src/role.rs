//! Names of processes and threads in a trace.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a process or thread in a trace, in place of its pid.
///
/// Three sorts of names:
///
/// - *Systematic* ones are places in the tree of processes and threads. The first process is
///   `main`; its children, in the order in which they were made, are `child`, `child.2`, ...;
///   theirs are `child/child`, `child/child.2`, .... Threads other than a process's first are
///   `thread`, `thread.2` (of `main`) or `child/thread`. [`Role::path`] has the place.
/// - A *label* is a name that a lab gives to one systematic role. It says nothing of the place,
///   and the roles below it don't change: the threads of a `child.2` that is called `logger` are
///   `child.2/thread`, .... Who belongs to whom in a run with labels,
///   [`Family`](crate::Family) knows.
/// - `script` is siglab carrying out a script, `kernel` the kernel, and `outside` any process
///   that isn't part of the run.
///
/// Ordered as they are in the tree, each process before its threads and those before its
/// children; labels and senders come after, in the order of the alphabet.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(Arc<str>);

/// One step down in the tree of processes and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To the `n`th (from 1) thread other than a process's first. Always the last step.
    Thread(usize),
    /// To the `n`th (from 1) child process.
    Child(usize),
}

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

    /// The first process, if no lab has another name for it.
    #[must_use]
    pub fn main() -> Self {
        Self::new(Self::MAIN)
    }

    /// The systematic role of this place. `main` has the empty path.
    #[must_use]
    pub fn at(path: &[Step]) -> Self {
        if path.is_empty() {
            return Self::main();
        }
        let names: Vec<String> = path.iter().map(ToString::to_string).collect();
        Self(names.join("/").into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its place in the tree, from `main` down. `None` if it isn't systematic.
    #[must_use]
    pub fn path(&self) -> Option<Vec<Step>> {
        if self.as_str() == Self::MAIN {
            return Some(Vec::new());
        }
        let path: Vec<Step> = self
            .as_str()
            .split('/')
            .map(Step::from_name)
            .collect::<Option<_>>()?;
        let (_, above) = path.split_last()?;
        let is_process = |step: &Step| matches!(step, Step::Child(_));
        above.iter().all(is_process).then_some(path)
    }

    /// Whether it is a place in the tree, not a lab's label or a sender that isn't part of the
    /// run.
    #[must_use]
    pub fn is_systematic(&self) -> bool {
        self.path().is_some()
    }

    /// Whether it is a systematic role of a thread other than its process's first.
    #[must_use]
    pub fn is_thread(&self) -> bool {
        self.path()
            .is_some_and(|path| matches!(path.last(), Some(Step::Thread(_))))
    }

    /// The systematic role of the process that it is a thread of; otherwise itself.
    #[must_use]
    pub fn process(&self) -> Self {
        match self.path().as_deref() {
            Some([process @ .., Step::Thread(_)]) => Self::at(process),
            _ => self.clone(),
        }
    }

    /// The systematic role of the process that it is a child or a thread of. `None` for the first
    /// process, and for what isn't systematic.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let path = self.path()?;
        let (_, above) = path.split_last()?;
        Some(Self::at(above))
    }

    /// Whether it is a thread of this process other than its first, both by their systematic
    /// roles.
    #[must_use]
    pub fn is_thread_of(&self, process: &Self) -> bool {
        self.is_thread() && self.process() == *process
    }

    /// The role of the `nth` (from 1) child process of this one, which is systematic.
    #[must_use]
    pub fn child(&self, nth: usize) -> Self {
        self.below(Step::Child(nth))
    }

    /// The role of the `nth` (from 1) further thread of this process, which is systematic.
    #[must_use]
    pub fn thread(&self, nth: usize) -> Self {
        self.below(Step::Thread(nth))
    }

    fn below(&self, step: Step) -> Self {
        debug_assert!(self.is_systematic(), "{self} has no place in the tree");
        let mut path = self.path().unwrap_or_default();
        path.push(step);
        Self::at(&path)
    }
}

impl Step {
    fn from_name(name: &str) -> Option<Self> {
        let (word, number) = match name.split_once('.') {
            Some((word, number)) => {
                let is_written_so = |nth: &usize| *nth >= 2 && nth.to_string() == number;
                (word, number.parse().ok().filter(is_written_so)?)
            }
            None => (name, 1),
        };
        match word {
            "child" => Some(Self::Child(number)),
            "thread" => Some(Self::Thread(number)),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    /// `child`, `child.2`, `thread`, ....
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, nth) = match self {
            Self::Child(nth) => ("child", nth),
            Self::Thread(nth) => ("thread", nth),
        };
        match nth {
            ..=1 => f.write_str(word),
            _ => write!(f, "{word}.{nth}"),
        }
    }
}

impl Ord for Role {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.path(), other.path()) {
            (Some(path), Some(other)) => path.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for Role {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Systematic roles.
    pub(crate) fn systematic() -> impl Strategy<Value = Role> {
        let children = prop::collection::vec((1..20_usize).prop_map(Step::Child), 0..4);
        let thread = prop::option::of((1..20_usize).prop_map(Step::Thread));
        (children, thread).prop_map(|(mut path, thread)| {
            path.extend(thread);
            Role::at(&path)
        })
    }

    /// Roles as they may be in a trace. Labels are lab ids that look like nothing else.
    pub(crate) fn any_role() -> impl Strategy<Value = Role> {
        let label = "[a-z][a-z0-9_-]{0,8}"
            .prop_filter("a result of a wait", |name| {
                !matches!(name.as_str(), "timeout" | "interrupted")
            })
            .prop_map(|name| Role::new(&name));
        prop_oneof![systematic(), label]
    }

    #[test]
    fn names_follow_descent() {
        let main = Role::main();
        assert_eq!(main.child(1), "child");
        assert_eq!(main.child(2), "child.2");
        assert_eq!(main.child(1).child(1), "child/child");
        assert_eq!(main.child(2).child(3), "child.2/child.3");
        assert_eq!(main.thread(1), "thread");
        assert_eq!(main.child(1).thread(2), "child/thread.2");
    }

    #[test]
    fn only_places_in_the_tree_are_systematic() {
        for name in [
            "main",
            "child",
            "child.3",
            "thread.2",
            "child/child.2/thread",
        ] {
            assert!(Role::new(name).is_systematic(), "{name}");
        }
        for name in [
            "",
            "parent",
            "script",
            "child.1",
            "child.0",
            "child.02",
            "child.+2",
            "children",
            "child.2.3",
            "child/",
            "/child",
            "main/child",
            "thread/child",
            "thread/thread",
        ] {
            let role = Role::new(name);
            assert!(!role.is_systematic(), "{name}");
            assert_eq!((role.process(), role.parent()), (role, None), "{name}");
        }
    }

    #[test]
    fn threads_belong_to_one_process() {
        for (thread, process) in [
            ("thread", "main"),
            ("thread.2", "main"),
            ("child/thread", "child"),
            ("child.2/thread", "child.2"),
            ("child/child/thread.3", "child/child"),
        ] {
            let thread = Role::new(thread);
            assert_eq!(thread.process(), process);
            assert!(thread.is_thread_of(&Role::new(process)));
            for other in ["main", "child", "child.2", "child/child"] {
                let is_its = thread.is_thread_of(&Role::new(other));
                assert_eq!(is_its, other == process, "{thread} {other}");
            }
        }
        assert!(!Role::new("child.2").is_thread_of(&Role::new("child")));
        assert!(!Role::new("child/child").is_thread_of(&Role::new("child")));
    }

    #[test]
    fn the_order_is_that_of_the_tree() {
        let sorted = [
            "main",
            "thread",
            "thread.2",
            "child",
            "child/thread",
            "child/child",
            "child.2",
            "child.10",
            "kernel",
            "parent",
        ];
        let mut roles: Vec<Role> = sorted.iter().rev().map(|name| Role::new(name)).collect();
        roles.sort();
        assert_eq!(roles, sorted);
    }

    proptest! {
        #[test]
        fn a_place_has_one_name(role in systematic()) {
            let path = role.path().expect("it is systematic");
            prop_assert_eq!(Role::at(&path), role.clone());
            if let Some(parent) = role.parent() {
                prop_assert!(parent < role);
                prop_assert_eq!(role.is_thread_of(&parent), role.is_thread());
            }
        }

        #[test]
        fn any_text_is_a_role(name in any::<String>()) {
            let role = Role::new(&name);
            prop_assert_eq!(role.as_str(), name.as_str());
            if let Some(path) = role.path() {
                prop_assert_eq!(Role::at(&path), role);
            }
        }

        #[test]
        fn equal_in_order_is_equal(one in any_role(), other in any_role()) {
            prop_assert_eq!(one.cmp(&other).is_eq(), one == other);
            prop_assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
        }
    }
}
