//! graceful_server: a server that re-reads its configuration and leaves in good order.
//!
//! Requests come on standard input, one byte each: a digit from 1 to 9. To work on request
//! N takes N times 0.5 s. As it is handed out, the server works on one after another, knows
//! nothing of signals, and SIGHUP and SIGTERM kill it in the middle of its work.
//!
//! The exercise: write serve(). What it has to do is in README.md. Add imports, statics,
//! functions and handlers as you need them. Do not change work() and load_configuration().

use std::io::stdin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::read;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// How often the configuration has been loaded.
static CONFIGURATION: AtomicU32 = AtomicU32::new(0);

/// Loads the configuration. Do not change this function.
fn load_configuration() {
    let number = CONFIGURATION.fetch_add(1, Ordering::Relaxed) + 1;
    println!("configuration {number} loaded");
}

/// Works on request `number`. Do not change this function.
fn work(number: u8) {
    let configuration = CONFIGURATION.load(Ordering::Relaxed);
    println!("request {number}: begun with configuration {configuration}");
    sleep(Duration::from_millis(500) * u32::from(number));
    println!("request {number}: done");
}

/// Returns what the program exits with.
fn serve() -> Result<u8, String> {
    let mut request = [0];
    loop {
        match read(stdin(), &mut request) {
            Ok(0) => return Ok(0),
            Ok(_) if matches!(request[0], b'1'..=b'9') => work(request[0] - b'0'),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return check("read", Err(errno)),
        }
    }
}

fn main() -> ExitCode {
    load_configuration();
    match serve() {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
