// siglab-test: outcomes = one
// Orphans go to the nearest subreaper that lives; those of a subreaper that ends, to the next
// one; children of a thread that ends, to another thread of its process.
#include "observe.h"

// Ends when nobody can write to the pipe any more.
static void wait_for_end(int pipe) {
    char byte;
    MUST(read(pipe, &byte, 1));
}

static void *fork_in_thread(void *ends) {
    if (MUST(fork()) == 0) {
        close(((int *)ends)[1]);
        wait_for_end(((int *)ends)[0]);
        _exit(8);
    }
    return NULL;
}

// main -> near (a subreaper) -> middle -> far: `middle` ends, then `near` does.
static void nearest(void) {
    int go[2], near_goes[2], told[2];
    MUST(pipe(go));
    MUST(pipe(near_goes));
    MUST(pipe(told));
    pid_t near = (pid_t)MUST(fork());
    if (near == 0) {
        close(go[1]);
        close(near_goes[1]);
        MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
        pid_t self = getpid(), middle = (pid_t)MUST(fork());
        if (middle == 0) {
            if (MUST(fork()) == 0) {
                while (getppid() != self)
                    sleep_ms(5);
                MUST(write(told[1], "x", 1));
                wait_for_end(go[0]);
                _exit(7);
            }
            _exit(3);
        }
        reap_silently(middle);
        wait_for_end(near_goes[0]);
        _exit(4);
    }
    close(near_goes[0]);
    wait_for_end(told[0]);
    say("the nearest has adopted it\n");
    close(near_goes[1]);
    reap("the nearest", near);
    close(go[1]);
    int status;
    MUST(wait(&status));
    say_status("the orphan of both", status);
}

static void threads(void) {
    int go[2];
    MUST(pipe(go));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, fork_in_thread, go);
        pthread_join(thread, NULL);
        say("the other thread's child is still here: %d\n", (int)waitpid(-1, NULL, WNOHANG));
        _exit(2);
    }
    reap("the process", child);
    close(go[1]);
    int status;
    MUST(wait(&status));
    say_status("its thread's child", status);
}

int main(void) {
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    nearest();
    threads();
    SAY(wait(NULL));
}
