//! `siglab pack`: what is packed is unpacked and used, as those who get it do.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;
use siglab_tests::surroundings::{bounded, known};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::{fails, root, siglab, variant};

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("it starts");
    let status = output.status;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(status.success(), "{command:?}: {status}: {stdout}{stderr}");
    output
}

/// All files below a folder, relative to it.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(dir).expect("below").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Lets everybody read what is at `path`, whatever the umask was.
pub(crate) fn open_to_all(path: &Path) {
    let mode = fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode();
    let as_the_owner = mode & 0o500;
    let open = mode | as_the_owner >> 3 | as_the_owner >> 6;
    fs::set_permissions(path, Permissions::from_mode(open)).expect("it is ours");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            open_to_all(&entry.path());
        }
    }
}

/// Makes a copy of the workspace's manifest and packages, in which a lab can be changed.
fn workspace(changed: impl Fn(&str) -> String) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["Cargo.toml", "Cargo.lock", "grader", "c-samples", ".cargo"] {
        symlink(root().join(name), folder.path().join(name)).expect("a link");
    }
    let lab = folder.path().join("exercises/terminator");
    let original = root().join("exercises/terminator");
    for file in files(&original) {
        let to = lab.join(&file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(original.join(&file), to).expect("a copy");
    }
    let manifest = lab.join("lab.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, changed(&text)).expect("a manifest");
    folder
}

/// `terminator` with more hidden scenarios: two that have a criterion of their own, one that
/// has company.
fn with_hidden(text: &str) -> String {
    let mut text = text.to_owned();
    for id in ["slow-double", "late-double", "edge-outside"] {
        let line = format!("id = \"{id}\"\n");
        assert!(text.contains(&line), "{id}");
        text = text.replace(&line, &format!("{line}hidden = true # SECRET\n"));
    }
    text
}

#[test]
fn students_get_a_folder_that_works() {
    // Always the same one, so that what cargo has built is used again.
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack-student");
    fs::create_dir_all(&base).expect("a folder");
    let lock = File::create(base.join("lock")).expect("a file");
    lock.lock().expect("nobody else uses it");
    let folder = base.join("terminator");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it can be removed");
    }
    siglab(["pack", "student", "terminator", "-o"])
        .arg(&folder)
        .current_dir(root())
        .assert()
        .code(0)
        .stdout("");

    // Nothing is given away.
    let found = files(&folder);
    let lab = Path::new("exercises/terminator");
    let own: Vec<_> = found
        .iter()
        .filter_map(|file| file.strip_prefix(lab).ok()?.to_str())
        .collect();
    assert_eq!(
        own,
        [
            "Cargo.toml",
            "README.md",
            "lab.toml",
            "src/main.rs",
            "starter/terminator.c",
            "starter/terminator.rs",
            "tests/lab.rs",
        ]
    );
    let sheet = fs::read_to_string(folder.join("README.md")).expect("the sheet");
    assert!(sheet.starts_with("# terminator"), "{sheet}");
    assert!(!sheet.contains("instructors"), "{sheet}");
    assert!(sheet.contains("## What isn't in this folder\n"), "{sheet}");
    for folder in [folder.clone(), folder.join(lab)] {
        let sheet = fs::read_to_string(folder.join("README.md")).expect("the sheet");
        let targets: Vec<_> = sheet.split("](").skip(1).collect();
        assert!(!targets.is_empty(), "{sheet}");
        for target in targets {
            let target = target.split(')').next().unwrap_or_default();
            assert!(folder.join(target).exists(), "{target}");
        }
    }

    // A student begins with the one in C; it compiles, and isn't done.
    let starter = folder.join(lab).join("starter/terminator.c");
    let text = fs::read_to_string(&starter).expect("the starter");
    let (_, rest) = text.split_once('\n').expect("several lines");
    fs::write(&starter, rest).expect("it can be written");
    let output = known(&mut Command::new(env!("CARGO")))
        .args(["test", "--offline", "--test", "lab"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", base.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let verdict = |test: &str| {
        let line = stdout
            .lines()
            .find(|line| line.starts_with(&format!("test {test} ")))
            .unwrap_or_else(|| panic!("no {test}: {stdout}{stderr}"));
        line.rsplit(' ').next().map(str::to_owned)
    };
    assert_eq!(verdict("c::builds").as_deref(), Some("ok"));
    assert_eq!(verdict("c::child-unchanged").as_deref(), Some("ok"));
    assert_eq!(verdict("c::double-sigint-kills").as_deref(), Some("FAILED"));
    assert_eq!(verdict("rust::builds").as_deref(), Some("ignored"));
}

#[test]
fn students_learn_nothing_of_hidden_scenarios() {
    let changed = workspace(with_hidden);
    let out = TempDir::new().expect("a temporary folder");
    let folder = out.path().join("student");
    siglab(["pack", "student", "terminator", "-o"])
        .arg(&folder)
        .current_dir(changed.path())
        .assert()
        .code(0)
        .stderr(format!(
            "siglab: {} is what students get of terminator\n\
             siglab: criterion slow-double-does-not-kill is left out: only hidden scenarios \
             decide it\n",
            folder.display()
        ));
    let lab = folder.join("exercises/terminator");
    let text = fs::read_to_string(lab.join("lab.toml")).expect("a manifest");
    for secret in [
        "SECRET",
        "hidden",
        "slow-double",
        "edge-outside",
        "slow-then-double",
        "1.001s",
        "window-too-long",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // What isn't about them alone is still there.
    for kept in [
        "edge-inside",
        "window-too-short",
        "three-sigints",
        "third-needed",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    // And it is a lab that grades.
    let solution = root().join("exercises/terminator/solution/terminator.c");
    siglab(["check", "terminator"])
        .arg(solution)
        .current_dir(&folder)
        .assert()
        .code(0);
}

#[test]
fn a_folder_that_is_there_stays_as_it_is() {
    let out = TempDir::new().expect("a temporary folder");
    fs::write(out.path().join("notes"), "mine").expect("a file");
    siglab(["pack", "student", "terminator", "-o"])
        .arg(out.path())
        .current_dir(root())
        .assert()
        .code(2)
        .stderr(format!(
            "siglab: error: {} is there already, and not empty\n",
            out.path().display()
        ));
    assert_eq!(files(out.path()), [Path::new("notes")]);
    fails(
        &["pack", "student", "terminator"],
        2,
        "siglab: error: the following required arguments were not provided: --output <DIR>\n\
         hint: usage: siglab pack student --output <DIR> <LAB>",
    );
}

pub(crate) const SIGLAB: &str = env!("CARGO_BIN_EXE_siglab");

/// Gradescope's folders, with an autograder unpacked and set up in them.
pub(crate) struct Gradescope {
    dir: TempDir,
}

impl Gradescope {
    pub(crate) fn new(workspace: &Path, binary: &str) -> Self {
        // The user's own folder for temporary files may be closed to others.
        let dir = TempDir::new_in("/var/tmp").expect("a temporary folder");
        let autograder = Self { dir };
        let root = autograder.root();
        let zip = root.join("autograder.zip");
        siglab(["pack", "gradescope", "terminator", "-o"])
            .arg(&zip)
            .args(["--binary", binary])
            .current_dir(workspace)
            .assert()
            .code(0);
        let file = File::open(&zip).expect("it is there");
        let mut archive = ZipArchive::new(file).expect("it is a zip file");
        archive.extract(root.join("source")).expect("it unpacks");
        for folder in ["submission", "results"] {
            fs::create_dir(root.join(folder)).expect("a folder");
        }
        // Gradescope's are open to all users.
        open_to_all(root);
        autograder
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Prepares for submissions in these languages.
    fn set_up(&self, languages: &str) {
        // What Rust submissions need takes half a minute to build; so it is kept.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack-gradescope");
        let mut command = self.script("setup.sh");
        command.env("SIGLAB_LANGUAGES", languages);
        if languages != "c" {
            command.env("SIGLAB_CACHE", cache);
        }
        run(&mut command);
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.root().join("source").join(name));
        bounded(&mut command)
            .env("SIGLAB_AUTOGRADER_ROOT", self.root())
            // Every system has this user.
            .env("SIGLAB_USER", "nobody")
            .env_remove("CARGO_TARGET_DIR")
            // As there: open to all users.
            .env_remove("TMPDIR");
        command
    }

    pub(crate) fn submit(&self, text: &str) {
        let file = self.root().join("submission/terminator.c");
        fs::write(file, text).expect("it can be written");
    }

    /// Grades what was handed in.
    fn results(&self) -> Value {
        self.results_of(&mut self.script("run_autograder"))
    }

    fn results_of(&self, script: &mut Command) -> Value {
        run(script);
        let results = self.root().join("results");
        assert_eq!(files(&results), [Path::new("results.json")]);
        let text = fs::read_to_string(results.join("results.json")).expect("it is there");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

#[test]
fn gradescope_grades() {
    let changed = workspace(with_hidden);
    let autograder = Gradescope::new(changed.path(), SIGLAB);
    let source = autograder.root().join("source");
    for secret in ["solution", "wrong"] {
        let path = source.join("siglab/exercises/terminator").join(secret);
        assert!(!path.exists(), "{}", path.display());
    }
    autograder.set_up("c rust");

    let solution = root().join("exercises/terminator/solution/terminator.c");
    autograder.submit(&fs::read_to_string(solution).expect("a solution"));
    let results = autograder.results();
    assert_eq!(results["score"], 10, "{results:#}");

    // Under any name, as long as it is the only one.
    let submission = autograder.root().join("submission");
    fs::create_dir(submission.join("week 3")).expect("a folder");
    let other = submission.join("week 3/my homework.c");
    fs::rename(submission.join("terminator.c"), &other).expect("it is there");
    let results = autograder.results();
    assert_eq!(results["score"], 10, "{results:#}");
    fs::remove_dir_all(submission.join("week 3")).expect("it is there");

    autograder.submit(&fs::read_to_string(wrong()).expect("a program"));
    let results = autograder.results();
    assert_eq!(results["score"], 8, "{results:#}");
    let text = results.to_string();
    for secret in ["1.501s", "1.600s", "edge-outside"] {
        assert!(!text.contains(secret), "{secret}: {results:#}");
    }

    autograder.submit("int main(void) { return nonsense; }\n");
    let results = autograder.results();
    assert_eq!(results["score"], 0);
    assert_eq!(results["extra_data"]["status"], "compile-error");

    // Gradescope would stop the container before all scenarios have reached their limits.
    autograder
        .submit("int main(void) { for (volatile long i = 0; i < 1L << 60; i++) continue; }\n");
    let mut script = autograder.script("run_autograder");
    let results = autograder.results_of(script.env("SIGLAB_SECONDS", "5"));
    assert_eq!(results["score"], 0);
    assert_eq!(results["extra_data"]["status"], "internal-error");
    let output = results["output"].as_str().expect("text");
    assert!(output.contains("stopped by SIGTERM"), "{output}");

    // A score of an earlier submission never stays.
    fs::remove_file(autograder.root().join("submission/terminator.c")).expect("it was there");
    let results = autograder.results();
    assert_eq!(results["score"], 0);
    assert_eq!(results["extra_data"]["status"], "refused");
}

pub(crate) fn wrong() -> PathBuf {
    variant("wrong/window_too_long.c")
}

/// Who isn't root can't run anything as another user; then there is nothing to try.
#[test]
fn gradescope_keeps_students_out() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let autograder = Gradescope::new(&root(), SIGLAB);
    autograder.set_up("c");
    let folder = autograder.root().display();
    autograder.submit(&format!(
        r#"
#include <stdio.h>
#include <unistd.h>
static void try(const char *what, const char *path, const char *mode) {{
    printf("%s is %s\n", what, fopen(path, mode) ? "open" : "closed");
    fflush(stdout);
}}
int main(void) {{
    try("handed out", "{folder}/source/siglab/c-samples/terminator.c", "r");
    try("lab", "{folder}/source/siglab/exercises/terminator/lab.toml", "r");
    try("script", "{folder}/source/run_autograder", "r");
    try("result", "{folder}/results/results.json", "r");
    try("new result", "{folder}/results/results.json", "w");
    try("document", "{folder}/results/.siglab.json", "w");
    printf("root is %s\n", getuid() && geteuid() && getgid() ? "gone" : "kept");
    fflush(stdout);
    return 3;
}}
"#
    ));
    let results = autograder.results();
    let text = results.to_string();
    for line in [
        "handed out is open",
        "lab is closed",
        "script is closed",
        "result is closed",
        "new result is closed",
        "document is closed",
        "root is gone",
    ] {
        assert!(text.contains(line), "{line}: {results:#}");
    }
}

/// Whatever becomes of siglab, the results are valid and say that they are none.
#[test]
fn gradescope_has_results_from_the_start() {
    let autograder = Gradescope::new(&root(), "/bin/sh");
    let binary = autograder.root().join("source/bin/siglab");
    for ends in [
        "kill -KILL $$",
        "echo '{\"score\": 100}'; kill -KILL $$",
        "echo '{\"score\": 100}'; exit 127",
        "exit 0",
    ] {
        fs::write(&binary, format!("#!/bin/sh\n{ends}\n")).expect("it can be written");
        let results = autograder.results();
        assert_eq!(results["score"], 0, "{ends}");
        let output = results["output"].as_str().expect("text");
        assert!(output.contains("says nothing about your program"), "{ends}");
        assert_eq!(results["tests"], serde_json::json!([]), "{ends}");
    }
}

/// The same lab gives the same file, so that an upload that changes nothing is known.
#[test]
fn an_autograder_is_the_same_each_time() {
    let folder = TempDir::new().expect("a temporary folder");
    let pack = |name: &str| {
        let file = folder.path().join(name);
        siglab(["pack", "gradescope", "terminator", "-o"])
            .arg(&file)
            .current_dir(root())
            .assert()
            .code(0);
        fs::read(&file).expect("it is there")
    };
    let once = pack("a.zip");
    assert!(once == pack("b.zip"), "two packs differ");
    let mut archive = ZipArchive::new(std::io::Cursor::new(once)).expect("a zip file");
    assert!(archive.by_name("bin/siglab").is_err(), "it is built there");
    for name in ["setup.sh", "run_autograder"] {
        let file = archive.by_name(name).expect(name);
        assert_eq!(
            file.unix_mode().map(|mode| mode & 0o777),
            Some(0o755),
            "{name}"
        );
    }
    assert!(archive.by_name("siglab/grader/cli/src/main.rs").is_ok());
}

/// The `run` of a workflow's step.
fn step(workflow: &Yaml<'_>, name: &str) -> String {
    let steps = workflow["jobs"]["grade"]["steps"].as_vec().expect("steps");
    let step = steps
        .iter()
        .find(|step| step.as_mapping_get("name").and_then(Yaml::as_str) == Some(name));
    let run = step.expect(name)["run"].as_str().expect("a script");
    run.to_owned()
}

#[test]
fn a_workflow_grades_a_push() {
    let repository = TempDir::new().expect("a temporary folder");
    let folder = repository.path();
    for status in [0, 2] {
        siglab(["pack", "github", "terminator", "-o"])
            .arg(folder)
            .current_dir(root())
            .assert()
            .code(status);
    }
    let file = folder.join(".github/workflows/siglab-terminator.yml");
    let text = fs::read_to_string(&file).expect("it is there");
    let documents = Yaml::load_from_str(&text).expect("it is YAML");
    let workflow = &documents[0];
    assert_eq!(workflow["name"].as_str(), Some("terminator"));
    assert_eq!(workflow["permissions"]["contents"].as_str(), Some("read"));
    assert!(workflow["on"].as_mapping().is_some_and(|on| on.len() == 2));

    // Its script, in a repository made by `pack student`, after "Build siglab".
    let student = folder.join("repository");
    siglab(["pack", "student", "terminator", "-o"])
        .arg(&student)
        .current_dir(root())
        .assert()
        .code(0);
    fs::create_dir_all(student.join("target/release")).expect("a folder");
    symlink(
        env!("CARGO_BIN_EXE_siglab"),
        student.join("target/release/siglab"),
    )
    .expect("a link");
    let grade = |summary: &str| {
        known(&mut Command::new("bash"))
            .args(["-eo", "pipefail", "-c", &step(workflow, "Grade")])
            .current_dir(&student)
            .env("GITHUB_WORKSPACE", &student)
            .env("GITHUB_STEP_SUMMARY", folder.join(summary))
            .output()
            .expect("bash starts")
    };
    let output = grade("none.md");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    assert!(
        stdout.starts_with("::notice::terminator has not been started"),
        "{stdout}"
    );

    let starter = student.join("exercises/terminator/starter/terminator.c");
    fs::copy(wrong(), &starter).expect("a student's work");
    let output = grade("summary.md");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    let place = "::error file=exercises/terminator/starter/terminator.c,line=1,";
    assert_eq!(stdout.matches(place).count(), 2, "{stdout}");
    let summary = fs::read_to_string(folder.join("summary.md")).expect("it is there");
    assert!(
        summary.starts_with("## terminator (c): 8 of 10 points"),
        "{summary}"
    );
    let result = student.join("siglab-results/terminator.c.json");
    let result: Value =
        serde_json::from_str(&fs::read_to_string(result).expect("it is there")).expect("JSON");
    assert_eq!(result["score"], 8);
}
