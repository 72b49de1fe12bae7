/*
 * faults: a program that reports its own faults.
 *
 * One alternate stack for each thread, taken from the heap; one handler for the four signals.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* The name of one of the four signals. */
static const char *name_of(int signal_number)
{
    switch (signal_number) {
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    default:
        return "another signal";
    }
}

/* Appends TEXT to LINE, which has room for it. For handlers, as all that follows up to report_sent(). */
static void append(char *line, const char *text)
{
    size_t length = strlen(line);

    memcpy(line + length, text, strlen(text) + 1);
}

static void append_number(char *line, unsigned long number, unsigned base)
{
    char digits[24];
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    append(line, first);
}

static void put_line(const char *line)
{
    if (write(STDERR_FILENO, line, strlen(line)) == -1)
        return; /* there is nobody to tell */
}

/* Writes `fault: SIGSEGV code 1 at 0x10`. A handler may call it. */
static void report_fault(int signal_number, int code, const void *address)
{
    char line[100] = "fault: ";

    append(line, name_of(signal_number));
    append(line, " code ");
    append_number(line, (unsigned)code, 10);
    append(line, " at 0x");
    append_number(line, (unsigned long)address, 16);
    append(line, "\n");
    put_line(line);
}

/* Writes `sent: SIGSEGV`. A handler may call it. */
static void report_sent(int signal_number)
{
    char line[100] = "sent: ";

    append(line, name_of(signal_number));
    append(line, "\n");
    put_line(line);
}

static void on_signal(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;

    (void)context;
    if (info->si_code > 0) { /* the kernel's own codes are positive */
        report_fault(signal_number, info->si_code, info->si_addr);
        _exit(128 + signal_number);
    }
    report_sent(signal_number);
    errno = saved_errno;
}

/* Called once, when the program begins. */
static void prepare_process(void)
{
    static const int signals[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS };
    struct sigaction action = {
        .sa_sigaction = on_signal,
        .sa_flags = SA_SIGINFO | SA_ONSTACK,
    };

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        check(sigaction(signals[i], &action, NULL), "sigaction");
}

/* Called by each thread when it begins, also by the first one. */
static void prepare_thread(void)
{
    stack_t stack = { .ss_size = 64 * 1024 };

    stack.ss_sp = malloc(stack.ss_size); /* kept until the program ends */
    check(stack.ss_sp == NULL ? -1 : 0, "malloc");
    check(sigaltstack(&stack, NULL), "sigaltstack");
}

/* From here on it is the program as it was handed out. */

static void divide(void)
{
    volatile int number = 1;
    volatile int zero = 0;

    number = number / zero;
}

static void bus(unsigned long offset)
{
    void *const place = (void *)0x10000000;
    int file = memfd_create("empty", 0);
    volatile char *memory;

    check(file, "memfd_create");
    memory = mmap(place, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
    check(memory == MAP_FAILED ? -1 : 0, "mmap");
    memory[offset] = 1; /* the file has no such byte */
}

/* Not inlined, so that the address is in no register that stands for the stack. */
__attribute__((noinline)) static void write_to(volatile char *memory)
{
    *memory = 1;
}

/* Calls itself until the stack is full. */
static int overflow(int depth)
{
    volatile char room[1000];

    room[0] = (char)depth;
    return depth == 0 ? 0 : overflow(depth + 1) + room[0];
}

/* Raises the four signals below DEPTH calls, and looks whether these have kept their variables. */
static void raise_all(int depth)
{
    volatile char room[1000];

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = (char)depth;
    if (depth > 0) {
        raise_all(depth - 1);
    } else {
        check(raise(SIGFPE), "raise");
        check(raise(SIGILL), "raise");
        check(raise(SIGSEGV), "raise");
        check(raise(SIGBUS), "raise");
    }
    for (size_t i = 0; i < sizeof room; i++)
        check(room[i] == (char)depth ? 0 : (errno = EFAULT, -1), "the stack is overwritten");
}

/* Three seconds, whatever signals come meanwhile. */
static void wait_three_seconds(void)
{
    struct timespec end;

    check(clock_gettime(CLOCK_MONOTONIC, &end), "clock_gettime");
    end.tv_sec += 3;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        continue;
}

/* Does what the arguments say. Returns if nothing of it was a fault. */
static void act(char **arguments)
{
    const char *mode = arguments[0] != NULL ? arguments[0] : "";
    unsigned long number = 0;

    if (mode[0] != '\0' && arguments[1] != NULL)
        number = strtoul(arguments[1], NULL, 0);
    if (strcmp(mode, "divide") == 0)
        divide();
    else if (strcmp(mode, "illegal") == 0)
        __builtin_trap(); /* ud2, which is no instruction on purpose */
    else if (strcmp(mode, "write") == 0)
        write_to((volatile char *)number);
    else if (strcmp(mode, "bus") == 0)
        bus(number);
    else if (strcmp(mode, "overflow") == 0)
        overflow(1);
    else if (strcmp(mode, "raise") == 0)
        raise_all(1000);
    else if (strcmp(mode, "wait") == 0)
        wait_three_seconds();
    else
        check((errno = EINVAL, -1), "divide, illegal, write, bus, overflow, raise or wait");
}

static void *thread(void *arguments)
{
    prepare_thread();
    act(arguments);
    return NULL;
}

int main(int argc, char **argv)
{
    prepare_process();
    prepare_thread();
    printf("ready\n");
    check(fflush(stdout) == 0 ? 0 : -1, "fflush");
    usleep(100 * 1000); /* a handled signal cuts it short */

    if (argc > 1 && strcmp(argv[1], "thread") == 0) {
        pthread_t id;
        errno = pthread_create(&id, NULL, thread, argv + 2);
        check(errno == 0 ? 0 : -1, "pthread_create");
        errno = pthread_join(id, NULL);
        check(errno == 0 ? 0 : -1, "pthread_join");
    } else {
        act(argv + 1);
    }
    printf("done\n");
    return 0;
}
