//! critical_section, solved with a thread that takes the signals.
//!
//! No handler, so no code is interrupted; between threads a mutex is enough. It isn't held for
//! the whole move: the thread notes what is asked meanwhile, and main() answers that.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

struct Fields {
    left: i32,
    right: i32,
    /// Nobody may look now: in a move, or because of `hold`.
    closed: u32,
    /// What was asked meanwhile.
    waiting: BTreeSet<Signal>,
    /// What was asked in this move.
    in_move: BTreeSet<Signal>,
}

impl Fields {
    fn ask(&mut self, signal: Signal) {
        if self.closed > 0 {
            self.waiting.insert(signal);
            self.in_move.insert(signal);
        } else if signal == Signal::SIGUSR1 {
            println!("left {}, right {}", self.left, self.right);
        } else {
            println!("total {}", self.left + self.right);
        }
    }

    fn open(&mut self) {
        self.closed -= 1;
        if self.closed == 0 {
            for signal in std::mem::take(&mut self.waiting) {
                self.ask(signal);
            }
        }
    }
}

fn run() -> nix::Result<()> {
    let hold = std::env::args().nth(1).as_deref() == Some("hold");
    let wanted = SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2]);
    wanted.thread_block()?; // before there is a second thread: it inherits the mask

    let fields = Arc::new(Mutex::new(Fields {
        left: 40,
        right: 0,
        closed: u32::from(hold),
        waiting: BTreeSet::new(),
        in_move: BTreeSet::new(),
    }));
    let lock = || fields.lock().unwrap_or_else(PoisonError::into_inner);

    let shared = Arc::clone(&fields);
    thread::spawn(move || {
        while let Ok(signal) = wanted.wait() {
            let mut fields = shared.lock().unwrap_or_else(PoisonError::into_inner);
            fields.ask(signal);
        }
    });

    for _ in 0..4 {
        {
            let mut fields = lock();
            fields.closed += 1;
            fields.in_move.clear();
            fields.left -= 10;
        }
        sleep(Duration::from_millis(200));
        {
            let mut fields = lock();
            fields.right += 10;
            for signal in std::mem::take(&mut fields.in_move) {
                println!("{signal} waited");
            }
            fields.open();
        }
        sleep(Duration::from_millis(300));
    }
    if hold {
        lock().open();
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errno) => {
            eprintln!("critical_section: {}", errno.desc());
            ExitCode::FAILURE
        }
    }
}
