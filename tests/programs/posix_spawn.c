// siglab-test: outcomes = one
// posix_spawn(3): mask, default dispositions, process group; a program that doesn't exist.
#include "observe.h"

#include <spawn.h>

extern char **environ;

static int report(void) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    struct sigaction first, second;
    sigaction(SIGUSR1, NULL, &first);
    sigaction(SIGUSR2, NULL, &second);
    say("blocked: SIGINT %s, SIGHUP %s; ignored: SIGUSR1 %s, SIGUSR2 %s; its own group: %s\n",
        yes(sigismember(&now, SIGINT)), yes(sigismember(&now, SIGHUP)), yes(first.sa_handler == SIG_IGN),
        yes(second.sa_handler == SIG_IGN), yes(getpgrp() == getpid()));
    raise(SIGTERM);
    return 9;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2)
        return report();
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    block(SIGINT);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    sigset_t mask = set_of(SIGHUP, 0, 0), by_default = set_of(SIGUSR1, 0, 0);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setsigdefault(&attributes, &by_default);
    char *const args[] = {"posix_spawn", "report", NULL};
    pid_t child;
    int result = posix_spawn(&child, "/proc/self/exe", NULL, &attributes, args, environ);
    reap("child", child);
    say("%s\n", error_name(result));
    char *const shell[] = {"sh", "-c", "kill -HUP $$", NULL};
    result = posix_spawnp(&child, "sh", NULL, NULL, shell, environ);
    reap("shell", child);
    say("%s\n", error_name(result));
    say("%s\n", error_name(posix_spawn(&child, "/does/not/exist", NULL, NULL, args, environ)));
    SAY(waitpid(-1, NULL, WNOHANG));
}
