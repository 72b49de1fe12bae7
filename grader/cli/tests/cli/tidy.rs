//! What is left of a siglab that is killed is removed at the next start, and only that.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Result as IoResult};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill as kill_with};
use nix::unistd::Pid;
use serde_json::Value;
use siglab_sandbox::Temporary;
use siglab_tests::random::Random;
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

use crate::grade::{Course, DEAF, GOOD};
use crate::{root, siglab, stdout};

/// At how many moments siglab is killed; more by hand: SIGLAB_KILLS=200.
const MOMENTS: u64 = 20;

/// What is killed, and how long it takes at the most, in microseconds.
const VICTIMS: [(&[&str], u64); 4] = [
    (
        &["check", "tiny", "submissions/good.c", "--labs", "labs"],
        110_000,
    ),
    (
        &[
            "check",
            "tiny",
            "submissions/good.c",
            "--labs",
            "labs",
            "--sandbox",
            "auto",
        ],
        160_000,
    ),
    (
        &[
            "grade",
            "tiny",
            "submissions",
            "--labs",
            "labs",
            "--sandbox",
            "off",
        ],
        280_000,
    ),
    (&["grade", "tiny", "submissions", "--labs", "labs"], 260_000),
];

/// A place for temporary files that isn't below `/tmp`: the sandbox's folder would be elsewhere
/// otherwise, where others have theirs.
fn place() -> TempDir {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let is_below = target.starts_with("/tmp");
    let folder = if is_below {
        Path::new("/var/tmp")
    } else {
        target
    };
    TempDir::new_in(folder).expect("there is room")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let name = |entry: IoResult<fs::DirEntry>| entry.expect("readable").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every control group below the usual places.
fn groups() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let within = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(within.map(|entry| entry.path()));
        all.push(folder);
    }
    all
}

/// Starts siglab and kills it at some moment; what it had then, by name.
fn kill(course: &Course, tmp: &Path, arguments: &[&str], microseconds: u64) -> Vec<String> {
    let siglab = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args(arguments)
        .args(["--out", "out"].iter().filter(|_| arguments[0] == "grade"))
        .current_dir(course.at(""))
        .env("TMPDIR", tmp)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    let mut output = siglab.stdout.take().expect("it is piped");
    let mut end = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let timeout = PollTimeout::try_from(microseconds / 1000).expect("it is short");
    poll(&mut end, timeout).expect("poll");
    for _ in 0..microseconds % 1000 {
        thread::yield_now();
    }
    siglab.kill().expect("it is ours");
    siglab.wait().expect("it is a child");
    // Its worker has the other end, too, and dies a moment later.
    output.read_to_end(&mut Vec::new()).expect("a pipe");
    let left = names(tmp);
    for name in left.iter().filter(|name| is_lock(name)) {
        // It ended when its lock is free; the living one's never is.
        if !tmp.join("living").join(name).exists()
            && let Ok(file) = File::open(tmp.join(name))
        {
            file.lock().expect("it is a file");
        }
    }
    left
}

fn is_lock(name: &str) -> bool {
    name.starts_with("siglab-") && name.ends_with(".lock")
}

/// Killed at any moment, nothing of it is left after `next`, and everything else is as it was.
fn killed_at_any_moment(next: &[&str]) {
    let moments = match std::env::var("SIGLAB_KILLS") {
        Ok(text) => text.parse().expect("SIGLAB_KILLS is a number"),
        Err(_) => MOMENTS,
    };
    let course = Course::new(&[("good.c", GOOD), ("deaf.c", DEAF)]);
    let tmp = place();
    let tmp = tmp.path();
    // A living siglab's, and what only looks like one's.
    let living = Temporary::new_in("", tmp).expect("there is room");
    let name = living
        .path()
        .file_name()
        .expect("it has one")
        .to_string_lossy()
        .into_owned();
    fs::create_dir_all(tmp.join("living").join(format!("{name}.lock"))).expect("there is room");
    fs::create_dir(tmp.join("siglab-mine01")).expect("there is room");
    fs::write(tmp.join("siglab-mine01.lock"), "mine\n").expect("there is room");
    fs::write(living.path().join("program"), "precious").expect("there is room");
    let before = names(tmp);
    let mut random = Random::from_environment();
    let mut interrupted = 0;
    for moment in 0..moments {
        let (arguments, most) =
            VICTIMS[usize::try_from(moment).expect("it is small") % VICTIMS.len()];
        let seed = random.to_string();
        let left = kill(&course, tmp, arguments, random.below(most));
        interrupted += u64::from(left != before);
        siglab(next)
            .current_dir(root())
            .env("TMPDIR", tmp)
            .assert()
            .code(0);
        assert_eq!(names(tmp), before, "{arguments:?}, moment {moment}; {seed}");
        assert_eq!(names(living.path()), ["program"]);
        let ours = |name: &String| is_lock(name) && !before.contains(name);
        for name in left.iter().filter(|name| ours(name)) {
            let name = name.trim_end_matches(".lock");
            let groups = groups();
            let group = groups.iter().find(|group| group.ends_with(name));
            assert_eq!(group, None, "{arguments:?}, moment {moment}; {seed}");
        }
    }
    eprintln!("killed {moments} times, {interrupted} of them with something left");
    assert!(interrupted > 0, "nothing was interrupted; {random}");
}

#[test]
fn doctor_removes_what_a_killed_siglab_left() {
    killed_at_any_moment(&["doctor", "--tidy"]);
}

#[test]
fn the_next_start_removes_what_a_killed_siglab_left() {
    killed_at_any_moment(&["labs"]);
}

/// Starts siglab with a sandbox; its standard error from the moment on when it has entered that,
/// and whether a control group belongs to it.
fn entered(course: &Course, tmp: &Path, out: &str) -> (Started, BufReader<ChildStderr>, bool) {
    let siglab = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args([
            "grade",
            "tiny",
            "submissions",
            "--labs",
            "labs",
            "--out",
            out,
        ])
        .current_dir(course.at(""))
        .env("TMPDIR", tmp)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    let mut said = BufReader::new(siglab.stderr.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("siglab writes UTF-8");
    let layers = line.split("missing:").next().unwrap_or_default();
    let has_group = layers.contains(" L5");
    (siglab, said, has_group)
}

/// The names that locks in a folder are about.
fn locked(tmp: &Path) -> Vec<String> {
    let locks = names(tmp).into_iter().filter(|name| is_lock(name));
    locks
        .map(|name| name.trim_end_matches(".lock").to_owned())
        .collect()
}

fn groups_of(names: &[String]) -> Vec<PathBuf> {
    let mut groups = groups();
    groups.retain(|group| names.iter().any(|name| group.ends_with(name)));
    groups
}

/// A siglab that runs it is there until it is told to leave.
const ENDLESS: &str = "#include <signal.h>\nint main(void)\n{\n    signal(SIGTERM, SIG_IGN);\n    \
                       for (volatile long i = 0; i < 1L << 60; i++) continue;\n}\n";

/// A control group is known for a dead siglab's even if the folder is gone that knew of it. A living
/// one's stays, and so does what only has such a name.
#[test]
fn control_groups_are_removed_though_their_folder_is_gone() {
    for next in [&["doctor", "--tidy"][..], &["labs"]] {
        let course = Course::new(&[("endless.c", ENDLESS)]);
        let living_place = place();
        let (mut living, _said, has_group) = entered(&course, living_place.path(), "living");
        if !has_group {
            eprintln!("skipped: this machine has no control groups for siglab");
            return;
        }
        let pid = Pid::from_raw(living.id().cast_signed());
        kill_with(pid, Signal::SIGSTOP).expect("it is ours");
        let of_living = groups_of(&locked(living_place.path()));
        assert!(!of_living.is_empty());
        let dead_place = place();
        let (mut dead, mut said, _) = entered(&course, dead_place.path(), "dead");
        let of_dead = locked(dead_place.path());
        dead.kill().expect("it is ours");
        dead.wait().expect("it is a child");
        // Its worker has the other end, too, and dies a moment later.
        said.read_to_end(&mut Vec::new()).expect("a pipe");
        for name in &of_dead {
            if let Ok(file) = File::open(dead_place.path().join(format!("{name}.lock"))) {
                file.lock().expect("it is a file");
            }
        }
        drop(dead_place);
        // Another test's siglab may have been faster: it tidies, too.
        let mine = format!("siglab-mine{}", std::process::id());
        let mine = of_living[0].with_file_name(mine);
        fs::create_dir(&mine).expect("a group can be made where siglab's is");
        siglab(next)
            .current_dir(root())
            .env("TMPDIR", living_place.path())
            .assert()
            .code(0);
        let is_mine_there = mine.is_dir();
        fs::remove_dir(&mine).expect("it is empty");
        assert!(is_mine_there, "{next:?}");
        assert_eq!(groups_of(&of_dead), [""; 0].map(PathBuf::from), "{next:?}");
        assert_eq!(
            groups_of(&locked(living_place.path())),
            of_living,
            "{next:?}"
        );
        kill_with(pid, Signal::SIGCONT).expect("it is ours");
        kill_with(pid, Signal::SIGTERM).expect("it is ours");
        // Its worker went on, and had perhaps come to the submission's limits; or it had not even
        // got to where it waits for signals.
        let status = living.wait().expect("it is a child");
        let is_ended = matches!(status.code(), Some(0 | 143));
        assert!(
            is_ended || status.signal() == Some(15),
            "{next:?}: {status}"
        );
    }
}

#[test]
fn what_is_removed_is_said() {
    let tmp = place();
    let tidy = |format: &str| {
        let mut siglab = siglab(["doctor", "--tidy", "--format", format]);
        let assert = siglab.env("TMPDIR", tmp.path()).assert();
        (assert.get_output().status.code(), stdout(&assert))
    };
    let killed = || {
        let folder = Temporary::new_in("", tmp.path()).expect("there is room");
        let path = folder.path().display().to_string();
        drop(folder.keep());
        path
    };
    let path = killed();
    let (status, text) = tidy("text");
    assert_eq!(status, Some(0));
    assert!(text.contains(&format!("removed {path}\n")), "{text}");
    let path = killed();
    let (status, text) = tidy("json");
    let json: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        (status, &json["schema"]),
        (Some(0), &"siglab/tidy/v1".into())
    );
    let removed = json["removed"].as_array().expect("a list");
    assert!(removed.contains(&path.into()), "{text}");
    let (status, text) = tidy("text");
    assert!(
        status == Some(0) && !text.contains(&*tmp.path().to_string_lossy()),
        "{text}"
    );
}
