//! What the sandbox costs for each run: `cargo run --release -p siglab-tests --bin
//! sandbox_cost`. Prints medians, in milliseconds of real time.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use siglab_engine::{Command, Options, Script, run};
use siglab_sandbox::{Config, Entered, Sandbox};
use siglab_tests::build::c_program;

/// How many runs of each kind.
const RUNS: usize = 300;

fn main() -> ExitCode {
    let program = c_program("host_nothing", &[]);
    let begun = now();
    let entered = Sandbox::enter(&Config::default()).expect("L0 is there");
    match entered {
        Entered::Worker(sandbox) => {
            let took = begun.elapsed();
            measure(&program, &sandbox, took);
            ExitCode::SUCCESS
        }
        Entered::Outside(ended) => match ended {
            siglab_sandbox::Ended::Exited(0) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
    }
}

fn measure(program: &Path, sandbox: &Sandbox, entering: Duration) {
    let copy = sandbox.folder().join("program");
    std::fs::copy(program, &copy).expect("there is room");
    let command = Command::new(copy);
    let kinds = [
        ("without", Options::default()),
        (
            "with",
            Options {
                sandbox: Some(sandbox.clone()),
                ..Options::default()
            },
        ),
    ];
    println!("{}", sandbox.layers());
    println!("enter: {:.2} ms, once", entering.as_secs_f64() * 1e3);
    let mut times = [const { Vec::new() }; 2];
    // Alternately, so that what else the machine does hits both.
    for _ in 0..RUNS {
        for ((_, options), times) in kinds.iter().zip(&mut times) {
            let begun = now();
            run(&command, &Script::default(), options).expect("it can be run");
            times.push(begun.elapsed());
        }
    }
    for ((name, _), mut times) in kinds.iter().zip(times) {
        times.sort();
        println!("{name}: {:.2} ms", times[RUNS / 2].as_secs_f64() * 1e3);
    }
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}
