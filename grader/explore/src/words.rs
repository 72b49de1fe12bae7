//! What is said about a finding: its title, how it comes about, what to do instead.

mod waits;

use siglab_model::safety::{instead_of, public_name};
use siglab_model::{Frame, Role, Signal, UnsafeFunction};

use crate::finding::FindingKind;
use crate::judge::{Detail, Judgement};
use crate::stack::{is_own, own_frame, place};

/// What a run shows.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The handler's stack, if it goes wrong in there.
    pub(crate) handler: Vec<Frame>,
    /// The stack of what was interrupted; without a signal, where it goes wrong.
    pub(crate) interrupted: Vec<Frame>,
    /// Where it dies, waits for ever or computes for ever.
    pub(crate) end: Vec<Frame>,
    /// Whether that is in a handler.
    pub(crate) ends_in_handler: bool,
    /// The signal whose handler waits.
    pub(crate) handled: Option<Signal>,
    /// The library's function in which it ends.
    pub(crate) call: Option<String>,
    /// What the handler is called.
    pub(crate) handler_name: Option<String>,
    /// Whether a handler was left by a jump.
    pub(crate) left_by_jump: bool,
    /// The system call that it repeats.
    pub(crate) repeats: Option<String>,
    /// Whether it takes another order of scheduling than that of creation.
    pub(crate) other_order: bool,
    /// Who got the signal, which needn't be who goes wrong.
    pub(crate) hit: Option<Role>,
}

/// What is said about a finding.
pub(crate) struct Words<'a> {
    /// What stacks call the program.
    pub(crate) program: &'a str,
    /// The signal that was injected, if it takes one.
    pub(crate) signal: Option<Signal>,
    pub(crate) judgement: &'a Judgement,
    /// Whom it was seen with.
    pub(crate) roles: &'a [Role],
    /// The first process.
    pub(crate) first: &'a Role,
    pub(crate) seen: &'a Seen,
}

/// Title, explanation, advice.
type Said = (String, String, String);

impl Words<'_> {
    pub(crate) fn say(&self) -> Said {
        match (self.judgement.kind, &self.judgement.detail, self.signal) {
            (FindingKind::Deadlock, Detail::Lock(lock), signal) => self.deadlock(lock, signal),
            (FindingKind::Deadlock, Detail::Full, signal) => self.full(signal),
            (FindingKind::Crash, Detail::Death(death), Some(signal)) => self.crash(*death, signal),
            (FindingKind::Crash, Detail::Death(death), None) => self.crash_alone(*death),
            (FindingKind::Hang, _, Some(signal)) => self.hang(signal),
            (FindingKind::Hang, _, None) => self.hang_alone(),
            (FindingKind::LostWakeup, Detail::Children(children), _) => self.children(*children),
            (FindingKind::LostWakeup, Detail::Restarted(syscall), Some(signal)) => {
                self.unheard(syscall, signal)
            }
            (FindingKind::LostWakeup, Detail::Call(syscall), signal) => self.lost(syscall, signal),
            (kind, detail, signal) => self.after(
                kind,
                detail,
                &signal.map_or_else(|| "a signal".to_owned(), |signal| signal.to_string()),
            ),
        }
    }

    /// Kinds that take a signal, and are told in one sentence.
    fn after(&self, kind: FindingKind, detail: &Detail, signal: &str) -> Said {
        let role = &self.judgement.role;
        let where_ = self.place(&self.seen.interrupted);
        match (kind, detail) {
            (FindingKind::KilledByDefault, Detail::Death(death)) => (
                format!("{death} kills {role} before its handler is there"),
                format!(
                    "In this order of scheduling, {death} is sent to {role} before {role} has \
                     installed its handler, and the default action ends it. In another order \
                     the handler is there in time."
                ),
                "Install the handler, or block the signal, before fork(2): a child has its \
                 parent's handlers and signal mask."
                    .to_owned(),
            ),
            (FindingKind::KilledByDefault, Detail::Itself(death)) => (
                format!("{role} takes {signal} for {death}, and ends itself"),
                format!(
                    "{signal} comes while {role} is in {where_}. Then {role} sends {death} to itself and dies                      of it, though {signal} asks nobody to end."
                ),
                "EINTR says that some signal came, not which one. Let the handler note which, or                  go on waiting."
                    .to_owned(),
            ),
            (FindingKind::KilledByDefault, Detail::Unblocked) => (
                format!("{signal} kills {role} while it isn't blocked"),
                format!(
                    "{signal} comes while {role} is in {where_}. Before and after that {role} blocks it, \
                     and takes it when it waits for it; here it doesn't block it, and its action is \
                     the default."
                ),
                "Keep the signal blocked all the time: sigwait(3) and signalfd(2) take it while it is."
                    .to_owned(),
            ),
            (FindingKind::KilledByDefault, _) => (
                format!("{signal} kills {role} in a window without its handler"),
                format!(
                    "{signal} comes while {role} is in {where_}. Its disposition is the default at \
                     that moment, although the program handles it before and after."
                ),
                "Install the handler once, with sigaction(2) and without SA_RESETHAND: then there \
                 is no window."
                    .to_owned(),
            ),
            (FindingKind::OutputCorrupted, Detail::Words(damage)) => (
                format!("output is corrupted when {signal} comes"),
                format!("{signal} interrupts {role} in {where_}, and then {damage}."),
                "Write in the main program only, or one whole line at a time with write(2)."
                    .to_owned(),
            ),
            (FindingKind::UnsafeCall, Detail::Function(function)) => {
                self.unsafe_call(function, signal)
            }
            (FindingKind::ErrnoClobbered, Detail::Errno { before, after }) => (
                format!("the handler of {signal} changes errno"),
                format!(
                    "The handler of {signal} returns with errno {after}; it was {before} when it \
                     was called. {role} was in {where_}: whatever looks at errno there sees the \
                     handler's.{}",
                    self.others()
                ),
                "Save errno at the start of the handler, and put it back before it returns."
                    .to_owned(),
            ),
            (_, detail) => {
                let what = match detail {
                    Detail::Words(words) => format!(": {words}"),
                    _ => String::new(),
                };
                (
                    format!("{} when {signal} comes", self.judgement.cause),
                    format!("{signal} comes while {} is in {where_}{what}.", self.hit()),
                    general_advice(),
                )
            }
        }
    }

    fn crash(&self, death: Signal, signal: Signal) -> Said {
        let role = &self.judgement.role;
        let where_ = self.place(&self.seen.interrupted);
        let end = self.place(&self.seen.end);
        if !self.seen.ends_in_handler {
            let left = if self.seen.left_by_jump {
                "leaves by siglongjmp(3), so that what was interrupted stays half done"
            } else {
                "runs to its end"
            };
            return (
                format!("{role} crashes with {death} after {signal}"),
                format!(
                    "{signal} interrupts {role} in {where_}. Its handler {left}; then {role} dies \
                     of {death} in {end}: what the handler did, or left undone, doesn't fit what \
                     was being done there."
                ),
                if self.seen.left_by_jump {
                    NO_JUMP.to_owned()
                } else {
                    general_advice()
                },
            );
        }
        let handler = self.handler();
        if panics(&self.seen.end) {
            return (
                format!("the handler of {signal} panics, which aborts the program"),
                format!(
                    "{signal} interrupts {role} in {where_}. {handler} panics, and a panic \
                     can't leave an `extern \"C\"` function: the program aborts with {death}."
                ),
                instead_of("panic").to_owned(),
            );
        }
        match self.seen.call.as_deref().map(public_name) {
            Some(call) if call == "assert" || call == "abort" => (
                format!("the handler of {signal} aborts the program"),
                format!(
                    "{signal} interrupts {role} in {where_}. {handler} gets to {end}, and the \
                     program ends with {death}: what it finds is in the middle of a change, \
                     neither old nor new."
                ),
                if call == "assert" {
                    instead_of(&call).to_owned()
                } else {
                    general_advice()
                },
            ),
            Some(call) => (
                format!("{call} in the handler of {signal} crashes: {death}"),
                format!(
                    "{signal} interrupts {role} in {where_}, in the middle of a change. {handler} \
                     calls {call}; what that finds there is neither old nor new, and the program \
                     dies of {death}."
                ),
                self.advice(),
            ),
            None => (
                format!("the handler of {signal} crashes: {death}"),
                format!(
                    "{signal} interrupts {role} in {where_}. {handler} dies of {death} in {end}: \
                     what it uses isn't there yet, isn't there any more, or is in the middle of a \
                     change."
                ),
                general_advice(),
            ),
        }
    }

    fn crash_alone(&self, death: Signal) -> Said {
        let role = &self.judgement.role;
        (
            format!("{role} crashes with {death}{}", self.in_this_order()),
            format!(
                "{role} dies of {death} in {}; it takes no signal from outside.",
                self.place(&self.seen.end)
            ),
            "Look at this first: a debugger, or the compiler's -fsanitize=address,undefined, shows \
             what is wrong there."
                .to_owned(),
        )
    }

    fn hang(&self, signal: Signal) -> Said {
        let role = &self.judgement.role;
        let where_ = self.place(&self.seen.interrupted);
        let computes = self.computes();
        if self.seen.ends_in_handler {
            let handler = self.handler();
            return (
                format!("the handler of {signal} runs for ever"),
                format!(
                    "{signal} interrupts {role} in {where_}. {handler} {computes} without end: \
                     whatever it waits for, the code that it interrupted can't do it, as that \
                     doesn't go on before the handler returns."
                ),
                "A handler must not wait for what the code does that it interrupts: set a flag \
                 and return; or block the signal while it must not come."
                    .to_owned(),
            );
        }
        let hit = self.hit();
        let who = if hit == role { "it" } else { role.as_str() };
        let advice = if self.may_wait_for_flag() {
            FLAG.to_owned()
        } else {
            general_advice()
        };
        (
            format!("{role} runs for ever after {signal}"),
            format!(
                "{signal} comes while {hit} is in {where_}. From then on {who} {computes} without \
                 end, and makes no progress."
            ),
            advice,
        )
    }

    fn hang_alone(&self) -> Said {
        let role = &self.judgement.role;
        let mut advice = "Make sure that every loop ends, and that the program gets to where it \
                          handles signals."
            .to_owned();
        if self.may_wait_for_flag() {
            advice += " ";
            advice += FLAG;
        }
        (
            format!("{role} runs for ever{}", self.in_this_order()),
            format!(
                "{role} {} without end, without any signal from outside, and makes no progress.",
                self.computes()
            ),
            advice,
        )
    }

    /// `computes in spin (a.c:7)`.
    /// Who got the signal.
    fn hit(&self) -> &Role {
        self.seen.hit.as_ref().unwrap_or(&self.judgement.role)
    }

    fn computes(&self) -> String {
        let doing = match &self.seen.repeats {
            Some(syscall) => format!("repeats {syscall}"),
            None => "computes".to_owned(),
        };
        if self.seen.end.is_empty() {
            doing
        } else {
            format!("{doing} in {}", self.place(&self.seen.end))
        }
    }

    /// Whether it goes round in the program's own code, without a call.
    fn may_wait_for_flag(&self) -> bool {
        self.seen.repeats.is_none() && self.seen.call.is_none()
    }

    fn unsafe_call(&self, function: &UnsafeFunction, signal: &str) -> Said {
        let (outer, inner) = (function.called.as_str(), function.inner.as_deref());
        let both = function.to_string();
        let own =
            own_frame(&self.seen.handler, self.program).and_then(|frame| frame.function.as_deref());
        let name = self.seen.handler_name.as_deref();
        // What the compiler has put into the handler itself.
        let is_itself = Some(outer) == own || Some(outer) == name;
        let called = if is_itself {
            inner.unwrap_or(outer)
        } else {
            &both
        };
        if is_itself && inner.is_none() {
            return self.library_handler(outer, signal);
        }
        let does = if called.contains("panicking::") {
            "panics".to_owned()
        } else if is_itself && called.ends_with("dealloc") {
            format!("frees memory with {}", last_part(called))
        } else if is_itself && called.ends_with("alloc") {
            format!("allocates memory with {}", last_part(called))
        } else {
            format!("calls {}", public_name(called))
        };
        let why = if does == "panics" {
            ": a panic allocates, takes locks and prints, and it can't leave an `extern \"C\"` \
             function, so that the program aborts"
        } else if ["exit", "quick_exit"].contains(&outer) || outer.contains("process::exit") {
            ", which isn't async-signal-safe: it calls what atexit(3) was given, and writes out \
             and locks what is buffered, in the middle of whatever the signal interrupts"
        } else if does.starts_with("calls") {
            ", which isn't async-signal-safe: if the signal interrupts the same function, or one \
             that it shares data with, anything can happen, however often it goes well"
        } else {
            ", which isn't async-signal-safe: if the signal interrupts the allocator, anything can \
             happen, however often it goes well"
        };
        (
            format!("the handler of {signal} {does}"),
            format!("{} {does}{why}.{}", self.handler_of(signal), self.others()),
            instead_of(called).to_owned(),
        )
    }

    /// A handler that is a library's: what it calls isn't told apart.
    fn library_handler(&self, function: &str, signal: &str) -> Said {
        let of = self
            .seen
            .handler
            .last()
            .and_then(|frame| frame.module.as_deref())
            .map_or_else(
                || "one of a library's".to_owned(),
                |module| format!("one of {module}'s"),
            );
        (
            format!("the handler of {signal} is {of} functions"),
            format!(
                "{} is {of} functions, and isn't known to be async-signal-safe: if the signal \
                 interrupts what it uses, too, anything can happen, however often it goes well.{}",
                self.handler_of(signal),
                self.others()
            ),
            instead_of(function).to_owned(),
        )
    }

    /// `Its handler`, or by its name: `Its handler, h,`.
    fn handler(&self) -> String {
        match self.handler_name() {
            Some(name) => format!("Its handler, {name},"),
            None => "Its handler".to_owned(),
        }
    }

    /// The handler of a signal, at the start of a sentence.
    fn handler_of(&self, signal: &str) -> String {
        match self.handler_name() {
            Some(name) => format!("{name}, the handler of {signal},"),
            None => format!("The handler of {signal}"),
        }
    }

    /// From what the run says, or its outermost function, if that is the program's.
    fn handler_name(&self) -> Option<&str> {
        self.seen.handler_name.as_deref().or_else(|| {
            let last = self.seen.handler.last();
            own_frame(last.map(std::slice::from_ref)?, self.program)?
                .function
                .as_deref()
        })
    }

    /// That it was seen in other threads, too.
    fn others(&self) -> String {
        match self.roles.split_last() {
            Some((last, [])) if last != self.first => format!(" It does so in {last}."),
            Some((last, others)) if !others.is_empty() => {
                let others: Vec<&str> = others.iter().map(Role::as_str).collect();
                format!(" It does so in {} and {last}.", others.join(", "))
            }
            _ => String::new(),
        }
    }

    fn in_this_order(&self) -> &'static str {
        if self.seen.other_order {
            " in another order of scheduling"
        } else {
            ""
        }
    }

    fn place(&self, stack: &[Frame]) -> String {
        place(stack, self.program)
    }

    /// What to do instead of what the handler calls.
    fn advice(&self) -> String {
        self.seen
            .call
            .as_deref()
            .map_or_else(general_advice, |call| instead_of(call).to_owned())
    }
}

/// What to do about handlers that are left by a jump.
const NO_JUMP: &str = "Don't leave a handler by siglongjmp(3) while anything can be interrupted \
                       that holds a lock or is half done, as stdio and malloc are: set a flag and \
                       return, or block the signal everywhere but where a jump does no harm.";

/// What to do about a loop that may wait for a flag.
const FLAG: &str = "If it waits for a flag there that a handler sets: the flag has to be \
                    `volatile sig_atomic_t` or atomic, or the compiler need not look at it again; \
                    and sigsuspend(2) waits without a loop.";

/// Whether these are the frames of a panic in Rust.
fn panics(stack: &[Frame]) -> bool {
    stack.iter().any(|frame| {
        frame
            .function
            .as_deref()
            .is_some_and(|function| function.contains("panicking::panic"))
    })
}

/// `__rust_dealloc` of `__rustc::__rust_dealloc`.
fn last_part(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// What a library's function is called that has no name. Nothing in the program's own code.
fn nameless(stack: &[Frame], program: &str) -> Option<String> {
    stack
        .iter()
        .take_while(|frame| !is_own(frame, program))
        .filter_map(|frame| frame.module.as_deref())
        .find(|module| *module != program)
        .map(|module| format!("a function of {module}"))
}

fn general_advice() -> String {
    "Do less in the handler: set a flag, and do the work in the main program; or block the \
     signal while what the handler uses is being changed."
        .to_owned()
}
