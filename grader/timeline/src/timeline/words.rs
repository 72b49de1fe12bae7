//! What happened, in the words of signal(7).

use std::time::Duration;

use siglab_model::{
    Action, BadArgument, BusyKind, DefaultAction, Directed, Disposition, ForkHow, Frame,
    HandlerExit, LimitKind, MaskHow, ProcessStatus, Role, SendTarget, SentSignal, SigInfo, SigSet,
    Signal, Time, WaitFor, WaitResult, Waiting,
};

/// A moment without the few nanoseconds that reading clocks has taken before it: they would hide
/// what a reader looks for.
pub(super) fn without_readings(time: Time) -> Time {
    /// No program that people read the timeline of reads clocks more often at one instant.
    const READINGS: u64 = 100;
    let nanos = time.as_nanos();
    match nanos % 1_000 {
        1..READINGS => Time::from_nanos(nanos - nanos % 1_000),
        _ => time,
    }
}

/// A moment in milliseconds: three decimals, or six if it has that
/// many.
pub(crate) fn ms(time: Time) -> String {
    let time = without_readings(time);
    let nanos = time.as_nanos();
    if nanos.is_multiple_of(1_000) {
        ms_short(time)
    } else {
        format!("{}.{:06} ms", nanos / 1_000_000, nanos % 1_000_000)
    }
}

/// As [`ms`], with three decimals always.
pub(super) fn ms_short(time: Time) -> String {
    let nanos = time.as_nanos();
    format!("{}.{:03} ms", nanos / 1_000_000, nanos % 1_000_000 / 1_000)
}

/// A word of a command line, in quotes if a shell needs them.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+^".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Names, but not too many of them.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 6;
    let mut all: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if all.len() > SHOWN + 1 {
        let more = all.len() - SHOWN;
        all.truncate(SHOWN);
        all.push(format!("and {more} more"));
    }
    all.join(", ")
}

/// Who is the parent of an orphan from now on.
pub(super) fn adopted(to: Option<&Role>) -> String {
    to.map(|role| format!("; {role} adopts it"))
        .unwrap_or_default()
}

/// `1 line`, `2 lines`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

pub(super) fn is_sleep(syscall: &str) -> bool {
    matches!(syscall, "nanosleep" | "clock_nanosleep")
}

/// A wait that began at `t`: what for, and how long at most.
pub(super) fn wait_begun(t: Time, syscall: &str, what: &WaitFor, until: Option<Time>) -> String {
    let most = until.map(|until| seconds(until.since(t)));
    if is_sleep(syscall) {
        let most = most.map_or_else(String::new, |most| format!(" {most}"));
        return format!("sleeps{most} ({syscall})");
    }
    let most = most.map_or_else(String::new, |most| format!(", at most {most}"));
    match waited_for(what) {
        Some(what) => format!("waits for {what}{most} ({syscall})"),
        None => format!("waits in {syscall}{most}"),
    }
}

/// A duration in seconds: three decimals, or as many as it needs, up to six. What reading a clock
/// takes is left out.
fn seconds(duration: Duration) -> String {
    let micros = (duration.as_nanos() + 500) / 1_000;
    let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
    if part.is_multiple_of(1_000) {
        format!("{whole}.{:03} s", part / 1_000)
    } else {
        format!("{whole}.{part:06} s")
    }
}

/// What a thread waits for, as the object of a sentence.
fn waited_for(what: &WaitFor) -> Option<String> {
    let list = |fds: &[i32]| {
        let numbers: Vec<String> = fds.iter().map(ToString::to_string).collect();
        numbers.join(", ")
    };
    Some(match what {
        WaitFor::Unnamed => return None,
        WaitFor::AnySignal => "any signal".into(),
        WaitFor::AnySignalBut(set) => format!("any signal but {set}"),
        WaitFor::OneOf(set) => set.to_string(),
        WaitFor::AnyChild => "any child".into(),
        WaitFor::Child(role) => role.to_string(),
        WaitFor::ChildOfGroup => "any child of a process group".into(),
        WaitFor::Lock { lock, holder: None } => lock.to_string(),
        WaitFor::Lock {
            lock,
            holder: Some(holder),
        } => format!("{lock}, held by {holder}"),
        WaitFor::Descriptor { file, fd } => format!("{file} (fd {fd})"),
        WaitFor::Descriptors(fds) if fds.len() == 1 => format!("fd {}", list(fds)),
        WaitFor::Descriptors(fds) => format!("fds {}", list(fds)),
        WaitFor::VforkChild => "its child's exec or end".into(),
        WaitFor::Stopped(signal) => format!("SIGCONT, stopped by {signal}"),
        WaitFor::Other(text) => text.clone(),
    })
}

pub(super) fn wait_ended(syscall: &str, result: &WaitResult) -> String {
    match result {
        WaitResult::TimedOut | WaitResult::Returned(0) if is_sleep(syscall) => {
            format!("wakes up ({syscall})")
        }
        WaitResult::TimedOut => format!("{syscall} times out"),
        WaitResult::Interrupted => format!("{syscall} is interrupted"),
        WaitResult::Failed(errno) => format!("{syscall} fails with {errno}"),
        result => format!("{syscall} returns {result}"),
    }
}

/// A call that should have sent a signal.
pub(super) fn send_failed(
    syscall: &str,
    target: &SendTarget,
    signal: &SentSignal,
    errno: &str,
) -> String {
    if let (SendTarget::Pid(number), SentSignal::PidOf(_)) = (target, signal)
        && let Some(meant) = Signal::new(*number)
    {
        return format!(
            "{syscall} fails: {errno} (pid and signal are swapped: the pid is {number}, {meant}; the \
             signal is {signal})"
        );
    }
    format!("{syscall} {signal} to {target} fails with {errno}")
}

/// A call that failed at once, and why.
pub(super) fn call_failed(
    syscall: &str,
    what: &WaitFor,
    errno: &str,
    argument: Option<&BadArgument>,
) -> String {
    let why = match (argument, what) {
        (Some(argument), _) => Some(format!("{argument}; valid: {}", argument.rule())),
        (None, _) if errno == "EAGAIN" => Some("none is there, and it has no time to wait".into()),
        (None, WaitFor::AnyChild) if errno == "ECHILD" => Some("it has no child left".into()),
        (None, WaitFor::ChildOfGroup) if errno == "ECHILD" => {
            Some("it has no child in this process group".into())
        }
        (None, WaitFor::Child(role)) if errno == "ECHILD" => Some(format!(
            "{role} isn't a child of it, or was waited for before"
        )),
        (None, what) => waited_for(what).map(|what| format!("it was to wait for {what}")),
    };
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    format!("{syscall} fails: {errno}{why}")
}

pub(super) fn disposition(signal: Signal, new: &Disposition, verbose: bool) -> String {
    match new {
        Disposition::Default => format!("sets {signal} to its default action ({})", action(signal)),
        Disposition::Ignore => format!("ignores {signal} from now on"),
        Disposition::Handler { flags, mask, .. } => {
            let mut notes = vec![];
            let flags = flags.to_string();
            if !flags.is_empty() {
                notes.push(flags);
            }
            if verbose && !mask.is_empty() {
                notes.push(format!("blocks {mask} while it runs"));
            }
            let notes = if notes.is_empty() {
                String::new()
            } else {
                format!(" ({})", notes.join(", "))
            };
            format!("handles {signal} with {new}{notes}")
        }
    }
}

fn action(signal: Signal) -> &'static str {
    match signal.default_action() {
        DefaultAction::Terminate => "terminate",
        DefaultAction::Core => "terminate, dump core",
        DefaultAction::Ignore => "ignore",
        DefaultAction::Stop => "stop",
        DefaultAction::Continue => "continue",
    }
}

pub(super) fn mask_changed(how: MaskHow, before: SigSet, mask: SigSet) -> String {
    let (added, removed) = (mask.difference(before), before.difference(mask));
    let plain = |set: SigSet| {
        let names: Vec<_> = set.iter().map(|signal| signal.to_string()).collect();
        match names.len() {
            60.. => "every signal".to_owned(),
            9.. => set.to_string(),
            _ => names.join(" "),
        }
    };
    let now = match mask.bits().count_ones() {
        0 => " (nothing is blocked)".to_owned(),
        60.. => String::new(),
        _ => format!(" (mask {mask})"),
    };
    let change = match (added.is_empty(), removed.is_empty()) {
        (false, true) => format!("blocks {}", plain(added)),
        (true, false) if removed.bits().count_ones() >= 60 && !mask.is_empty() => {
            "unblocks every other signal".into()
        }
        (true, false) => format!("unblocks {}", plain(removed)),
        (false, false) => format!("blocks {} and unblocks {}", plain(added), plain(removed)),
        (true, true) => match how {
            MaskHow::Block => "blocks what is blocked already".into(),
            MaskHow::Unblock => "unblocks what isn't blocked".into(),
            MaskHow::Set => "sets its signal mask to what it is".into(),
        },
    };
    format!("{change}{now}")
}

pub(super) fn fork(child: &str, how: ForkHow) -> String {
    match how {
        ForkHow::Fork => format!("forks {child}"),
        ForkHow::Vfork => format!("makes a process, {child} (vfork)"),
        ForkHow::Clone => format!("makes a process, {child} (clone)"),
        ForkHow::Thread => format!("starts a thread, {child}"),
    }
}

pub(crate) fn status(status: ProcessStatus) -> String {
    match status {
        ProcessStatus::Exited(code) => format!("exited with {code}"),
        ProcessStatus::Killed(signal) => format!("was killed by {signal}"),
    }
}

/// What a receiver can read about a signal besides its number and sender.
pub(super) fn about(signal: Signal, directed: Option<Directed>, info: &SigInfo) -> String {
    let mut notes = Vec::new();
    if signal == Signal::CHLD && info.code.starts_with("CLD_") {
        notes.push(child_status(info));
    } else if let Some(value) = info.value {
        notes.push(format!("value {value}"));
    }
    if let Some(overrun) = info.overrun {
        notes.push(format!("overrun {overrun}"));
    }
    if directed == Some(Directed::Thread) && info.code != "SI_KERNEL" {
        notes.push("for this thread only".into());
    }
    if notes.is_empty() {
        String::new()
    } else {
        format!(" ({})", notes.join(", "))
    }
}

fn child_status(info: &SigInfo) -> String {
    let child = info.pid.as_ref().map_or("a child", |role| role.as_str());
    let number = info.status.unwrap_or_default();
    let name = || Signal::new(number).map_or_else(|| number.to_string(), |s| s.to_string());
    match info.code.as_str() {
        "CLD_EXITED" => format!("{child} exited with {number}"),
        "CLD_KILLED" => format!("{child} was killed by {}", name()),
        "CLD_DUMPED" => format!("{child} was killed by {} and dumped core", name()),
        "CLD_STOPPED" => format!("{child} was stopped by {}", name()),
        "CLD_CONTINUED" => format!("{child} was continued"),
        "CLD_TRAPPED" => format!("{child} was trapped"),
        code => format!("{child}: {code}"),
    }
}

pub(super) fn delivered(disposition: Action) -> &'static str {
    match disposition {
        Action::Default => "delivered: default action",
        Action::Ignore => "delivered: ignored",
        Action::Handler => "delivered: caught",
    }
}

pub(super) fn default_action(action: DefaultAction) -> &'static str {
    match action {
        DefaultAction::Terminate => "default action: terminate",
        DefaultAction::Core => "default action: terminate and dump core",
        DefaultAction::Ignore => "default action: ignore",
        DefaultAction::Stop => "default action: stop",
        DefaultAction::Continue => "default action: continue",
    }
}

pub(super) fn handler_left(name: &str, how: HandlerExit) -> String {
    match how {
        HandlerExit::Return => format!("{name} returns"),
        HandlerExit::Jump => format!("{name} is left by a jump (siglongjmp or alike)"),
    }
}

pub(super) fn busy(how: BusyKind, syscall: Option<&str>) -> String {
    match (how, syscall) {
        (BusyKind::Polling, Some(syscall)) => {
            format!("BUSY WAITING: calls {syscall} again and again instead of waiting")
        }
        (BusyKind::Polling, None) => "BUSY WAITING: asks again and again instead of waiting".into(),
        (BusyKind::Spinning, _) => "BUSY WAITING: computes without end instead of waiting".into(),
    }
}

/// What a limit means for the run.
pub(crate) fn limit(limit: LimitKind) -> &'static str {
    match limit {
        LimitKind::VirtualTime => "the limit of virtual time was reached",
        LimitKind::RealTime => "the limit of real time was reached",
        LimitKind::NoProgress => {
            "it goes round and round in a loop, and nothing is left that could end it"
        }
        LimitKind::Output => "it wrote more than a run may write",
        LimitKind::Processes => "it made more processes and threads than a run may have",
        LimitKind::Events => "more happened than a trace may hold",
        LimitKind::Cancelled => "siglab was asked to stop",
        LimitKind::Linger => "its first process had ended long before",
        LimitKind::Unsupported => "siglab can't control what it does from here on",
    }
}

/// One line for each frame: `function  file:line` or `function  (module)`.
pub(super) fn stack(frames: &[Frame]) -> Vec<String> {
    let mut lines: Vec<String> = frames.iter().take(12).map(frame).collect();
    if frames.len() > 12 {
        lines.push(format!(
            "... {}",
            count(frames.len() - 12, "more call", "more calls")
        ));
    }
    lines
}

fn frame(frame: &Frame) -> String {
    let function = frame.function.as_deref().unwrap_or("?");
    match (&frame.file, frame.line, &frame.module) {
        (Some(file), Some(line), _) => format!("{function}  {file}:{line}"),
        (Some(file), None, _) => format!("{function}  {file}"),
        (None, _, Some(module)) => format!("{function}  ({module})"),
        (None, _, None) => function.to_owned(),
    }
}

/// Where a call was made: `terminator.c:95`.
pub(super) fn place(call: &Frame) -> Option<String> {
    Some(format!("{}:{}", call.file.as_ref()?, call.line?))
}

/// Who waits for what, and where: the proof of a deadlock.
pub(super) fn deadlock(waiting: &[Waiting]) -> Vec<String> {
    waiting.iter().flat_map(deadlocked).collect()
}

/// The same, in a line for each thread.
pub(super) fn deadlock_in_short(waiting: &[Waiting]) -> Vec<String> {
    let told = |thread| {
        let text = deadlocked_thread(thread);
        let frames = [&thread.interrupted, &thread.stack];
        let mut frames = frames.into_iter().flatten().filter(|frame| !frame.library);
        match frames.find_map(place) {
            Some(place) => format!("{text}  {place}"),
            None => text,
        }
    };
    waiting.iter().map(told).collect()
}

fn deadlocked_thread(thread: &Waiting) -> String {
    let role = &thread.role;
    let mut first = match &thread.what {
        WaitFor::Stopped(_) => format!("{role} is stopped, and nothing will continue it"),
        what => format!(
            "{role} {}",
            wait_begun(Time::ZERO, &thread.syscall, what, None)
        ),
    };
    if let Some(signal) = thread.handler {
        first += &format!(", in its handler for {signal}");
    }
    if let Some(pending) = thread.pending.filter(|set| !set.is_empty()) {
        first += &format!("; pending and blocked: {pending}");
    }
    first
}

fn deadlocked(thread: &Waiting) -> Vec<String> {
    let (inner, outer) = if thread.handler.is_some() {
        ("the handler:", "interrupted:")
    } else {
        ("stack:", "interrupted:")
    };
    let mut lines = vec![deadlocked_thread(thread)];
    for (title, frames) in [(inner, &thread.stack), (outer, &thread.interrupted)] {
        lines.extend(
            stack(frames).into_iter().enumerate().map(|(index, frame)| {
                format!("  {:<13}{frame}", if index == 0 { title } else { "" })
            }),
        );
    }
    lines
}
