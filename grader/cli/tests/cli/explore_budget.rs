//! `siglab explore --time` and a request to stop are kept, whatever the program does.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

use crate::explore::program;
use crate::{siglab, stdout};

/// Programs that handle a signal and come to no end; what they do is in `{}`.
const ENDLESS: [(&str, &str); 5] = [
    ("forks", "if (fork() == 0) _exit(0); wait(0);"),
    (
        "computes",
        "for (int i = 0; i < 100000; i++) n = n * 31 + i;",
    ),
    (
        "makes_threads",
        "pthread_t t; pthread_create(&t, 0, nothing, 0); pthread_join(t, 0);",
    ),
    ("opens", "int f = open(\"/dev/null\", O_RDONLY); close(f);"),
    ("sleeps", "usleep(1);"),
];

fn endless(folder: &TempDir, name: &str, does: &str) -> PathBuf {
    let text = format!(
        "#include <fcntl.h>\n#include <pthread.h>\n#include <signal.h>\n\
         #include <sys/wait.h>\n#include <unistd.h>\n\
         static volatile unsigned n;\n\
         static void handle(int s) {{ (void)s; n = 1; }}\n\
         void *nothing(void *p) {{ return p; }}\n\
         int main(int argc, char **argv) {{\n\
             signal(SIGINT, handle);\n\
             if (argc > 1) {{\n\
                 int out = open(argv[1], O_WRONLY | O_NONBLOCK);\n\
                 if (write(out, \"!\", 1) != 1) return 1;\n\
                 close(out);\n\
             }}\n\
             for (;;) {{ {does} }}\n\
         }}\n"
    );
    program(folder, name, &text, &["-g"])
}

fn explored(output: &str) -> Value {
    serde_json::from_str(output).expect("it is whole")
}

/// A fraction of what these take without a bound, and far above the bound for a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

#[test]
fn time_is_a_hard_bound() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, does) in ENDLESS {
        let program = endless(&folder, name, does);
        let assert = siglab(["explore", "--time", "2s", "--format", "json", "--"])
            .arg(program)
            .timeout(PATIENCE)
            .assert()
            .stderr("");
        let explored = explored(&stdout(&assert));
        let tried = explored["moments"]["tried"].as_u64().expect("a number");
        let status = match explored["conclusion"].as_str() {
            Some("found") => 1,
            Some("nothing-found") => 0,
            Some("nothing-tried") => {
                assert_eq!(tried, 0, "{name}");
                5
            }
            other => panic!("{name}: {other:?}"),
        };
        assert.code(status);
        assert_eq!(explored["complete"], false, "{name}");
    }
}

/// What isn't done in time takes that time: no part gives up what nobody else needs. How far that
/// gets is a matter of the machine.
#[test]
fn time_is_used() {
    const SECONDS: u64 = 4;
    /// If not even one moment was found, there is no use in going on to the end.
    const LEAST: Duration = Duration::from_millis(SECONDS * 1000 * 58 / 100);
    let folder = TempDir::new().expect("a temporary folder");
    let (name, text) = (
        "counts",
        "#include <signal.h>\n#include <stdio.h>\n\
         static volatile unsigned n;\n\
         static void handle(int s) { (void)s; n = 1; }\n\
         int main(void) {\n\
             signal(SIGINT, handle);\n\
             for (int i = 0; i < 100; i++) printf(\"%d of %d\\n\", i, n);\n\
         }\n",
    );
    let program = program(&folder, name, text, &["-g"]);
    for arguments in [
        &["--from-start", "--strategy", "all"][..],
        &["--strategy", "all"],
        &[],
    ] {
        let begun = now();
        let assert = siglab(["explore", "--format", "json", "--time"])
            .arg(format!("{SECONDS}s"))
            .args(arguments)
            .arg("--")
            .arg(&program)
            .timeout(PATIENCE)
            .assert()
            .stderr("");
        let took = now() - begun;
        let explored = explored(&stdout(&assert));
        let moments = &explored["moments"];
        let is_all = moments["tried"] == moments["total"] && moments["tried"] != 0;
        assert!(
            is_all || took >= LEAST,
            "{arguments:?} took {took:?}: {explored}"
        );
    }
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "a budget is in real time")]
fn now() -> Instant {
    Instant::now()
}

/// What was found out so far is told, soon.
#[test]
fn a_request_to_stop_is_kept() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, does) in ENDLESS {
        let program = endless(&folder, name, does);
        let (status, output) = stopped(&folder.path().join(format!("{name}.fifo")), &program);
        assert_eq!(status, Some(128 + Signal::SIGTERM as i32), "{name}");
        assert_eq!(explored(&output)["complete"], false, "{name}");
    }
}

/// Sends SIGTERM when the program has begun for the first time. siglab's exit status, and what
/// it wrote.
fn stopped(fifo: &Path, program: &Path) -> (Option<i32>, String) {
    mkfifo(fifo, Mode::S_IRUSR | Mode::S_IWUSR).expect("the folder is ours");
    let mut begun = File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_CLOEXEC.bits())
        .open(fifo)
        .expect("it is there");
    let mut siglab = Command::new(env!("CARGO_BIN_EXE_siglab"));
    let siglab = bounded(&mut siglab)
        .args(["explore", "--format", "json", "--"])
        .arg(program)
        .arg(fifo)
        .stdout(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    begun.read_exact(&mut [0]).expect("the program has begun");
    kill(Pid::from_raw(siglab.id().cast_signed()), Signal::SIGTERM).expect("it is there");
    let mut output = String::new();
    let mut pipe = siglab.stdout.take().expect("it is piped");
    pipe.read_to_string(&mut output).expect("it is text");
    (siglab.wait().expect("it ends").code(), output)
}
