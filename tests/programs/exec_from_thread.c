// siglab-test: outcomes = one
// A thread that isn't the first one execs: it takes the first one's place, the others end.
#include "observe.h"

static pid_t before;

static void *sleeper(void *unused) {
    (void)unused;
    sleep(30);
    say("not reached\n");
    return NULL;
}

static void *execs(void *program) {
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)before);
    block(SIGUSR2);
    execl(program, "exec_from_thread", pid, NULL);
    say("exec: %s\n", error_name(errno));
    return NULL;
}

int main(int argc, char **argv) {
    if (argc == 2) {
        sigset_t now;
        sigprocmask(SIG_SETMASK, NULL, &now);
        say("same process: %s, first thread: %s, the thread's mask: %s\n", yes(getpid() == atoi(argv[1])),
            yes(gettid() == getpid()), yes(sigismember(&now, SIGUSR2)));
        sleep_ms(50);
        return 3;
    }
    before = getpid();
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, sleeper, NULL);
    sleep_ms(50);
    pthread_create(&threads[1], NULL, execs, "/proc/self/exe");
    pthread_join(threads[0], NULL);
    say("not reached\n");
}
