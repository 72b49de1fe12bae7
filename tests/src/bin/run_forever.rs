//! Runs the engine on a program over and over, until it is killed: see the tests of
//! survival. With `--once`: once, and says how that ended.
//!
//! `run_forever [--once] THREADS PROGRAM [ARG]...`
//!
//! The program gets this process's standard input. What it writes is forwarded.

use std::ffi::OsString;
use std::process::ExitCode;

use siglab_engine::{Command, Limits, Options, Script, Stdio, run};

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let once = args.first().is_some_and(|arg| arg == "--once");
    if once {
        args.remove(0);
    }
    let [threads, program, rest @ ..] = args.as_slice() else {
        eprintln!("usage: run_forever [--once] THREADS PROGRAM [ARG]...");
        return ExitCode::from(2);
    };
    let threads: usize = threads
        .to_str()
        .and_then(|text| text.parse().ok())
        .expect("a number of threads");
    let mut command = Command::new(program).args(rest);
    command.stdio = Stdio::PassThrough;
    let options = Options {
        limits: Limits {
            // So that starts and ends are frequent, too.
            events: 5000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let run_once = || run(&command, &Script::default(), &options).expect("it can be run");
    if once {
        eprintln!("{:?}", run_once().outcome);
        return ExitCode::SUCCESS;
    }
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    run_once();
                }
            });
        }
    });
    ExitCode::SUCCESS
}
