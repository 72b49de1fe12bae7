//! A container to which nobody gave extra rights: what Docker's default profile refuses is
//! refused here, by runc. Labs are graded there as everywhere.

#![expect(clippy::print_stdout, reason = "says why a test is skipped")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use siglab_tests::surroundings::bounded;
use tempfile::TempDir;

use crate::grade::{Course, DEAF, GOOD, content};
use crate::pack::{Gradescope, SIGLAB, open_to_all, wrong};
use crate::root;

/// Capabilities of a container's root.
const CAPABILITIES: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Calls that need a capability which a container doesn't have, and others that are refused.
const REFUSED: [&str; 32] = [
    "acct",
    "add_key",
    "bpf",
    "clock_settime",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "keyctl",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "process_madvise",
    "quotactl",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
];

/// `ADDR_NO_RANDOMIZE` of personality(2).
const ADDR_NO_RANDOMIZE: u64 = 0x0004_0000;

/// `nobody` of most systems.
const NOBODY: u32 = 65534;

/// Where a command is run.
struct Container {
    bundle: TempDir,
}

impl Container {
    /// One whose files are this machine's, but that what is written to them is lost, save for
    /// `shared`. `None` where that can't be had; then the reason is printed.
    fn new(user: u32, shared: &[&Path]) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: only root can make a container");
            return None;
        }
        let bundle = TempDir::new_in("/var/tmp").expect("a temporary folder");
        let spec = Command::new("runc")
            .args(["spec", "--bundle"])
            .arg(bundle.path())
            .output();
        if !spec.is_ok_and(|output| output.status.success()) {
            println!("skipped: there is no runc");
            return None;
        }
        let container = Self { bundle };
        container.configure(user, shared);
        let probe = container.run(&["true"], &[]);
        if !probe.status.success() {
            println!(
                "skipped: no container can be made: {}",
                String::from_utf8_lossy(&probe.stderr)
            );
            return None;
        }
        Some(container)
    }

    fn config(&self) -> PathBuf {
        self.bundle.path().join("config.json")
    }

    fn configure(&self, user: u32, shared: &[&Path]) {
        let text = fs::read_to_string(self.config()).expect("runc has written it");
        let mut config: Value = serde_json::from_str(&text).expect("it is JSON");
        let held = if user == 0 { &CAPABILITIES[..] } else { &[] };
        let process = &mut config["process"];
        process["terminal"] = json!(false);
        process["noNewPrivileges"] = json!(false);
        process["user"] = json!({"uid": user, "gid": user});
        process["capabilities"] =
            json!({"bounding": CAPABILITIES, "effective": held, "permitted": held});
        process["rlimits"] = json!([]);
        config["root"] = json!({"path": "root", "readonly": false});
        let binaries = Path::new(SIGLAB).parent().expect("a folder");
        let workspace = root();
        let mounts = config["mounts"].as_array_mut().expect("a list");
        for path in [binaries, &workspace].iter().chain(shared) {
            mounts.push(json!({
                "destination": path, "source": path, "type": "none", "options": ["rbind", "rw"],
            }));
        }
        let refuse = |name: &str, errno: i32| json!({"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": errno});
        let refuse_bit = |name: &str, bit: u64| {
            let mut rule = refuse(name, libc::EPERM);
            rule["args"] =
                json!([{"index": 0, "value": bit, "valueTwo": bit, "op": "SCMP_CMP_MASKED_EQ"}]);
            rule
        };
        let mut rules: Vec<Value> = REFUSED
            .iter()
            .map(|name| refuse(name, libc::EPERM))
            .collect();
        rules.push(refuse("clone3", libc::ENOSYS));
        rules.push(refuse_bit("personality", ADDR_NO_RANDOMIZE));
        let namespaces = [
            libc::CLONE_NEWCGROUP,
            libc::CLONE_NEWIPC,
            libc::CLONE_NEWNET,
            libc::CLONE_NEWNS,
            libc::CLONE_NEWPID,
            libc::CLONE_NEWUSER,
            libc::CLONE_NEWUTS,
        ];
        for namespace in namespaces {
            rules.push(refuse_bit("clone", u64::from(namespace.unsigned_abs())));
        }
        if let Some(linux) = config["linux"].as_object_mut() {
            linux.remove("resources");
            linux.insert(
                "seccomp".to_owned(),
                json!({
                    "defaultAction": "SCMP_ACT_ALLOW",
                    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
                    "syscalls": rules,
                }),
            );
        }
        fs::write(self.config(), config.to_string()).expect("there is room");
    }

    /// Runs a command in it, in the workspace, with these variables.
    fn run(&self, command: &[&str], variables: &[(&str, &str)]) -> Output {
        let text = fs::read_to_string(self.config()).expect("it is there");
        let mut config: Value = serde_json::from_str(&text).expect("it is JSON");
        let mut env = vec![
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            "LC_ALL=C.UTF-8".to_owned(),
        ];
        env.extend(
            variables
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        config["process"]["env"] = json!(env);
        config["process"]["args"] = json!(command);
        config["process"]["cwd"] = json!(root());
        fs::write(self.config(), config.to_string()).expect("there is room");
        // Containers of one name share a control group, and runc warns of it; the bundle's
        // folder has a name that no other test has.
        let mut name = OsString::from("siglab");
        name.extend(self.bundle.path().file_name());
        // In a mount namespace of its own nothing stays mounted, whatever happens.
        let mut runc = Command::new("unshare");
        bounded(&mut runc)
            .args(["--mount", "sh", "-euc"])
            .arg(
                "cd \"$1\" && mkdir -p files root && mount -t tmpfs tmpfs files && \
                 mkdir files/upper files/work && mount -t overlay overlay \
                 -o lowerdir=/,upperdir=files/upper,workdir=files/work root && \
                 exec runc --root \"$1/state\" run \"$2\"",
            )
            .arg("sh")
            .arg(self.bundle.path())
            .arg(&name)
            .output()
            .expect("unshare(1) can be executed")
    }
}

fn checked(output: Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {stdout}{stderr}",
        output.status
    );
    stdout
}

/// Waits for its signal in epoll_wait(2), with a timerfd beside it.
const TIMERS: &str = r"
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec often = { { 0, 300000000 }, { 0, 300000000 } };
    timerfd_settime(timer, 0, &often, NULL);
    int epoll = epoll_create1(0), ticks = 0;
    struct epoll_event event = { .events = EPOLLIN, .data.fd = signals };
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event);
    event.data.fd = timer;
    epoll_ctl(epoll, EPOLL_CTL_ADD, dup(timer), &event);
    for (;;) {
        uint64_t passed;
        epoll_wait(epoll, &event, 1, -1);
        if (event.data.fd == signals)
            return ticks == 3 ? 0 : 1;
        read(timer, &passed, sizeof passed);
        ticks += (int)passed;
    }
}
";

/// Wants to end everybody.
const HOSTILE: &str = r"
#include <signal.h>
#include <unistd.h>
int main(void)
{
    kill(getppid(), SIGKILL);
    kill(-1, SIGKILL);
    for (;;) pause();
}
";

fn scores(out: &Path) -> BTreeMap<String, u32> {
    let rows = content(out).rows;
    rows.into_iter()
        .map(|(row, result)| (row.name, result.score))
        .collect()
}

#[test]
fn a_class_has_the_same_scores_in_a_container() {
    let course = Course::new(&[
        ("deaf.c", DEAF),
        ("good.c", GOOD),
        ("hostile.c", HOSTILE),
        ("timers.c", TIMERS),
    ]);
    let folder = course.at("");
    course
        .siglab_in("auto", "grade", "outside")
        .assert()
        .code(0);
    let outside = scores(&course.at("outside"));
    let expected = [("deaf.c", 1), ("good.c", 3), ("timers.c", 3)];
    for (name, score) in expected {
        assert_eq!(outside.get(name), Some(&score), "{name}: {outside:?}");
    }
    open_to_all(&folder);
    for user in [0, NOBODY] {
        let Some(container) = Container::new(user, &[&folder]) else {
            return;
        };
        let out = course.at(&format!("out-{user}"));
        fs::create_dir(&out).expect("there is room");
        let owner = nix::unistd::Uid::from_raw(user);
        nix::unistd::chown(&out, Some(owner), None).expect("root may");
        let [labs, submissions] = ["labs", "submissions"].map(|name| course.at(name));
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let command = [
            SIGLAB.to_owned(),
            "grade".to_owned(),
            "tiny".to_owned(),
            text(&submissions),
            "--labs".to_owned(),
            text(&labs),
            "--out".to_owned(),
            text(&out.join("results")),
        ];
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        checked(container.run(&command, &[]));
        assert_eq!(scores(&out.join("results")), outside, "user {user}");
    }
}

/// Gives a folder and all that is in it to a user.
fn give(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).expect("root may");
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            give(&entry.path(), user);
        }
    }
}

#[test]
fn a_packed_autograder_grades_in_a_container() {
    for user in [0, NOBODY] {
        let autograder = Gradescope::new(&root(), SIGLAB);
        let Some(container) = Container::new(user, &[autograder.root()]) else {
            return;
        };
        give(autograder.root(), user);
        let folder = autograder.root().to_str().expect("UTF-8").to_owned();
        let variables = [
            ("SIGLAB_AUTOGRADER_ROOT", folder.as_str()),
            ("SIGLAB_USER", "nobody"),
            ("SIGLAB_LANGUAGES", "c"),
        ];
        let set_up = format!("{folder}/source/setup.sh");
        checked(container.run(&[&set_up], &variables));
        let solution = root().join("exercises/terminator/solution/terminator.c");
        for (program, score) in [(solution, 10), (wrong(), 8)] {
            autograder.submit(&fs::read_to_string(program).expect("a program"));
            let script = format!("{folder}/source/run_autograder");
            checked(container.run(&[&script], &variables));
            let results = fs::read_to_string(autograder.root().join("results/results.json"));
            let results: Value =
                serde_json::from_str(&results.expect("it is there")).expect("it is JSON");
            assert_eq!(results["score"], score, "user {user}: {results:#}");
        }
    }
}

/// What the README begins with.
#[test]
fn the_readmes_commands_work_in_a_container() {
    let program = crate::explore::sample("simple_handler");
    let broken = crate::explore::sample("printf_in_handler");
    let [program, broken] = [&program, &broken].map(|it| it.to_str().expect("UTF-8"));
    let run = |send: &str| {
        let run = ["run", "--send", "SIGINT@0.4s", "--send", send, "--"];
        run.map(str::to_owned)
            .into_iter()
            .chain([program.to_owned()])
    };
    let command = |args: Vec<String>| -> Vec<String> {
        std::iter::once(SIGLAB.to_owned()).chain(args).collect()
    };
    let outside = Command::new(SIGLAB)
        .args(run("SIGINT@7s"))
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("siglab starts");
    let told = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // The first one says that addresses vary.
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    for user in [0, NOBODY] {
        let place = TempDir::new_in("/var/tmp").expect("a temporary folder");
        give(place.path(), user);
        let Some(container) = Container::new(user, &[place.path()]) else {
            return;
        };
        let within = |args: Vec<String>| {
            let command = command(args);
            let command: Vec<&str> = command.iter().map(String::as_str).collect();
            container.run(&command, &[])
        };
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
        let inside = within(run("SIGINT@7s").collect());
        assert_eq!(inside.status.code(), Some(130), "user {user}");
        assert_eq!(told(&inside), told(&outside), "user {user}");
        let witness = place.path().join("worst.json");
        let witness = witness.to_str().expect("UTF-8");
        let explored = within(words(&["explore", "--witness", witness, "--", broken]));
        assert_eq!(explored.status.code(), Some(1), "user {user}: {explored:?}");
        let replayed = within(words(&["replay", "--quiet", witness]));
        assert_eq!(replayed.status.code(), Some(1), "user {user}: {replayed:?}");
        let solution = "exercises/terminator/solution/terminator.c";
        let text = checked(within(words(&["check", "terminator", solution])));
        assert!(
            text.contains("10 of 10 points, full marks"),
            "user {user}: {text}"
        );
        checked(within(words(&["doctor"])));
    }
}
