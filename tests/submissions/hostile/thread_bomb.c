// siglab-expect: diagnosis = too-many-processes | computes-forever | crashed
// Threads without end.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *wait_for_ever(void *argument) {
    pause();
    return argument;
}

int main(void) {
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) {
            abort();
        }
    }
    puts("done");
    return 0;
}
