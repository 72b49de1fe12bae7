// siglab-test: outcomes = one
// raise(3) in a thread, pthread_kill(3), masks of their own: who handles what.
#include "observe.h"

static __thread const char *name = "main";
static sem_t ready, go;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s in %s\n", signal_name(number), code_name(info), name);
}

static void *run(void *unused) {
    (void)unused;
    name = "thread";
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    say("inherited: SIGUSR2 blocked: %s\n", yes(sigismember(&now, SIGUSR2)));
    raise(SIGUSR1);
    raise(SIGUSR2);
    sigpending(&now);
    say("pending here: %s\n", yes(sigismember(&now, SIGUSR2)));
    sem_post(&ready);
    while (sem_wait(&go) == -1) {
    }
    unblock(SIGUSR2);
    say("thread ends\n");
    return NULL;
}

int main(void) {
    sem_init(&ready, 0, 0);
    sem_init(&go, 0, 0);
    handle_info(SIGUSR1, on_signal, SA_RESTART);
    handle_info(SIGUSR2, on_signal, SA_RESTART);
    block(SIGUSR2);
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    sem_wait(&ready);
    sigset_t now;
    sigpending(&now);
    say("pending in main: %s\n", yes(sigismember(&now, SIGUSR2)));
    unblock(SIGUSR2);
    pthread_kill(thread, SIGUSR1);
    sleep_ms(60);
    say("%s\n", error_name(pthread_kill(thread, 0)));
    say("%s\n", error_name(pthread_kill(thread, 99)));
    sem_post(&go);
    pthread_join(thread, NULL);
    raise(SIGUSR1);
}
