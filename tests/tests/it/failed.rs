//! Calls that fail at once: what a trace tells of them.

use siglab_engine::{Command, Options, Script, run};
use siglab_model::Kind;
use siglab_tests::build::c_program;

#[test]
fn each_is_told_once_until_the_thread_waits() {
    let command = Command::new(c_program("failed_calls", &[]));
    let options = Options {
        lines: true,
        ..Options::default()
    };
    let trace = run(&command, &Script::default(), &options).expect("it runs");
    let told = trace.events.iter().filter_map(|event| {
        let call = event.call.as_ref().and_then(|call| call.line);
        let line = call.map_or_else(String::new, |line| format!("{line}: "));
        Some(match &event.kind {
            Kind::CallFailed {
                syscall,
                what,
                errno,
                argument,
            } => {
                let argument = argument.as_ref().map(|it| format!(" ({it})"));
                let argument = argument.unwrap_or_default();
                format!("{line}{syscall} {what}: {errno}{argument}")
            }
            Kind::SendFailed {
                syscall,
                target,
                signal,
                errno,
            } => format!("{line}{syscall} {signal} to {target}: {errno}"),
            _ => return None,
        })
    });
    let told: Vec<_> = told.collect();
    let expected = [
        "19: rt_sigaction : EINVAL (the signal is SIGKILL)",
        "20: rt_sigprocmask : EINVAL (how is 17)",
        "22: rt_sigtimedwait {SIGUSR1}: EINVAL (tv_nsec is 1000000000)",
        "23: clock_nanosleep : EINVAL (tv_sec is -1)",
        "24: wait4 any child: ECHILD",
        "25: wait4 any child of a process group: ECHILD",
        "26: wait4 main: ECHILD",
        "27: setpgid : ESRCH",
        "31: rt_sigtimedwait {SIGUSR1}: EINVAL (tv_nsec is 1000000000)",
        "38: kill the pid of child to 15: EINVAL",
        "41: wait4 child: ECHILD",
    ];
    assert_eq!(told, expected);
}
