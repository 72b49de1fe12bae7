// siglab-test: outcomes = one
// What waits do when the process is stopped and goes on, without any handler: signal(7)
// lists those that fail with EINTR.
#include "observe.h"

#include <sys/sem.h>

static int set, ends[2], semaphores;

static void wait_in_epoll(void) {
    struct epoll_event event;
    SAY(epoll_wait(set, &event, 1, 400));
}

static void wait_in_poll(void) {
    SAY(poll(NULL, 0, 400));
}

static void wait_in_select(void) {
    struct timeval time = timeval_of_ms(400);
    SAY(select(0, NULL, NULL, NULL, &time));
}

static void wait_in_sigtimedwait(void) {
    block(SIGUSR1);
    sigset_t one = set_of(SIGUSR1, 0, 0);
    struct timespec time = timespec_of_ms(400);
    SAY(sigtimedwait(&one, NULL, &time));
}

static void on_alarm(int number) {
    say("%s\n", signal_name(number));
}

static void wait_in_pause(void) {
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(400);
    SAY(pause());
}

static void wait_in_semtimedop(void) {
    struct timespec time = timespec_of_ms(400);
    struct sembuf down = {.sem_op = -1};
    SAY(semtimedop(semaphores, &down, 1, &time));
}

static void wait_in_sem_timedwait(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    struct timespec until = in_ms(CLOCK_REALTIME, 400);
    SAY(sem_timedwait(&semaphore, &until));
}

static void wait_in_read(void) {
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(400);
    char byte;
    SAY(read(ends[0], &byte, 1));
}

int main(void) {
    set = (int)MUST(epoll_create1(0));
    semaphores = (int)MUST(semget(IPC_PRIVATE, 1, 0600));
    MUST(pipe(ends));
    void (*const waits[])(void) = {wait_in_epoll,        wait_in_poll,  wait_in_select,       wait_in_sigtimedwait,
                                   wait_in_semtimedop,   wait_in_pause, wait_in_sem_timedwait, wait_in_read};
    pid_t children[8];
    int outputs[8], status;
    for (int i = 0; i < 8; i++) {
        children[i] = fork_aside(&outputs[i]);
        if (children[i] == 0) {
            waits[i]();
            _exit(0);
        }
    }
    sleep_ms(150);
    for (int i = 0; i < 8; i++)
        kill(children[i], SIGSTOP);
    for (int i = 0; i < 8; i++)
        MUST(waitpid(children[i], &status, WUNTRACED));
    for (int i = 0; i < 8; i++)
        kill(children[i], SIGCONT);
    for (int i = 0; i < 8; i++) {
        reap_silently(children[i]);
        print_aside(outputs[i]);
    }
    MUST(semctl(semaphores, 0, IPC_RMID));
}
