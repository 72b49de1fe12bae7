//! `--script FILE`: the steps of one scenario, without a lab around them.

use std::path::Path;

use siglab_engine::Script;
use siglab_lab::Manifest;
use siglab_sandbox::regular;

use crate::failure::Failure;

/// What makes a lab of one scenario's `steps = [...]`, so that steps mean the same here
/// and there and are checked in the same way. Nothing of it is ever shown.
const AROUND: &str = "\
id = \"script\"
title = \"script\"
limits = { virtual_time = \"18446744073s\" }
criterion = [{ id = \"it\", title = \"it\", points = 0, CRITERION }]
[[scenario]]
id = \"script\"
terminal = true
";

/// What steps are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// One run.
    Run,
    /// Exploring: a step may wait for the signal that is tried.
    Explore,
}

/// A script of many thousand steps is smaller.
const MOST_BYTES: u64 = 1 << 20;

/// Reads the steps in a file. `has_terminal`: whether the program has one of its own.
///
/// # Errors
/// If it can't be read, or is malformed: then with line and column. If a step takes a terminal
/// and there is none.
pub(crate) fn read(path: &Path, to: Use, has_terminal: bool) -> Result<Script, Failure> {
    let steps = regular::read_named_text(path, MOST_BYTES)
        .map_err(|error| Failure::file("read", path, &error))?;
    let path = path.display().to_string();
    let script = parse(&steps, &path, to)?;
    match script.needs_terminal() {
        Some(index) if !has_terminal => {
            let step = &script.steps[index].action;
            Err(Failure::usage(format_args!(
                "{path}: step {} needs a terminal: {step}",
                index + 1
            ))
            .hint("add --terminal: then the program has one of its own"))
        }
        _ => Ok(script),
    }
}

fn parse(steps: &str, path: &str, to: Use) -> Result<Script, Failure> {
    let criterion = match to {
        Use::Run => "kind = \"builds\"",
        Use::Explore => "require = [{ no_finding = [\"crash\"] }]",
    };
    let around = AROUND.replace("CRITERION", criterion);
    let manifest = Manifest::parse(&format!("{around}{steps}"), path, None);
    let mut manifest = manifest.map_err(|error| {
        let Some(problem) = error.problems().first() else {
            return Failure::usage(error);
        };
        let (line, column) = error.location(problem);
        let line = line.saturating_sub(AROUND.lines().count()).max(1);
        let failure = Failure::usage(format_args!("{path}:{line}:{column}: {}", problem.message));
        match &problem.help {
            Some(help) => failure.hint(help),
            None => failure,
        }
    })?;
    match manifest.scenarios.pop() {
        Some(scenario) if manifest.scenarios.is_empty() => Ok(scenario.script),
        _ => Err(Failure::usage(format_args!(
            "{path} is a whole lab, not the steps of a scenario"
        ))
        .hint("a script file holds `steps = [{ at = \"0.4s\", send = \"SIGINT\" }]`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_a_scenario() {
        let text =
            "steps = [\n  { output = \"ready\" },\n  { after = \"1s\", send = \"TERM\" },\n]\n";
        let script = parse(text, "s.toml", Use::Run).expect("well-formed");
        let steps: Vec<_> = script.steps.iter().map(ToString::to_string).collect();
        assert_eq!(
            steps,
            [
                "when \"ready\" is written",
                "after 1s, send SIGTERM to main"
            ]
        );
    }

    #[test]
    fn errors_point_at_the_line_of_the_file() {
        for (text, start) in [
            (
                "\nsteps = [{ send = \"SIGTREM\" }]",
                "siglab: error: s.toml:2:19: ",
            ),
            ("steps = [{ at = \"-1s\" }]", "siglab: error: s.toml:1:17: "),
            ("nonsense", "siglab: error: s.toml:1:"),
            (
                "[[scenario]]\nid = \"x\"\n",
                "siglab: error: s.toml is a whole lab",
            ),
        ] {
            let failure = parse(text, "s.toml", Use::Run).expect_err(text).to_string();
            assert!(failure.starts_with(start), "{text}: {failure}");
            assert!(failure.lines().count() <= 2, "{failure}");
        }
    }
}
