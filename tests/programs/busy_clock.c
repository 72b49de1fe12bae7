// siglab-test: outcomes = one
// A program that asks for the time until 50 ms are over, in several ways.
#include "observe.h"

int main(void) {
    int64_t start = now_ms();
    while (now_ms() < start + 50) {
    }
    elapsed("clock_gettime:", start, 50);
    start = now_ms();
    struct timeval begin, now;
    gettimeofday(&begin, NULL);
    do
        gettimeofday(&now, NULL);
    while ((now.tv_sec - begin.tv_sec) * 1000000 + now.tv_usec - begin.tv_usec < 50000);
    elapsed("gettimeofday:", start, 50);
    start = now_ms();
    while (now_ms() < start + 50)
        sched_yield();
    elapsed("sched_yield:", start, 50);
    start = now_ms();
    while (now_ms() < start + 50)
        poll(NULL, 0, 0);
    elapsed("poll:", start, 50);
}
