//! The server of the lab `zero_downtime` in real life: restarted ten times while clients make one
//! request after another over loopback, by the lab's own solution and by Server::Starter.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use siglab_tests::solutions::solution;
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

/// How often the server is restarted.
const RESTARTS: usize = 10;

/// Clients that make requests beside the one that watches the restarts.
const CLIENTS: usize = 3;

/// With fewer requests than that nothing is said about load.
const LEAST: usize = 1000;

/// With so many the test ends, whatever has happened: some ten times what there are.
const MOST: usize = 50_000;

/// A client that has no answer after so long has lost its request.
const PATIENCE: Duration = Duration::from_secs(60);

/// An address on loopback that no other process of this machine has: its host is made of this
/// process's number.
fn address(port: u16) -> String {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}:{port}", 64 + high)
}

/// What the clients have done.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    answered: AtomicUsize,
    lost: AtomicUsize,
}

impl Load {
    /// Makes a request that takes 3 ms, which has to be answered.
    fn request(&self, address: &str) {
        let mut answer = String::new();
        let asked = TcpStream::connect(address).and_then(|mut connection| {
            connection.set_read_timeout(Some(PATIENCE))?;
            connection.write_all(b"3\n")?;
            connection.read_to_string(&mut answer)
        });
        let count = match asked {
            Ok(_) if answer == "done\n" => &self.answered,
            _ => &self.lost,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes requests until the restarts are over.
    fn be_client(&self, address: &str) {
        while !self.is_over.load(Ordering::Relaxed) && self.requests() < MOST {
            self.request(address);
        }
    }

    fn requests(&self) -> usize {
        self.answered.load(Ordering::Relaxed) + self.lost.load(Ordering::Relaxed)
    }

    /// Restarts the server ten times, and makes requests meanwhile: that there is an answer is
    /// what is waited for before it is looked at who serves. The number of restarts.
    fn restart(&self, starter: Pid, address: &str) -> usize {
        let mut current = self.only_server(starter, address, None);
        for restart in 0..RESTARTS {
            kill(starter, Signal::SIGHUP).expect("it is a child");
            let next = self.only_server(starter, address, current.as_deref());
            if next.is_none() {
                return restart;
            }
            current = next;
        }
        RESTARTS
    }

    /// Makes requests until the starter has one server only, and another one than `before`.
    fn only_server(&self, starter: Pid, address: &str, before: Option<&str>) -> Option<String> {
        while self.requests() < MOST {
            self.request(address);
            let children = format!("/proc/{starter}/task/{starter}/children");
            let children = fs::read_to_string(children).expect("the starter lives");
            let children: Vec<_> = children.split_whitespace().collect();
            if let [server] = children[..]
                && Some(server) != before
            {
                return Some(server.to_owned());
            }
        }
        None
    }
}

/// A starter, and with it all its servers, which end with the test, should that fail.
struct Group(Started);

impl Drop for Group {
    fn drop(&mut self) {
        // There is nobody left in it, unless a test failed.
        let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
    }
}

/// Starts `starter`, restarts its server ten times under load, and tells it to leave.
fn check(starter: &mut Command, address: &str) {
    let starter = bounded(starter).process_group(0).stdin(Stdio::null());
    let mut starter = Group(Started(starter.spawn().expect("it runs")));
    let pid = Pid::from_raw(starter.0.id().cast_signed());
    // It listens, or ends: at the latest when its time is over.
    while TcpStream::connect(address).is_err() {
        assert_eq!(starter.0.try_wait().expect("it is a child"), None);
        thread::yield_now();
    }

    let load = Load::default();
    let restarts = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| load.be_client(address));
        }
        let restarts = load.restart(pid, address);
        load.is_over.store(true, Ordering::Relaxed);
        restarts
    });
    kill(pid, Signal::SIGTERM).expect("it is a child");
    let status = starter.0.wait().expect("it is a child");

    let (answered, lost) = (load.answered.into_inner(), load.lost.into_inner());
    assert_eq!((restarts, lost), (RESTARTS, 0), "{answered} were answered");
    assert!(answered >= LEAST, "{answered} requests are no load");
    assert_eq!((status.code(), status.signal()), (Some(0), None));
    eprintln!("{restarts} restarts, {answered} requests, {lost} lost");
}

#[test]
fn the_solution_restarts_its_server_and_no_request_is_lost() {
    let folder = TempDir::new().expect("there is room");
    let program = solution("zero_downtime", "zero_downtime.c", folder.path());
    let address = address(8081);
    let mut starter = Command::new(&program.path);
    starter.args([&address, "--"]).arg(&program.path);
    check(starter.arg("--server"), &address);
}

/// The server is one as Server::Starter wants it: Debian's `libserver-starter-perl`.
#[test]
fn server_starter_restarts_the_server_of_the_lab_and_no_request_is_lost() {
    let found = Command::new("start_server").arg("--version").output();
    if found.is_err() {
        eprintln!("skipped: start_server isn't installed (Debian: libserver-starter-perl)");
        return;
    }
    let folder = TempDir::new().expect("there is room");
    let program = solution("zero_downtime", "zero_downtime.c", folder.path());
    let address = address(8082);
    let mut starter = Command::new("start_server");
    starter.args(["--port", &address, "--"]).arg(&program.path);
    check(starter.arg("--server"), &address);
}
