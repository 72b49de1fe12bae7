//! signal_thread: one thread takes the signals of all.
//!
//! Three threads, the workers, wait for work. A worker is woken by SIGUSR2 for its own
//! thread; then it does a job, which takes 0.5 s, or leaves if STOPPING is set. As it is
//! handed out, nobody wakes them, and a signal kills the program.
//!
//! The exercise: write run(). What it has to do is in README.md. Add imports, statics and
//! functions as you need them. Do not change work().

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

/// How many workers there are.
const WORKERS: usize = 3;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// Whether a worker that is woken is to leave.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// From now on a worker that is woken leaves. Do not change this function.
fn stop_working() {
    STOPPING.store(true, Ordering::SeqCst);
    println!("workers leave from now on");
}

/// What worker `number` does. Do not change this function.
fn work(number: usize) -> Result<(), String> {
    let wake = SigSet::from_iter([Signal::SIGUSR2]);
    loop {
        check("sigwait", wake.wait())?;
        if STOPPING.load(Ordering::SeqCst) {
            break;
        }
        println!("worker {number}: begins a job");
        sleep(Duration::from_millis(500));
        println!("worker {number}: done");
    }
    println!("worker {number}: leaves");
    Ok(())
}

/// Returns what the program exits with. As it is, the workers wait for ever.
fn run() -> Result<u8, String> {
    let workers: Vec<JoinHandle<_>> = (1..=WORKERS)
        .map(|number| spawn(move || work(number)))
        .collect();
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked")??;
    }
    stop_working(); // too late: it is here so that somebody calls it
    Ok(0)
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
