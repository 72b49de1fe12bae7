//! wait_with_timeout: a watchdog. It wants a sign of life every two seconds.
//!
//! The exercise. The program waits for signals in a loop:
//!   - SIGUSR1 is a beat: from now on there are two seconds for the next one;
//!   - SIGUSR2 asks for a report: it prints the line "beats: N". The time goes on as before;
//!   - SIGTERM ends it at once, with status 0.
//!
//! When two seconds are over without a beat, it leaves at once, with status 3.
//!
//! Manual pages: sigprocmask(2), sigwaitinfo(2), signalfd(2), signal(7).

use std::process::ExitCode;

fn main() -> ExitCode {
    let beats = 0;

    // Your work begins here: this program does not wait for anything.
    println!("beats: {beats}");
    ExitCode::from(3)
}
