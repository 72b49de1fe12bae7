// siglab-test: outcomes = one
// SIGCONT for a process that isn't stopped: nobody notices, whatever it waits in.
#include "observe.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static void told(const char *name, int result) {
    say("%s: %s\n", name, result < 0 ? error_name(errno) : "no error");
}

int main(void) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            sleep_ms(100);
            kill(parent, SIGCONT);
            sleep_ms(100);
        }
        _exit(0);
    }
    block(SIGUSR1);
    sigset_t set = set_of(SIGUSR1, 0, 0);
    struct timespec limit = {.tv_nsec = 200000000};
    told("sigtimedwait", sigtimedwait(&set, NULL, &limit));
    told("poll", poll(NULL, 0, 200));
    told("epoll_wait", epoll_wait(epoll_create1(0), &(struct epoll_event){0}, 1, 200));
    told("nanosleep", nanosleep(&limit, NULL));
    told("select", select(0, NULL, NULL, NULL, &(struct timeval){.tv_usec = 200000}));
    int status;
    MUST(waitpid(child, &status, 0));
}
