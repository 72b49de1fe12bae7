//! What signals do to the programs of the corpus, beyond what these print: deliveries, `EINTR`,
//! restarts and reaps are those that strace(1) sees natively, where it is installed.

use siglab_tests::corpus::Program;

macro_rules! strace_twins {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                Program::new(stringify!($name)).check_strace_twin();
            }
        )+
    };
}

strace_twins! {
    abort_handled
    child_handler
    epoll_eintr
    errno_in_handler
    exec_inherits
    fork_inherits
    ignored_sigchld
    itimer_merges
    itimer_periodic
    lost_signals
    nanosleep_eintr
    nanosleep_from_child
    nested_handlers
    nocldstop
    nocldwait
    nodefer
    pause_returns
    poll_eintr
    pselect_mask
    read_restart
    resethand
    sa_mask
    self_pipe
    sigpipe
    sigqueue_order
    sleep_in_handler
    sleep_interrupted
    system_popen
    tstp_handler
    ualarm_periodic
    vfork_exec
    wait_polling
    wait_restart
    waitid_options
}
