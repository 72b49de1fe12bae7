/*
 * Makes another process the owner of a descriptor, so that the kernel sends it SIGIO.
 * Argument: the target ("parent" or a pid).
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "hostile_common.h"

#ifndef FIOSETOWN
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
#endif

static volatile sig_atomic_t caught;

static void on_sigio(int signal_number)
{
    (void)signal_number;
    caught = caught + 1;
}

int main(int argc, char **argv)
{
    pid_t target = target_of(argc > 1 ? argv[1] : "parent");
    int group = getpgid(target) > 0 ? -getpgid(target) : -target;
    struct f_owner_ex process = { F_OWNER_PID, target };
    struct f_owner_ex thread = { F_OWNER_TID, target };
    struct f_owner_ex whole_group = { F_OWNER_PGRP, -group };
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    check(fcntl(ends[0], F_SETFL, O_ASYNC), "O_ASYNC");
    report("F_SETOWN", fcntl(ends[0], F_SETOWN, target));
    report("F_SETOWN of group", fcntl(ends[0], F_SETOWN, group));
    report("F_SETOWN_EX of process", fcntl(ends[0], F_SETOWN_EX, &process));
    report("F_SETOWN_EX of thread", fcntl(ends[0], F_SETOWN_EX, &thread));
    report("F_SETOWN_EX of group", fcntl(ends[0], F_SETOWN_EX, &whole_group));
    report("FIOSETOWN", ioctl(ends[0], FIOSETOWN, &target));
    report("FIOSETOWN of group", ioctl(ends[0], FIOSETOWN, &group));
    report("SIOCSPGRP", ioctl(ends[0], SIOCSPGRP, &target));
    printf("owner: %d\n", fcntl(ends[0], F_GETOWN));
    /* SIGIO for whoever is the owner. */
    check(write(ends[1], "!", 1), "write");

    /* What is allowed: itself. */
    signal(SIGIO, on_sigio);
    report("F_SETOWN of itself", fcntl(ends[0], F_SETOWN, getpid()));
    check(write(ends[1], "!", 1), "write");
    printf("SIGIO for itself: %d\n", (int)caught);
    return 0;
}
