//! Traces of any kind, and that they read back; texts that are nearly traces.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::TestRunner;

use crate::argument::tests::argument;
use crate::reach::tests::{function, outside, sent, target};
use crate::role::tests::any_role;
use crate::wait::tests::{set, signal, wait_for, wait_result};
use crate::{
    Action, BusyKind, Clock, DefaultAction, Directed, Disposition, Event, ForkHow, Frame,
    HandlerExit, HandlerFlags, Header, Injection, Kind, LimitKind, MaskHow, Moment, Outcome, Place,
    Policy, ProcessStatus, SigInfo, Stream, TRACE_SCHEMA, Time, Trace, Waiting,
};

/// What a program may have written, or a file be called.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,8}", any::<String>()]
}

fn time() -> impl Strategy<Value = Time> {
    any::<u64>().prop_map(Time::from_nanos)
}

fn maybe<T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(strategy)
}

fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(strategy, 0..3)
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let frame = (
        maybe(text()),
        maybe(text()),
        maybe(text()),
        maybe(any::<u32>()),
        any::<bool>(),
    );
    some(
        frame.prop_map(|(function, module, file, line, library)| Frame {
            function,
            module,
            file,
            line,
            library,
        }),
    )
}

fn info() -> impl Strategy<Value = SigInfo> {
    let numbers = (
        maybe(any::<i64>()),
        maybe(any::<i32>()),
        maybe(any::<i32>()),
    );
    (text(), maybe(any_role()), numbers).prop_map(|(code, pid, (value, status, overrun))| SigInfo {
        code,
        pid,
        value,
        status,
        overrun,
    })
}

fn status() -> impl Strategy<Value = ProcessStatus> {
    prop_oneof![
        any::<i32>().prop_map(ProcessStatus::Exited),
        signal().prop_map(ProcessStatus::Killed),
    ]
}

fn disposition() -> impl Strategy<Value = Disposition> {
    let flags = prop::array::uniform7(any::<bool>()).prop_map(
        |[
            restart,
            siginfo,
            nodefer,
            resethand,
            onstack,
            nocldstop,
            nocldwait,
        ]| HandlerFlags {
            restart,
            siginfo,
            nodefer,
            resethand,
            onstack,
            nocldstop,
            nocldwait,
        },
    );
    prop_oneof![
        Just(Disposition::Default),
        Just(Disposition::Ignore),
        (maybe(text()), flags, set()).prop_map(|(function, flags, mask)| Disposition::Handler {
            function,
            flags,
            mask,
        }),
    ]
}

fn default_action() -> impl Strategy<Value = DefaultAction> {
    use DefaultAction as D;
    select(vec![D::Terminate, D::Core, D::Ignore, D::Stop, D::Continue])
}

fn limit() -> impl Strategy<Value = LimitKind> {
    use LimitKind as L;
    select(vec![
        L::VirtualTime,
        L::RealTime,
        L::NoProgress,
        L::Output,
        L::Processes,
        L::Events,
        L::Cancelled,
        L::Linger,
        L::Unsupported,
    ])
}

fn waiting() -> impl Strategy<Value = Waiting> {
    let what = (any_role(), text(), wait_for(), maybe(set()));
    (what, frames(), maybe(signal()), frames()).prop_map(
        |((role, syscall, what, pending), stack, handler, interrupted)| Waiting {
            role,
            syscall,
            what,
            pending,
            stack,
            handler,
            interrupted,
        },
    )
}

/// `kind!(Fork { child: any_role(), how: ... })`: that kind, with any such fields.
macro_rules! kind {
    ($name:ident { $($field:ident: $strategy:expr),* $(,)? }) => {
        ($($strategy,)*).prop_map(|($($field,)*)| Kind::$name { $($field),* }).boxed()
    };
}

/// One strategy for each kind of event.
fn kinds() -> Vec<BoxedStrategy<Kind>> {
    let forks = [
        ForkHow::Fork,
        ForkHow::Vfork,
        ForkHow::Clone,
        ForkHow::Thread,
    ];
    let actions = [Action::Default, Action::Ignore, Action::Handler];
    let masks = [MaskHow::Block, MaskHow::Unblock, MaskHow::Set];
    let streams = [Stream::Stdout, Stream::Stderr, Stream::Terminal];
    let directed = [Directed::Process, Directed::Thread];
    let exits = [HandlerExit::Return, HandlerExit::Jump];
    let busy = [BusyKind::Polling, BusyKind::Spinning];
    vec![
        kind!(Spawn { program: text() }),
        kind!(Fork {
            child: any_role(),
            how: select(forks.to_vec())
        }),
        kind!(Exec { program: text() }),
        kind!(Exit { code: any::<i32>() }),
        kind!(Killed {
            signal: signal(),
            core: any::<bool>()
        }),
        Just(Kind::ThreadExit {}).boxed(),
        kind!(Orphaned {
            to: maybe(any_role())
        }),
        kind!(Reaped {
            child: any_role(),
            status: status()
        }),
        Just(Kind::ReapedByKernel {}).boxed(),
        kind!(LeftZombie {
            to: maybe(any_role())
        }),
        kind!(Generated {
            signal: signal(),
            from: any_role(),
            directed: select(directed.to_vec()),
            info: info(),
        }),
        kind!(Merged {
            signal: signal(),
            from: any_role()
        }),
        kind!(BlockedPending { signal: signal() }),
        kind!(Delivered {
            signal: signal(),
            disposition: select(actions.to_vec()),
            info: info(),
        }),
        kind!(Accepted {
            signal: signal(),
            by: text(),
            info: info()
        }),
        kind!(HandlerEntered {
            signal: signal(),
            function: maybe(text()),
            depth: any::<usize>(),
        }),
        kind!(HandlerLeft {
            signal: signal(),
            how: select(exits.to_vec())
        }),
        kind!(DefaultAction {
            signal: signal(),
            action: default_action(),
            stack: frames(),
            interrupted: frames(),
        }),
        kind!(Stopped { signal: signal() }),
        Just(Kind::Continued {}).boxed(),
        kind!(DispositionChanged {
            signal: signal(),
            new: disposition()
        }),
        kind!(MaskChanged {
            how: select(masks.to_vec()),
            mask: set()
        }),
        kind!(WaitBegun {
            syscall: text(),
            what: wait_for(),
            until: maybe(time())
        }),
        kind!(WaitEnded {
            syscall: text(),
            result: wait_result()
        }),
        kind!(Restarted { syscall: text() }),
        kind!(Interrupted {
            syscall: text(),
            signal: signal()
        }),
        kind!(ClockAdvanced { from: time() }),
        kind!(Output {
            stream: select(streams.to_vec()),
            text: text()
        }),
        kind!(Input {
            text: text(),
            by_person: any::<bool>()
        }),
        kind!(Terminal {
            action: text(),
            by_person: any::<bool>()
        }),
        kind!(Denied {
            syscall: text(),
            what: outside(),
            signal: maybe(signal()),
            errno: text(),
        }),
        kind!(SendFailed {
            syscall: text(),
            target: target(),
            signal: sent(),
            errno: text(),
        }),
        kind!(CallFailed {
            syscall: text(),
            what: wait_for(),
            errno: text(),
            argument: maybe(argument()),
        }),
        kind!(BusyWaiting {
            how: select(busy.to_vec()),
            syscall: maybe(text()),
            stack: frames(),
        }),
        kind!(Injected {
            signal: signal(),
            stack: frames()
        }),
        kind!(Preempted { stack: frames() }),
        kind!(ErrnoChanged {
            signal: signal(),
            before: any::<i32>(),
            after: any::<i32>(),
            interrupted: frames(),
        }),
        kind!(UnsafeCall {
            signal: signal(),
            function: function(),
            stack: frames()
        }),
        kind!(Deadlock {
            waiting: some(waiting())
        }),
        kind!(Unsupported {
            syscall: text(),
            what: text()
        }),
        kind!(Chosen {
            among: some(any_role())
        }),
        kind!(Limit {
            limit: limit(),
            ended: some(any_role())
        }),
        kind!(ScriptUnfinished {
            step: any::<usize>(),
            what: text()
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let call = frames().prop_map(|frames| frames.into_iter().next().map(Box::new));
    let parts = (time(), maybe(any_role()), Union::new(kinds()), call);
    parts.prop_map(|(t, role, kind, call)| Event {
        t,
        role,
        kind,
        call,
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    let instruction = (text(), any::<u64>(), any::<u32>());
    let place = prop_oneof![
        Just(Place::Waiting),
        instruction.prop_map(|(module, address, hit)| Place::Instruction {
            module,
            address,
            hit,
        }),
    ];
    (any_role(), any::<u64>(), place).prop_map(|(role, calls, place)| Moment { role, calls, place })
}

fn header() -> impl Strategy<Value = Header> {
    let policy = prop_oneof![
        Just(Policy::InOrder),
        Just(Policy::NewestFirst),
        any::<u64>().prop_map(|seed| Policy::Random { seed }),
        some(any_role()).prop_map(|choices| Policy::Replay { choices }),
    ];
    let injection = (moment(), signal()).prop_map(|(moment, signal)| Injection { moment, signal });
    let clock = select(vec![Clock::Virtual, Clock::Real]);
    let run = (text(), some(text()), clock, policy, some(text()));
    (run, some(injection), some(moment()), any::<bool>()).prop_map(
        |((program, args, clock, policy, script), injections, preemptions, addresses_vary)| {
            Header {
                schema: TRACE_SCHEMA.to_owned(),
                program,
                args,
                clock,
                policy,
                script,
                injections,
                preemptions,
                addresses_vary,
            }
        },
    )
}

fn trace() -> impl Strategy<Value = Trace> {
    let outcome =
        (maybe(status()), any::<bool>(), maybe(limit())).prop_map(|(status, deadlock, limit)| {
            Outcome {
                status,
                deadlock,
                limit,
            }
        });
    (header(), prop::collection::vec(event(), 0..8), outcome).prop_map(
        |(header, events, outcome)| Trace {
            header,
            events,
            outcome,
        },
    )
}

/// A change of a text: at that place, so many characters make way for these.
fn change() -> impl Strategy<Value = (Index, usize, String)> {
    let pieces = [
        "", "\n", "\"", "{", "}", "[", "]", ",", ":", "null", "-1", "1e9", "\\u0000",
    ];
    let piece = prop_oneof![
        select(pieces.to_vec()).prop_map(str::to_owned),
        "[ -~]{0,3}",
        any::<String>(),
    ];
    (any::<Index>(), prop_oneof![0..4_usize, 0..200_usize], piece)
}

fn changed(text: &str, changes: Vec<(Index, usize, String)>) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, length, piece) in changes {
        let at = at.index(characters.len() + 1);
        let end = characters.len().min(at + length);
        characters.splice(at..end, piece.chars());
    }
    characters.into_iter().collect()
}

fn refused_or_written_back(text: &str) -> Result<(), TestCaseError> {
    if let Ok(trace) = Trace::from_jsonl(text) {
        let again = Trace::from_jsonl(&trace.to_jsonl());
        prop_assert_eq!(again.expect("it was just written"), trace);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_trace_reads_back(trace in trace()) {
        let text = trace.to_jsonl();
        let back = Trace::from_jsonl(&text).expect("a trace reads what it wrote");
        prop_assert_eq!(back.to_jsonl(), text);
        prop_assert_eq!(back, trace);
    }

    #[test]
    fn a_trace_that_somebody_changed_is_refused_or_written_back(
        trace in trace(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        refused_or_written_back(&changed(&trace.to_jsonl(), changes))?;
    }

    #[test]
    fn any_text_is_refused_or_written_back(lines in prop::collection::vec(any::<String>(), 0..5)) {
        refused_or_written_back(&lines.join("\n"))?;
    }
}

/// The reader itself says which kinds there are.
#[test]
fn there_is_a_strategy_for_each_kind_of_event() {
    let unknown = serde_json::from_str::<Kind>(r#"{"event":"?"}"#).expect_err("there is no `?`");
    let known = unknown.to_string();
    let known: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
    let mut runner = TestRunner::deterministic();
    let made: Vec<serde_json::Value> = kinds()
        .iter()
        .map(|kind| {
            let kind = kind
                .new_tree(&mut runner)
                .expect("nothing is filtered")
                .current();
            serde_json::to_value(kind).expect("it is an object")["event"].clone()
        })
        .collect();
    assert_eq!(made, known);
}
