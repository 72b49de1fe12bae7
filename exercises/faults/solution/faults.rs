//! faults: a program that reports its own faults.
//!
//! One handler for the four signals, installed with nix, and a stack of its own for each
//! thread that begins.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, mem, ptr, thread};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// A line that is put together without allocating: for handlers.
struct Line {
    bytes: [u8; 100],
    length: usize,
}

impl Line {
    fn new(text: &str) -> Self {
        let mut line = Self {
            bytes: [0; 100],
            length: 0,
        };
        line.append(text);
        line
    }

    fn append(&mut self, text: &str) {
        for byte in text.bytes() {
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
    }

    fn append_number(&mut self, number: usize, base: usize) {
        let mut unit = 1;
        while number / unit >= base {
            unit *= base;
        }
        while unit != 0 {
            let digit = number / unit % base;
            self.append("0123456789abcdef".get(digit..=digit).unwrap_or("?"));
            unit /= base;
        }
    }

    fn write(&self) {
        // SAFETY: `bytes` is valid for reads of `length` bytes.
        let _nobody_to_tell =
            unsafe { libc::write(libc::STDERR_FILENO, self.bytes.as_ptr().cast(), self.length) };
    }
}

/// The name of one of the four signals.
fn name_of(signal_number: libc::c_int) -> &'static str {
    match signal_number {
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGBUS => "SIGBUS",
        _ => "another signal",
    }
}

/// Writes `fault: SIGSEGV code 1 at 0x10`. A handler may call it.
fn report_fault(signal_number: libc::c_int, code: libc::c_int, address: *const libc::c_void) {
    let mut line = Line::new("fault: ");
    line.append(name_of(signal_number));
    line.append(" code ");
    line.append_number(code.unsigned_abs() as usize, 10);
    line.append(" at 0x");
    line.append_number(address.addr(), 16);
    line.append("\n");
    line.write();
}

/// Writes `sent: SIGSEGV`. A handler may call it.
fn report_sent(signal_number: libc::c_int) {
    let mut line = Line::new("sent: ");
    line.append(name_of(signal_number));
    line.append("\n");
    line.write();
}

extern "C" fn on_signal(
    signal_number: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    let saved_errno = Errno::last_raw();
    // SAFETY: the kernel hands over a valid siginfo, because of SA_SIGINFO.
    let code = unsafe { (*info).si_code };
    if code > 0 {
        // SAFETY: as above; the kernel's faults have an address.
        report_fault(signal_number, code, unsafe { (*info).si_addr() });
        // SAFETY: _exit() may be called anywhere.
        unsafe { libc::_exit(128 + signal_number) };
    }
    report_sent(signal_number);
    Errno::set_raw(saved_errno);
}

/// Called once, when the program begins.
fn prepare_process() -> Result<(), String> {
    let action = SigAction::new(
        SigHandler::SigAction(on_signal),
        SaFlags::SA_SIGINFO | SaFlags::SA_ONSTACK,
        SigSet::empty(),
    );
    for signal in [
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGSEGV,
        Signal::SIGBUS,
    ] {
        // SAFETY: on_signal calls async-signal-safe functions only.
        check("sigaction", unsafe { sigaction(signal, &action) })?;
    }
    Ok(())
}

/// Called by each thread when it begins, also by the first one.
fn prepare_thread() -> Result<(), String> {
    // Kept until the program ends.
    let memory: &'static mut [u8] = Box::leak(vec![0; 64 * 1024].into_boxed_slice());
    let stack = libc::stack_t {
        ss_sp: memory.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: memory.len(),
    };
    // SAFETY: nobody else uses the memory, and it stays.
    let result = unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
    check("sigaltstack", Errno::result(result)).map(drop)
}

// From here on it is the program as it was handed out.

fn divide() {
    // In assembly, as Rust's own division looks for zero and panics.
    // SAFETY: it divides 1 by 0, and changes these registers only.
    unsafe {
        std::arch::asm!(
            "idiv {zero:e}",
            zero = in(reg) 0,
            inout("eax") 1 => _,
            inout("edx") 0 => _,
        );
    }
}

/// Executes ud2, which is no instruction on purpose.
fn illegal() {
    // SAFETY: the fault is what is wanted.
    unsafe { std::arch::asm!("ud2") };
}

/// Writes a byte, and asks nobody whether there is memory.
fn write_to(address: usize) {
    // SAFETY: the fault is what is wanted.
    unsafe { std::arch::asm!("mov byte ptr [rdi], 1", in("rdi") address) };
}

fn bus(offset: usize) -> Result<(), String> {
    const PLACE: usize = 0x1000_0000;
    // SAFETY: the name ends in 0.
    let file = unsafe { libc::memfd_create(c"empty".as_ptr(), 0) };
    check("memfd_create", Errno::result(file))?;
    // SAFETY: nothing else is there, or the call fails.
    let memory = unsafe {
        libc::mmap(
            ptr::without_provenance_mut(PLACE),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE,
            file,
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return check("mmap", Err(Errno::last()));
    }
    write_to(PLACE + offset); // the file has no such byte
    Ok(())
}

/// Calls itself until the stack is full.
fn overflow(depth: usize) -> usize {
    let room = std::hint::black_box([depth; 100]);
    if depth == 0 {
        return 0;
    }
    overflow(depth + 1) + std::hint::black_box(room)[0]
}

/// Raises the four signals below `depth` calls, and looks whether these have kept their variables.
fn raise_all(depth: usize) -> Result<(), String> {
    let room = std::hint::black_box([depth; 100]);
    if depth > 0 {
        raise_all(depth - 1)?;
    } else {
        for signal in [
            Signal::SIGFPE,
            Signal::SIGILL,
            Signal::SIGSEGV,
            Signal::SIGBUS,
        ] {
            check("raise", raise(signal))?;
        }
    }
    if std::hint::black_box(room) != [depth; 100] {
        return Err("the stack is overwritten".into());
    }
    Ok(())
}

/// Three seconds, whatever signals come meanwhile.
fn wait_three_seconds() -> Result<(), String> {
    // SAFETY: all-zero is a valid timespec.
    let mut end: libc::timespec = unsafe { mem::zeroed() };
    // SAFETY: `end` may be written to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut end) };
    check("clock_gettime", Errno::result(result))?;
    end.tv_sec += 3;
    loop {
        // SAFETY: `end` is valid, and what is left isn't asked for.
        let result = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &end,
                ptr::null_mut(),
            )
        };
        if result != libc::EINTR {
            return Ok(());
        }
    }
}

/// Does what the arguments say. Returns if nothing of it was a fault.
fn act(arguments: &[String]) -> Result<(), String> {
    let mode = arguments.first().map_or("", String::as_str);
    let number = arguments.get(1).map_or("0x0", String::as_str);
    let number = usize::from_str_radix(number.trim_start_matches("0x"), 16)
        .map_err(|error| format!("{number}: {error}"))?;
    match mode {
        "divide" => divide(),
        "illegal" => illegal(),
        "write" => write_to(number),
        "bus" => bus(number)?,
        "overflow" => drop(overflow(1)),
        "raise" => raise_all(500)?,
        "wait" => wait_three_seconds()?,
        _ => return Err("divide, illegal, write, bus, overflow, raise or wait".into()),
    }
    Ok(())
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    prepare_process()?;
    prepare_thread()?;
    println!("ready");
    io::stdout().flush().map_err(|error| error.to_string())?;
    thread::sleep(Duration::from_millis(100));

    if arguments.first().is_some_and(|first| first == "thread") {
        thread::spawn(move || {
            prepare_thread()?;
            act(&arguments[1..])
        })
        .join()
        .map_err(|_| "the thread panicked".to_owned())??;
    } else {
        act(&arguments)?;
    }
    println!("done");
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
