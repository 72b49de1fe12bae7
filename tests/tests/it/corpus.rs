//! A hundred small programs, one timed or signal interface each: what they print natively
//! they print under the engine, the same trace each time, and nothing else in any order
//! of their threads and processes.
//!
//! The tests called `native` take real time: `cargo test -- --skip ::native` leaves them
//! out.

use std::collections::BTreeSet;

use siglab_tests::corpus::{Program, sources};

/// How many traces of one program are compared.
const RUNS: u64 = 10;

/// How many random schedules of one program are tried.
const SEEDS: u64 = 20;

/// Three tests for each program.
macro_rules! corpus {
    ($($name:ident)+) => {
        $(
            mod $name {
                use super::{Program, RUNS, SEEDS};

                #[test]
                fn native() {
                    Program::new(stringify!($name)).check_native_twin();
                }

                #[test]
                fn same_trace() {
                    Program::new(stringify!($name)).check_same_trace(RUNS);
                }

                #[test]
                fn any_schedule() {
                    Program::new(stringify!($name)).check_any_schedule(SEEDS);
                }
            }
        )+

        const LISTED: &[&str] = &[$(stringify!($name)),+];
    };
}

corpus! {
    abort_handled
    aio_signal
    alarm_kills
    alarm_returns
    altstack
    barrier
    blocked_faults
    blocking_calls
    busy_clock
    busy_flag
    busy_signals
    busy_thread
    c11_threads
    child_handler
    child_states
    clock_nanosleep_absolute
    cond_timedwait
    cpu_clocks
    cxx_threads
    dumpable
    epoll_eintr
    epoll_timeouts
    errno_in_handler
    eventfd_threads
    exec_from_thread
    exec_inherits
    exit_in_handler
    exit_signal_and_exec
    faults
    file_locks
    first_thread_chosen
    fork_inherits
    futex_waits
    group_continued
    groups_and_sessions
    huge_mapping
    ignored_in_waits
    ignored_in_writes
    ignored_sigchld
    invalid_arguments
    itimer_merges
    itimer_periodic
    job_control
    jump_out_of_handler
    kill_errors
    kill_group
    killed_and_asked
    lost_signals
    message_batches
    message_queue
    mutex_inherits_priority
    mutex_timedlock
    nanosleep_eintr
    nanosleep_from_child
    nanosleep_ignored
    nanosleep_invalid
    nested_handlers
    nocldstop
    nocldwait
    nodefer
    orphan
    orphaned_group
    pause_returns
    pidfd
    ping_pong
    pipe_full
    pipeline
    poll_eintr
    poll_timeouts
    posix_spawn
    process_directed
    producers_consumers
    pselect_mask
    pthread_exit_main
    pty_keys
    raise_stop
    random_and_proc
    read_restart
    resethand
    rust_signals
    rust_std
    sa_mask
    select_time_left
    self_pipe
    sem_timedwait
    sigio
    sigcont_in_wait
    signalfd_epoll
    signalfd_several
    signalfd_vectors
    sigpending
    sigpipe
    sigqueue_order
    sigsuspend
    sigtimedwait
    sigtimedwait_disposition
    sigtimedwait_ignored_child
    sigwait_order
    sigwait_thread
    sigwaitinfo
    sleep_in_handler
    sleep_interrupted
    socket_timeouts
    stack_overflow
    statically_linked
    stop_after_cont
    stop_and_cont_pending
    stop_sleeper
    stop_waits
    subreaper
    subreaper_killed_group
    subreaper_merges
    subreaper_nearest
    subreaper_rules
    subreaper_zombies
    system_popen
    sysv_semaphores
    thread_signals
    timed_join
    timer_gettime
    timer_handler
    timer_ignored
    timer_pending
    timer_signal
    timer_thread
    timer_thread_id
    timerfd_epoll
    timerfd_forked
    timerfd_periodic
    timerfd_read
    tracer_pid
    tstp_handler
    ualarm_periodic
    unix_sockets
    vfork_exec
    wait_polling
    wait_restart
    waitid_options
}

#[test]
fn every_program_is_listed() {
    let sources = sources();
    let files: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.file_stem()?.to_str())
        .collect();
    let listed: BTreeSet<&str> = LISTED.iter().copied().collect();
    assert_eq!(files, listed);
}
