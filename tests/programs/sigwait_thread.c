// siglab-test: outcomes = one
// One thread takes all signals by sigwait(3), the others block them.
#include "observe.h"

static void *take(void *given) {
    const sigset_t *set = given;
    for (;;) {
        int number = 0;
        int result = sigwait(set, &number);
        say("%s %s\n", error_name(result), signal_name(number));
        if (number == SIGTERM)
            return NULL;
    }
}

static void *send_two(void *unused) {
    (void)unused;
    sleep_ms(50);
    kill(getpid(), SIGHUP);
    sleep_ms(50);
    kill(getpid(), SIGINT);
    return NULL;
}

int main(void) {
    sigset_t set = set_of(SIGHUP, SIGINT, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_t taker, sender;
    pthread_create(&taker, NULL, take, &set);
    pthread_create(&sender, NULL, send_two, NULL);
    pthread_join(sender, NULL);
    sleep_ms(50);
    pthread_kill(taker, SIGTERM);
    pthread_join(taker, NULL);
    say("end\n");
}
