// siglab-test: outcomes = one
// What waits do when the process is stopped and goes on, without any handler: signal(7)
// lists those that fail with EINTR.
#include "observe.h"

#include <sys/sem.h>

static int set, ends[2], semaphores;

static void wait_in_epoll(void) {
    struct epoll_event event;
    SAY(epoll_wait(set, &event, 1, 300));
}

static void wait_in_poll(void) {
    SAY(poll(NULL, 0, 300));
}

static void wait_in_select(void) {
    struct timeval time = timeval_of_ms(300);
    SAY(select(0, NULL, NULL, NULL, &time));
}

static void wait_in_sigtimedwait(void) {
    block(SIGUSR1);
    sigset_t one = set_of(SIGUSR1, 0, 0);
    struct timespec time = timespec_of_ms(300);
    SAY(sigtimedwait(&one, NULL, &time));
}

static void wait_in_pause(void) {
    alarm_in_ms(300);
    SAY(pause());
}

static void wait_in_semtimedop(void) {
    struct timespec time = timespec_of_ms(300);
    struct sembuf down = {.sem_op = -1};
    SAY(semtimedop(semaphores, &down, 1, &time));
}

static void wait_in_sem_timedwait(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    struct timespec until = in_ms(CLOCK_REALTIME, 300);
    SAY(sem_timedwait(&semaphore, &until));
}

static void wait_in_read(void) {
    alarm_in_ms(300);
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
    for (int i = 0; i < 8; i++) {
        children[i] = (pid_t)MUST(fork());
        if (children[i] == 0) {
            waits[i]();
            _exit(0);
        }
        sleep_ms(100);
        kill(children[i], SIGSTOP);
        int status;
        MUST(waitpid(children[i], &status, WUNTRACED));
        kill(children[i], SIGCONT);
        reap("child", children[i]);
    }
    MUST(semctl(semaphores, 0, IPC_RMID));
}
