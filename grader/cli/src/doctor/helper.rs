//! Processes that try something out for the doctor: what changes a process for good, or
//! needs a second one, happens in a child. The child is siglab itself, so that nothing
//! has to be forked by hand and no other program has to be there.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::personality::{self, Persona};
use nix::unistd::Pid;
use siglab_lab::SandboxReport;
use siglab_sandbox::{Config, Ended, Entered, Filter, Rule, Sandbox};

use crate::{exit, output};

/// The names of what a helper can do.
pub(super) const WAIT: &str = "wait";
pub(super) const SECCOMP: &str = "seccomp";
pub(super) const PERSONALITY: &str = "personality";
pub(super) const LISTENER: &str = "listener";
pub(super) const PIN: &str = "pin";
pub(super) const SANDBOX: &str = "sandbox";

/// The helper's side: does what `name` says.
pub(super) fn run(name: &str) -> u8 {
    if name == SANDBOX {
        return sandbox();
    }
    let probes: BTreeMap<&str, fn() -> io::Result<()>> = BTreeMap::from([
        (WAIT, wait as fn() -> io::Result<()>),
        (SECCOMP, seccomp),
        (PERSONALITY, || {
            Ok(personality::set(Persona::ADDR_NO_RANDOMIZE).map(drop)?)
        }),
        (LISTENER, listener),
        (PIN, pin),
    ]);
    match probes.get(name).map(|probe| probe()) {
        Some(Ok(())) => exit::OK,
        Some(Err(error)) => {
            output::tell(crate::failure::reason(&error));
            exit::ENVIRONMENT
        }
        None => exit::USAGE,
    }
}

/// Waits until standard input is closed.
fn wait() -> io::Result<()> {
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

fn seccomp() -> io::Result<()> {
    let filter =
        Filter::new(&[Rule::always(libc::SYS_getpgrp)], &[], u32::MAX).map_err(io::Error::other)?;
    filter.install()
}

fn listener() -> io::Result<()> {
    let rule = Rule::always(libc::SYS_getpgrp);
    let filter = Filter::serving(&[rule], &[], &[], u32::MAX).map_err(io::Error::other)?;
    match filter.install_serving()? {
        Some(_) => Ok(()),
        None => Err(io::Error::other("the kernel gives no listener")),
    }
}

fn pin() -> io::Result<()> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this)?;
    let cpu = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu) == Ok(true));
    let mut one = CpuSet::new();
    one.set(cpu.ok_or(io::ErrorKind::NotFound)?)?;
    Ok(sched_setaffinity(this, &one)?)
}

/// Makes a sandbox, and writes down which layers it has.
fn sandbox() -> u8 {
    let worked = match Sandbox::enter(&Config::default()) {
        Ok(Entered::Worker(sandbox)) => {
            let report = SandboxReport::new(sandbox.layers());
            output::print_json(&report).map_err(|failure| failure.to_string())
        }
        Ok(Entered::Outside(Ended::Exited(status))) => {
            return u8::try_from(status).unwrap_or(exit::INTERNAL);
        }
        Ok(Entered::Outside(Ended::Killed(signal))) => {
            Err(format!("the worker was killed by signal {signal}"))
        }
        Err(error) => Err(crate::failure::reason(&error)),
    };
    match worked {
        Ok(()) => exit::OK,
        Err(why) => {
            output::tell(why);
            exit::ENVIRONMENT
        }
    }
}

/// The doctor's side: the layers that a sandbox has here.
pub(super) fn layers() -> io::Result<SandboxReport> {
    let output = command(SANDBOX)?.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(said));
    }
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}

/// The doctor's side: lets a helper do what `name` says.
pub(super) fn ask(name: &str) -> io::Result<()> {
    let output = command(name)?
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(if said.is_empty() {
        output.status.to_string()
    } else {
        said
    }))
}

/// A helper that waits until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting(Child);

impl Waiting {
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self(
            command(WAIT)?
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()?,
        ))
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Neither can fail for a child that nobody has waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(name: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["doctor", "--probe", name]);
    Ok(command)
}
