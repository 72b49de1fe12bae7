//! What is said of waits for ever: for a lock, for room, for a signal that has been there.

use siglab_model::safety::public_name;
use siglab_model::{Frame, Lock, Signal};

use super::{NO_JUMP, Said, Words, general_advice, nameless};
use crate::stack::outer_call;

impl Words<'_> {
    pub(super) fn deadlock(&self, locked: &Lock, signal: Option<Signal>) -> Said {
        let role = &self.judgement.role;
        let lock = lock_in(locked, &self.seen.end);
        let end = self.place(&self.seen.end);
        let where_ = self.place(&self.seen.interrupted);
        // Without an injection, it may be the handler of a signal that the program sent.
        let Some(signal) = signal.or(self.seen.handled) else {
            return (
                format!("{role} waits for {lock} for ever{}", self.in_this_order()),
                format!(
                    "{role} is in {end} and waits for {lock}; every other thread waits, too, and \
                     nobody can release it."
                ),
                "Take locks in the same order everywhere, and release them on every way out."
                    .to_owned(),
            );
        };
        if !self.seen.ends_in_handler {
            let after = format!("Then {role} is in {end} and waits for {lock}");
            return if self.seen.left_by_jump {
                (
                    format!("{role} waits for {lock} for ever, which siglongjmp left locked"),
                    format!(
                        "{signal} interrupts {role} in {where_}, and its handler is left by \
                         siglongjmp(3): what was interrupted never goes on, and never releases \
                         what it holds. {after}: nobody can release it."
                    ),
                    NO_JUMP.to_owned(),
                )
            } else {
                (
                    format!("{role} waits for {lock} for ever after {signal}"),
                    format!(
                        "{signal} comes in {where_}, and its handler runs. {after}; every other \
                         thread waits, too, and nobody can release it."
                    ),
                    general_advice(),
                )
            };
        }
        let call = match self.seen.call.as_deref() {
            Some(call) => Some(public_name(call).into_owned()),
            None => nameless(&self.seen.end, self.program),
        };
        // A lock of the program's own was taken by whom the stack needn't show.
        let holder = outer_call(&self.seen.interrupted, self.program)
            .filter(|_| !matches!(locked, Lock::Lock(Some(_))))
            .map(public_name);
        let (with, holds) = match holder {
            Some(holder) => (
                format!(" with {holder}"),
                format!("{role} holds {lock} inside {where_}."),
            ),
            None => (
                String::new(),
                format!("{role} holds {lock} when it is in {where_}."),
            ),
        };
        let (who, calls) = match call {
            Some(call) => (
                format!("{call} in the handler of {signal}"),
                format!("calls {call} and waits"),
            ),
            None => (format!("the handler of {signal}"), "and waits".to_owned()),
        };
        (
            format!("{who} deadlocks{with} on {lock}"),
            format!(
                "{holds} The handler of {signal} interrupts it there, on the same thread, {calls} \
                 for the same lock: nobody can release it."
            ),
            self.advice(),
        )
    }

    /// A wait for room in a pipe or a socket.
    pub(super) fn full(&self, signal: Option<Signal>) -> Said {
        let role = &self.judgement.role;
        let end = self.place(&self.seen.end);
        let nobody = "it is full, and nobody who could read from it goes on";
        let Some(signal) = signal.or(self.seen.handled) else {
            return (
                format!("{role} writes for ever{}", self.in_this_order()),
                format!("{role} is in {end} and waits for room: {nobody}."),
                "Read what is written before more is, or make the descriptor non-blocking and deal \
                 with EAGAIN."
                    .to_owned(),
            );
        };
        let where_ = self.place(&self.seen.interrupted);
        let (title, how) = if self.seen.ends_in_handler {
            (
                format!("the handler of {signal} deadlocks: it writes for ever"),
                format!(
                    "{signal} interrupts {role} in {where_}. Its handler is in {end} and waits for \
                     room: {nobody}."
                ),
            )
        } else {
            (
                format!("{role} writes for ever after {signal}"),
                format!(
                    "{signal} comes while {} is in {where_}, and its handler runs. Then {role} is in \
                     {end} and waits for room: {nobody}.",
                    self.hit()
                ),
            )
        };
        (
            title,
            how,
            "A pipe has room for so much. If a handler writes to it, make its writing end non-blocking \
             (O_NONBLOCK): that it is full already says that somebody has to look."
                .to_owned(),
        )
    }

    pub(super) fn children(&self, children: usize) -> Said {
        let role = &self.judgement.role;
        let stay = match children {
            1 => "1 stays a zombie".to_owned(),
            _ => format!("{children} stay zombies"),
        };
        (
            format!("{role} waits for ever for children that have ended"),
            format!(
                "Several children end before the handler of SIGCHLD runs; their signals merge into \
                 one, the handler reaps one child, and {stay} for which {role} waits for ever."
            ),
            "One SIGCHLD can stand for many children: in the handler, call waitpid(2) with WNOHANG \
             in a loop until it returns no more."
                .to_owned(),
        )
    }

    /// What programmers call, not what the kernel calls it.
    fn call(&self, syscall: &str) -> String {
        match (syscall, self.seen.call.as_deref()) {
            (_, Some(call)) => public_name(call).into_owned(),
            (syscall, None) => syscall.trim_start_matches("rt_").to_owned(),
        }
    }

    pub(super) fn unheard(&self, syscall: &str, signal: Signal) -> Said {
        let role = &self.judgement.role;
        let call = self.call(syscall);
        (
            format!("{role} goes on waiting in {call} although {signal} came (SA_RESTART)"),
            format!(
                "{signal} comes while {role} is in {}. Its handler runs and takes a note. It was \
                 installed with SA_RESTART: so {call} goes on by itself, and nobody looks at the \
                 note until something else ends the wait.",
                self.place(&self.seen.interrupted)
            ),
            "Install the handler without SA_RESTART, by sigaction(2): then the call fails with EINTR, \
             and the loop can look. So that no signal is missed between the look and the call, block \
             it there and wait with ppoll(2) or pselect(2), or let the handler write to a pipe that \
             the wait includes."
                .to_owned(),
        )
    }

    pub(super) fn lost(&self, syscall: &str, signal: Option<Signal>) -> Said {
        let role = &self.judgement.role;
        let call = self.call(syscall);
        let Some(signal) = signal else {
            return (
                format!("{role} waits in {call} for ever in another order of scheduling"),
                format!(
                    "In this order of scheduling, {role} waits for ever in {}: what it waits for \
                     came before it waited, and doesn't come again.",
                    self.place(&self.seen.end)
                ),
                "What is waited for may come before the wait begins: look and wait in one step. \
                 With a signal, block it while looking and wait with sigsuspend(2); with a \
                 condition variable, change and look at the condition with the mutex held, and \
                 wait in a loop."
                    .to_owned(),
            );
        };
        let where_ = self.place(&self.seen.interrupted);
        let hit = self.hit();
        (
            format!("{role} waits in {call} for ever although {signal} came"),
            format!(
                "{signal} comes while {hit} is in {where_}: after it has looked, and before it \
                 waits. The handler runs, and then {role} waits in {call} for a signal that has \
                 been and gone."
            ),
            "Block the signal while looking, and wait with sigsuspend(2), ppoll(2) or pselect(2), \
             which unblock it and wait in one step; or let the handler write to a pipe that the \
             wait includes."
                .to_owned(),
        )
    }
}

/// What a lock is called: by the variable that it is, or by who waits for it.
fn lock_in(lock: &Lock, stack: &[Frame]) -> String {
    /// Functions of C's library, and the lock that they share.
    const LOCKS: [(&[&str], &str); 4] = [
        (
            &["malloc", "free", "calloc", "realloc", "memalign"],
            "malloc's lock",
        ),
        (
            &[
                "localtime",
                "localtime_r",
                "__tz_convert",
                "tzset",
                "mktime",
                "strftime",
            ],
            "the time zone's lock",
        ),
        (
            &["syslog", "vsyslog", "openlog", "closelog"],
            "syslog's lock",
        ),
        (
            &["fopen", "fclose", "fflush", "exit", "_IO_link_in"],
            "the lock on stdio's list of streams",
        ),
    ];
    if *lock != Lock::Lock(None) {
        return lock.to_string();
    }
    let calls = |functions: &[&str]| {
        stack.iter().any(|frame| {
            frame
                .function
                .as_deref()
                .is_some_and(|function| functions.contains(&function))
        })
    };
    LOCKS
        .into_iter()
        .find(|(functions, _)| calls(functions))
        .map_or_else(|| lock.to_string(), |(_, name)| name.to_owned())
}
