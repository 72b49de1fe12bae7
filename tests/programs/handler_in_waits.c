// siglab-test: outcomes = one
// A handler, with SA_RESTART and without, in every kind of wait: which ones go on is in
// signal(7).
#include "observe.h"

#include <mqueue.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>

static void on_alarm(int number) {
    (void)number;
    say("%s\n", signal_name(number));
}

static void in_futex(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    SAY(sem_wait(&semaphore));
}

static void in_timed_futex(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    struct timespec until = in_ms(CLOCK_REALTIME, 300);
    SAY(sem_timedwait(&semaphore, &until));
}

static void in_waitpid(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(250);
        _exit(0);
    }
    say("waitpid: %s\n", waitpid(child, NULL, 0) == child ? "the child" : error_name(errno));
}

static void in_flock(void) {
    char path[] = "/tmp/siglab-test-XXXXXX";
    int first = mkstemp(path), second = (int)MUST(open(path, O_RDWR));
    MUST(unlink(path));
    MUST(flock(first, LOCK_EX));
    SAY(flock(second, LOCK_EX));
}

static int queue, set_of_semaphores;

static void in_msgrcv(void) {
    struct { long type; char text[8]; } message;
    SAY(msgrcv(queue, &message, sizeof message.text, 0, 0));
}

static void in_semop(void) {
    SAY(semop(set_of_semaphores, &(struct sembuf){.sem_op = -1}, 1));
}

static void in_mq_receive(void) {
    char name[32], text[8];
    snprintf(name, sizeof name, "/siglab-test-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = sizeof text};
    mqd_t queue = (mqd_t)MUST(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    MUST(mq_unlink(name));
    SAY(mq_receive(queue, text, sizeof text, NULL));
}

static void in_inotify(void) {
    int watch = (int)MUST(inotify_init1(0));
    char buffer[64];
    SAY(read(watch, buffer, sizeof buffer));
}

static void in_eventfd(void) {
    eventfd_t value;
    SAY(eventfd_read((int)MUST(eventfd(0, 0)), &value));
}

static void in_timerfd(void) {
    int fd = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
    MUST(timerfd_settime(fd, 0, &(struct itimerspec){.it_value = timespec_of_ms(250)}, NULL));
    uint64_t expirations;
    SAY(read(fd, &expirations, sizeof expirations));
}

static void in_signalfd(void) {
    block(SIGUSR1);
    sigset_t set = set_of(SIGUSR1, 0, 0);
    struct signalfd_siginfo info;
    SAY(read((int)MUST(signalfd(-1, &set, 0)), &info, sizeof info));
}

static void in_accept(void) {
    int server = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    sa_family_t address = AF_UNIX;
    MUST(bind(server, (struct sockaddr *)&address, sizeof address));
    MUST(listen(server, 1));
    SAY(accept(server, NULL, NULL));
}

static void in_timed_recv(void) {
    int sockets[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    struct timeval time = timeval_of_ms(250);
    MUST(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    char byte;
    SAY(recv(sockets[0], &byte, 1, 0));
}

static char fifo[64];

static void in_fifo(void) {
    SAY(open(fifo, O_RDONLY));
}

static void in_epoll(void) {
    int set = (int)MUST(epoll_create1(0));
    struct epoll_event event;
    SAY(epoll_wait(set, &event, 1, 250));
}

static void in_clock_nanosleep(void) {
    struct timespec until = in_ms(CLOCK_MONOTONIC, 250);
    say("clock_nanosleep: %s\n", error_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)));
}

static void in_sigwait(void) {
    block(SIGUSR1);
    sigset_t one = set_of(SIGUSR1, 0, 0);
    SAY(sigwaitinfo(&one, NULL));
}

static void in_lock(void) {
    char path[] = "/tmp/siglab-test-XXXXXX";
    int file = mkstemp(path);
    MUST(unlink(path));
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    MUST(fcntl(file, F_SETLK, &whole));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        alarm_in_ms(100);
        SAY(fcntl(file, F_SETLKW, &whole));
        _exit(0);
    }
    sleep_ms(250);
    whole.l_type = F_UNLCK;
    MUST(fcntl(file, F_SETLK, &whole));
    reap_silently(child);
}

int main(void) {
    void (*const waits[])(void) = {in_futex,    in_timed_futex, in_waitpid, in_flock,           in_msgrcv, in_semop, in_mq_receive,
                                   in_inotify,  in_eventfd,     in_timerfd, in_signalfd,        in_accept, in_fifo,  in_timed_recv,
                                   in_epoll,    in_lock,        in_sigwait, in_clock_nanosleep};
    enum { COUNT = sizeof waits / sizeof *waits };
    queue = (int)MUST(msgget(IPC_PRIVATE, 0600));
    set_of_semaphores = (int)MUST(semget(IPC_PRIVATE, 1, 0600));
    snprintf(fifo, sizeof fifo, "/tmp/siglab-test-%d", (int)getpid());
    MUST(mkfifo(fifo, 0600));
    pid_t children[2 * COUNT];
    int outputs[2 * COUNT];
    for (int i = 0; i < 2 * COUNT; i++) {
        children[i] = fork_aside(&outputs[i]);
        if (children[i] == 0) {
            handle(SIGALRM, on_alarm, i % 2 ? SA_RESTART : 0);
            alarm_in_ms(150);
            pid_t killer = (pid_t)MUST(fork());
            if (killer == 0) {
                sleep_ms(400); // of those that go on for ever
                kill(getppid(), SIGKILL);
                _exit(0);
            }
            waits[i / 2]();
            kill(killer, SIGKILL);
            reap_silently(killer);
            _exit(0);
        }
    }
    for (int i = 0; i < 2 * COUNT; i++) {
        int status;
        say("%s:\n", i % 2 ? "with SA_RESTART" : "without");
        MUST(waitpid(children[i], &status, 0));
        print_aside(outputs[i]);
        if (WIFSIGNALED(status)) // by its killer
            say("it goes on\n");
    }
    MUST(msgctl(queue, IPC_RMID, NULL));
    MUST(semctl(set_of_semaphores, 0, IPC_RMID));
    MUST(unlink(fifo));
}
