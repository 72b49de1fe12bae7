/* A signal for the process, which only one thread doesn't block; and one for the other thread. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void on_signal(int number)
{
    write(STDOUT_FILENO, number == SIGUSR1 ? "USR1\n" : "USR2\n", 5);
}

static void *waits(void *unused)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    pause();
    return unused;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);    /* threads inherit it */
    pthread_t other;
    pthread_create(&other, NULL, waits, NULL);
    sleep(1);
    kill(getpid(), SIGUSR1);
    pthread_join(other, NULL);
    pthread_kill(pthread_self(), SIGUSR2);
    return 0;
}
