//! A sandbox doesn't change what a program does, and one serves many threads. In a pid
//! namespace: see [`confined`].

use std::thread;

use siglab_engine::{Command, Options, Script, run};
use siglab_model::{Kind, ProcessStatus};
use siglab_sandbox::{Config, LayerId, Sandbox, State};
use siglab_tests::confined::{Inside, confined};
use siglab_tests::twin::output_of;

/// How many runs there are at the same time.
const AT_A_TIME: usize = 8;

/// A sandbox for this process, which has threads, and the program where it can be run.
fn prepare(inside: &Inside) -> (Command, Options) {
    let sandbox = Sandbox::in_process(&Config::default()).expect("L0 is there");
    for layer in [LayerId::Pids, LayerId::Cgroup] {
        let state = sandbox.layers().state(layer);
        assert!(
            matches!(state, State::Missing(why) if !why.is_empty()),
            "{state}"
        );
    }
    let program = sandbox.folder().join("program");
    std::fs::copy(inside.program(), &program).expect("there is room");
    // It may have been built for its owner only.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, open).expect("it is ours");
    let options = Options {
        sandbox: Some(sandbox),
        ..Options::default()
    };
    (Command::new(program), options)
}

#[test]
fn a_program_does_the_same_in_a_sandbox() {
    let name = concat!(module_path!(), "::a_program_does_the_same_in_a_sandbox");
    confined(name, "kill_group", |inside| {
        let (command, options) = prepare(inside);
        let script = Script::default();
        let without = run(&command, &script, &Options::default()).expect("it can be run");
        assert!(!output_of(&without).is_empty(), "it says something");
        assert_eq!(without.outcome.status, Some(ProcessStatus::Exited(0)));
        let with = inside.run_command(&command, &script, &options);
        assert_eq!(with.to_jsonl(), without.to_jsonl());
    });
}

#[test]
fn threads_share_a_sandbox() {
    let name = concat!(module_path!(), "::threads_share_a_sandbox");
    confined(name, "kill_group", |inside| {
        let (command, options) = prepare(inside);
        let once = || run(&command, &Script::default(), &options).expect("it can be run");
        let first = once();
        assert!(
            first
                .events
                .iter()
                .any(|event| matches!(event.kind, Kind::Exit { code: 0 })),
            "{first:.1000?}"
        );
        thread::scope(|scope| {
            let runs: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(once)).collect();
            for run in runs {
                let trace = run.join().expect("it doesn't panic");
                assert_eq!(trace.to_jsonl(), first.to_jsonl());
            }
        });
    });
}
