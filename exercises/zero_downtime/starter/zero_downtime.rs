// siglab: not started — delete this line when you begin
//! zero_downtime: a starter of servers. zero_downtime ADDRESS... -- COMMAND [ARG...]
//!
//! It opens a listening socket at each address, and starts a server, COMMAND, which finds the sockets in
//! SERVER_STARTER_PORT. At SIGHUP it starts a new server, and ends the old one when the new one is up.
//! At SIGTERM it ends the server, and leaves.
//!
//! The exercise: write starter(). What it has to do is in README.md. Add imports, statics, functions and
//! handlers as you need them. Do not change the rest: the sockets, the server for which the starter is
//! written (zero_downtime --server), and its clients (--requests=N).

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;
use std::{env, iter};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{accept, getsockopt, sockopt};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

// ---- Sockets. Do not change them, nor the server and the clients. -------------------------------

/// The process id of the starter.
static STARTER_PID: AtomicU32 = AtomicU32::new(0);

/// The name of the socket at "@text": one of unix(7) that nobody else has. None for other addresses.
fn private_name(address: &str) -> Option<SocketAddr> {
    let text = address.strip_prefix('@')?;
    let name = format!("{text} of {}", STARTER_PID.load(Ordering::Relaxed));
    SocketAddr::from_abstract_name(name).ok()
}

/// The host and the port of the address "host:port", or "port", which is one of this machine.
fn host_and_port(address: &str) -> String {
    match address.contains(':') {
        true => address.to_owned(),
        false => format!("127.0.0.1:{address}"),
    }
}

/// Opens a listening socket at `address`. Its descriptor is closed by exec.
fn listen_on(address: &str) -> Result<OwnedFd, String> {
    let socket = match private_name(address) {
        Some(name) => UnixListener::bind_addr(&name).map(OwnedFd::from),
        None => TcpListener::bind(host_and_port(address)).map(OwnedFd::from),
    };
    socket.map_err(|error| format!("{address}: {error}"))
}

// ---- The server. --------------------------------------------------------------------------------

/// The listening sockets that a starter has handed over.
fn handed_over() -> Result<Vec<OwnedFd>, String> {
    let ports = env::var("SERVER_STARTER_PORT").unwrap_or_default();
    let mut sockets = Vec::new();
    for port in ports.split_terminator(';') {
        let number = port
            .split_once('=')
            .and_then(|(_, number)| number.parse().ok());
        let Some(number) = number.filter(|number| *number >= 0) else {
            return Err(format!("server: {port}: expected ADDRESS=DESCRIPTOR"));
        };
        // SAFETY: the starter has opened it for this process, and nothing else here uses it; if there is
        // no such descriptor, the next call says so.
        let socket = unsafe { BorrowedFd::borrow_raw(number) };
        if getsockopt(&socket, sockopt::AcceptConn) != Ok(true) {
            return Err(format!(
                "server: {port}: no listening socket has this descriptor"
            ));
        }
        // SAFETY: it is open, and this process's own.
        let socket = unsafe { OwnedFd::from_raw_fd(number) };
        // Several servers may wait for one client.
        check(
            "fcntl",
            fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)),
        )?;
        sockets.push(socket);
    }
    match sockets.is_empty() {
        true => Err("server: there is nothing in SERVER_STARTER_PORT".to_owned()),
        false => Ok(sockets),
    }
}

/// Answers one request: a line with the number of milliseconds that it takes.
fn answer(connection: OwnedFd) {
    let mut connection = BufReader::new(File::from(connection));
    let mut request = String::new();
    let _ = connection.read_line(&mut request);
    sleep(Duration::from_millis(request.trim().parse().unwrap_or(0)));
    // Whether the client is still there is its own affair.
    let _ = connection.get_mut().write_all(b"done\n");
}

/// A server as starters want it: at SIGTERM it finishes the request that it has begun, and leaves.
fn serve() -> Result<i32, String> {
    let sockets = handed_over()?;
    let term = SigSet::from(Signal::SIGTERM);
    check("sigprocmask", term.thread_block())?;
    let signals = check(
        "signalfd",
        SignalFd::with_flags(&term, SfdFlags::SFD_CLOEXEC),
    )?;
    loop {
        let polled = iter::once(signals.as_fd()).chain(sockets.iter().map(AsFd::as_fd));
        let mut polled: Vec<_> = polled
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        check("poll", poll(&mut polled, PollTimeout::NONE))?;
        if polled[0].any() == Some(true) {
            return Ok(0);
        }
        for (socket, polled) in sockets.iter().zip(&polled[1..]) {
            if polled.any() == Some(true)
                && let Ok(number) = accept(socket.as_raw_fd())
            {
                // SAFETY: accept() has just made it.
                answer(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
}

// ---- The clients. -------------------------------------------------------------------------------

/// Makes one request, which takes the server 0.2 s. Whether it was answered.
fn request(address: &str) -> bool {
    let connection = match private_name(address) {
        Some(name) => UnixStream::connect_addr(&name).map(OwnedFd::from),
        None => TcpStream::connect(host_and_port(address)).map(OwnedFd::from),
    };
    let mut answer = String::new();
    let asked = connection.map(File::from).and_then(|mut connection| {
        connection.write_all(b"200\n")?;
        connection.read_to_string(&mut answer)
    });
    asked.is_ok() && answer == "done\n"
}

/// Makes one request after another. Returns what the client exits with.
fn be_client(address: &str, requests: usize) -> i32 {
    // The starter needs time to open its sockets.
    sleep(Duration::from_millis(100));
    let mut lost = 0;
    for number in 1..=requests {
        if !request(address) {
            lost += 1;
            println!("client: request {number} was lost");
        }
    }
    i32::from(lost > 0)
}

/// Starts two clients that nobody waits for: they aren't children of the starter.
fn start_clients(addresses: &[String], requests: usize) -> Result<(), String> {
    // SAFETY: there is one thread only.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => {
            let clients = addresses
                .iter()
                .cycle()
                .take(if requests > 0 { 2 } else { 0 });
            for address in clients {
                // SAFETY: there is one thread only.
                if let ForkResult::Child = check("fork", unsafe { fork() })? {
                    exit(be_client(address, requests));
                }
            }
            exit(0);
        }
        ForkResult::Parent { child } => check("waitpid", waitpid(child, None)).map(drop),
    }
}

/// Does what --server or --requests=N asks for, if that is the first argument. Returns the others.
fn do_option(arguments: &[String]) -> Result<&[String], String> {
    let Some((first, others)) = arguments.split_first() else {
        return Ok(arguments);
    };
    if first == "--server" {
        exit(serve()?);
    }
    let Some(requests) = first.strip_prefix("--requests=") else {
        return Ok(arguments);
    };
    let addresses: Vec<_> = others
        .iter()
        .take_while(|it| *it != "--")
        .cloned()
        .collect();
    start_clients(&addresses, requests.parse().unwrap_or(0))?;
    Ok(others)
}

// ---- The exercise. ------------------------------------------------------------------------------

/// Returns what the program exits with.
fn starter(addresses: &[String], command: &[String]) -> Result<u8, String> {
    let socket = listen_on(&addresses[0])?;
    // To be written.
    Err(format!(
        "starter: {}, the first of {}, has descriptor {}, and I should start {}",
        addresses[0],
        addresses.len(),
        socket.as_raw_fd(),
        command[0]
    ))
}

// ---- Do not change this. ------------------------------------------------------------------------

/// What the arguments ask for.
fn run(arguments: &[String]) -> Result<u8, String> {
    STARTER_PID.store(std::process::id(), Ordering::Relaxed);
    let arguments = do_option(arguments)?;
    let dashes = arguments.iter().position(|it| it == "--").unwrap_or(0);
    if dashes == 0 || dashes + 1 == arguments.len() {
        return Err(
            "usage: zero_downtime [--requests=N] ADDRESS... -- COMMAND [ARG...]".to_owned(),
        );
    }
    starter(&arguments[..dashes], &arguments[dashes + 1..])
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
