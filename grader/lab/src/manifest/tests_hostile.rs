//! Manifests that nobody writes: each is refused, and at once.

use super::Manifest;

/// What is left of a manifest that is right but for what comes after it.
const HEAD: &str = "id = \"lab\"\ntitle = \"lab\"\n";
const REST: &str = "[[scenario]]\nid = \"s\"\n[[criterion]]\nid = \"c\"\ntitle = \"c\"\npoints = 1\n\
                    kind = \"builds\"\n";

/// What is said of a manifest, shortened.
fn said(text: &str) -> String {
    let Err(error) = Manifest::parse(text, "lab.toml", None) else {
        return "right".to_owned();
    };
    assert!(error.problems().len() <= 100, "nobody reads more");
    assert!(!error.to_string().is_empty(), "it can be shown");
    for problem in error.problems() {
        let (line, column) = error.location(problem);
        assert!(line > 0 && column > 0, "it is somewhere");
    }
    error.problems()[0].message.chars().take(60).collect()
}

/// Each is quadratic in something that is compared with all others, or nested, or long.
#[test]
fn no_manifest_takes_long() {
    const BYTES: usize = 1 << 17;
    let fill = |part: &str| part.repeat(BYTES / part.len());
    let numbered = |part: &str| -> String {
        let count = BYTES / (part.len() + 5);
        (0..count)
            .map(|at| part.replace('#', &at.to_string()))
            .collect()
    };
    let with = |rest: String| format!("{HEAD}{rest}{REST}");
    for (text, expected) in [
        (format!("{HEAD}{REST}"), "right"),
        (with(numbered("x# = 1\n")), "unknown key `x0`"),
        (with(format!("{} = 1\n", fill("x"))), "unknown key `xxx"),
        (with(format!("{}x = 1\n", fill("x."))), ""),
        (with(format!("x = {}\n", fill("["))), ""),
        (with(format!("x = {}\n", fill("{a="))), ""),
        (with(format!("[{}x]\n", fill("x."))), ""),
        (with(fill("=\n")), ""),
        (with(fill("]]]")), ""),
        (with(format!("x = \"{}\n", fill("\\"))), ""),
        (with(format!("x = {}\n", fill("9"))), ""),
        (
            with(format!("[roles]\n{}", numbered("r# = \"a\"\n"))),
            "more than 1000 roles",
        ),
        (
            with(numbered("[[scenario]]\nid = \"s#\"\n")),
            "more than 1000 scenarios",
        ),
        (
            with(numbered(
                "[[criterion]]\nid = \"k#\"\ntitle = \"k\"\npoints = 0\nkind = \"builds\"\n",
            )),
            "more than 1000 criteria",
        ),
        (
            format!("{HEAD}{REST}scenarios = [{}]\n", numbered("\"t#\",")),
            "no scenario `t0`",
        ),
        (
            format!("{HEAD}{REST}needs = [{}]\n", numbered("\"t#\",")),
            "",
        ),
        (
            format!(
                "{HEAD}{REST}[[criterion.require]]\n{}",
                numbered("e# = 1\n")
            ),
            "",
        ),
        (
            format!(
                "{HEAD}{REST}{}",
                numbered("[[criterion.require]]\nno_finding = [\"c#\"]\n")
            ),
            "more than 1000 requirements",
        ),
        (
            with(format!(
                "[[scenario]]\nid = \"t\"\nsteps = [{}]\n",
                numbered("{at=\"#s\",send=\"SIGINT\"},")
            )),
            "",
        ),
        (
            with(format!(
                "[[scenario]]\nid = \"t\"\nsteps = [{}]\n",
                numbered("{at=\"#s\",send=\"X#\",to=\"y\"},")
            )),
            "",
        ),
    ] {
        let said = said(&text);
        let start: String = text.chars().skip(HEAD.len()).take(30).collect();
        assert!(said.contains(expected), "{start}: {said}");
    }
}
