//! Solutions get full marks whatever moments are drawn, and a program that has the moments
//! written in it never does.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{Compiled, Workshop};
use crate::evaluate::{Evidence, evaluate};
use crate::grade::{GradeOptions, run_all};
use crate::lab::Lab;
use crate::manifest::Criterion;
use crate::result::{GradeResult, Language, Verdict};
use crate::variant::{Part, Variant};

/// How many seeds are tried of each program, if it is set.
const SEEDS: &str = "SIGLAB_SOAK_SEEDS";

/// A `few` seeds from `first` on, or as many as are asked for.
fn seeds(first: u64, few: u64) -> std::ops::Range<u64> {
    match std::env::var(SEEDS) {
        Ok(text) => 0..text.parse().expect("SIGLAB_SOAK_SEEDS is a number"),
        Err(_) => first..first + few,
    }
}

fn terminator() -> Lab {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises/terminator");
    Lab::load(Path::new(dir)).unwrap_or_else(|error| panic!("{error}"))
}

/// Grades a program of the lab with these seeds, as far as that takes no exploring. It is
/// compiled once.
fn graded(lab: &Lab, variant: &Variant, seeds: std::ops::Range<u64>) -> Vec<(u64, GradeResult)> {
    let options = GradeOptions::default();
    let folder = siglab_sandbox::Temporary::new("").expect("there is room");
    let text = variant.text.as_ref().expect("it can be composed");
    let submission = variant.submission(text, lab, folder.path());
    let submission = submission.expect("there is room");
    let original = lab.originals.get(lab, submission.language, &options);
    let original = original.expect("it can be compiled").expect("it is there");
    let compiled = Workshop::new(lab, &options).compile(&submission, &lab.manifest);
    let compiled = compiled.expect("there is a compiler");
    let Compiled::Built(built) = &compiled else {
        panic!("{} doesn't compile", variant.path.display());
    };
    let grade = |seed| {
        let manifest = lab.manifest.with_seed(seed).expect("any seed will do");
        let scenarios: Vec<_> = manifest.scenarios.iter().collect();
        let runs = run_all(&manifest, &scenarios, &built.program, &options).expect("they run");
        let outcomes = runs
            .iter()
            .map(|run| (run.id.as_str(), run.outcome.as_ref()));
        let outcomes = outcomes.collect();
        let ids: Vec<String> = manifest.criteria.iter().map(|it| it.id.clone()).collect();
        let twins = original.twins(&manifest, &ids, &outcomes, &options);
        let evidence = Evidence {
            language: submission.language,
            source: &submission.source,
            preprocessed: compiled.preprocessed(),
            original: Some(&original.source),
            original_preprocessed: original.preprocessed(),
            twins: twins.expect("they run"),
            build: compiled.outcome(),
            runs: outcomes,
            explorations: BTreeMap::new(),
        };
        (seed, evaluate(&manifest, &evidence))
    };
    seeds.map(grade).collect()
}

#[test]
fn solutions_get_all_points_with_any_seed() {
    let lab = terminator();
    let mut first = 0;
    let variants = lab.variants().expect("its folders can be read");
    for variant in variants.iter().filter(|it| it.part == Part::Solution) {
        // Those in Rust do the same, after a start that takes longer. Each has seeds of its own:
        // together they are some 50.
        let few = if variant.language == Language::C {
            8
        } else {
            3
        };
        let seeds = seeds(first, few);
        first += few;
        for (seed, result) in graded(&lab, variant, seeds) {
            let is_explored = |id: &str| {
                let criterion = lab.manifest.criterion(id);
                criterion.is_some_and(|it| Criterion::explorations(it).next().is_some())
            };
            let failed = result
                .criteria
                .iter()
                .find(|it| it.verdict != Verdict::Pass && !is_explored(&it.id));
            assert_eq!(failed, None, "{} with {seed}", variant.path.display());
            assert_eq!(result.seed, Some(seed));
        }
    }
}

#[test]
fn who_knows_the_moments_knows_those_of_one_seed() {
    let lab = terminator();
    let variants = lab.variants().expect("its folders can be read");
    let cheat = Variant::find(&variants, lab.id(), "hard_coded_times", None).expect("it is there");
    for (seed, result) in graded(&lab, cheat, seeds(0, 5)) {
        assert!(
            result.score < result.max_score / 2,
            "{seed}: {}",
            result.score
        );
    }
}
