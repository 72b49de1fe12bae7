//! The rules, one test each.

use crate::disposition::HandlerFlags;
use crate::{MaskHow, ProcessStatus, SigSet, Signal};

use super::{
    Action, Code, Delivery, Errno, Generated, Happened, Info, Kernel, Life, Reaction, Report,
    Target, ThreadId, WaitFor,
};

fn set(signals: &[Signal]) -> SigSet {
    signals.iter().copied().collect()
}

fn realtime(offset: i32) -> Signal {
    Signal::new(34 + offset).expect("a real-time signal")
}

/// A kernel whose first thread catches these signals.
fn catching(signals: &[Signal]) -> (Kernel, ThreadId) {
    let mut kernel = Kernel::new();
    let main = kernel.first_thread();
    for signal in signals {
        let action = Action::handler(SigSet::EMPTY);
        kernel
            .set_action(main, *signal, action)
            .expect("it can be caught");
    }
    (kernel, main)
}

/// What `thread` does with all that it can take.
fn deliver_all(kernel: &mut Kernel, thread: ThreadId) -> Vec<Delivery> {
    std::iter::from_fn(|| kernel.deliver(thread)).collect()
}

/// The signals whose handlers are active, in the order in which they were set up.
fn handled(kernel: &Kernel, thread: ThreadId) -> Vec<Signal> {
    let frames = kernel.thread(thread).frames().iter();
    frames.map(|frame| frame.signal).collect()
}

/// What became of the signals that were generated.
fn generated(kernel: &mut Kernel) -> Vec<(Signal, Generated)> {
    let happened = kernel.happened().into_iter();
    happened
        .filter_map(|event| match event {
            Happened::Generated { signal, how, .. } => Some((signal, how)),
            _ => None,
        })
        .collect()
}

#[test]
fn standard_signals_merge_and_real_time_signals_queue() {
    let (mut kernel, main) = catching(&[Signal::USR1, realtime(0)]);
    let process = kernel.process_of(main);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1, realtime(0)]));
    for value in 0..3 {
        for signal in [Signal::USR1, realtime(0)] {
            let sent = kernel.sigqueue(main, process, signal, value);
            sent.expect("there is room");
        }
    }
    kernel.set_mask(main, MaskHow::Set, SigSet::EMPTY);
    let mut values = Vec::new();
    while let Some(delivery) = kernel.deliver(main) {
        if let Delivery::Handler { signal, info, .. } = delivery {
            values.push((signal, info.value));
            kernel.sigreturn(main);
        }
    }
    let expected = [
        (Signal::USR1, 0),
        (realtime(0), 0),
        (realtime(0), 1),
        (realtime(0), 2),
    ];
    assert_eq!(values, expected);
}

/// A thread's own come first, and the handler that is set up last runs first.
#[test]
fn private_signals_are_delivered_before_shared_ones() {
    let (mut kernel, main) = catching(&[Signal::USR1, Signal::TERM]);
    let process = kernel.process_of(main);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1, Signal::TERM]));
    kernel
        .kill(main, process, Some(Signal::USR1))
        .expect("it exists");
    kernel.raise(main, Signal::TERM).expect("it exists");
    kernel.set_mask(main, MaskHow::Set, SigSet::EMPTY);
    deliver_all(&mut kernel, main);
    assert_eq!(handled(&kernel, main), [Signal::TERM, Signal::USR1]);
}

#[test]
fn a_full_queue_refuses_values_and_forgets_senders() {
    let (mut kernel, main) = catching(&[]);
    let process = kernel.process_of(main);
    kernel.set_queue_limit(process, 1);
    let all = set(&[Signal::USR1, Signal::USR2, realtime(0), realtime(1)]);
    kernel.set_mask(main, MaskHow::Set, all);
    assert_eq!(kernel.sigqueue(main, process, realtime(0), 1), Ok(()));
    assert_eq!(
        kernel.sigqueue(main, process, realtime(1), 2),
        Err(Errno::Eagain)
    );
    // kill(2) never fails for that.
    assert_eq!(kernel.kill(main, process, Some(realtime(1))), Ok(()));
    assert_eq!(kernel.sigqueue(main, process, Signal::USR1, 3), Ok(()));
    assert_eq!(kernel.kill(main, process, Some(Signal::USR2)), Ok(()));
    let mut codes = Vec::new();
    while let Some(instance) = kernel.accept(main, all) {
        codes.push((instance.signal, instance.info.pid.is_some()));
    }
    let expected = [
        (Signal::USR1, false),
        (Signal::USR2, true),
        (realtime(0), true),
        (realtime(1), false),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn ignored_signals_are_thrown_away_unless_blocked() {
    let (mut kernel, main) = catching(&[]);
    for signal in [Signal::CHLD, Signal::WINCH, Signal::CONT] {
        kernel.raise(main, signal).expect("it exists");
        assert_eq!(generated(&mut kernel), [(signal, Generated::Discarded)]);
    }
    kernel.set_mask(main, MaskHow::Block, set(&[Signal::WINCH]));
    kernel.raise(main, Signal::WINCH).expect("it exists");
    assert_eq!(kernel.sigpending(main), set(&[Signal::WINCH]));
    kernel.set_mask(main, MaskHow::Set, SigSet::EMPTY);
    let ignored = Delivery::Ignored {
        signal: Signal::WINCH,
    };
    assert_eq!(deliver_all(&mut kernel, main), [ignored]);
}

#[test]
fn ignoring_a_signal_throws_away_what_is_pending() {
    let (mut kernel, main) = catching(&[]);
    let process = kernel.process_of(main);
    let other = kernel.new_thread(main);
    for thread in [main, other] {
        kernel.set_mask(thread, MaskHow::Set, set(&[Signal::USR1]));
        kernel.raise(thread, Signal::USR1).expect("it exists");
    }
    kernel
        .kill(main, process, Some(Signal::USR1))
        .expect("it exists");
    kernel
        .set_action(main, Signal::USR1, Action::ignore())
        .expect("it can be ignored");
    assert!(kernel.all_pending(process).is_empty());
}

#[test]
fn kill_and_stop_cannot_be_changed_or_blocked() {
    let (mut kernel, main) = catching(&[]);
    for signal in [Signal::KILL, Signal::STOP] {
        let result = kernel.set_action(main, signal, Action::ignore());
        assert_eq!(result, Err(Errno::Einval));
    }
    kernel.set_mask(main, MaskHow::Set, SigSet::from_bits(u64::MAX));
    assert!(!kernel.thread(main).blocked().contains(Signal::KILL));
    assert!(!kernel.thread(main).blocked().contains(Signal::STOP));
}

#[test]
fn a_handlers_mask() {
    for nodefer in [false, true] {
        let (mut kernel, main) = catching(&[]);
        let mut action = Action::handler(set(&[Signal::TERM, Signal::KILL]));
        action.flags.nodefer = nodefer;
        kernel
            .set_action(main, Signal::USR1, action)
            .expect("it can be caught");
        kernel.set_mask(main, MaskHow::Set, set(&[Signal::HUP]));
        kernel.raise(main, Signal::USR1).expect("it exists");
        deliver_all(&mut kernel, main);
        let mut expected = set(&[Signal::HUP, Signal::TERM]);
        if !nodefer {
            expected.insert(Signal::USR1);
        }
        assert_eq!(kernel.thread(main).blocked(), expected);
        kernel.sigreturn(main);
        assert_eq!(kernel.thread(main).blocked(), set(&[Signal::HUP]));
    }
}

#[test]
fn resethand_resets_when_the_handler_starts() {
    let (mut kernel, main) = catching(&[]);
    let mut action = Action::handler(SigSet::EMPTY);
    action.flags = HandlerFlags {
        resethand: true,
        ..HandlerFlags::default()
    };
    kernel
        .set_action(main, Signal::USR1, action)
        .expect("it can be caught");
    kernel.raise(main, Signal::USR1).expect("it exists");
    deliver_all(&mut kernel, main);
    let process = kernel.process_of(main);
    assert_eq!(
        kernel.action(process, Signal::USR1).reaction,
        Reaction::Default
    );
    assert!(kernel.action(process, Signal::USR1).flags.resethand);
}

#[test]
fn sigsuspend_lasts_until_a_handler_has_run() {
    let (mut kernel, main) = catching(&[Signal::USR1]);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1, Signal::HUP]));
    kernel.raise(main, Signal::USR1).expect("it exists");
    kernel.begin_sigsuspend(main, set(&[Signal::TERM]));
    deliver_all(&mut kernel, main);
    // In the handler, what sigsuspend blocks counts; afterwards, what was blocked before it.
    assert_eq!(
        kernel.thread(main).blocked(),
        set(&[Signal::USR1, Signal::TERM])
    );
    kernel.sigreturn(main);
    assert_eq!(
        kernel.thread(main).blocked(),
        set(&[Signal::USR1, Signal::HUP])
    );
}

/// What sigsuspend alone blocks gets through when it begins again.
#[test]
fn sigsuspend_begins_again_after_an_ignored_signal() {
    let (mut kernel, main) = catching(&[Signal::USR1]);
    let suspended = set(&[Signal::USR1]);
    kernel.begin_sigsuspend(main, suspended);
    kernel.raise(main, Signal::USR1).expect("it exists");
    kernel.raise(main, Signal::TSTP).expect("it exists");
    let ignored = Delivery::Ignored {
        signal: Signal::TSTP,
    };
    assert_eq!(deliver_all(&mut kernel, main), [ignored]);
    kernel.restart_sigsuspend(main);
    deliver_all(&mut kernel, main);
    assert_eq!(handled(&kernel, main), [Signal::USR1]);
    kernel.sigreturn(main);
    assert_eq!(kernel.thread(main).blocked(), SigSet::EMPTY);
}

#[test]
fn the_first_thread_takes_a_signal_of_the_process_if_it_can() {
    let (mut kernel, main) = catching(&[Signal::USR1]);
    let process = kernel.process_of(main);
    let threads = [kernel.new_thread(main), kernel.new_thread(main)];
    let taker = |kernel: &mut Kernel| {
        kernel
            .kill(main, process, Some(Signal::USR1))
            .expect("it exists");
        let [(_, Generated::Pending(Some(taker)))] = generated(kernel)[..] else {
            panic!("somebody takes it");
        };
        deliver_all(kernel, taker);
        kernel.sigreturn(taker);
        taker
    };
    assert_eq!(taker(&mut kernel), main);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1]));
    // The search begins at the thread that took one last, which is the first that can.
    assert_eq!(taker(&mut kernel), threads[0]);
    assert_eq!(taker(&mut kernel), threads[0]);
    kernel.set_mask(threads[0], MaskHow::Set, set(&[Signal::USR1]));
    assert_eq!(taker(&mut kernel), threads[1]);
    kernel.set_mask(threads[0], MaskHow::Set, SigSet::EMPTY);
    assert_eq!(taker(&mut kernel), threads[1]);
}

#[test]
fn a_fatal_signal_ends_the_process_when_it_is_generated() {
    let (mut kernel, main) = catching(&[]);
    let child = kernel.fork(main);
    kernel
        .kill(main, child, Some(Signal::TERM))
        .expect("it exists");
    let killed = ProcessStatus::Killed(Signal::TERM);
    assert_eq!(kernel.process(child).life(), Life::Zombie(killed));
    // A zombie exists until it is waited for.
    assert_eq!(kernel.kill(main, child, Some(Signal::TERM)), Ok(()));
    let report = kernel.wait(main, child, WaitFor::default());
    assert_eq!(report, Ok(Some(Report::Ended(killed))));
    assert_eq!(kernel.kill(main, child, None), Err(Errno::Esrch));
}

/// sigwait(3) for a signal that isn't blocked: what terminates does so, but for what dumps
/// core, which isn't decided when it is generated.
#[test]
fn waiting_for_what_is_not_blocked() {
    for (signal, ends) in [(Signal::TERM, true), (Signal::QUIT, false)] {
        for blocks in [false, true] {
            let (mut kernel, main) = catching(&[]);
            let child = kernel.fork(main);
            let thread = kernel.process(child).leader();
            let awaited = set(&[signal]);
            if blocks {
                kernel.set_mask(thread, MaskHow::Set, awaited);
            }
            kernel.begin_sigtimedwait(thread, awaited);
            kernel.kill(main, child, Some(signal)).expect("it exists");
            assert_eq!(kernel.process(child).is_alive(), blocks || !ends);
            if kernel.process(child).is_alive() {
                let taken = kernel.end_sigtimedwait(thread, awaited);
                assert_eq!(taken.map(|instance| instance.signal), Some(signal));
            }
        }
    }
}

#[test]
fn stop_signals_and_sigcont_discard_each_other() {
    let (mut kernel, main) = catching(&[Signal::CONT]);
    let all = set(&[Signal::TSTP, Signal::TTIN, Signal::CONT]);
    kernel.set_mask(main, MaskHow::Set, all);
    kernel.raise(main, Signal::TSTP).expect("it exists");
    kernel.raise(main, Signal::TTIN).expect("it exists");
    kernel.raise(main, Signal::CONT).expect("it exists");
    assert_eq!(kernel.sigpending(main), set(&[Signal::CONT]));
    kernel.raise(main, Signal::TSTP).expect("it exists");
    assert_eq!(kernel.sigpending(main), set(&[Signal::TSTP]));
}

#[test]
fn stop_and_continue_tell_the_parent() {
    let (mut kernel, main) = catching(&[]);
    let child = kernel.fork(main);
    let thread = kernel.process(child).leader();
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::CHLD]));
    kernel
        .kill(main, child, Some(Signal::STOP))
        .expect("it exists");
    deliver_all(&mut kernel, thread);
    assert_eq!(kernel.process(child).life(), Life::Stopped(Signal::STOP));
    let both = WaitFor {
        stopped: true,
        continued: true,
    };
    let told = kernel
        .accept(main, set(&[Signal::CHLD]))
        .map(|told| told.info);
    assert_eq!(
        told.map(|info| (info.code, info.status)),
        Some((Code::Stopped, 19))
    );
    let report = kernel.wait(main, child, both);
    assert_eq!(report, Ok(Some(Report::Stopped(Signal::STOP))));
    assert_eq!(kernel.wait(main, child, both), Ok(None));
    // A stopped process takes no signal but SIGKILL, and goes on even if it blocks SIGCONT.
    kernel
        .set_action(main, Signal::CHLD, Action::ignore())
        .expect("it can be ignored");
    kernel.set_mask(thread, MaskHow::Set, set(&[Signal::CONT]));
    kernel
        .kill(main, child, Some(Signal::HUP))
        .expect("it exists");
    assert_eq!(kernel.deliver(thread), None);
    kernel
        .kill(main, child, Some(Signal::CONT))
        .expect("it exists");
    assert_eq!(kernel.process(child).life(), Life::Running);
    assert_eq!(kernel.accept(main, set(&[Signal::CHLD])), None);
    assert_eq!(kernel.wait(main, child, both), Ok(Some(Report::Continued)));
    let terminated = Delivery::Terminated {
        signal: Signal::HUP,
    };
    assert_eq!(deliver_all(&mut kernel, thread), [terminated]);
}

#[test]
fn an_orphaned_process_group_does_not_stop_for_terminals() {
    let (mut kernel, main) = catching(&[]);
    let child = kernel.fork(main);
    let thread = kernel.process(child).leader();
    kernel
        .kill(main, child, Some(Signal::TSTP))
        .expect("it exists");
    deliver_all(&mut kernel, thread);
    assert_eq!(kernel.process(child).life(), Life::Running);
    kernel.lead_group(child);
    kernel
        .kill(main, child, Some(Signal::TSTP))
        .expect("it exists");
    deliver_all(&mut kernel, thread);
    assert_eq!(kernel.process(child).life(), Life::Stopped(Signal::TSTP));
}

#[test]
fn children_inherit_mask_and_dispositions_but_nothing_pending() {
    let (mut kernel, main) = catching(&[Signal::USR1]);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1]));
    kernel.raise(main, Signal::USR1).expect("it exists");
    let process = kernel.process_of(main);
    let child = kernel.fork(main);
    let thread = kernel.new_thread(main);
    for heir in [kernel.process(child).leader(), thread] {
        assert_eq!(kernel.thread(heir).blocked(), set(&[Signal::USR1]));
        assert!(kernel.thread(heir).pending().set().is_empty());
    }
    assert_eq!(
        kernel.action(child, Signal::USR1),
        kernel.action(process, Signal::USR1)
    );
}

#[test]
fn exec_keeps_what_is_ignored_blocked_and_pending() {
    let (mut kernel, main) = catching(&[Signal::USR1]);
    let process = kernel.process_of(main);
    kernel
        .set_action(main, Signal::HUP, Action::ignore())
        .expect("it can be ignored");
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1]));
    kernel.raise(main, Signal::USR1).expect("it exists");
    kernel.exec(main);
    assert_eq!(*kernel.action(process, Signal::USR1), Action::default());
    assert_eq!(*kernel.action(process, Signal::HUP), Action::ignore());
    assert_eq!(kernel.thread(main).blocked(), set(&[Signal::USR1]));
    assert_eq!(kernel.sigpending(main), set(&[Signal::USR1]));
}

#[test]
fn what_a_parent_does_with_sigchld_decides_what_becomes_of_zombies() {
    let nocldwait = Action {
        flags: HandlerFlags {
            nocldwait: true,
            ..HandlerFlags::default()
        },
        ..Action::handler(SigSet::EMPTY)
    };
    for (action, is_gone, is_told) in [
        (Action::default(), false, true),
        (Action::ignore(), true, false),
        (nocldwait, true, true),
    ] {
        let (mut kernel, main) = catching(&[]);
        kernel
            .set_action(main, Signal::CHLD, action)
            .expect("it can be caught");
        kernel.set_mask(main, MaskHow::Set, set(&[Signal::CHLD]));
        let child = kernel.fork(main);
        kernel.exit(kernel.process(child).leader(), 7);
        let status = ProcessStatus::Exited(7);
        let life = if is_gone {
            Life::Gone(status)
        } else {
            Life::Zombie(status)
        };
        assert_eq!(kernel.process(child).life(), life);
        let told = kernel.accept(main, set(&[Signal::CHLD]));
        assert_eq!(told.is_some(), is_told);
    }
}

/// SIGCHLD is for the process, but the thread that made the child is the first to take it.
#[test]
fn the_thread_that_made_a_child_takes_its_sigchld() {
    let (mut kernel, main) = catching(&[Signal::CHLD]);
    let thread = kernel.new_thread(main);
    let child = kernel.fork(thread);
    kernel.exit(kernel.process(child).leader(), 0);
    assert_eq!(
        generated(&mut kernel),
        [(Signal::CHLD, Generated::Pending(Some(thread)))]
    );
    let child = kernel.fork(thread);
    kernel.exit_thread(thread);
    assert_eq!(kernel.process(child).parent(), Some(main));
}

#[test]
fn a_thread_that_ends_takes_its_own_signals_along() {
    let (mut kernel, main) = catching(&[]);
    let process = kernel.process_of(main);
    let thread = kernel.new_thread(main);
    kernel.set_mask(thread, MaskHow::Set, set(&[Signal::USR1, Signal::USR2]));
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::USR1, Signal::USR2]));
    kernel.raise(thread, Signal::USR1).expect("it exists");
    kernel
        .kill(thread, process, Some(Signal::USR2))
        .expect("it exists");
    kernel.exit_thread(thread);
    assert_eq!(kernel.sigpending(main), set(&[Signal::USR2]));
    assert_eq!(kernel.tgkill(main, thread, Signal::USR1), Err(Errno::Esrch));
}

#[test]
fn faults_come_first() {
    let (mut kernel, main) = catching(&[Signal::HUP, Signal::SEGV]);
    kernel.set_mask(main, MaskHow::Set, set(&[Signal::HUP]));
    kernel.raise(main, Signal::HUP).expect("it exists");
    kernel.set_mask(main, MaskHow::Set, SigSet::EMPTY);
    let fault = Info::new(Code::Fault, None);
    kernel
        .generate(Target::Thread(main), Signal::SEGV, fault)
        .expect("there is room");
    deliver_all(&mut kernel, main);
    assert_eq!(handled(&kernel, main), [Signal::SEGV, Signal::HUP]);
}
