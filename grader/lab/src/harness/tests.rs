//! What fails a test under `cargo test`, and what it says.

use std::fs;
use std::sync::Arc;

use tempfile::TempDir;

use super::Bench;
use crate::lab::Lab;
use crate::result::Language;

/// One criterion that costs points, one that needs it, and advice in three forms.
const MANIFEST: &str = r#"
id = "mini"
title = "A lab"

[[scenario]]
id = "interrupted"
title = "SIGINT at 0.5 s"
steps = [{ at = "0.5s", send = "SIGINT" }]

[[criterion]]
id = "builds"
title = "It compiles"
points = 0
kind = "builds"

[[criterion]]
id = "survives"
title = "It survives SIGINT"
points = 1
[[criterion.require]]
id = "killed"
outcome = { exited = 0 }
message = "it was killed at 0.500s"
hint = "sigaction(2)"

[[criterion]]
id = "informs"
title = "It would be nice"
informational = true
[[criterion.require]]
id = "no-output"
event = { event = "output" }
missing = "it wrote nothing"
hint = "write(2)"

[[criterion]]
id = "informs-later"
title = "It would be nice, too"
informational = true
needs = ["survives"]
[[criterion.require]]
id = "no-output"
event = { event = "output" }
missing = "it wrote nothing"
hint = "write(2)"

[[criterion]]
id = "worthless"
title = "It would be nice as well"
points = 0
[[criterion.require]]
id = "no-output"
event = { event = "output" }
missing = "it wrote nothing"
hint = "write(2)"
"#;

/// What each test of a lab with this starter says, by the criterion's id; empty if it passes.
fn outcomes(starter: &str) -> Vec<(String, String)> {
    siglab_sandbox::own_signals().expect("the kernel permits it");
    let folder = TempDir::new().expect("there is room");
    let dir = folder.path().join("mini");
    fs::create_dir_all(dir.join("starter")).expect("a folder");
    fs::write(dir.join("lab.toml"), MANIFEST).expect("a file");
    let path = dir.join("starter/mini.c");
    fs::write(&path, starter).expect("a file");
    let lab = Lab::load(&dir).unwrap_or_else(|error| panic!("{error}"));
    let bench = Arc::new(Bench::new(lab.clone(), Language::C, path));
    let criteria = lab.manifest.criteria.iter();
    let outcome = |id: &str| match bench.test(id) {
        Ok(()) => String::new(),
        Err(failed) => failed.message().unwrap_or("without a word").to_owned(),
    };
    criteria
        .map(|it| (it.id.clone(), outcome(&it.id)))
        .collect()
}

/// The criteria whose tests fail.
fn failing(starter: &str) -> Vec<String> {
    let outcomes = outcomes(starter).into_iter();
    let failing = outcomes.filter(|(_, text)| !text.is_empty());
    failing.map(|(id, _)| id).collect()
}

#[test]
fn advice_fails_no_test() {
    let killed = "#include <unistd.h>\nint main(void) { pause(); }\n";
    assert_eq!(failing(killed), ["survives"]);
    assert_eq!(failing("int main(void) { return 0; }\n"), [""; 0]);
    assert_eq!(
        failing("int main(void) { return x; }\n"),
        ["builds", "survives"]
    );
}

/// As `siglab check` shows it.
#[test]
fn a_failure_shows_what_happened() {
    let killed = "#include <unistd.h>\nint main(void) { pause(); }\n";
    let outcomes = outcomes(killed);
    let (_, text) = outcomes
        .iter()
        .find(|(id, _)| id == "survives")
        .expect("it is there");
    for words in [
        "it was killed at 0.500s\n  look at: sigaction(2)\n",
        "in scenario interrupted: SIGINT at 0.5 s\n",
        "SIGINT: default action: killed by it\n",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
}
