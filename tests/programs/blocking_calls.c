// siglab-test: outcomes = one
// Other calls that wait for a descriptor: readv, recvmsg, splice, tee, opening a FIFO,
// reading inotify, preadv2, sendfile to a full pipe.
#include "observe.h"

#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int ends[2], more[2], sockets[2];
static char folder[] = "/tmp/siglab-test-XXXXXX", fifo[64], file[64];

static void later(void (*act)(void)) {
    if (MUST(fork()) == 0) {
        sleep_ms(50);
        act();
        _exit(0);
    }
}

static void feed_pipe(void) {
    MUST(write(ends[1], "abc", 3));
}

static void feed_socket(void) {
    MUST(send(sockets[1], "abc", 3, 0));
}

static void open_fifo(void) {
    MUST(open(fifo, O_WRONLY));
}

static void make_file(void) {
    MUST(open(file, O_CREAT | O_RDWR, 0600));
}

static void drain(void) {
    static char buffer[64 * 1024];
    MUST(read(more[0], buffer, sizeof buffer));
}

int main(void) {
    MUST(pipe(ends));
    MUST(pipe(more));
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
    if (!mkdtemp(folder))
        return 9;
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    snprintf(file, sizeof file, "%s/file", folder);
    MUST(mkfifo(fifo, 0600));
    char buffer[64];
    struct iovec parts[] = {{buffer, 2}, {buffer + 2, 8}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    int64_t start = now_ms();
    later(feed_pipe);
    SAY(readv(ends[0], parts, 2));
    later(feed_socket);
    SAY(recvmsg(sockets[0], &message, 0));
    later(feed_pipe);
    SAY(tee(ends[0], more[1], 10, 0));
    SAY(splice(ends[0], NULL, more[1], NULL, 2, 0));
    SAY(read(ends[0], buffer, 1));
    later(feed_pipe);
    SAY(splice(ends[0], NULL, more[1], NULL, 10, 0));
    later(open_fifo);
    int reader = (int)MUST(open(fifo, O_RDONLY));
    SAY(read(reader, buffer, sizeof buffer));
    elapsed("five times:", start, 250);

    int watch = (int)MUST(inotify_init1(IN_CLOEXEC));
    MUST(inotify_add_watch(watch, folder, IN_CREATE));
    start = now_ms();
    later(make_file);
    say("created: %s\n", yes(read(watch, buffer, sizeof buffer) > 0));
    elapsed("after", start, 50);
    for (int i = 0; i < 6; i++)
        wait(NULL);

    MUST(fcntl(more[1], F_SETFL, O_NONBLOCK));
    static char block[4096];
    while (write(more[1], block, sizeof block) > 0) {
    }
    MUST(fcntl(more[1], F_SETFL, 0));
    int data = (int)MUST(memfd_create("data", 0));
    MUST(write(data, block, sizeof block));
    MUST(lseek(data, 0, SEEK_SET));
    start = now_ms();
    later(drain);
    say("sendfile: %s\n", yes(sendfile(more[1], data, NULL, sizeof block) == sizeof block));
    elapsed("after", start, 50);
    wait(NULL);
    MUST(unlink(fifo));
    MUST(unlink(file));
    MUST(rmdir(folder));
}
