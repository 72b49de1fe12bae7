// siglab-test: outcomes = one
// Rust's standard library: sleeps, channels, park and condition variables with time-outs;
// child processes and how they end.
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn main() {
    let start = Instant::now();
    thread::sleep(ms(60));
    println!("slept: {}", start.elapsed() >= ms(60));

    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        thread::sleep(ms(100));
        sender.send(42).unwrap();
    });
    println!("{}", receiver.recv_timeout(ms(30)) == Err(RecvTimeoutError::Timeout));
    println!("{:?}", receiver.recv_timeout(ms(3000)));
    thread.join().unwrap();
    println!("{:?}", receiver.recv_timeout(ms(3000)));

    let start = Instant::now();
    thread::park_timeout(ms(50));
    println!("parked: {}", start.elapsed() >= ms(45));

    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&pair);
    let thread = thread::spawn(move || {
        thread::sleep(ms(80));
        *other.0.lock().unwrap() = true;
        other.1.notify_all();
    });
    let guard = pair.0.lock().unwrap();
    let (guard, result) = pair.1.wait_timeout_while(guard, ms(3000), |ready| !*ready).unwrap();
    println!("{} {}", *guard, result.timed_out());
    drop(guard);
    thread.join().unwrap();

    let mut child = Command::new("/bin/sleep").arg("5").spawn().unwrap();
    thread::sleep(ms(50));
    println!("{:?}", child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    println!("{:?}", child.wait().unwrap().signal());
    let output = Command::new("/bin/sh").args(["-c", "echo out; exit 4"]).stderr(Stdio::null()).output().unwrap();
    println!("{} {:?}", String::from_utf8_lossy(&output.stdout).trim(), output.status.code());
    println!("{}", Command::new("/does/not/exist").status().is_err());
}
