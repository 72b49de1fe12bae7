/* Loops that don't wait in the kernel. The argument says which. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t flag;
static volatile unsigned long count;

static void on_signal(int number)
{
    (void)number;
    flag = 1;
}

__attribute__((noinline)) static int is_set(void)
{
    return flag;
}

/* Sets and clears the flag, and is where it was before. */
static void *toggle(void *nothing)
{
    for (;;) {
        flag = 2;
        flag = 0;
    }
    return nothing;
}

/* Waits for a change that somebody may see who looks at the right moment. */
static void *wait_for_two(void *nothing)
{
    while (flag != 2)
        ;
    return nothing;
}

/* Ends somebody's loop, and leaves nothing behind that could happen. */
static void *set_later(void *nothing)
{
    sleep(1);
    flag = 1;
    return nothing;
}

int main(int argc, char **argv)
{
    struct sigaction action;
    const char *which = argc > 1 ? argv[1] : "";

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    if (strcmp(which, "flag") == 0) {
        while (!flag)
            ;
    } else if (strcmp(which, "function") == 0) {
        while (!is_set())
            ;
    } else if (strcmp(which, "counts") == 0) {
        while (!flag)
            count++;
    } else if (strcmp(which, "no-exit") == 0) {
        /* What the compiler makes of a flag that isn't volatile. */
        for (;;)
            count++;
    } else if (strcmp(which, "inner") == 0) {
        while (!flag)
            for (int i = 0; i < 5; i++)
                count += is_set() + 1;
    } else if (strcmp(which, "ends") == 0) {
        while (count < 1UL << 60)
            count++;
    } else if (strcmp(which, "strides") == 0) {
        /* Only where it reads changes. In the end it leaves its memory, and dies. */
        size_t size = 1 << 26, page = 4096;
        volatile char *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect((void *)(at + size - page), page, PROT_NONE);
        while (!flag)
            *at++;
    } else if (strcmp(which, "vectors") == 0) {
        /* No register that holds integers changes, and no memory. */
        double sum = 0;
        while (sum < 3e7) {
            sum += 1;
            __asm__ volatile("" : "+x"(sum));
        }
        printf("%.0f\n", sum);
    } else if (strcmp(which, "child") == 0) {
        if (fork() == 0) {
            sleep(5);
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
        while (!flag)
            ;
    } else if (strcmp(which, "two") == 0) {
        pthread_t one, other;
        pthread_create(&one, NULL, toggle, NULL);
        pthread_create(&other, NULL, wait_for_two, NULL);
        pthread_join(other, NULL);
        _exit(0);
    } else if (strcmp(which, "released") == 0) {
        pthread_t other;
        pthread_create(&other, NULL, set_later, NULL);
        while (!flag)
            ;
        for (int i = 0; i < 100; i++)
            waitpid(-1, NULL, WNOHANG);
    }
    puts("end");
    return 0;
}
