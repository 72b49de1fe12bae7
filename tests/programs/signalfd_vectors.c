// siglab-test: outcomes = one
// Every call that can read a signalfd, into one buffer and into several; and those that can't.
#include "observe.h"

#include <linux/aio_abi.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static int fd;

static void show(const char *how, ssize_t result, const struct signalfd_siginfo *records) {
    if (result < 0) {
        say("%s: %s\n", how, error_name(errno));
        return;
    }
    say("%s: %d\n", how, (int)(result / (ssize_t)sizeof *records));
    for (size_t i = 0; i < (size_t)result / sizeof *records; i++) {
        siginfo_t info = {.si_signo = (int)records[i].ssi_signo, .si_code = records[i].ssi_code};
        say("  %s %s value %d\n", signal_name(info.si_signo), code_name(&info), records[i].ssi_int);
    }
}

static void submit(aio_context_t context, struct iocb *request, const struct signalfd_siginfo *records) {
    struct iocb *requests[] = {request};
    SAY(syscall(SYS_io_submit, context, 1, requests));
    struct io_event event;
    struct timespec at_once = {0};
    SAY(syscall(SYS_io_getevents, context, 0, 1, &event, &at_once));
    show("io_submit", event.res, records);
}

static void child_reads(int socket) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    recvmsg(socket, &message, 0);
    int received;
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
    struct signalfd_siginfo record;
    alarm(1);
    sleep_ms(1500);
    ssize_t result = read(received, &record, sizeof record);
    show("in another process", result, &record);
}

int main(void) {
    block(SIGALRM);
    block(SIGUSR1);
    int sockets[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
    pid_t child = fork();
    if (child == 0) {
        child_reads(sockets[1]);
        _exit(0);
    }
    sigset_t set = set_of(SIGALRM, SIGUSR1, 0);
    fd = signalfd(-1, &set, 0);

    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    SAY(sendmsg(sockets[0], &message, 0));
    waitpid(child, NULL, 0);

    struct signalfd_siginfo records[2];
    alarm(1);
    show("read", read(fd, records, sizeof records), records);

    char *bytes = (char *)records;
    struct iovec parts[] = {{bytes, 5}, {bytes + 5, 0}, {bytes + 5, 100}, {bytes + 105, sizeof records - 105}};
    alarm(1);
    show("readv", readv(fd, parts, 4), records);
    alarm(1);
    sleep_ms(1500);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 7});
    show("readv of two", readv(fd, parts, 4), records);
    alarm(1);
    show("preadv2", preadv2(fd, parts, 4, -1, 0), records);

    alarm(1);
    sleep_ms(1500);
    int ends[2];
    pipe(ends);
    show("pread", pread(fd, records, sizeof records, 0), records);
    show("preadv", preadv(fd, parts, 4, 0), records);
    show("recv", recv(fd, records, sizeof records, 0), records);
    show("splice", splice(fd, NULL, ends[1], NULL, sizeof records, 0), records);
    show("sendfile", sendfile(ends[1], fd, NULL, sizeof records), records);

    aio_context_t context = 0;
    SAY(syscall(SYS_io_setup, 4, &context));
    struct iocb request = {.aio_lio_opcode = IOCB_CMD_PREAD,
                           .aio_fildes = (unsigned)fd,
                           .aio_buf = (uintptr_t)records,
                           .aio_nbytes = sizeof records};
    submit(context, &request, records);
    alarm(1);
    request = (struct iocb){.aio_lio_opcode = IOCB_CMD_PREADV,
                            .aio_fildes = (unsigned)fd,
                            .aio_buf = (uintptr_t)parts,
                            .aio_nbytes = 4};
    submit(context, &request, records);
}
