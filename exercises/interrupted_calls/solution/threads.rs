//! interrupted_calls, solved with threads: nobody is interrupted.
//!
//! One thread accepts signals, one reads, and main() waits for what they tell on a channel.

use std::io::{BufRead, stdin};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};

enum Told {
    Signal(Signal),
    /// A line with its end, or what was there before the end of the input.
    Input(String),
}

fn main() -> ExitCode {
    let call = std::env::args().nth(1).unwrap_or_default();
    let start = Instant::now();
    let end = match call.as_str() {
        "sleep" => Some(start + Duration::from_secs(2)),
        "timeout" => Some(start + Duration::from_millis(1500)),
        _ => None,
    };

    // Before there is another thread, which inherits it.
    let both = SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2]);
    if both.thread_block().is_err() {
        return ExitCode::FAILURE;
    }
    let (sender, told) = mpsc::channel();
    if call != "sleep" {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut line = String::new();
            let _is_sent = stdin()
                .lock()
                .read_line(&mut line)
                .map(|_| sender.send(Told::Input(line)));
        });
    }
    thread::spawn(move || {
        while let Ok(signal) = both.wait() {
            if sender.send(Told::Signal(signal)).is_err() {
                break;
            }
        }
    });

    loop {
        let event = match end {
            Some(end) => told.recv_timeout(end.saturating_duration_since(Instant::now())),
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Told::Signal(Signal::SIGUSR1)) => println!("got SIGUSR1"),
            Ok(Told::Signal(_)) if call == "cancel" => {
                println!("cancelled");
                return ExitCode::from(2);
            }
            Ok(Told::Signal(_)) => {}
            Ok(Told::Input(line)) => {
                return match line.strip_suffix('\n') {
                    Some(line) => {
                        println!("line: {line}");
                        ExitCode::SUCCESS
                    }
                    None => {
                        println!("no line");
                        ExitCode::from(1)
                    }
                };
            }
            Err(RecvTimeoutError::Timeout) if call == "sleep" => {
                println!("slept");
                return ExitCode::SUCCESS;
            }
            Err(RecvTimeoutError::Timeout) => {
                println!("too late");
                return ExitCode::from(3);
            }
            Err(RecvTimeoutError::Disconnected) => return ExitCode::FAILURE,
        }
    }
}
