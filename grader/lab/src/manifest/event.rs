//! Which events there are, and which fields they have: for checking what a manifest says
//! about them.

use siglab_model::Kind;

/// One kind of event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventKind {
    /// Its name: the value of `event`.
    pub(crate) name: &'static str,
    /// Its fields, besides `t`, `role` and `event`, that can be asked for.
    pub(crate) fields: &'static [Field],
}

/// A field of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Signal,
    /// A process or thread of the run.
    Role,
    /// A process or thread, or `script`, `kernel`, `outside`.
    Sender,
    Text,
    /// The name of a system call.
    Syscall,
    Integer,
    Bool,
    Time,
    /// `{ exited = 0 }` or `{ killed = "SIGKILL" }`.
    Status,
    /// A set of signals.
    Signals,
    /// A table, compared field by field.
    Table,
    /// One of these.
    Words(&'static [&'static str]),
}

impl EventKind {
    /// The kind with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|kind| kind.name == name)
    }

    /// Its field with this name, `role` included.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        std::iter::once(&ROLE)
            .chain(self.fields)
            .find(|field| field.name == name)
    }
}

const fn field(name: &'static str, holds: Holds) -> Field {
    Field { name, holds }
}

const ROLE: Field = field("role", Holds::Role);
const SIGNAL: Field = field("signal", Holds::Signal);
const FROM: Field = field("from", Holds::Sender);
const SYSCALL: Field = field("syscall", Holds::Syscall);
const PROGRAM: Field = field("program", Holds::Text);
const ERRNO: Field = field("errno", Holds::Text);
const WHAT: Field = field("what", Holds::Text);
const TEXT: Field = field("text", Holds::Text);
const BY_PERSON: Field = field("by_person", Holds::Bool);
const FUNCTION: Field = field("function", Holds::Text);
// The fields of siginfo_t.
const CODE: Field = field("code", Holds::Text);
const PID: Field = field("pid", Holds::Sender);
const VALUE: Field = field("value", Holds::Integer);
const STATUS: Field = field("status", Holds::Integer);
const OVERRUN: Field = field("overrun", Holds::Integer);

const fn kind(name: &'static str, fields: &'static [Field]) -> EventKind {
    EventKind { name, fields }
}

/// Every kind of event, in the order of [`Kind`].
pub(crate) const EVENTS: &[EventKind] = &[
    kind("spawn", &[PROGRAM]),
    kind(
        "fork",
        &[
            field("child", Holds::Role),
            field("how", Holds::Words(&["fork", "vfork", "clone", "thread"])),
        ],
    ),
    kind("exec", &[PROGRAM]),
    kind("exit", &[field("code", Holds::Integer)]),
    kind("killed", &[SIGNAL, field("core", Holds::Bool)]),
    kind("thread-exit", &[]),
    kind("orphaned", &[]),
    kind(
        "reaped",
        &[field("child", Holds::Role), field("status", Holds::Status)],
    ),
    kind("reaped-by-kernel", &[]),
    kind("left-zombie", &[]),
    kind(
        "generated",
        &[
            SIGNAL,
            FROM,
            field("directed", Holds::Words(&["process", "thread"])),
            CODE,
            PID,
            VALUE,
            STATUS,
            OVERRUN,
        ],
    ),
    kind("merged", &[SIGNAL, FROM]),
    kind("blocked-pending", &[SIGNAL]),
    kind(
        "delivered",
        &[
            SIGNAL,
            field(
                "disposition",
                Holds::Words(&["default", "ignore", "handler"]),
            ),
            CODE,
            PID,
            VALUE,
            STATUS,
            OVERRUN,
        ],
    ),
    kind(
        "accepted",
        &[
            SIGNAL,
            field("by", Holds::Syscall),
            CODE,
            PID,
            VALUE,
            STATUS,
            OVERRUN,
        ],
    ),
    kind(
        "handler-entered",
        &[SIGNAL, FUNCTION, field("depth", Holds::Integer)],
    ),
    kind(
        "handler-left",
        &[SIGNAL, field("how", Holds::Words(&["return", "jump"]))],
    ),
    kind(
        "default-action",
        &[
            SIGNAL,
            field(
                "action",
                Holds::Words(&["terminate", "core", "ignore", "stop", "continue"]),
            ),
        ],
    ),
    kind("stopped", &[SIGNAL]),
    kind("continued", &[]),
    kind(
        "disposition-changed",
        &[SIGNAL, field("disposition", Holds::Table)],
    ),
    kind(
        "mask-changed",
        &[
            field("how", Holds::Words(&["block", "unblock", "set"])),
            field("mask", Holds::Signals),
        ],
    ),
    kind("wait-begun", &[SYSCALL, WHAT, field("until", Holds::Time)]),
    kind("wait-ended", &[SYSCALL, field("result", Holds::Text)]),
    kind("restarted", &[SYSCALL]),
    kind("interrupted", &[SYSCALL, SIGNAL]),
    kind("clock-advanced", &[field("from", Holds::Time)]),
    kind(
        "output",
        &[
            field("stream", Holds::Words(&["stdout", "stderr", "terminal"])),
            TEXT,
        ],
    ),
    kind("input", &[TEXT, BY_PERSON]),
    kind("terminal", &[field("action", Holds::Text), BY_PERSON]),
    kind("denied", &[SYSCALL, WHAT, SIGNAL, ERRNO]),
    kind(
        "send-failed",
        &[
            SYSCALL,
            field("target", Holds::Text),
            // Not a signal: it may be a number that no signal has.
            field("signal", Holds::Text),
            ERRNO,
        ],
    ),
    kind(
        "call-failed",
        &[SYSCALL, WHAT, ERRNO, field("argument", Holds::Text)],
    ),
    kind(
        "busy-waiting",
        &[
            field("how", Holds::Words(&["polling", "spinning"])),
            SYSCALL,
        ],
    ),
    kind("unsafe-call", &[SIGNAL, FUNCTION]),
    kind("deadlock", &[]),
    kind("unsupported", &[SYSCALL, WHAT]),
    kind("chosen", &[]),
    kind(
        "limit",
        &[field(
            "limit",
            Holds::Words(&[
                "virtual-time",
                "real-time",
                "output",
                "processes",
                "events",
                "cancelled",
            ]),
        )],
    ),
    kind("script-unfinished", &[field("step", Holds::Integer), WHAT]),
];

/// The name under which an event of this kind is serialised.
pub(crate) fn event_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Spawn { .. } => "spawn",
        Kind::Fork { .. } => "fork",
        Kind::Exec { .. } => "exec",
        Kind::Exit { .. } => "exit",
        Kind::Killed { .. } => "killed",
        Kind::ThreadExit {} => "thread-exit",
        Kind::Orphaned { .. } => "orphaned",
        Kind::Reaped { .. } => "reaped",
        Kind::ReapedByKernel {} => "reaped-by-kernel",
        Kind::LeftZombie { .. } => "left-zombie",
        Kind::Generated { .. } => "generated",
        Kind::Merged { .. } => "merged",
        Kind::BlockedPending { .. } => "blocked-pending",
        Kind::Delivered { .. } => "delivered",
        Kind::Accepted { .. } => "accepted",
        Kind::HandlerEntered { .. } => "handler-entered",
        Kind::HandlerLeft { .. } => "handler-left",
        Kind::DefaultAction { .. } => "default-action",
        Kind::Stopped { .. } => "stopped",
        Kind::Continued {} => "continued",
        Kind::DispositionChanged { .. } => "disposition-changed",
        Kind::MaskChanged { .. } => "mask-changed",
        Kind::WaitBegun { .. } => "wait-begun",
        Kind::WaitEnded { .. } => "wait-ended",
        Kind::Restarted { .. } => "restarted",
        Kind::Interrupted { .. } => "interrupted",
        Kind::ClockAdvanced { .. } => "clock-advanced",
        Kind::Output { .. } => "output",
        Kind::Input { .. } => "input",
        Kind::Terminal { .. } => "terminal",
        Kind::Denied { .. } => "denied",
        Kind::SendFailed { .. } => "send-failed",
        Kind::CallFailed { .. } => "call-failed",
        Kind::BusyWaiting { .. } => "busy-waiting",
        Kind::Injected { .. } => "injected",
        Kind::Preempted { .. } => "preempted",
        Kind::ErrnoChanged { .. } => "errno-changed",
        Kind::UnsafeCall { .. } => "unsafe-call",
        Kind::Deadlock { .. } => "deadlock",
        Kind::Unsupported { .. } => "unsupported",
        Kind::Chosen { .. } => "chosen",
        Kind::Limit { .. } => "limit",
        Kind::ScriptUnfinished { .. } => "script-unfinished",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use siglab_model::Event;

    use super::{EVENTS, Holds, event_name};

    /// Fields that are there but can't be asked for.
    const OTHERS: [(&str, &str); 4] = [
        ("busy-waiting", "stack"),
        ("unsafe-call", "stack"),
        ("deadlock", "waiting"),
        ("chosen", "among"),
    ];

    fn sample(holds: Holds) -> Value {
        match holds {
            Holds::Signal => json!("SIGINT"),
            Holds::Role | Holds::Sender => json!("child"),
            Holds::Text => json!("text"),
            Holds::Syscall => json!("read"),
            Holds::Integer | Holds::Time => json!(7),
            Holds::Bool => json!(true),
            Holds::Status => json!({ "exited": 7 }),
            Holds::Signals => json!("{SIGINT}"),
            Holds::Table => json!({ "is": "ignore" }),
            Holds::Words(words) => json!(words[0]),
        }
    }

    /// An event with every field that the table has reads as an event and keeps them all.
    #[test]
    fn the_table_is_that_of_the_model() {
        for kind in EVENTS {
            let mut object = Map::new();
            object.insert("t".into(), json!(7));
            object.insert("role".into(), json!("main"));
            object.insert("event".into(), json!(kind.name));
            for field in kind.fields {
                object.insert(field.name.into(), sample(field.holds));
            }
            for (_, field) in OTHERS.iter().filter(|(name, _)| *name == kind.name) {
                object.insert((*field).into(), json!([]));
            }
            let event: Event = serde_json::from_value(Value::Object(object))
                .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            assert_eq!(event_name(&event.kind), kind.name);
            let back = serde_json::to_value(&event).expect("events are plain data");
            for field in kind.fields {
                assert_eq!(
                    back[field.name],
                    sample(field.holds),
                    "{} {}",
                    kind.name,
                    field.name
                );
            }
        }
    }
}
