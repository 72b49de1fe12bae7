// siglab: not started — delete this line when you begin
//! event_loop: signals, pipes and a timer in one loop.
//!
//! Two children, the sources, write messages into pipes, one byte each. At each SIGUSR1 the
//! left source writes one message, and the right source three in one piece; at SIGUSR2 a
//! source ends, and 5 s after its start in any case. As it is handed out, the parent reads one pipe after the other, shows no
//! messages, and knows nothing of time and signals.
//!
//! The exercise: write event_loop(). What it has to do is in README.md. Add imports, statics,
//! functions and handlers as you need them. Do not change source(), nor the functions that
//! show something.

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, alarm, fork, pipe, read, write};

/// One of the two sources; as an index, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// How many messages have been shown.
static COUNTS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// Shows that a message has come. Do not change this function.
fn show_message(side: Side) {
    let number = COUNTS[side as usize].fetch_add(1, Ordering::Relaxed) + 1;
    let name = if side == Side::Left { "left" } else { "right" };
    println!("message {number} from the {name}");
}

/// Shows how many messages have come. Do not change this function.
fn show_counts() {
    let [left, right] = [0, 1].map(|side| COUNTS[side].load(Ordering::Relaxed));
    println!("so far: {left} and {right}");
}

/// Shows that second `number` is over. Do not change this function.
fn show_second(number: u32) {
    println!("second {number}");
}

/// What a source does: it writes messages. Do not change this function.
fn source(side: Side, messages: &OwnedFd) -> Result<u8, String> {
    let size = if side == Side::Left { 1 } else { 3 };
    let waited_for = SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2]);
    check("pthread_sigmask", waited_for.thread_block())?;
    alarm::set(5); // whatever happens, it is over then: SIGALRM kills
    while check("sigwait", waited_for.wait())? == Signal::SIGUSR1 {
        check("write", write(messages, &b"mmm"[..size]))?;
    }
    Ok(0)
}

/// A source and the pipe that it writes to.
struct Input {
    side: Side,
    pid: Pid,
    messages: OwnedFd,
}

/// Returns what the program exits with.
fn event_loop(inputs: [Input; 2]) -> Result<u8, String> {
    for input in inputs {
        let mut message = [0];
        while check("read", read(&input.messages, &mut message))? > 0 {
            // show_message(), show_counts() and show_second() wait to be called.
        }
        check("waitpid", waitpid(input.pid, None))?;
        show_message(input.side);
    }
    show_counts();
    show_second(1);
    Ok(0)
}

fn run() -> Result<u8, String> {
    let mut inputs = Vec::new();
    for side in [Side::Left, Side::Right] {
        let (messages, end) = check("pipe", pipe())?;
        // SAFETY: there is one thread only, so the child may call anything.
        match check("fork", unsafe { fork() })? {
            ForkResult::Child => {
                drop(messages);
                return source(side, &end);
            }
            ForkResult::Parent { child: pid } => inputs.push(Input {
                side,
                pid,
                messages,
            }),
        }
    }
    event_loop(inputs.try_into().map_err(|_| "two sources")?)
}

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
