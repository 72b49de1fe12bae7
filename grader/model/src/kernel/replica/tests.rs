use std::slice::from_ref;

use super::*;
use crate::{HandlerFlags, SigInfo, Time};

fn event(kind: Kind) -> Event {
    Event {
        t: Time::ZERO,
        role: Some(Role::main()),
        kind,
        call: None,
    }
}

fn sent(signal: Signal) -> Event {
    event(Kind::Generated {
        signal,
        from: Role::new(Role::SCRIPT),
        directed: Directed::Process,
        info: SigInfo {
            code: "SI_USER".to_owned(),
            ..SigInfo::default()
        },
    })
}

fn merged(signal: Signal) -> Event {
    event(Kind::Merged {
        signal,
        from: Role::new(Role::SCRIPT),
    })
}

fn masked(signals: &[Signal]) -> Event {
    let mask = signals.iter().copied().collect();
    event(Kind::MaskChanged {
        how: MaskHow::Set,
        mask,
    })
}

fn delivered(signal: Signal, disposition: Done) -> Event {
    let info = SigInfo::default();
    event(Kind::Delivered {
        signal,
        disposition,
        info,
    })
}

/// A replica of a program that handles SIGINT, after these events.
fn after(events: &[Event]) -> Replica {
    let mut replica = Replica::new();
    replica.follow(&event(Kind::Spawn {
        program: "it".to_owned(),
    }));
    let handler = Disposition::Handler {
        function: None,
        flags: HandlerFlags::default(),
        mask: SigSet::EMPTY,
    };
    let new = handler;
    replica.follow(&event(Kind::DispositionChanged {
        signal: Signal::INT,
        new,
    }));
    events.iter().for_each(|event| replica.follow(event));
    replica
}

#[test]
fn what_becomes_of_a_signal() {
    let blocked = masked(&[Signal::INT, Signal::USR1]);
    for (before, next, fate) in [
        (&[][..], sent(Signal::INT), Fate::Handler),
        (&[], sent(Signal::TERM), Fate::Ends),
        (&[], sent(Signal::QUIT), Fate::Ends),
        (&[], sent(Signal::CHLD), Fate::Ignored),
        (&[], sent(Signal::STOP), Fate::Stops),
        (from_ref(&blocked), sent(Signal::INT), Fate::Blocked),
        (from_ref(&blocked), sent(Signal::KILL), Fate::Ends),
        (
            &[blocked.clone(), sent(Signal::INT)],
            merged(Signal::INT),
            Fate::Merged,
        ),
    ] {
        let replica = after(before);
        assert_eq!(replica.fate(&next), Some(fate), "{next:?} after {before:?}");
        assert!(replica.agrees());
    }
    // Whether it stops depends on its process group, of which a trace knows nothing.
    assert_eq!(after(&[]).fate(&sent(Signal::TSTP)), None);
}

#[test]
fn what_is_pending_is_delivered_when_it_is_unblocked() {
    let realtime = Signal::new(34).expect("it is one");
    let set = [Signal::INT, realtime];
    let mut replica = after(&[
        event(Kind::DispositionChanged {
            signal: realtime,
            new: Disposition::Ignore,
        }),
        masked(&set),
        sent(Signal::INT),
        merged(Signal::INT),
        sent(realtime),
        sent(realtime),
    ]);
    let main = Role::main();
    assert_eq!(replica.pending(&main), set.into_iter().collect());
    // Of the standard signal one, and each of the real-time signal, to be ignored.
    assert_eq!(replica.deliveries(&masked(&[])), 3);
    assert_eq!(replica.deliveries(&masked(&set)), 0);
    for event in [
        masked(&[]),
        delivered(Signal::INT, Done::Handler),
        event(Kind::HandlerLeft {
            signal: Signal::INT,
            how: HandlerExit::Return,
        }),
        delivered(realtime, Done::Ignore),
        delivered(realtime, Done::Ignore),
    ] {
        replica.follow(&event);
    }
    assert!(replica.agrees() && replica.pending(&main).is_empty());
}

#[test]
fn it_says_when_it_strays() {
    let blocked = masked(&[Signal::INT]);
    for events in [
        &[sent(Signal::INT), delivered(Signal::INT, Done::Default)][..],
        &[delivered(Signal::INT, Done::Handler)],
        &[merged(Signal::INT)],
        &[blocked.clone(), sent(Signal::INT), sent(Signal::INT)],
        // Blocked, and no call with another mask.
        &[
            blocked,
            sent(Signal::INT),
            delivered(Signal::INT, Done::Handler),
            masked(&[]),
        ],
    ] {
        assert!(!after(events).agrees(), "{events:?}");
    }
}
