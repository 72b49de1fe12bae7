//! What the programs that tests start find, whoever started the tests: nohup(1), a shell
//! without job control or a supervisor pass on signals that they ignore, and everybody a
//! umask. And they end one day, whatever fails.

use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::alarm;

/// After so many seconds of real time a program of [`bounded`] is killed by `SIGALRM`: some
/// ten times what any needs on a busy machine.
const DEADLINE: u32 = 300;

/// Lets the program start with all signals at their default actions, none blocked, a umask
/// of 022, no core file should it crash, and no place to remember anything in.
pub fn known(command: &mut Command) -> &mut Command {
    before_exec(command, None)
}

/// The same, and an end after five minutes. For a program that uses alarm(2) itself, that is
/// no way: it would find this one.
pub fn bounded(command: &mut Command) -> &mut Command {
    before_exec(command, Some(DEADLINE))
}

fn before_exec(command: &mut Command, deadline: Option<u32>) -> &mut Command {
    // A folder can't be made there, not even by root.
    command.env("XDG_STATE_HOME", "/dev/null");
    // Where SIGCHLD is ignored, the test couldn't wait for the program.
    siglab_sandbox::own_signals().expect("the kernel permits it");
    #[expect(
        unsafe_code,
        reason = "nobody else can change what a program starts with"
    )]
    // SAFETY: pre_exec: all that is called is async-signal-safe (signal-safety(7)), and
    // nothing is allocated. The mask is empty already: std::process::Command sees to that.
    unsafe {
        command.pre_exec(move || {
            default_actions();
            umask(Mode::S_IWGRP | Mode::S_IWOTH);
            let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
            setrlimit(Resource::RLIMIT_CORE, 0, hard)?;
            if let Some(seconds) = deadline {
                alarm::set(seconds);
            }
            io::Result::Ok(())
        })
    }
}

fn default_actions() {
    for number in 1..=libc::SIGRTMAX() {
        #[expect(unsafe_code, reason = "nix has no names for real-time signals")]
        // SAFETY: signal(2): SIG_DFL is always valid. KILL, STOP and the two that the threads
        // library keeps are refused, which is fine.
        unsafe {
            libc::signal(number, libc::SIG_DFL)
        };
    }
}

/// A child that ends with the test that started it, should that fail.
#[derive(Debug)]
pub struct Started(pub Child);

impl Deref for Started {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Started {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It has ended, unless a test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
