/*
 * Processes or threads without end. Argument: "fork", "setsid" (each in a session of its
 * own), "vfork", "thread" or "zombie" (children that nobody reaps).
 */
#include <pthread.h>

#include "hostile_common.h"

static void *wait_for_ever(void *nothing)
{
    while (pause() == -1) {
    }
    return nothing;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "fork";

    for (;;) {
        if (strcmp(how, "thread") == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, wait_for_ever, NULL);
        } else if (strcmp(how, "zombie") == 0) {
            siginfo_t end;
            pid_t pid = fork();
            if (pid == 0)
                _exit(0);
            waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT);
        } else if (strcmp(how, "vfork") == 0) {
            if (vfork() == 0)
                _exit(0);
        } else {
            if (fork() == 0 && strcmp(how, "setsid") == 0)
                setsid();
        }
    }
}
