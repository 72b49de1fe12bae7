//! Classes graded in the sandbox, some of whose submissions are hostile: in a pid namespace
//! with a bystander, see [`confined`].

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::unistd::geteuid;
use siglab_tests::class;
use siglab_tests::confined::confined;

use crate::grade::{Content, Course, DEAF, GOOD, content, json};
use crate::{root, siglab, stderr, stdout};

/// What a results folder says, apart from how submissions were confined.
fn unconfined(mut content: Content) -> Vec<String> {
    let rows = content.rows.iter_mut();
    rows.map(|(row, result)| {
        result.sandbox = None;
        format!("{} {} {result:?}", row.name, row.source)
    })
    .collect()
}

#[test]
fn hostile_submissions_beside_good_ones() {
    let name = concat!(module_path!(), "::hostile_submissions_beside_good_ones");
    confined(name, "host_nothing", |_| {
        let course = Course::new(&[]);
        let solution = root().join("exercises/terminator/solution/terminator.c");
        let solution = fs::read_to_string(solution).expect("it is there");
        let hostile = [
            ("kill_everybody", "graded"),
            ("parent_kill", "graded"),
            ("fork_bomb", "graded"),
            ("fake_result", "graded"),
            ("compile_macro_bomb", "compile-error"),
        ];
        for (at, (program, _)) in hostile.iter().enumerate() {
            // The good ones come between them, each a program of its own.
            course.submit(
                &format!("{at}-good.c"),
                &format!("{solution}\nint n{at} = {at};\n"),
            );
            course.submit(&format!("{at}-{program}.c"), &class::hostile(program));
        }
        let mut command = siglab(["grade", "terminator", "submissions", "--out", "out"]);
        let assert = command
            .arg("--labs")
            .arg(root().join("exercises"))
            .current_dir(course.at(""))
            .env("TMPDIR", course.at("tmp"))
            .assert()
            .code(0);
        let said = stderr(&assert);
        assert!(said.starts_with("siglab: sandbox: "), "{said}");
        assert_eq!(said.lines().count(), 1, "it is said once: {said}");
        for (at, (program, status)) in hostile.iter().enumerate() {
            let good = json(&course.at(&format!("out/results/{at}-good.c.json")));
            assert_eq!(good["score"], good["max_score"], "{good:#}");
            let bad = json(&course.at(&format!("out/results/{at}-{program}.c.json")));
            assert_eq!(bad["status"], *status, "{bad:#}");
            assert!(bad["score"].as_u64() < bad["max_score"].as_u64(), "{bad:#}");
            let layers = bad["sandbox"]["layers"].as_array().expect("a list");
            assert!(layers.iter().all(|layer| layer.get("detail").is_none()));
        }
    });
}

#[test]
fn results_and_other_submissions_are_out_of_reach() {
    let name = concat!(
        module_path!(),
        "::results_and_other_submissions_are_out_of_reach"
    );
    confined(name, "host_nothing", |_| {
        let course = Course::new(&[("alice.c", GOOD), ("bob.c", DEAF)]);
        // Whoever gets here could do all of this.
        for folder in ["", "submissions", "out", "out/results"] {
            fs::create_dir_all(course.at(folder)).expect("there is room");
            if folder != "out" {
                let open = fs::Permissions::from_mode(0o777);
                fs::set_permissions(course.at(folder), open).expect("it is ours");
            }
        }
        let quoted = |name: &str| format!("\"{}\"", course.at(name).display());
        let files = [
            "out/siglab.db",
            "out/results/alice.c.json",
            "submissions/bob.c",
        ];
        let files: Vec<String> = files.iter().map(|name| quoted(name)).collect();
        // Ends with 0, as the lab wants it, only if it has reached nothing.
        let source = format!(
            "#include <fcntl.h>\n#include <signal.h>\n#include <unistd.h>\n\
             static void leave(int number) {{ (void)number; _exit(0); }}\n\
             int main(void) {{\n    signal(SIGTERM, leave);\n\
             const char *files[] = {{ {} }};\n\
             for (int i = 0; i < {}; i++) {{\n\
             if (open(files[i], O_RDONLY) >= 0) _exit(7);\n\
             if (open(files[i], O_RDWR | O_CREAT, 0666) >= 0) _exit(7);\n\
             if (unlink(files[i]) == 0) _exit(7);\n    }}\n    for (;;) pause();\n}}\n",
            files.join(", "),
            files.len(),
        );
        course.submit("mallory.c", &source);
        let assert = course.siglab_in("auto", "grade", "out").assert().code(0);
        if !stderr(&assert).contains(" L3") {
            eprintln!(
                "skipped, because nothing confines files here: {}",
                stderr(&assert)
            );
            return;
        }
        let score =
            |name: &str| json(&course.at(&format!("out/results/{name}.json")))["score"].clone();
        assert_eq!(score("mallory.c"), 3, "{}", stdout(&assert));
        assert_eq!((score("alice.c"), score("bob.c")), (3.into(), 1.into()));
    });
}

#[test]
fn a_sandbox_changes_nothing_but_what_is_said_of_it() {
    let name = concat!(
        module_path!(),
        "::a_sandbox_changes_nothing_but_what_is_said_of_it"
    );
    confined(name, "host_nothing", |_| {
        let with_header = "#include \"own/own.h\"\n";
        let course = Course::new(&[
            ("alice.c", GOOD),
            ("bob.c", DEAF),
            ("carol/tiny.c", &format!("{with_header}{GOOD}")),
            ("carol/own/own.h", "struct own;\n"),
            ("dave.c", "int main(void) { return nonsense; }\n"),
            ("frank.c", ""),
        ]);
        course.grade("without");
        let grade = |out: &str, args: &[&str]| {
            let mut siglab = course.siglab_in("auto", "grade", out);
            siglab.args(args).assert()
        };
        grade("out", &[]).code(0);
        assert_eq!(
            unconfined(content(&course.at("out"))),
            unconfined(content(&course.at("without")))
        );
        // The linker's message has the name of a temporary file in it, which depends on where
        // that is.
        course.submit(
            "erin.c",
            "int other(void);\nint main(void) { return other(); }\n",
        );
        grade("out", &[]).code(0);
        let result = json(&course.at("out/results/carol.json"));
        assert_eq!(result["score"], 3, "{result:#}");
        // The parts of a class give the whole of it.
        for part in ["1/2", "2/2"] {
            grade(&format!("part{}", &part[..1]), &["--shard", part]).code(0);
        }
        course.merge(&["part1", "part2"], "merged").code(0);
        assert_eq!(content(&course.at("merged")), content(&course.at("out")));
        // Results aren't mixed, and grading again says what was changed.
        let assert = grade("without", &[]).code(2);
        let said = stderr(&assert);
        assert!(said.contains("were made with no sandbox\n"), "{said}");
        let mut regrade = course.siglab_in("auto", "regrade", "without");
        regrade.arg("--diff").assert().code(0);
        let changes = json(&course.at("without/changes.json"));
        let version = changes["versions"][0].as_str().expect("one was changed");
        assert!(version.starts_with("the sandbox (none) became another ("));
        assert_eq!(
            content(&course.at("without")).rows,
            content(&course.at("out")).rows
        );
        if geteuid().is_root() {
            let mut required = course.siglab_in("required", "grade", "out");
            let out = stdout(&required.assert().code(0));
            assert!(out.contains(" 0 to run"), "{out}");
        }
        let left: Vec<_> = fs::read_dir(course.at("tmp"))
            .expect("it is there")
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}
