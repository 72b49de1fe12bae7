// Two children are killed at the same instant while their parent waits for something else, in
// the way that the argument says: for three seconds, or until the child that goes on does
// something after that time. It doesn't care for SIGCHLD.
#include "observe.h"

static int64_t start;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

// A child that writes to the returned pipe after three seconds.
static int writes_later(void) {
    int ends[2];
    MUST(pipe(ends));
    if (MUST(fork()) == 0) {
        sleep_ms(3000);
        MUST(write(ends[1], "x", 1));
        _exit(0);
    }
    return ends[0];
}

static void wait_for(const char *what) {
    struct timespec three = {.tv_sec = 3};
    char byte;
    if (strcmp(what, "nanosleep") == 0) {
        SAY(nanosleep(&three, &three));
    } else if (strcmp(what, "epoll_wait") == 0) {
        struct epoll_event event;
        SAY(epoll_wait((int)MUST(epoll_create1(0)), &event, 1, 3000));
    } else if (strcmp(what, "poll") == 0) {
        SAY(poll(NULL, 0, 3000));
    } else if (strcmp(what, "ppoll") == 0) {
        sigset_t none = set_of(0, 0, 0);
        block(SIGCHLD);
        SAY(ppoll(NULL, 0, &three, &none));
    } else if (strcmp(what, "sigtimedwait") == 0) {
        sigset_t set = set_of(SIGUSR1, 0, 0);
        block(SIGUSR1);
        SAY(sigtimedwait(&set, NULL, &three));
    } else if (strcmp(what, "read") == 0) {
        SAY(read(writes_later(), &byte, 1));
    } else if (strcmp(what, "waitpid") == 0) {
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            sleep_ms(3000);
            _exit(9);
        }
        reap("the third child", child);
    } else if (strcmp(what, "pthread_cond_timedwait") == 0) {
        struct timespec until = in_ms(CLOCK_REALTIME, 3000);
        pthread_mutex_lock(&mutex);
        int error = pthread_cond_timedwait(&condition, &mutex, &until);
        say("pthread_cond_timedwait: %s\n", error_name(error));
    }
}

int main(int argc, char **argv) {
    start = now_ms();
    for (int i = 0; i < 2; i++)
        if (MUST(fork()) == 0)
            for (;;)
                pause();
    wait_for(argc > 1 ? argv[1] : "nothing");
    elapsed("waited", start, 3000);
}
