// siglab-test: outcomes = one
// Signals in Rust without any crate: a handler, an interrupted sleep that goes on, EINTR
// that std::io hides, SIGPIPE that is ignored, a panic in a thread.
use std::ffi::{c_int, c_uint};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

unsafe extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn raise(number: c_int) -> c_int;
    fn ualarm(first: c_uint, each: c_uint) -> c_uint;
}

const SIGUSR1: c_int = 10;
const SIGALRM: c_int = 14;

static CAUGHT: AtomicU32 = AtomicU32::new(0);

extern "C" fn on_signal(_: c_int) {
    CAUGHT.fetch_add(1, Ordering::SeqCst);
}

fn main() {
    unsafe { signal(SIGUSR1, on_signal) };
    unsafe { signal(SIGALRM, on_signal) };
    unsafe { raise(SIGUSR1) };
    println!("caught {}", CAUGHT.load(Ordering::SeqCst));

    let start = Instant::now();
    unsafe { ualarm(60_000, 0) };
    thread::sleep(Duration::from_millis(150));
    println!("slept on: {}", start.elapsed() >= Duration::from_millis(150));
    println!("caught {}", CAUGHT.load(Ordering::SeqCst));

    let (mut reader, mut writer) = std::io::pipe().unwrap();
    unsafe { ualarm(60_000, 0) };
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(150));
        writer.write_all(b"hello").unwrap();
    });
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    println!("{text}, caught {}", CAUGHT.load(Ordering::SeqCst));
    thread.join().unwrap();

    let (reader, mut writer) = std::io::pipe().unwrap();
    drop(reader);
    println!("{:?}", writer.write_all(b"x").unwrap_err().kind());
    std::panic::set_hook(Box::new(|_| {}));
    println!("{}", thread::spawn(|| panic!("on purpose")).join().is_err());
    std::process::abort();
}
