// siglab-wrong: fails = child-starts-clean
// siglab-wrong: because = The signals are blocked when Command starts the child, which inherits that.
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::process::{Command, exit};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.is_empty() {
        exit(2);
    }
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let mut set = SigSet::empty();
    for s in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGTERM,
        Signal::SIGWINCH,
        Signal::SIGCHLD,
    ] {
        set.add(s);
    }
    set.thread_block().unwrap();
    let child = match Command::new(&args[0]).args(&args[1..]).spawn() {
        Ok(c) => Pid::from_raw(c.id() as i32),
        Err(e) => {
            eprintln!("{}: {e}", args[0]);
            exit(127)
        }
    };
    loop {
        match set.wait().unwrap() {
            Signal::SIGCHLD => loop {
                match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                    Ok(WaitStatus::Exited(p, code)) if p == child => exit(code),
                    Ok(WaitStatus::Signaled(p, sig, _)) if p == child => exit(128 + sig as i32),
                    Ok(WaitStatus::StillAlive) | Err(_) => break,
                    Ok(_) => {}
                }
            },
            s => {
                let _ = kill(child, s);
            }
        }
    }
}
