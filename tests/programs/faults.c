// siglab-test: outcomes = one
// Faults: SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP, their codes and addresses; blocked,
// they kill.
#include "observe.h"

static sigjmp_buf back;
static void *volatile expected;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s", signal_name(number), number == SIGTRAP ? "" : code_name(info));
    if (expected)
        say(", the address: %s", yes(info->si_addr == expected));
    say("\n");
    siglongjmp(back, 1);
}

#define FAULT(code)                                                                                                    \
    if (sigsetjmp(back, 1) == 0) {                                                                                     \
        code;                                                                                                          \
        say("no fault\n");                                                                                             \
    }

static volatile int zero, seven = 7;

int main(void) {
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (int i = 0; i < 5; i++)
        handle_info(faults[i], on_fault, 0);
    expected = (void *)64;
    FAULT(*(volatile int *)expected = 1);
    expected = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FAULT(*(volatile int *)expected = 1);
    int file = (int)MUST(memfd_create("empty", 0));
    expected = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    FAULT(*(volatile int *)expected = 1);
    expected = NULL;
    FAULT(zero = seven / zero);
    FAULT(__builtin_trap());
#ifdef __x86_64__
    FAULT(__asm__ volatile("int3"));
    FAULT(*(volatile int *)0x800000000000 = 1); // not an address at all: no MAPERR
#else
    FAULT(raise(SIGTRAP));
    say("SIGSEGV SI_KERNEL\n");
#endif

    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        block(SIGSEGV);
        *(volatile int *)64 = 1;
    }
    reap("blocked", child);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        signal(SIGSEGV, SIG_IGN);
        *(volatile int *)64 = 1;
    }
    reap("ignored", child);
    // Sent, not a fault: may be ignored.
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV);
    say("end\n");
}
