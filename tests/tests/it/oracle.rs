//! Random programs, natively, under the engine, and in the model: tests/src/oracle.

use std::thread;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestError, TestRunner};
use siglab_engine::Options;
use siglab_tests::oracle::{Draw, Interpreter, generate};
use siglab_tests::random::Random;

/// Steps of a program, before those that aren't determined are left out.
const DRAWS: std::ops::Range<usize> = 1..40;

/// `SIGLAB_ORACLE=100000` runs that many programs; 500 otherwise.
#[test]
fn random_programs_agree() {
    let programs = std::env::var("SIGLAB_ORACLE")
        .map_or(500, |text| text.parse().expect("SIGLAB_ORACLE is a number"));
    // Always the same 500; a soak tries others.
    let chosen = ["SIGLAB_SEED", "SIGLAB_ORACLE"].map(std::env::var_os);
    let mut random = if chosen.iter().all(Option::is_none) {
        Random::new(1)
    } else {
        Random::from_environment()
    };
    let seeds = random.to_string();
    let interpreter = Interpreter::build();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|worker| {
                let (seed, interpreter) = (random.below(u64::MAX), &interpreter);
                scope.spawn(move || check(interpreter, seed, programs / workers as u32, worker))
            })
            .collect();
        let failures: Vec<_> = running
            .into_iter()
            .filter_map(|worker| worker.join().expect("no assertion in it").err())
            .collect();
        assert!(failures.is_empty(), "{seeds}\n{}", failures.join("\n"));
    });
}

/// Tries so many programs; the smallest one that fails, in words.
fn check(interpreter: &Interpreter, seed: u64, programs: u32, worker: usize) -> Result<(), String> {
    let config = Config {
        cases: programs,
        failure_persistence: None,
        max_shrink_iters: 3000,
        max_shrink_time: 120_000,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&vec(any::<Draw>(), DRAWS), |draws| {
        check_one(interpreter, &draws, worker).map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, draws)) => {
            let (program, expected) = generate(&draws);
            Err(format!(
                "{why}\n{program}expected:\n  {}\n{}\n{draws:?}",
                expected.lines.join("\n  "),
                interpreter.command_line(&program)
            ))
        }
        Err(TestError::Abort(why)) => Err(why.to_string()),
    }
}

fn check_one(interpreter: &Interpreter, draws: &[Draw], worker: usize) -> Result<(), String> {
    let (program, expected) = generate(draws);
    let say = |disagreement: siglab_tests::oracle::Disagreement| disagreement.to_string();
    interpreter
        .check_natively(&program, &expected)
        .map_err(say)?;
    let options = Options {
        processor: Some(worker),
        ..Options::default()
    };
    interpreter
        .check_engine(&program, &expected, &options)
        .map_err(say)?;
    Ok(())
}
