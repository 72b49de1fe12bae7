//! wait_with_timeout, solved with the signal-hook crate and a channel.
//!
//! A thread takes the signals from signal-hook's iterator and passes them on as values.
//! The receiver of a channel can wait with a time limit.

use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

/// How long the program waits for a beat.
const LIMIT: Duration = Duration::from_secs(2);

/// The exit status when there was no beat.
const TOO_LATE: u8 = 3;

fn run() -> Result<ExitCode, String> {
    let mut deadline = Instant::now() + LIMIT;
    let mut signals =
        Signals::new([SIGUSR1, SIGUSR2, SIGTERM]).map_err(|error| format!("sigaction: {error}"))?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for signal_number in signals.forever() {
            if sender.send(signal_number).is_err() {
                break; // the receiver has left
            }
        }
    });

    let mut beats = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left) {
            Ok(SIGUSR1) => {
                beats += 1;
                deadline = Instant::now() + LIMIT;
            }
            Ok(SIGUSR2) => println!("beats: {beats}"),
            Ok(_sigterm) => return Ok(ExitCode::SUCCESS),
            Err(RecvTimeoutError::Timeout) => return Ok(ExitCode::from(TOO_LATE)),
            Err(RecvTimeoutError::Disconnected) => return Err("the other thread ended".into()),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
