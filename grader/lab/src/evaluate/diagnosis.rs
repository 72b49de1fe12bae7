//! The diagnoses that don't come from a manifest. Their ids are stable.

/// The ids of all diagnoses that don't come from a manifest, with what they mean.
pub const DIAGNOSES: &[(&str, &str)] = &[
    (COMPILE_ERROR, "the submission doesn't compile"),
    (
        COMPILER_STOPPED,
        "the compiler used up its time or memory on the submission",
    ),
    (NO_MAIN, "the submission has no function main"),
    (
        FUNCTION_CHANGED,
        "a function that must be the starter's is not",
    ),
    (
        FUNCTION_MISSING,
        "a function that must be the starter's is not there",
    ),
    (
        FUNCTION_NOT_RUN,
        "a process doesn't do what the starter's function does that it should run",
    ),
    (
        NO_ORIGINAL,
        "there is no handed-out program to compare with",
    ),
    (
        DEADLOCK,
        "every thread waits and nothing can wake any of them",
    ),
    (
        CRASHED,
        "a process died of an error of its own, such as SIGSEGV",
    ),
    (
        TIME_LIMIT,
        "the program went on longer, in virtual time, than the scenario allows",
    ),
    (COMPUTES_FOREVER, "the program used up its real time"),
    (
        TOO_MUCH_OUTPUT,
        "the program wrote more than the scenario allows",
    ),
    (
        TOO_MANY_PROCESSES,
        "the program made more processes and threads than it may",
    ),
    (TOO_MANY_EVENTS, "more happened than a trace can hold"),
    (
        ENDED_EARLY,
        "the program ended before the scenario was through",
    ),
    (
        SENT_OUTSIDE,
        "the program tried to send a signal to something that isn't part of the run",
    ),
    (
        SENT_TO_EVERYBODY,
        "the program tried to send a signal to every process: kill with the pid -1",
    ),
    (
        SENT_TO_PARENT,
        "the program tried to send a signal to the process that runs it",
    ),
    (
        SENT_TO_REAPED,
        "the program tried to send a signal to a child that it had waited for",
    ),
    (FORBIDDEN_CALL, "the program made a call that is denied"),
    (
        NETWORK,
        "the program tried to use a socket that isn't local, which is denied in a sandbox",
    ),
    (
        KILLED_ITSELF,
        "the first process died of a signal that it sent itself",
    ),
    (
        BROKEN_PIPE,
        "the first process wrote to a pipe or socket that nobody could read any more",
    ),
    (STOPPED, "a process is stopped and nobody continues it"),
    (
        USED_UP,
        "the system killed a process that used too much memory or processor time",
    ),
    (
        FILE_TOO_LARGE,
        "the system killed a process that wrote a file that is too large",
    ),
    (SEND_FAILED, "a call that should send a signal failed"),
    (
        STEP_IMPOSSIBLE,
        "a step of the scenario needs a process that isn't there",
    ),
    (ZOMBIE_LEFT, "a child ended and nobody waited for it"),
    (
        ORPHAN_LEFT,
        "a process ended while a child of it was running",
    ),
    (
        LEFT_RUNNING,
        "a child was still there when the run was over",
    ),
    (POLLING, "a process repeats a call that doesn't block"),
    (SPINNING, "a process computes while it waits"),
    (
        REPEATED_TIMEOUTS,
        "a process wakes up again and again for nothing",
    ),
    (
        UNSUPPORTED,
        "the program used something that siglab doesn't control",
    ),
    (NOT_RUN, "siglab couldn't run a scenario"),
    (NOT_PREDICTED, "a question has no answer yet"),
    (
        WRONG_PREDICTION,
        "something else happens than was predicted",
    ),
    (
        NOT_EXPLORED,
        "the moments of a scenario couldn't be tried, or weren't",
    ),
    (
        "crash",
        "a signal at the wrong moment makes a process crash",
    ),
    (
        "hang",
        "after a signal at the wrong moment a process runs for ever",
    ),
    (
        "lost-wakeup",
        "a process waits for ever for a signal that came before it waited",
    ),
    (
        "killed-by-default",
        "a signal kills a process in a window without its handler",
    ),
    (
        "output-corrupted",
        "a signal at the wrong moment tears, loses or repeats lines",
    ),
    (
        "unsafe-call",
        "a handler calls a function that isn't async-signal-safe",
    ),
    (
        "errno-clobbered",
        "a handler returns with another errno than it found",
    ),
    (CANCELLED, "siglab was asked to stop"),
];

/// Those that an exercise may provoke in right programs.
pub(crate) const PROVOKED: [&str; 14] = [
    BROKEN_PIPE,
    CRASHED,
    DEADLOCK,
    ENDED_EARLY,
    FILE_TOO_LARGE,
    FORBIDDEN_CALL,
    KILLED_ITSELF,
    SEND_FAILED,
    SENT_OUTSIDE,
    SENT_TO_EVERYBODY,
    SENT_TO_PARENT,
    SENT_TO_REAPED,
    TIME_LIMIT,
    USED_UP,
];

/// The submission doesn't compile.
pub const COMPILE_ERROR: &str = "compile-error";
/// The compiler used up its time or memory on the submission.
pub const COMPILER_STOPPED: &str = "compiler-stopped";
/// The program tried to send a signal to every process.
pub const SENT_TO_EVERYBODY: &str = "sent-to-everybody";
/// The program tried to send a signal to the process that runs it.
pub const SENT_TO_PARENT: &str = "sent-to-parent";
/// The program tried to send a signal to a child that it had waited for.
pub const SENT_TO_REAPED: &str = "sent-to-reaped";
/// The program made a call that is denied.
pub const FORBIDDEN_CALL: &str = "forbidden-call";
/// The program tried to use a socket that isn't local.
pub const NETWORK: &str = "network";
/// The first process died of a signal that it sent itself.
pub const KILLED_ITSELF: &str = "killed-itself";
/// The first process wrote to a pipe or socket that nobody could read any more, and died.
pub const BROKEN_PIPE: &str = "broken-pipe";
/// A process is stopped and nobody continues it.
pub const STOPPED: &str = "stopped";
/// The system killed a process that used too much memory or processor time.
pub const USED_UP: &str = "used-up";
/// The system killed a process that wrote a file that is too large.
pub const FILE_TOO_LARGE: &str = "file-too-large";
/// The submission has no function main.
pub const NO_MAIN: &str = "no-main";
/// A function that must be the starter's is not.
pub const FUNCTION_CHANGED: &str = "function-changed";
/// A function that must be the starter's is not there.
pub const FUNCTION_MISSING: &str = "function-missing";
/// The process that should run the starter's function does something else.
pub const FUNCTION_NOT_RUN: &str = "function-not-run";
/// There is no handed-out program to compare with.
pub const NO_ORIGINAL: &str = "no-original";
/// Every thread waits and nothing can wake any of them.
pub const DEADLOCK: &str = "deadlock";
/// A process died of an error of its own.
pub const CRASHED: &str = "crashed";
/// The program went on longer, in virtual time, than the scenario allows.
pub const TIME_LIMIT: &str = "time-limit";
/// The program used up its real time.
pub const COMPUTES_FOREVER: &str = "computes-forever";
/// The program wrote more than the scenario allows.
pub const TOO_MUCH_OUTPUT: &str = "too-much-output";
/// The program made more processes and threads than it may.
pub const TOO_MANY_PROCESSES: &str = "too-many-processes";
/// More happened than a trace can hold.
pub const TOO_MANY_EVENTS: &str = "too-many-events";
/// The program ended before the scenario was through.
pub const ENDED_EARLY: &str = "ended-early";
/// The program tried to send a signal to something that isn't part of the run.
pub const SENT_OUTSIDE: &str = "sent-outside";
/// A call that should send a signal failed.
pub const SEND_FAILED: &str = "send-failed";
/// A step of the scenario needs a process that isn't there.
pub const STEP_IMPOSSIBLE: &str = "step-impossible";
/// A child ended and nobody waited for it.
pub const ZOMBIE_LEFT: &str = "zombie-left";
/// A process ended while a child of it was running.
pub const ORPHAN_LEFT: &str = "orphan-left";
/// A child was still there when the run was over.
pub const LEFT_RUNNING: &str = "left-running";
/// A process repeats a call that doesn't block.
pub const POLLING: &str = "polling";
/// A process computes while it waits.
pub const SPINNING: &str = "spinning";
/// A process wakes up again and again for nothing.
pub const REPEATED_TIMEOUTS: &str = "repeated-timeouts";
/// The program used something that siglab doesn't control.
pub const UNSUPPORTED: &str = "unsupported";
/// siglab couldn't run a scenario.
pub const NOT_RUN: &str = "not-run";
/// A question has no answer yet.
pub const NOT_PREDICTED: &str = "not-predicted";
/// Something else happens than was predicted.
pub const WRONG_PREDICTION: &str = "wrong-prediction";
/// The moments of a scenario couldn't be tried, or weren't.
pub const NOT_EXPLORED: &str = "not-explored";
/// A criterion that this one needs doesn't hold.
pub const NEEDS_ANOTHER: &str = "needs-another";
/// siglab was asked to stop.
pub const CANCELLED: &str = "cancelled";
