//! Programs out of random numbers.

use siglab_model::{MaskHow, SigSet, Signal};

use super::player::{Expected, Player};
use super::program::{How, Kind, Op, Program, Step};

/// The random numbers of one step. Smaller ones make simpler steps.
pub type Draw = [u8; 7];

/// The standard signals of the programs: those with rules of their own, and one or two of
/// each other sort. Simpler ones first. Two real-time signals come after them.
const STANDARD: [Signal; 14] = [
    Signal::USR1,
    Signal::USR2,
    Signal::CHLD,
    Signal::TERM,
    Signal::CONT,
    Signal::TSTP,
    Signal::HUP,
    Signal::WINCH,
    Signal::SEGV,
    Signal::QUIT,
    Signal::TTIN,
    Signal::ALRM,
    Signal::STOP,
    Signal::KILL,
];

/// A program whose outcome is determined, with a step for each draw that makes one, and what
/// is expected of it.
#[must_use]
pub fn generate(draws: &[Draw]) -> (Program, Expected) {
    let mut player = Player::new();
    for draw in draws {
        if player.is_over() {
            break;
        }
        let idle = player.idle();
        let thread = idle[usize::from(draw[0]) % idle.len()];
        let step = Step {
            thread,
            op: op(*draw, &player),
        };
        let mut next = player.clone();
        // The first process seldom ends early.
        if next.play(&step).is_ok() && (!next.is_over() || draw[6] % 4 == 3) {
            player = next;
        }
    }
    player.finish()
}

fn op(draw: Draw, player: &Player) -> Op {
    let [_, what, a, b, c, d, e] = draw;
    let (threads, processes) = player.counts();
    let signal = signal_of(a);
    let set = set_of(b, c);
    let value = i32::from(d % 90);
    let how = if d % 2 == 0 { How::AtOnce } else { How::Waits };
    match what % 100 {
        0..20 => Op::Kill(usize::from(b) % processes, Some(signal)),
        20..38 => Op::Action {
            signal,
            kind: [Kind::Handler, Kind::Handler, Kind::Ignore, Kind::Default][usize::from(d % 4)],
            flags: e & 31 & d >> 2,
            mask: set,
            raises: (e >= 192).then(|| signal_of(c ^ b)),
        },
        38..52 => {
            let how = [MaskHow::Block, MaskHow::Unblock, MaskHow::Set][usize::from(d % 3)];
            Op::Mask(how, set)
        }
        52..58 => Op::Tgkill(usize::from(b) % threads, signal),
        58..64 => Op::Queue(usize::from(b) % processes, signal, value),
        64..67 => Op::QueueThread(usize::from(b) % threads, signal, value),
        67..70 => Op::Pending,
        70..74 => Op::Suspend(set),
        74..79 => Op::TimedWait(set, how),
        79..82 => Op::Signalfd(set),
        82..85 => Op::Wait(usize::from(b) % processes, how),
        85 => Op::Alarm,
        86..91 => Op::Fork {
            thread: threads,
            process: processes,
            leads: d % 2 == 1,
        },
        91..95 => Op::Thread(threads),
        95 => Op::Exec,
        96 => Op::Exit(i32::from(d % 4)),
        97 => Op::Leave,
        98 => Op::Kill(usize::from(b) % processes, None),
        _ => Op::Rest,
    }
}

/// Every second one is among the first four.
fn signal_of(draw: u8) -> Signal {
    let all = STANDARD.len() + 2;
    let index = usize::from(draw);
    let index = if draw < 128 { index % 4 } else { index % all };
    let realtime = |offset: usize| 34 + offset as i32;
    match STANDARD.get(index) {
        Some(signal) => *signal,
        None => Signal::new(realtime(index - STANDARD.len())).expect("a real-time signal"),
    }
}

fn set_of(first: u8, second: u8) -> SigSet {
    // Four signals at the most, or half of all.
    if first >= 200 {
        return (0..16)
            .filter(|bit| u16::from_le_bytes([first, second]) >> bit & 1 == 1)
            .map(|bit| signal_of(128 + bit))
            .collect();
    }
    [first, first / 3, second, second / 5]
        .into_iter()
        .take(usize::from(first % 4) + 1)
        .map(signal_of)
        .collect()
}
