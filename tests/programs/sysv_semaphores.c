// siglab-test: outcomes = one
// System V semaphores and message queues: waits, time-outs, EINTR whatever SA_RESTART says.
#include "observe.h"

#include <sys/msg.h>
#include <sys/sem.h>

static void on_alarm(int number) {
    (void)number;
}

int main(void) {
    int set = (int)MUST(semget(IPC_PRIVATE, 2, 0600)), queue = (int)MUST(msgget(IPC_PRIVATE, 0600));
    struct sembuf down = {.sem_op = -1}, up = {.sem_op = 1}, both[] = {{.sem_op = -1}, {.sem_num = 1, .sem_op = 1}};
    struct timespec time = timespec_of_ms(60);
    int64_t start = now_ms();
    SAY(semtimedop(set, &down, 1, &time));
    elapsed("after", start, 60);
    down.sem_flg = IPC_NOWAIT;
    SAY(semop(set, &down, 1));
    down.sem_flg = 0;
    start = now_ms();
    if (MUST(fork()) == 0) {
        sleep_ms(100);
        MUST(semop(set, &up, 1));
        _exit(0);
    }
    SAY(semop(set, both, 2));
    elapsed("after", start, 100);
    say("values %d %d\n", semctl(set, 0, GETVAL), semctl(set, 1, GETVAL));
    wait(NULL);
    handle(SIGALRM, on_alarm, SA_RESTART);
    alarm_in_ms(100);
    SAY(semop(set, &down, 1));
    alarm_in_ms(100);
    time = timespec_of_ms(2000);
    SAY(semtimedop(set, &down, 1, &time));

    struct { long type; char text[8]; } message = {.type = 3, .text = "hello"};
    alarm_in_ms(100);
    SAY(msgrcv(queue, &message, sizeof message.text, 0, 0));
    SAY(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT));
    start = now_ms();
    if (MUST(fork()) == 0) {
        sleep_ms(100);
        MUST(msgsnd(queue, &message, sizeof message.text, 0));
        _exit(0);
    }
    memset(message.text, 0, sizeof message.text);
    SAY(msgrcv(queue, &message, sizeof message.text, 3, 0));
    say("%s\n", message.text);
    elapsed("after", start, 100);
    wait(NULL);
    MUST(semctl(set, 0, IPC_RMID));
    MUST(msgctl(queue, IPC_RMID, NULL));
}
