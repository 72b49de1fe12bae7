/*
 * Says what it got from the process that started it: signals, descriptors, attributes.
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void print_set(const char *name, const sigset_t *set)
{
    printf("%s:", name);
    for (int number = 1; number <= 64; number++)
        if (sigismember(set, number) == 1)
            printf(" %d", number);
    printf("\n");
}

int main(int argc, char **argv)
{
    sigset_t set;
    struct rlimit core;
    int death_signal = -1;
    cpu_set_t processors;
    DIR *fds = opendir("/proc/self/fd");
    int is_open[64] = { 0 };

    for (struct dirent *entry; fds != NULL && (entry = readdir(fds)) != NULL;) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(fds) && fd < 64)
            is_open[fd] = 1;
    }
    printf("descriptors:");
    for (int fd = 0; fd < 64; fd++)
        if (is_open[fd])
            printf(" %d", fd);
    printf("\nnot default:");
    for (int number = 1; number <= 64; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf(" %d", number);
    }
    printf("\n");
    sigprocmask(SIG_BLOCK, NULL, &set);
    print_set("blocked", &set);
    sigpending(&set);
    print_set("pending", &set);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    printf("parent death signal: %d\n", death_signal);
    printf("dumpable: %d\n", prctl(PR_GET_DUMPABLE));
    printf("timer slack: %d\n", prctl(PR_GET_TIMERSLACK));
    sched_getaffinity(0, sizeof processors, &processors);
    printf("processors: %d\n", CPU_COUNT(&processors));
    printf("its own group: %d\n", getpgrp() == getpid());
    /* siglab allows no core files, whatever its own limit is. */
    if (argc > 1 && getrlimit(RLIMIT_CORE, &core) == 0)
        printf("%s: %ld %ld\n", argv[1], (long)core.rlim_cur, (long)core.rlim_max);
    return 0;
}
