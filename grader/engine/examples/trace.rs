//! Runs a program and prints its trace: `trace PROGRAM [SIGNAL@TIME[:ROLE]]...`.
use siglab_engine::{Command, Options, Script, run};
fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().expect("program");
    let mut script = Script::default();
    let mut options = Options::default();
    let mut rest = vec![];
    let mut pty = false;
    while let Some(send) = args.next() {
        if let Some(seed) = send.strip_prefix("random:") {
            options.policy = siglab_model::Policy::Random {
                seed: seed.parse().unwrap(),
            };
            continue;
        }
        if send == "real" {
            options.clock = siglab_model::Clock::Real;
            continue;
        }
        if send == "pty" {
            pty = true;
            continue;
        }
        if let Some(t) = send.strip_prefix("ctrlc@") {
            use siglab_engine::*;
            script = script.then(When::At(t.parse().unwrap()), Action::Press(Key::CtrlC));
            continue;
        }
        if send == "--" {
            rest = args.by_ref().collect();
            break;
        }
        let (signal, at) = send.split_once('@').expect("SIGNAL@TIME");
        let (time, role) = at.split_once(':').unwrap_or((at, "main"));
        script = script.send_at(
            time.parse().expect("time"),
            signal.parse().expect("signal"),
            role,
        );
    }
    let t = std::time::Instant::now();
    let mut command = Command::new(program).args(rest);
    if pty {
        command.stdio = siglab_engine::Stdio::Terminal {
            rows: 24,
            columns: 80,
        };
    }
    let result = run(&command, &script, &options);
    let e = t.elapsed();
    match result {
        Ok(trace) => {
            print!("{}", trace.to_jsonl());
            eprintln!("{e:?} hash {:x}", trace.hash())
        }
        Err(e) => eprintln!("error: {e}"),
    }
}
