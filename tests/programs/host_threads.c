/*
 * Threads that take turns with a mutex and a condition variable, sleep, and send each
 * other signals.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;
static pthread_t threads[THREADS];

static void on_signal(int signal_number)
{
    char line[] = "signal 00\n";
    line[7] = (char)('0' + signal_number / 10);
    line[8] = (char)('0' + signal_number % 10);
    if (write(STDOUT_FILENO, line, strlen(line)) == -1) {
        /* nobody to tell */
    }
}

static void *take_turns(void *argument)
{
    int mine = (int)(long)argument;

    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&lock);
        while (turn % THREADS != mine)
            pthread_cond_wait(&changed, &lock);
        printf("thread %d, round %d\n", mine, round);
        fflush(stdout);
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        usleep(1000 * (unsigned)(mine + 1));
        pthread_kill(threads[(mine + 1) % THREADS], round % 2 ? SIGUSR1 : SIGRTMIN);
    }
    /* Nobody is gone before the last signal is sent. */
    sleep(1);
    return NULL;
}

int main(void)
{
    signal(SIGUSR1, on_signal);
    signal(SIGRTMIN, on_signal);
    pthread_mutex_lock(&lock);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_turns, (void *)i);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
