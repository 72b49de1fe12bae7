//! What a thread waits for, and how its wait ended.
//!
//! In a trace's JSON both are a short text. It is written and read here only: whoever has to
//! decide by it matches on the types.

use std::fmt;

use crate::text::{as_text, exact};
use crate::{Role, SigSet, Signal};

/// What a thread waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum WaitFor {
    /// Nothing that has a name: time alone, or something that the call's arguments don't tell.
    /// No text, and absent in JSON.
    #[default]
    Unnamed,
    /// Any signal that isn't blocked: `any signal`.
    AnySignal,
    /// Any signal but these: `any signal but {SIGINT}`.
    AnySignalBut(SigSet),
    /// One of these signals: `{SIGINT SIGCHLD}`.
    OneOf(SigSet),
    /// Any child: `any child`.
    AnyChild,
    /// This child, by its name.
    Child(Role),
    /// `any child of a process group`.
    ChildOfGroup,
    /// A lock, or what looks like one to the kernel: `a lock at m, held by child`.
    Lock {
        /// Which.
        lock: Lock,
        /// Who holds it, if it tells.
        holder: Option<Role>,
    },
    /// A descriptor: `a pipe (fd 3)`.
    Descriptor {
        /// What it leads to.
        file: FileKind,
        /// Its number.
        fd: i32,
    },
    /// Any of these descriptors, of which there is one at least: `fd 3`, `fds 3, 4`.
    Descriptors(Vec<i32>),
    /// After vfork(2): `its child's exec or end`.
    VforkChild,
    /// It was stopped, and waits to be continued: `by SIGSTOP`.
    Stopped(Signal),
    /// A text that this version doesn't know: of a trace that another one wrote.
    Other(String),
}

/// Something that a futex(2) stands for. Variables have the names of their symbols.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lock {
    /// Surely a lock: `a lock`, `a lock at VARIABLE`.
    Lock(Option<String>),
    /// A lock, a condition, a semaphore, or a thread that is joined: the kernel sees no
    /// difference. `a lock or condition`, `a lock or condition at VARIABLE`.
    LockOrCondition(Option<String>),
    /// The lock of a stream of C's library: `stdio's lock on stdout`.
    Stdio(StdioStream),
}

/// A standard stream of C's library: stdin(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StdioStream {
    /// `stdin`.
    Stdin,
    /// `stdout`.
    Stdout,
    /// `stderr`.
    Stderr,
}

/// What a descriptor leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `a pipe`.
    Pipe,
    /// `a socket`.
    Socket,
    /// `the terminal`.
    Terminal,
    /// `a file`.
    File,
    /// `signalfd`.
    Signalfd,
    /// `timerfd`.
    Timerfd,
    /// `eventfd`.
    Eventfd,
    /// `eventpoll`, which is what Linux calls a descriptor of epoll(7).
    Epoll,
    /// Something else without a name in a folder, as Linux calls it: `inotify`, `pidfd`.
    Other(String),
}

impl WaitFor {
    /// Whether it is [`WaitFor::Unnamed`].
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        *self == Self::Unnamed
    }

    /// Whether it is something that a thread holds and others wait for. Conditions aren't, and
    /// what nobody is known to hold may be one.
    #[must_use]
    pub fn is_lock(&self) -> bool {
        match self {
            Self::Lock { lock, holder } => lock.is_certain() || holder.is_some(),
            _ => false,
        }
    }

    fn read(text: &str) -> Option<Self> {
        if let Some((file, fd)) = descriptor(text) {
            return Some(Self::Descriptor { file, fd });
        }
        if let Some(set) = text.strip_prefix("any signal but ") {
            return set.parse().ok().map(Self::AnySignalBut);
        }
        if let Some(list) = text.strip_prefix("fds ").or(text.strip_prefix("fd ")) {
            let numbers: Result<_, _> = list.split(", ").map(str::parse).collect();
            return numbers.ok().map(Self::Descriptors);
        }
        if let Some(signal) = text.strip_prefix("by ") {
            return signal.parse().ok().map(Self::Stopped);
        }
        if text.starts_with(['{', '~']) {
            return text.parse().ok().map(Self::OneOf);
        }
        let (what, holder) = match text.rsplit_once(HELD_BY) {
            Some((what, holder)) => (what, Some(Role::new(holder))),
            None => (text, None),
        };
        if let Some(lock) = Lock::read(what) {
            return Some(Self::Lock { lock, holder });
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        (!text.is_empty() && text.chars().all(is_name)).then(|| Self::Child(Role::new(text)))
    }
}

const HELD_BY: &str = ", held by ";

/// `a pipe (fd 3)`.
fn descriptor(text: &str) -> Option<(FileKind, i32)> {
    let (file, fd) = text.strip_suffix(')')?.rsplit_once(" (fd ")?;
    Some((FileKind::from(file), fd.parse().ok()?))
}

impl From<&str> for WaitFor {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::Unnamed,
            "any signal" => Self::AnySignal,
            "any child" => Self::AnyChild,
            "any child of a process group" => Self::ChildOfGroup,
            "its child's exec or end" => Self::VforkChild,
            _ => exact(Self::read(text), text).unwrap_or_else(|| Self::Other(text.to_owned())),
        }
    }
}

impl fmt::Display for WaitFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => Ok(()),
            Self::AnySignal => f.write_str("any signal"),
            Self::AnySignalBut(set) => write!(f, "any signal but {set}"),
            Self::OneOf(set) => write!(f, "{set}"),
            Self::AnyChild => f.write_str("any child"),
            Self::Child(role) => write!(f, "{role}"),
            Self::ChildOfGroup => f.write_str("any child of a process group"),
            Self::Lock { lock, holder: None } => write!(f, "{lock}"),
            Self::Lock {
                lock,
                holder: Some(holder),
            } => write!(f, "{lock}{HELD_BY}{holder}"),
            Self::Descriptor { file, fd } => write!(f, "{file} (fd {fd})"),
            Self::Descriptors(fds) => {
                let numbers: Vec<String> = fds.iter().map(ToString::to_string).collect();
                match numbers.len() {
                    0 => Ok(()),
                    1 => write!(f, "fd {}", numbers[0]),
                    _ => write!(f, "fds {}", numbers.join(", ")),
                }
            }
            Self::VforkChild => f.write_str("its child's exec or end"),
            Self::Stopped(signal) => write!(f, "by {signal}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Lock {
    /// Whether it is a lock for sure.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self, Self::LockOrCondition(_))
    }

    fn read(text: &str) -> Option<Self> {
        if let Some(stream) = text.strip_prefix("stdio's lock on ") {
            let streams = [StdioStream::Stdin, StdioStream::Stdout, StdioStream::Stderr];
            let stream = streams.into_iter().find(|it| it.name() == stream)?;
            return Some(Self::Stdio(stream));
        }
        let variable = |name: &str| Some(name.to_owned());
        Some(match text {
            "a lock" => Self::Lock(None),
            "a lock or condition" => Self::LockOrCondition(None),
            _ => match text.strip_prefix("a lock at ") {
                Some(name) => Self::Lock(variable(name)),
                None => {
                    Self::LockOrCondition(variable(text.strip_prefix("a lock or condition at ")?))
                }
            },
        })
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, variable) = match self {
            Self::Lock(variable) => ("a lock", variable),
            Self::LockOrCondition(variable) => ("a lock or condition", variable),
            Self::Stdio(stream) => return write!(f, "stdio's lock on {stream}"),
        };
        match variable {
            Some(name) => write!(f, "{what} at {name}"),
            None => f.write_str(what),
        }
    }
}

impl StdioStream {
    /// Its name in C.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl fmt::Display for StdioStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FileKind {
    const NAMES: [(Self, &str); 8] = [
        (Self::Pipe, "a pipe"),
        (Self::Socket, "a socket"),
        (Self::Terminal, "the terminal"),
        (Self::File, "a file"),
        (Self::Signalfd, "signalfd"),
        (Self::Timerfd, "timerfd"),
        (Self::Eventfd, "eventfd"),
        (Self::Epoll, "eventpoll"),
    ];
}

impl From<&str> for FileKind {
    fn from(text: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, name)| *name == text);
        known.map_or_else(|| Self::Other(text.to_owned()), |(kind, _)| kind)
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::NAMES.iter().find(|(kind, _)| kind == self);
        f.write_str(match (self, known) {
            (Self::Other(name), _) => name,
            (_, known) => known.map_or("", |(_, name)| name),
        })
    }
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WaitResult {
    /// Its time was over: `timeout`.
    TimedOut,
    /// A signal ended it, and the kernel has yet to decide between `EINTR` and a restart:
    /// `interrupted`.
    Interrupted,
    /// The call failed with this errno, by name: `EINTR`.
    Failed(String),
    /// This child changed its state.
    Child(Role),
    /// There is none that changed its state: `no child`.
    NoChild,
    /// This signal was taken.
    Signal(Signal),
    /// The call returned this.
    Returned(i64),
    /// A text that this version doesn't know.
    Other(String),
}

impl WaitResult {
    /// Whether a signal ended it: [`WaitResult::Interrupted`] or `EINTR`.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        *self == Self::Interrupted || self.is_errno("EINTR")
    }

    /// Whether time alone ended it: [`WaitResult::TimedOut`] or `ETIMEDOUT`.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        *self == Self::TimedOut || self.is_errno("ETIMEDOUT")
    }

    /// Whether the call failed with this errno.
    #[must_use]
    pub fn is_errno(&self, name: &str) -> bool {
        matches!(self, Self::Failed(errno) if errno == name)
    }

    fn read(text: &str) -> Option<Self> {
        let is_errno = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if let Ok(number) = text.parse() {
            Some(Self::Returned(number))
        } else if text == UNKNOWN_ERRNO || text.starts_with('E') && text.chars().all(is_errno) {
            Some(Self::Failed(text.to_owned()))
        } else if text.starts_with("SIG") {
            text.parse().ok().map(Self::Signal)
        } else {
            (!text.is_empty() && text.chars().all(is_name)).then(|| Self::Child(Role::new(text)))
        }
    }
}

/// What an errno without a name is called.
const UNKNOWN_ERRNO: &str = "UnknownErrno";

impl From<&str> for WaitResult {
    fn from(text: &str) -> Self {
        match text {
            "timeout" => Self::TimedOut,
            "interrupted" => Self::Interrupted,
            "no child" => Self::NoChild,
            _ => exact(Self::read(text), text).unwrap_or_else(|| Self::Other(text.to_owned())),
        }
    }
}

impl fmt::Display for WaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("timeout"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Failed(errno) => f.write_str(errno),
            Self::Child(role) => write!(f, "{role}"),
            Self::NoChild => f.write_str("no child"),
            Self::Signal(signal) => write!(f, "{signal}"),
            Self::Returned(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

as_text!(WaitFor, WaitResult);

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::role::tests::any_role;

    pub(crate) fn signal() -> impl Strategy<Value = Signal> {
        (1..=64).prop_map(|number| Signal::new(number).expect("it is in range"))
    }

    pub(crate) fn set() -> impl Strategy<Value = SigSet> {
        any::<u64>().prop_map(SigSet::from_bits)
    }

    /// Names of symbols, also of C++ and Rust.
    fn variable() -> impl Strategy<Value = Option<String>> {
        let cases = [
            "m",
            "my_lock",
            "queue<int, char>::lock",
            "app::LOCK (inlined)",
        ];
        prop::option::of(prop_oneof![
            "[A-Za-z_][A-Za-z0-9_:<>., ]{0,20}",
            prop::sample::select(Vec::from(cases)).prop_map(str::to_owned),
        ])
    }

    fn lock() -> impl Strategy<Value = Lock> {
        use StdioStream::{Stderr, Stdin, Stdout};
        prop_oneof![
            variable().prop_map(Lock::Lock),
            variable().prop_map(Lock::LockOrCondition),
            prop::sample::select(&[Stdin, Stdout, Stderr][..]).prop_map(Lock::Stdio),
        ]
    }

    fn file() -> impl Strategy<Value = FileKind> {
        let known: Vec<FileKind> = FileKind::NAMES.map(|(kind, _)| kind).into();
        let other = "(inotify|pidfd|[a-z_:]{0,8})".prop_map(|name| FileKind::from(name.as_str()));
        prop_oneof![prop::sample::select(known), other]
    }

    pub(crate) fn wait_for() -> impl Strategy<Value = WaitFor> {
        use WaitFor as W;
        prop_oneof![
            Just(W::Unnamed),
            Just(W::AnySignal),
            set().prop_map(W::AnySignalBut),
            set().prop_map(W::OneOf),
            Just(W::AnyChild),
            any_role().prop_map(W::Child),
            Just(W::ChildOfGroup),
            (lock(), prop::option::of(any_role()))
                .prop_map(|(lock, holder)| W::Lock { lock, holder }),
            (file(), any::<i32>()).prop_map(|(file, fd)| W::Descriptor { file, fd }),
            prop::collection::vec(any::<i32>(), 1..16).prop_map(W::Descriptors),
            Just(W::VforkChild),
            signal().prop_map(W::Stopped),
            Just(W::Other("words of another version".into())),
        ]
    }

    pub(crate) fn wait_result() -> impl Strategy<Value = WaitResult> {
        use WaitResult as R;
        let errnos = ["EINTR", "E2BIG", "ETIMEDOUT", "UnknownErrno"];
        prop_oneof![
            Just(R::TimedOut),
            Just(R::Interrupted),
            prop::sample::select(Vec::from(errnos)).prop_map(|name| R::Failed(name.into())),
            any_role().prop_map(R::Child),
            Just(R::NoChild),
            signal().prop_map(R::Signal),
            any::<i64>().prop_map(R::Returned),
            Just(R::Other("words of another version".into())),
        ]
    }

    proptest! {
        #[test]
        fn what_is_waited_for_reads_back(what in wait_for()) {
            prop_assert_eq!(WaitFor::from(what.to_string().as_str()), what.clone());
            let json = serde_json::to_value(&what).expect("it is a text");
            prop_assert_eq!(serde_json::from_value::<WaitFor>(json).expect("any text"), what);
        }

        #[test]
        fn results_read_back(result in wait_result()) {
            prop_assert_eq!(WaitResult::from(result.to_string().as_str()), result.clone());
            let json = serde_json::to_value(&result).expect("it is a text");
            prop_assert_eq!(serde_json::from_value::<WaitResult>(json).expect("any text"), result);
        }

        /// Traces of other versions keep their text, and so their hash.
        #[test]
        fn any_text_is_kept(text in any::<String>()) {
            prop_assert_eq!(WaitFor::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(WaitResult::from(text.as_str()).to_string(), text);
        }

        #[test]
        fn texts_that_are_nearly_right_are_kept(
            text in "(a lock( at m)?|fds? -?0*[0-9]|by (SIG)?(int|INT)|any signal but \\{(INT)?\\}|\
                     ~?\\{SIGINT ? SIGHUP\\}|a pipe \\(fd [+0]?[0-9]\\)|SIGIO|SIGPOLL|\\+5|05)\
                     (, held by )?"
        ) {
            prop_assert_eq!(WaitFor::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(WaitResult::from(text.as_str()).to_string(), text);
        }
    }

    #[test]
    fn the_texts_are_those_of_version_1() {
        let lock = |lock, holder: Option<&str>| WaitFor::Lock {
            lock,
            holder: holder.map(Role::new),
        };
        let sets = [Signal::INT, Signal::CHLD];
        let descriptor = |file, fd| WaitFor::Descriptor { file, fd };
        for (what, text) in [
            (WaitFor::Unnamed, ""),
            (WaitFor::AnySignal, "any signal"),
            (
                WaitFor::AnySignalBut(sets.into_iter().collect()),
                "any signal but {SIGINT SIGCHLD}",
            ),
            (
                WaitFor::OneOf(sets.into_iter().collect()),
                "{SIGINT SIGCHLD}",
            ),
            (WaitFor::AnyChild, "any child"),
            (WaitFor::Child(Role::new("child.2")), "child.2"),
            (WaitFor::ChildOfGroup, "any child of a process group"),
            (lock(Lock::Lock(None), None), "a lock"),
            (
                lock(Lock::Lock(Some("m".into())), Some("child/thread")),
                "a lock at m, held by child/thread",
            ),
            (
                lock(Lock::LockOrCondition(None), None),
                "a lock or condition",
            ),
            (
                lock(Lock::LockOrCondition(Some("m".into())), Some("parent")),
                "a lock or condition at m, held by parent",
            ),
            (
                lock(Lock::Stdio(StdioStream::Stdout), None),
                "stdio's lock on stdout",
            ),
            (descriptor(FileKind::Pipe, 3), "a pipe (fd 3)"),
            (descriptor(FileKind::Terminal, 0), "the terminal (fd 0)"),
            (descriptor(FileKind::Epoll, 5), "eventpoll (fd 5)"),
            (
                descriptor(FileKind::Other("inotify".into()), 5),
                "inotify (fd 5)",
            ),
            (WaitFor::Descriptors(vec![3]), "fd 3"),
            (WaitFor::Descriptors(vec![3, 4]), "fds 3, 4"),
            (WaitFor::VforkChild, "its child's exec or end"),
            (WaitFor::Stopped(Signal::STOP), "by SIGSTOP"),
            (WaitFor::Other("a miracle".into()), "a miracle"),
        ] {
            assert_eq!(what.to_string(), text);
            assert_eq!(WaitFor::from(text), what);
        }
    }
}
