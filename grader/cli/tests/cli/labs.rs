//! `siglab labs` and `siglab lab`.

use serde_json::Value;
use std::fs;
use tempfile::TempDir;

use crate::grade::{DEAF, GOOD, LAB};
use crate::{fails, root, siglab, stdout, variant};

#[test]
fn labs_are_found_above() {
    let assert = siglab(["labs", "--format", "json"])
        .current_dir(root().join("exercises/terminator/solution"))
        .assert()
        .code(0)
        .stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["schema"], "siglab/labs/v1");
    let labs = json["labs"].as_array().expect("a list");
    assert!(labs.iter().any(|lab| lab["id"] == "terminator"), "{json:#}");
}

#[test]
fn no_labs_at_all() {
    siglab(["labs"]).current_dir("/").assert().code(2).stdout("").stderr(
        "siglab: error: no folder `exercises` at or above /; name the folder of labs with --labs\n",
    );
    fails(
        &["labs", "--labs", "/no/such/folder"],
        2,
        "siglab: error: can't read /no/such/folder: No such file or directory",
    );
    let empty = TempDir::new().expect("a temporary folder");
    siglab(["labs", "--labs"])
        .arg(empty.path())
        .assert()
        .code(0)
        .stdout("")
        .stderr(format!("siglab: no labs in {}\n", empty.path().display()));
}

#[test]
fn a_malformed_manifest_is_shown_where_it_is_wrong() {
    let labs = TempDir::new().expect("a temporary folder");
    std::fs::create_dir(labs.path().join("broken")).expect("a folder");
    std::fs::write(
        labs.path().join("broken/lab.toml"),
        "id = \"broken\"\ntitel = 1\n",
    )
    .expect("a file");
    for args in [
        &["labs"][..],
        &["check", "broken", "x.c"],
        &["lab", "check"],
    ] {
        let assert = siglab(args).arg("--labs").arg(labs.path()).assert().code(2);
        let output = assert.get_output();
        let text =
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(text.contains("broken/lab.toml:2:1"), "{args:?}: {text}");
        assert!(text.contains("titel"), "{args:?}: {text}");
    }
}

#[test]
fn the_schema_is_a_schema() {
    let assert = siglab(["lab", "schema"]).assert().code(0).stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert!(
        json["$schema"]
            .as_str()
            .is_some_and(|it| it.contains("json-schema.org")),
        "{json:#}"
    );
    assert!(json["properties"]["scenario"].is_object());
    let assert = siglab(["lab", "schema", "--result"]).assert().code(0);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["title"], "siglab/result/v1");
    assert!(json["properties"]["criteria"].is_object());
}

/// What is printed is what is built: graded, it fails what `lab check` says that it fails.
#[test]
fn a_program_that_is_composed_is_shown_whole() {
    let show = |args: &[&str]| {
        let mut command = siglab(["lab", "show", "terminator"]);
        command.args(args).current_dir(root());
        command
    };
    let assert = show(&["window_too_long"]).assert().code(0).stderr("");
    let text = stdout(&assert);
    assert!(
        text.contains("window_end = now_ns() + 2 * NS_PER_SECOND;"),
        "{text}"
    );
    let built = std::fs::read_to_string(variant("wrong/window_too_long.c")).expect("it is there");
    assert_eq!(text, built);
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("shown.c");
    std::fs::write(&file, text).expect("a file");
    let mut check = siglab(["check", "terminator", "--format", "json"]);
    let assert = check.arg(&file).current_dir(root()).assert().code(1);
    let result: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    let criteria = result["criteria"].as_array().expect("a list");
    let failed: Vec<_> = criteria
        .iter()
        .filter(|it| it["verdict"] == "fail")
        .map(|it| &it["id"])
        .collect();
    assert_eq!(
        failed,
        ["slow-double-does-not-kill", "window-is-one-second"]
    );

    let list = stdout(&show(&[]).assert().code(0).stderr(""));
    let line = list.lines().find(|it| it.contains("window_too_long.c"));
    let line = line.expect("it is listed");
    assert!(line.starts_with("wrong     window_too_long.c "), "{line}");
    assert!(
        line.ends_with("  The window is two seconds long."),
        "{line}"
    );

    let fails = |args: &[&str], said: &str| {
        show(args)
            .assert()
            .code(2)
            .stdout("")
            .stderr(said.to_owned());
    };
    fails(
        &["window_too_lang"],
        "siglab: error: no program `window_too_lang` in the lab `terminator`; did you mean \
         `window_too_long`?\nhint: `siglab lab show terminator` lists them\n",
    );
    fails(
        &["terminator", "--lang", "c"],
        "siglab: error: `terminator` could be starter/terminator.c or solution/terminator.c; write which\n",
    );
}

/// A solution has changed: the patch is named, with what it expected and what is there.
#[test]
fn a_patch_that_no_longer_fits_is_told() {
    let labs = TempDir::new().expect("a temporary folder");
    let write = |path: &str, text: &str| {
        let path = labs.path().join("mini").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write(
        "lab.toml",
        "id = \"mini\"\ntitle = \"Mini\"\nscenario = [{ id = \"run\" }]\n\
         criterion = [{ id = \"builds\", title = \"It compiles\", points = 1, kind = \"builds\" }]\n",
    );
    write(
        "solution/mini.c",
        "/* Mini. */\nint main(void)\n{\n    return 0;\n}\n",
    );
    let header = "// siglab-wrong: fails = builds\n// siglab-wrong: because = It is misspelt.\n\
                  // siglab-wrong: base = solution/mini.c\n";
    write(
        "wrong/fits.c.patch",
        &format!("{header}@@\n-    return 0;\n+    retrun 0;\n"),
    );
    write(
        "wrong/too_old.c.patch",
        &format!("{header}@@\n {{\n-    return 1;\n+    retrun 1;\n"),
    );
    write(
        "wrong/outside.c.patch",
        &header.replace("solution/mini.c", "../../mini.c"),
    );
    let mut check = siglab(["lab", "check", "--labs"]);
    let assert = check.arg(labs.path()).assert().code(1).stderr("");
    insta::assert_snapshot!(stdout(&assert), @r"
    mini
      ok    solution  solution/mini.c: 1 of 1
      ok    wrong     wrong/fits.c: doesn't compile
      FAIL  wrong     wrong/outside.c: not graded
                      wrong/outside.c.patch: the base `../../mini.c` isn't in the lab's folder; name a file in it, or `original` for the program that was handed out
      FAIL  wrong     wrong/too_old.c: not graded
                      wrong/too_old.c.patch:4: hunk 1 no longer fits solution/mini.c
                        expected:      return 1;
                        line 4 is:     return 0;
                      write the lines of the hunk that begin with ` ` and `-` as they are in the base
      4 files, 2 problems
    ");
    let mut show = siglab(["lab", "show", "mini", "too_old", "--labs"]);
    let assert = show.arg(labs.path()).assert().code(2).stdout("");
    insta::assert_snapshot!(crate::stderr(&assert), @r"
    siglab: error: wrong/too_old.c.patch:4: hunk 1 no longer fits solution/mini.c
      expected:      return 1;
      line 4 is:     return 0;
    write the lines of the hunk that begin with ` ` and `-` as they are in the base
    ");
}

/// docs/course.md names every lab, and nothing that isn't there.
#[test]
fn the_course_names_what_is_there() {
    let docs = root().join("docs");
    let course = fs::read_to_string(docs.join("course.md")).expect("it is there");
    let links = course.split("](").skip(1);
    let links: Vec<&str> = links
        .filter_map(|it| it.split_once(')'))
        .map(|it| it.0)
        .collect();
    assert!(links.len() > 50, "{}", links.len());
    for link in links {
        assert!(docs.join(link).exists(), "docs/course.md: no {link}");
    }
    let assert = siglab(["labs", "--format", "json"]).assert().success();
    let labs: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    let labs = labs["labs"].as_array().expect("a list");
    let places = labs.iter().map(|lab| {
        let id = lab["id"].as_str().expect("a string");
        let place = course.find(&format!("[`{id}`](../exercises/{id}/README.md)"));
        place.unwrap_or_else(|| panic!("docs/course.md lacks {id}"))
    });
    assert!(places.is_sorted(), "in the order of `siglab labs`");
}

/// The last result of each lab is remembered, and by that it is told what comes next.
#[test]
fn what_is_done_and_what_comes_next() {
    let folder = TempDir::new().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| {
        let path = at(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    for (id, order) in [
        ("zero", "order = 1\n"),
        ("alpha", "order = 2\nassumes = [\"zero\"]\n"),
        ("beta", "order = 3\nassumes = [\"alpha\"]\n"),
    ] {
        let manifest = LAB.replace("id = \"tiny\"\n", &format!("id = \"{id}\"\n{order}"));
        write(&format!("labs/{id}/lab.toml"), &manifest);
    }
    write("labs/alpha/README.md", "# A sheet\n");
    write("good.c", GOOD);
    write("deaf.c", DEAF);
    let run = |args: &[&str], status: i32| {
        let mut siglab = siglab(args);
        siglab
            .args(["--labs", "labs"])
            .current_dir(folder.path())
            .env("XDG_STATE_HOME", at("state"));
        stdout(&siglab.assert().code(status))
    };
    let states = || {
        let text = run(&["labs"], 0);
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let state = |line: &String| {
            line.split("Leaves when")
                .next()
                .unwrap_or(line)
                .trim()
                .to_owned()
        };
        lines.iter().map(state).collect::<Vec<_>>()
    };
    let known = |zero: &str, alpha: &str, beta: &str, next: &str| {
        let width = [zero, alpha, beta]
            .iter()
            .map(|it| it.len())
            .max()
            .unwrap_or(0);
        let line = |id: &str, state: &str| format!("{id:<5}  {state:<width$}").trim().to_owned();
        let lines = [line("zero", zero), line("alpha", alpha), line("beta", beta)];
        assert_eq!(states()[..3], lines);
        assert_eq!(states()[3..], ["", next]);
    };
    known("next", "", "", "next: zero");
    run(&["check", "zero", "deaf.c"], 1);
    known("1 of 3", "", "", "next: zero");
    run(&["check", "zero", "good.c"], 0);
    known("done", "next", "", "next: alpha: labs/alpha/README.md");
    // It is for programs, for a file, or what somebody else has handed in.
    run(&["check", "alpha", "good.c", "--format", "json"], 0);
    run(&["check", "alpha", "good.c", "-o", "result.txt"], 0);
    run(&["check", "alpha", "good.c", "--sandbox", "auto"], 0);
    known("done", "next", "", "next: alpha: labs/alpha/README.md");
    run(&["check", "beta", "good.c"], 0);
    known("done", "next", "done", "next: alpha: labs/alpha/README.md");
    run(&["check", "alpha", "good.c"], 0);
    known("done", "done", "done", "All are done.");
    // The last result counts.
    run(&["check", "zero", "deaf.c"], 1);
    known("1 of 3", "done", "done", "next: zero");
    let json: Value = serde_json::from_str(&run(&["labs", "--format", "json"], 0)).expect("JSON");
    assert_eq!(
        (&json["next"], &json["labs"][0]["id"]),
        (&"zero".into(), &"zero".into())
    );
    assert_eq!(json["labs"][0]["last"]["score"], 1);
    assert_eq!(
        (&json["labs"][0]["done"], &json["labs"][1]["done"]),
        (&false.into(), &true.into())
    );
    // Another course of the same labs begins anew, and so does whoever has lost what was kept.
    let copy = TempDir::new().expect("a temporary folder");
    for id in ["zero", "alpha", "beta"] {
        let to = copy.path().join(id);
        fs::create_dir(&to).expect("a folder");
        fs::copy(at("labs").join(id).join("lab.toml"), to.join("lab.toml")).expect("a file");
    }
    let mut other = siglab(["labs", "--labs"]);
    let other = other
        .arg(copy.path())
        .env("XDG_STATE_HOME", at("state"))
        .assert();
    assert!(
        stdout(&other).ends_with("next: zero\n"),
        "{}",
        stdout(&other)
    );
    let kept = fs::read_dir(at("state/siglab/labs"))
        .expect("it is there")
        .next();
    let kept = kept.expect("there is one").expect("it can be read").path();
    for damage in ["", "{}", "nonsense"] {
        fs::write(kept.join("alpha.json"), damage).expect("a file");
        known("1 of 3", "", "done", "next: zero");
    }
}
