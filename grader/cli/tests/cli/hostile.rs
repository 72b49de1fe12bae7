//! Hostile submissions, one after another, each graded by a `siglab` of its own in every
//! environment that this machine can give. They are in tests/submissions/hostile; each
//! says in its first lines, `// siglab-expect: KEY = VALUE`, what is expected:
//!
//! | key | value |
//! |---|---|
//! | `full-marks` | `yes` |
//! | `status` | the result's status; `graded` if absent |
//! | `diagnosis` | an id that some criterion has; several by ` \| ` if one of them |
//! | `hint` | words in some criterion's hint |
//! | `hides` | words that must not be in the result |
//! | `needs` | a layer without which this can't be expected; several by ` \| ` |
//! | `environments` | where else than as root with all rights: `all`, or names of [`Environment`] |
//!
//! All of this happens in a pid namespace with a deadline, beside a bystander of the same
//! user. Where a layer is missing the test says so, and leaves out only what needs it;
//! with `SIGLAB_SANDBOX_MUST_WORK=1` it fails.

#![expect(
    unsafe_code,
    reason = "siglab is started with fewer rights, between fork and exec"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::unistd::geteuid;
use serde_json::Value;
use siglab_sandbox::{Filter, Rule};
use siglab_tests::surroundings::known;
use tempfile::TempDir;

use crate::root;

/// Tells the test process in the namespace that it is there.
const INSIDE: &str = "SIGLAB_TESTS_HOSTILE";
/// What the test process prints when it has done its work: a wrong test name would run
/// nothing at all, successfully.
const DONE: &str = "the hostile test has ended well";
/// How long one environment may take, in seconds.
const DEADLINE: &str = "400";
/// A user without any rights, who owns nothing.
const NOBODY: u32 = 65_533;

/// Where siglab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Environment {
    /// As root, with all rights.
    Root,
    /// As a user.
    User,
    /// As root without `CAP_SYS_ADMIN`.
    NoAdmin,
    /// As root where namespaces are forbidden, as in a plain container.
    Container,
    /// As a user where namespaces are forbidden, on a kernel without Landlock.
    Bare,
}

impl Environment {
    fn is_user(self) -> bool {
        matches!(self, Self::User | Self::Bare)
    }

    /// Layers that can't be there.
    fn lacks(self) -> &'static [&'static str] {
        match self {
            Self::Root | Self::NoAdmin => &[],
            Self::User => &["L1"],
            Self::Container => &["L2", "L5"],
            Self::Bare => &["L1", "L2", "L3", "L4", "L5"],
        }
    }

    /// Whether every machine on which CI runs must have this layer here. A user's control
    /// groups depend on delegation.
    fn must_have(self, layer: &str) -> bool {
        let is_luck = self.is_user() && layer == "L5";
        !is_luck && !self.lacks().contains(&layer)
    }

    /// Calls that fail, and how.
    fn forbidden(self) -> Vec<(Rule, i32)> {
        let namespaces = [libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount]
            .map(|number| (Rule::always(number), libc::EPERM));
        let landlock = (
            Rule::always(libc::SYS_landlock_create_ruleset),
            libc::ENOSYS,
        );
        match self {
            Self::Root | Self::User | Self::NoAdmin => Vec::new(),
            Self::Container => namespaces.to_vec(),
            Self::Bare => namespaces.into_iter().chain([landlock]).collect(),
        }
    }

    /// Lets `command` run here.
    fn enter(self, command: &mut Command) {
        const CAP_SYS_ADMIN: libc::c_ulong = 21;
        if self.is_user() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let forbidden = self.forbidden();
        let filter = (!forbidden.is_empty())
            .then(|| Filter::new(&[], &forbidden, u32::MAX).expect("it is short"));
        let no_admin = self == Self::NoAdmin;
        // SAFETY: pre_exec: prctl(2) is async-signal-safe, and so is `Filter::install`.
        unsafe {
            command.pre_exec(move || {
                if no_admin && libc::prctl(libc::PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) != 0 {
                    return Err(io::Error::last_os_error());
                }
                filter.as_ref().map_or(Ok(()), Filter::install)
            })
        };
    }
}

/// What a submission says about itself.
#[derive(Debug)]
struct Expected {
    lines: Vec<(String, String)>,
}

impl Expected {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("it is there");
        let lines: Vec<_> = text
            .lines()
            .map_while(|line| line.strip_prefix("// siglab-expect: "))
            .map(|line| line.split_once(" = ").expect("KEY = VALUE"))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        for (key, _) in &lines {
            let keys = [
                "full-marks",
                "status",
                "diagnosis",
                "hint",
                "hides",
                "needs",
                "environments",
            ];
            assert!(keys.contains(&key.as_str()), "{}: {key}", path.display());
        }
        assert!(!lines.is_empty(), "{}: nothing expected", path.display());
        Self { lines }
    }

    fn is_for(&self, environment: Environment) -> bool {
        let name = format!("{environment:?}");
        self.all("environments")
            .flat_map(str::split_whitespace)
            .any(|it| it == "all" || it == name)
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |(of, _)| of == key)
            .map(|(_, value)| value.as_str())
    }
}

/// One environment, and what is watched in it.
struct Grader {
    environment: Environment,
    siglab: PathBuf,
    labs: PathBuf,
    /// siglab's own temporary files.
    temporary: PathBuf,
    results: TempDir,
    bystander: Child,
    before: BTreeSet<String>,
}

impl Grader {
    fn new(environment: Environment) -> Self {
        let results = TempDir::new_in("/var/tmp").expect("there is room");
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(results.path(), open.clone()).expect("it is ours");
        let temporary = results.path().join("tmp");
        fs::create_dir(&temporary).expect("there is room");
        let mut siglab = PathBuf::from(env!("CARGO_BIN_EXE_siglab"));
        let mut labs = root().join("tests/submissions");
        if environment.is_user() {
            // The workspace may be where only its owner can look.
            let (from, to) = (labs.join("hostile"), results.path().join("labs/hostile"));
            fs::create_dir_all(&to).expect("there is room");
            for entry in fs::read_dir(from).expect("it is there").flatten() {
                let copy = to.join(entry.file_name());
                fs::copy(entry.path(), &copy).expect("there is room");
                fs::set_permissions(copy, open.clone()).expect("it is ours");
            }
            labs = results.path().join("labs");
            let copy = results.path().join("siglab");
            fs::copy(&siglab, &copy).expect("there is room");
            // It may have been built for its owner only.
            fs::set_permissions(&copy, open).expect("it is ours");
            siglab = copy;
            for folder in [results.path(), &temporary] {
                chown(folder, Some(NOBODY), Some(NOBODY)).expect("this is root");
            }
        }
        let mut bystander = Command::new("cat");
        // A pipe that nobody writes to: it waits for as long as this lives.
        bystander.stdin(Stdio::piped()).stdout(Stdio::null());
        if environment.is_user() {
            bystander.uid(NOBODY).gid(NOBODY);
        }
        let bystander = bystander.spawn().expect("there is a `cat`");
        let mut grader = Self {
            environment,
            siglab,
            labs,
            before: BTreeSet::new(),
            temporary,
            results,
            bystander,
        };
        grader.before = grader.leavings();
        grader
    }

    fn check(&self, file: &Path, mode: &str, result: &Path) -> Output {
        let mut command = Command::new(&self.siglab);
        command
            .args(["check", "hostile"])
            .arg(file)
            .args(["--format", "json", "--sandbox", mode, "--labs"])
            .arg(&self.labs)
            .arg("-o")
            .arg(result)
            .stdin(Stdio::null())
            .env("TMPDIR", &self.temporary)
            // What a program must not find out.
            .env("SIGLAB_TESTS_SECRET", "a secret of the grader");
        self.environment.enter(&mut command);
        command.output().expect("siglab starts")
    }

    /// Grades one submission, and compares. What didn't hold.
    fn try_one(&self, file: &Path, layers: &Value) -> Result<(), String> {
        let expected = Expected::read(file);
        let name = file.file_name().expect("it has one").to_string_lossy();
        if let Some(missing) = expected.all("needs").find(|layer| !has_any(layers, layer)) {
            eprintln!("{:?}: {name} skipped, needs {missing}", self.environment);
            return Ok(());
        }
        let result = self.results.path().join(format!("{name}.json"));
        let output = self.check(file, "auto", &result);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let json = fs::read_to_string(&result)
            .map_err(|error| format!("no result ({error}), {}:\n{stderr}", output.status))?;
        self.compare(&expected, &json, &output)
            .map_err(|why| format!("{why}\n{json}\n{stderr}"))?;
        self.nobody_else_was_hit()
    }

    fn compare(&self, expected: &Expected, json: &str, output: &Output) -> Result<(), String> {
        let result: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let is = |what: &str, found: &Value, wanted: &str| match found.as_str() {
            Some(found) if found == wanted => Ok(()),
            _ => Err(format!("{what} is {found}, not {wanted}")),
        };
        is("schema", &result["schema"], "siglab/result/v1")?;
        is("lab", &result["lab"], "hostile")?;
        let status = expected.all("status").next().unwrap_or("graded");
        is("status", &result["status"], status)?;
        let criteria = result["criteria"].as_array().ok_or("no criteria")?;
        let mut fields = criteria.iter().map(|criterion| &criterion["diagnosis"]);
        for ids in expected.all("diagnosis") {
            let found = |diagnosis: &Value| {
                ids.split(" | ").any(|id| diagnosis["id"] == id)
                    && diagnosis["hint"]
                        .as_str()
                        .is_some_and(|hint| !hint.is_empty())
            };
            if !fields.clone().any(found) {
                return Err(format!("no diagnosis {ids}"));
            }
        }
        for words in expected.all("hint") {
            let found = |diagnosis: &Value| {
                diagnosis["hint"]
                    .as_str()
                    .is_some_and(|hint| hint.contains(words))
            };
            if !fields.any(found) {
                return Err(format!("no hint with `{words}`"));
            }
        }
        for words in expected.all("hides").chain(["a secret of the grader"]) {
            if json.contains(words) {
                return Err(format!("`{words}` isn't hidden"));
            }
        }
        let full_marks = expected.all("full-marks").next() == Some("yes");
        if full_marks != (result["score"] == result["max_score"]) {
            return Err("the score is wrong".into());
        }
        if output.status.code() != Some(i32::from(!full_marks)) {
            return Err(format!("{}", output.status));
        }
        Ok(())
    }

    /// The bystander lives and isn't stopped, and nothing is left behind.
    fn nobody_else_was_hit(&self) -> Result<(), String> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.bystander.id()))
            .map_err(|error| format!("the bystander is gone: {error}"))?;
        let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
        if !matches!(state, Some("S" | "R")) {
            return Err(format!("the bystander was hit: {stat}"));
        }
        let left: Vec<_> = self.leavings().difference(&self.before).cloned().collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(format!("left behind: {left:?}"))
    }

    /// Every process of this namespace and of those within, zombies too, and siglab's
    /// temporary files.
    fn leavings(&self) -> BTreeSet<String> {
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).expect("it can be read").flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            names.collect::<Vec<_>>()
        };
        let is_pid = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
        let processes = names(Path::new("/proc")).into_iter().filter(is_pid);
        processes.chain(names(&self.temporary)).collect()
    }

    /// What siglab reports about its sandbox here. A good program gets full marks.
    fn layers(&self) -> Value {
        let result = self.results.path().join("first.json");
        let output = self.check(&self.labs.join("hostile/good.c"), "auto", &result);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let json = fs::read_to_string(&result).unwrap_or_else(|_| panic!("{stderr}"));
        let json: Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json["score"], json["max_score"], "{json:#}\n{stderr}");
        json["sandbox"].clone()
    }
}

impl Drop for Grader {
    fn drop(&mut self) {
        // It lives, unless a test failed.
        let _ = self.bystander.kill();
        let _ = self.bystander.wait();
    }
}

/// Whether one of these layers (`L1 | L3`) is active.
fn has_any(sandbox: &Value, layers: &str) -> bool {
    layers.split(" | ").any(|id| {
        let reports = sandbox["layers"].as_array().expect("a list");
        let report = reports.iter().find(|report| report["id"] == id);
        report.expect("all layers are reported")["state"] == "active"
    })
}

/// Runs the whole collection in `environment`, in a pid namespace.
fn try_all(name: &str, environment: Environment) {
    if std::env::var_os(INSIDE).is_none() {
        return start_inside(name);
    }
    let grader = Grader::new(environment);
    let sandbox = grader.layers();
    check_layers(environment, &sandbox);
    let mut files: Vec<PathBuf> = fs::read_dir(grader.labs.join("hostile"))
        .expect("it is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|it| it == "c" || it == "rs"))
        .collect();
    files.sort();
    assert!(files.len() > 60, "{} submissions", files.len());
    let mut tried = 0;
    let mut wrong = Vec::new();
    for file in &files {
        if environment != Environment::Root && !Expected::read(file).is_for(environment) {
            continue;
        }
        tried += 1;
        if let Err(why) = grader.try_one(file, &sandbox) {
            wrong.push(format!("{}: {why}", file.display()));
        }
    }
    assert!(tried > 20, "{tried} submissions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    if environment == Environment::Bare {
        let result = grader.results.path().join("refused.json");
        let output = grader.check(&grader.labs.join("hostile/good.c"), "required", &result);
        assert_eq!(output.status.code(), Some(3), "it isn't contained");
        assert!(!result.exists(), "nothing was graded");
    }
    eprintln!("{DONE}");
}

fn check_layers(environment: Environment, sandbox: &Value) {
    let must_work = std::env::var_os("SIGLAB_SANDBOX_MUST_WORK").is_some_and(|it| it == "1");
    for layer in ["L0", "L1", "L2", "L3", "L4", "L5"] {
        let is_active = has_any(sandbox, layer);
        if environment.lacks().contains(&layer) {
            assert!(!is_active, "{environment:?} has {layer}: {sandbox:#}");
        } else if !is_active {
            eprintln!("{environment:?}: {layer} is missing here: {sandbox}");
            assert!(!(must_work && environment.must_have(layer)), "it must work");
        }
    }
    let level = match environment {
        Environment::Bare => "weak",
        _ if has_any(sandbox, "L1 | L2 | L4") => "contained",
        _ => "weak",
    };
    assert_eq!(sandbox["level"], level);
}

/// Starts this test once more in a pid namespace with a deadline, with a shell as init.
fn start_inside(name: &str) {
    let must_work = std::env::var_os("SIGLAB_SANDBOX_MUST_WORK").is_some_and(|it| it == "1");
    let skip = |why: &str| {
        assert!(!must_work, "{why}");
        eprintln!("skipped: {why}");
    };
    if !geteuid().is_root() {
        return skip("only root can make these environments");
    }
    let namespace = || {
        let mut command = Command::new("timeout");
        known(&mut command).args(["-s", "KILL", DEADLINE, "unshare"]);
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        command.stdin(Stdio::null());
        command
    };
    match namespace().arg("true").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => return skip(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => return skip(&error.to_string()),
    }
    let (_, name) = name.split_once("::").expect("it begins with the crate");
    let output = namespace()
        .args(["sh", "-c", r#"ulimit -c 0; "$@"; exit $?"#, "sh"])
        .arg(std::env::current_exe().expect("this test is a program"))
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("it has just worked");
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(
        output.status.success() && err.contains(DONE),
        "in the namespace, {}:\n{out}{err}",
        output.status
    );
    eprintln!("{err}");
}

macro_rules! in_environment {
    ($(#[$doc:meta])+ $name:ident, $environment:ident) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            let name = concat!(module_path!(), "::", stringify!($name));
            try_all(name, Environment::$environment);
        }
    };
}

in_environment!(
    /// All of them: every layer can be there.
    hostile_submissions_as_root,
    Root
);
in_environment!(
    /// No user ids to change to.
    hostile_submissions_as_a_user,
    User
);
in_environment!(
    /// A user namespace gives root what it lacks.
    hostile_submissions_without_sys_admin,
    NoAdmin
);
in_environment!(
    /// Landlock and user ids are all there is.
    hostile_submissions_in_a_container,
    Container
);
in_environment!(
    /// Nothing but the tracer and its filter: weak, and said so.
    hostile_submissions_on_a_bare_machine,
    Bare
);
