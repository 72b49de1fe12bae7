// siglab-test: outcomes = one
// A signal for the process goes to a thread that doesn't block it, whichever that is, and
// waits while all do.
#include "observe.h"

static __thread const char *name = "main";
static pthread_barrier_t step;

static void on_usr1(int number) {
    say("%s in %s\n", signal_name(number), name);
}

static void *run(void *given) {
    name = given;
    if (strcmp(name, "second") == 0)
        unblock(SIGUSR1);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    if (strcmp(name, "second") == 0)
        block(SIGUSR1);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    if (strcmp(name, "first") == 0)
        unblock(SIGUSR1);
    pthread_barrier_wait(&step);
    return NULL;
}

int main(void) {
    handle(SIGUSR1, on_usr1, SA_RESTART);
    block(SIGUSR1);
    pthread_barrier_init(&step, NULL, 3);
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, run, "first");
    pthread_create(&threads[1], NULL, run, "second");
    pthread_barrier_wait(&step);
    kill(getpid(), SIGUSR1);
    sleep_ms(60);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sigset_t now;
    sigpending(&now);
    say("pending: %s\n", yes(sigismember(&now, SIGUSR1)));
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    sigpending(&now);
    say("pending: %s\n", yes(sigismember(&now, SIGUSR1)));
}
