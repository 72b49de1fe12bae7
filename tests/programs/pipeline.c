// siglab-test: outcomes = one
// Three processes in a row, by pipes: blocking reads, and writes of more than a pipe holds.
#include "observe.h"

enum { KIB = 96 };

static void copy(int from, int to, int pause_each) {
    static char buffer[3000];
    ssize_t length;
    int reads = 0;
    while ((length = MUST(read(from, buffer, sizeof buffer))) > 0) {
        for (ssize_t i = 0; i < length; i++)
            buffer[i]++;
        for (ssize_t done = 0; done < length;)
            done += MUST(write(to, buffer + done, (size_t)(length - done)));
        if (++reads % pause_each == 0)
            usleep(1000);
    }
}

int main(void) {
    int first[2], second[2];
    MUST(pipe(first));
    MUST(pipe(second));
    pid_t producer = (pid_t)MUST(fork());
    if (producer == 0) {
        static char data[KIB * 1024];
        memset(data, 'a', sizeof data);
        ssize_t length = MUST(write(first[1], data, sizeof data)); // blocks, and is whole
        _exit(length == sizeof data ? 0 : 1);
    }
    close(first[1]);
    pid_t filter = (pid_t)MUST(fork());
    if (filter == 0) {
        close(second[0]);
        copy(first[0], second[1], 10);
        _exit(2);
    }
    close(first[0]);
    close(second[1]);
    static char buffer[5000];
    ssize_t length;
    int total = 0, right = 0;
    while ((length = MUST(read(second[0], buffer, sizeof buffer))) > 0) {
        total += (int)length;
        for (ssize_t i = 0; i < length; i++)
            right += buffer[i] == 'b';
        if (total > 40000 && total < 50000)
            usleep(1000);
    }
    say("%d KiB, right: %s\n", total / 1024, yes(right == total));
    reap("producer", producer);
    reap("filter", filter);
}
