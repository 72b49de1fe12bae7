// siglab-test: outcomes = several
// kill(2) to the own group, to another group, and to a group of the dead.
#include "observe.h"

static void on_usr1(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s from %s\n", signal_name(number), info->si_pid == getpid() ? "itself" : "another");
}

static void wait_for(int number) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, number);
    sigsuspend(&all);
}

int main(void) {
    handle_info(SIGUSR1, on_usr1, 0);
    block(SIGUSR1);
    pid_t leader = (pid_t)MUST(fork());
    if (leader == 0) {
        MUST(setpgid(0, 0));
        pid_t members[2];
        for (int i = 0; i < 2; i++) {
            members[i] = (pid_t)MUST(fork());
            if (members[i] == 0) {
                wait_for(SIGUSR1);
                _exit(0);
            }
        }
        sleep_ms(60);
        SAY(kill(0, SIGUSR1));
        wait_for(SIGUSR1);
        for (int i = 0; i < 2; i++)
            reap("member", members[i]);
        say("killpg: %d\n", killpg(getpgrp(), SIGKILL));
    }
    reap("leader", leader);
    SAY(kill(-leader, SIGUSR1));

    // A group whose leader is gone still has a member.
    leader = (pid_t)MUST(fork());
    if (leader == 0) {
        setpgid(0, 0);
        if (MUST(fork()) == 0) {
            wait_for(SIGUSR1);
            _exit(0);
        }
        sleep_ms(50);
        _exit(0);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    reap("leader", leader);
    SAY(kill(-leader, SIGUSR1));
    int status;
    MUST(wait(&status));
    say_status("member", status);
}
