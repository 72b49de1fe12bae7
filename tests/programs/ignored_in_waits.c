// siglab-test: outcomes = one
// A child's end (SIGCHLD, ignored by default) and an ignored signal don't disturb any wait.
#include "observe.h"

#include <mqueue.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>

static int ends[2], sockets[2], semaphores, messages, file;

static void in_nanosleep(void) {
    struct timespec rest = {.tv_sec = 7};
    SAY(nanosleep(&(struct timespec){.tv_nsec = 150000000}, &rest));
    say("rest untouched: %s\n", yes(rest.tv_sec == 7));
}

static void in_poll(void) {
    SAY(poll(NULL, 0, 150));
}

static void in_ppoll(void) {
    sigset_t none = set_of(0, 0, 0);
    struct timespec time = timespec_of_ms(150);
    SAY(ppoll(NULL, 0, &time, &none));
}

static void in_select(void) {
    struct timeval time = timeval_of_ms(150);
    SAY(select(0, NULL, NULL, NULL, &time));
    left("left", ms_of_timeval(time), 0);
}

static void in_pselect(void) {
    sigset_t none = set_of(0, 0, 0);
    struct timespec time = timespec_of_ms(150);
    SAY(pselect(0, NULL, NULL, NULL, &time, &none));
}

static void in_epoll(void) {
    int set = (int)MUST(epoll_create1(0));
    struct epoll_event event;
    SAY(epoll_wait(set, &event, 1, 150));
    sigset_t none = set_of(0, 0, 0);
    SAY(epoll_pwait(set, &event, 1, 20, &none));
}

static void in_sigtimedwait(void) {
    block(SIGUSR1);
    sigset_t one = set_of(SIGUSR1, 0, 0);
    struct timespec time = timespec_of_ms(150);
    SAY(sigtimedwait(&one, NULL, &time));
}

static void in_semtimedop(void) {
    struct timespec time = timespec_of_ms(150);
    struct sembuf down = {.sem_op = -1};
    SAY(semtimedop(semaphores, &down, 1, &time));
}

static void in_sem_timedwait(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    struct timespec until = in_ms(CLOCK_REALTIME, 150);
    SAY(sem_timedwait(&semaphore, &until));
}

static void in_recv(void) {
    struct timeval time = timeval_of_ms(150);
    MUST(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    char byte;
    SAY(recv(sockets[0], &byte, 1, 0));
}

static void in_mq_timedreceive(void) {
    char name[32], text[8];
    snprintf(name, sizeof name, "/siglab-test-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = sizeof text};
    mqd_t queue = (mqd_t)MUST(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    MUST(mq_unlink(name));
    struct timespec until = in_ms(CLOCK_REALTIME, 150);
    SAY(mq_timedreceive(queue, text, sizeof text, NULL, &until));
}

// Waits without a time-out: another child ends them.
static void in_read(void) {
    char byte;
    SAY(read(ends[0], &byte, 1));
}

static void in_endless_poll(void) {
    struct pollfd input = {.fd = ends[0], .events = POLLIN};
    SAY(poll(&input, 1, -1));
}

static void in_msgrcv(void) {
    struct { long type; char text[8]; } message;
    SAY(msgrcv(messages, &message, sizeof message.text, 0, 0));
}

static void in_semop(void) {
    struct sembuf down = {.sem_op = -1};
    SAY(semop(semaphores, &down, 1));
}

static void in_inotify(void) {
    char path[32], buffer[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int watch = (int)MUST(inotify_init1(0));
    MUST(inotify_add_watch(watch, path, IN_MODIFY));
    say("read: %s\n", yes(read(watch, buffer, sizeof buffer) > 0));
}

static void in_signalfd(void) {
    block(SIGUSR1);
    sigset_t set = set_of(SIGUSR1, 0, 0);
    int fd = (int)MUST(signalfd(-1, &set, 0));
    struct signalfd_siginfo info;
    say("read: %s\n", yes(read(fd, &info, sizeof info) == sizeof info));
}

static void in_waitall(void) {
    char text[8];
    MUST(write(sockets[1], "ab", 2));
    struct timeval time = {0};
    MUST(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    SAY(recv(sockets[0], text, 4, MSG_WAITALL));
}

static void wake_up(void (*wait_there)(void), pid_t waiter) {
    struct { long type; char text[8]; } message = {.type = 1};
    if (wait_there == in_read || wait_there == in_endless_poll)
        MUST(write(ends[1], "x", 1));
    if (wait_there == in_waitall)
        MUST(write(sockets[1], "cd", 2));
    if (wait_there == in_msgrcv)
        MUST(msgsnd(messages, &message, sizeof message.text, 0));
    if (wait_there == in_semop)
        MUST(semop(semaphores, &(struct sembuf){.sem_op = 1}, 1));
    if (wait_there == in_inotify)
        MUST(write(file, "x", 1));
    if (wait_there == in_signalfd)
        kill(waiter, SIGUSR1);
}

static void disturbed(void (*wait_there)(void), bool timed) {
    MUST(pipe(ends));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    semaphores = (int)MUST(semget(IPC_PRIVATE, 1, 0600));
    messages = (int)MUST(msgget(IPC_PRIVATE, 0600));
    file = (int)MUST(open("/tmp", O_TMPFILE | O_RDWR, 0600));
    signal(SIGUSR2, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    pid_t me = getpid();
    int64_t start = now_ms();
    for (int i = 1; i <= 3 - timed; i++)
        if (MUST(fork()) == 0) {
            sleep_ms(i * 40);
            if (i == 2)
                kill(me, SIGUSR2);
            if (i == 3)
                wake_up(wait_there, me);
            _exit(0);
        }
    wait_there();
    elapsed("after", start, timed ? wait_there == in_epoll ? 170 : 150 : 120);
    MUST(semctl(semaphores, 0, IPC_RMID));
    MUST(msgctl(messages, IPC_RMID, NULL));
}

int main(void) {
    void (*const waits[])(void) = {in_nanosleep,    in_poll,          in_ppoll,   in_select, in_pselect,        in_epoll,
                                   in_sigtimedwait, in_semtimedop,    in_recv,    in_read,   in_mq_timedreceive, in_msgrcv,
                                   in_semop,        in_sem_timedwait, in_inotify, in_waitall, in_signalfd,
                                   in_endless_poll};
    void (*const untimed[])(void) = {in_read, in_endless_poll, in_msgrcv, in_semop, in_inotify, in_signalfd, in_waitall};
    enum { COUNT = sizeof waits / sizeof *waits };
    pid_t children[COUNT];
    int outputs[COUNT];
    for (int i = 0; i < COUNT; i++) {
        children[i] = fork_aside(&outputs[i]);
        if (children[i] == 0) {
            bool timed = true;
            for (size_t j = 0; j < sizeof untimed / sizeof *untimed; j++)
                timed = timed && waits[i] != untimed[j];
            disturbed(waits[i], timed);
            _exit(0);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        reap_silently(children[i]);
        print_aside(outputs[i]);
    }
}
