// Carries out a program of the oracle's (tests/src/oracle): a list of steps, each for one
// thread, one at a time. Each step's result and each start and end of a handler is a line.
//
// Arguments: how it is run (`native` or `traced`), where to begin (`-`, or after an exec the
// thread, its process and its next step), then one step each:
// `START RESULT THREAD NAME NUMBER...`. START is how many lines there are before the step
// begins; RESULT before the line of its result. They keep the order: who isn't to run waits
// until there are so many lines.
//
// Natively, that isn't enough: a thread that has written its last line isn't at rest yet. So
// before a step begins, every other thread has to sleep, to be stopped, or to be gone. Under
// the engine, a thread runs until it waits anyway.
#include "../observe.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/resource.h>

enum { TASKS = 16, SHARED = 100 };

// What all processes share: a file, so that it outlives an exec.
static struct shared {
    int lines;
    // Whether the program is being ended: whatever happens then isn't written.
    int over;
    int pid[TASKS], tid[TASKS], tgid[TASKS];
    // How many lines a waiting thread waits for, and what it waits on.
    int target[TASKS], go[TASKS];
} *shared;

static char **steps;
static int step_count;
static bool native;
static char **arguments;
// Which signal a signal's handler raises, 0 for none.
static int raises[65];
static _Thread_local int self, depth;

#define LOAD(where) __atomic_load_n(&(where), __ATOMIC_SEQ_CST)
#define STORE(where, value) __atomic_store_n(&(where), value, __ATOMIC_SEQ_CST)

// Another line is written: whoever waits for it may go on.
static void count_line(void) {
    int lines = __atomic_add_fetch(&shared->lines, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < TASKS; i++) {
        int target = LOAD(shared->target[i]);
        if (target && target <= lines) {
            STORE(shared->go[i], 1);
            if (i != self)
                syscall(SYS_futex, &shared->go[i], FUTEX_WAKE, 1, NULL, NULL, 0);
        }
    }
}

#define LINE(format, ...) \
    (LOAD(shared->over) ? (void)0 : (say("%d " format "\n", self __VA_OPT__(, ) __VA_ARGS__), count_line()))

static void wait_for_lines(int count) {
    STORE(shared->go[self], 0);
    STORE(shared->target[self], count);
    while (LOAD(shared->lines) < count)
        syscall(SYS_futex, &shared->go[self], FUTEX_WAIT, 0, NULL, NULL, 0);
    STORE(shared->target[self], 0);
}

// Waits until a thread sleeps, is stopped or gone: proc_pid_stat(5).
static void wait_for_rest(int task) {
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", shared->tgid[task], shared->tid[task]);
    for (;;) {
        int file = open(path, O_RDONLY);
        if (file == -1)
            return;
        ssize_t length = read(file, text, sizeof text - 1);
        close(file);
        if (length <= 0)
            return;
        text[length] = 0;
        const char *state = strrchr(text, ')');
        if (state && strchr("STZX", state[2]))
            return;
        sched_yield();
    }
}

static const char *set_text(uint64_t set, char *text) {
    char *at = text;
    for (int i = 1; i <= 64; i++)
        if (set >> (i - 1) & 1)
            at += sprintf(at, "%s%d", at == text ? "" : "+", i);
    return at == text ? "-" : text;
}

static uint64_t bits(const sigset_t *set) {
    uint64_t bits;
    memcpy(&bits, set, sizeof bits);
    return bits;
}

static sigset_t set_of_bits(uint64_t bits) {
    sigset_t set;
    sigemptyset(&set);
    memcpy(&set, &bits, sizeof bits);
    return set;
}

static uint64_t mask_now(void) {
    uint64_t mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    return mask;
}

// What a siginfo says, in words.
static const char *info_text(const siginfo_t *info, char *text) {
    int from = -1;
    for (int i = 0; i < TASKS && info->si_pid; i++)
        if (shared->pid[i] == info->si_pid)
            from = i;
    bool child = info->si_signo == SIGCHLD && info->si_code > 0;
    char *at = text + sprintf(text, "%s", code_name(info));
    if (from >= 0 && info->si_code != SI_KERNEL)
        at += sprintf(at, " of %d", from);
    if (info->si_code == SI_QUEUE)
        at += sprintf(at, " value %d", info->si_value.sival_int);
    if (child)
        sprintf(at, " status %d", info->si_status);
    return text;
}

static void handler(int number, siginfo_t *info, void *context) {
    int error = errno;
    char told[64], blocked[192], before[192];
    uint64_t restores;
    memcpy(&restores, &((ucontext_t *)context)->uc_sigmask, sizeof restores);
    depth++;
    LINE("enters %s, %s, depth %d, blocked %s, before %s", signal_name(number), info_text(info, told), depth,
        set_text(mask_now(), blocked), set_text(restores, before));
    if (raises[number] && depth == 1)
        syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), raises[number]);
    LINE("leaves %s", signal_name(number));
    depth--;
    errno = error;
}

// Where a step's arguments are read.
struct reader {
    char *at;
};

static uint64_t next(struct reader *reader) {
    return strtoull(reader->at, &reader->at, 0);
}

static int number(struct reader *reader) {
    return (int)next(reader);
}

static const int flags[] = {SA_RESTART, SA_NODEFER, SA_RESETHAND, SA_NOCLDSTOP, SA_NOCLDWAIT};

static void do_action(struct reader *reader, int result) {
    int signal = number(reader), kind = number(reader), chosen = number(reader);
    uint64_t mask = next(reader);
    struct sigaction new = {.sa_mask = set_of_bits(mask)}, old;
    for (int i = 0; i < 5; i++)
        new.sa_flags |= chosen >> i & 1 ? flags[i] : 0;
    if (kind == 2)
        new.sa_flags |= SA_SIGINFO, new.sa_sigaction = handler;
    else
        new.sa_handler = kind ? SIG_IGN : SIG_DFL;
    raises[signal] = number(reader);
    int failed = sigaction(signal, &new, &old), error = failed ? errno : 0;
    wait_for_lines(result);
    if (failed) {
        LINE("action %s", error_name(error));
        return;
    }
    int old_flags = 0;
    for (int i = 0; i < 5; i++)
        old_flags |= old.sa_flags & flags[i] ? 1 << i : 0;
    char text[192];
    const char *was = old.sa_handler == SIG_DFL ? "default" : old.sa_handler == SIG_IGN ? "ignore" : "handler";
    LINE("action ok, was %s, flags %d, mask %s", was, old_flags, set_text(bits(&old.sa_mask), text));
}

static void say_born(const char *how) {
    char blocked[192], pending[192], ignored[192];
    sigset_t set;
    sigpending(&set);
    uint64_t ignores = 0;
    static const int looked_at[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGTSTP};
    for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++) {
        struct sigaction action;
        sigaction(looked_at[i], NULL, &action);
        ignores |= (uint64_t)(action.sa_handler == SIG_IGN) << (looked_at[i] - 1);
    }
    LINE("%s, blocked %s, pending %s, ignored %s", how, set_text(mask_now(), blocked),
        set_text(bits(&set), pending), set_text(ignores, ignored));
}

static void be(int task, int process) {
    self = task;
    depth = 0;
    shared->tid[task] = (int)syscall(SYS_gettid);
    shared->tgid[task] = getpid();
    shared->pid[process] = getpid();
}

static void play(int step, int process);

struct start {
    int task, process, step;
};

static void *thread_main(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    be(start.task, start.process);
    say_born("thread");
    play(start.step, start.process);
    return NULL;
}

static void do_thread(struct reader *reader, int result, int step, int process) {
    struct start *start = malloc(sizeof *start);
    *start = (struct start){number(reader), process, step + 1};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, thread_main, start);
    wait_for_lines(result);
    LINE("thread %s", error_name(error));
}

static void do_fork(struct reader *reader, int result, int step) {
    int task = number(reader), process = number(reader), leads = number(reader);
    pid_t child = fork();
    if (child == 0) {
        be(task, process);
        if (leads)
            setpgid(0, 0);
        say_born("child");
        play(step + 1, process);
    }
    wait_for_lines(result);
    LINE("fork %s", child == -1 ? error_name(errno) : "ok");
}

static void do_exec(int step, int process) {
    char where[64];
    snprintf(where, sizeof where, "%d %d %d", self, process, step + 1);
    arguments[2] = where;
    execv("/proc/self/exe", arguments);
    LINE("exec %s", error_name(errno));
}

static void do_timedwait(struct reader *reader, int result) {
    uint64_t set = next(reader);
    bool forever = number(reader);
    char told[64];
    siginfo_t info;
    struct timespec none = {0};
    if (forever)
        LINE("waits");
    // glibc's sigtimedwait makes SI_USER of SI_TKILL.
    int taken = (int)syscall(SYS_rt_sigtimedwait, &set, &info, forever ? NULL : &none, sizeof set), error = errno;
    if (!forever)
        wait_for_lines(result);
    if (taken == -1)
        LINE("timedwait %s", error_name(error));
    else
        LINE("timedwait %s, %s", signal_name(taken), info_text(&info, told));
}

static void do_signalfd(struct reader *reader, int result) {
    sigset_t set = set_of_bits(next(reader));
    int file = (int)MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    struct signalfd_siginfo read_info = {0};
    ssize_t length = read(file, &read_info, sizeof read_info);
    int error = errno;
    close(file);
    wait_for_lines(result);
    if (length == -1) {
        LINE("signalfd %s", error_name(error));
        return;
    }
    siginfo_t info = {0};
    char told[64];
    info.si_signo = (int)read_info.ssi_signo;
    info.si_code = read_info.ssi_code;
    info.si_pid = (pid_t)read_info.ssi_pid;
    if (info.si_signo == SIGCHLD && info.si_code > 0)
        info.si_status = read_info.ssi_status;
    else
        info.si_value.sival_int = read_info.ssi_int;
    LINE("signalfd %s, %s", signal_name(info.si_signo), info_text(&info, told));
}

static void do_wait(struct reader *reader, int result) {
    pid_t child = shared->pid[number(reader)];
    bool blocks = number(reader);
    int options = (blocks ? 0 : WNOHANG) | WUNTRACED | WCONTINUED, status = 0;
    if (blocks)
        LINE("waits");
    pid_t told = waitpid(child, &status, options);
    int error = errno;
    if (!blocks)
        wait_for_lines(result);
    if (told == -1)
        LINE("wait %s", error_name(error));
    else if (told == 0)
        LINE("wait nothing");
    else if (WIFEXITED(status))
        LINE("wait exited %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        LINE("wait killed %s", signal_name(WTERMSIG(status)));
    else if (WIFSTOPPED(status))
        LINE("wait stopped %s", signal_name(WSTOPSIG(status)));
    else
        LINE("wait continued");
}

// The parent makes sure that a child has ended, stopped or gone on. The kernel tells a
// waiting parent of a stop a little before it sends the signal.
static void do_settle(struct reader *reader) {
    static const int events[] = {WEXITED, WSTOPPED, WCONTINUED};
    pid_t child = shared->pid[number(reader)];
    int event = events[number(reader)];
    bool pending = number(reader);
    siginfo_t info;
    while (waitid(P_PID, (id_t)child, &info, event | WNOWAIT) == -1 && errno == EINTR) {
    }
    while (pending) {
        sigset_t set;
        sigpending(&set);
        if (sigismember(&set, SIGCHLD))
            break;
        sched_yield();
    }
    LINE("settled");
}

// A timer of 1 ms, and time enough for it.
static void do_alarm(int result) {
    struct timespec until = in_ms(CLOCK_MONOTONIC, 4);
    alarm_in_ms(1);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
    wait_for_lines(result);
    LINE("alarm ok");
}

// Ends everything. Parents go before their children, so that nobody hears of anything.
static void do_end(struct reader *reader, int process) {
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
    LINE("end");
    STORE(shared->over, 1);
    // Nor does anybody hear of it.
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    for (int count = number(reader); count; count--) {
        int other = number(reader);
        if (other != process)
            kill(shared->pid[other], SIGKILL);
    }
    _exit(0);
}

static void do_send(const char *name, struct reader *reader, int result) {
    int target = number(reader), signal = number(reader), value = number(reader);
    siginfo_t info = {.si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = value;
    long failed;
    if (strcmp(name, "kill") == 0)
        failed = syscall(SYS_kill, shared->pid[target], signal);
    else if (strcmp(name, "tgkill") == 0)
        failed = syscall(SYS_tgkill, shared->tgid[target], shared->tid[target], signal);
    else if (strcmp(name, "queue") == 0)
        failed = syscall(SYS_rt_sigqueueinfo, shared->pid[target], signal, &info);
    else
        failed = syscall(SYS_rt_tgsigqueueinfo, shared->tgid[target], shared->tid[target], signal, &info);
    int error = failed ? errno : 0;
    wait_for_lines(result);
    LINE("%s %s", name, error_name(error));
}

static void do_step(const char *name, struct reader *reader, int result, int step, int process) {
    char text[192];
    if (strcmp(name, "action") == 0) {
        do_action(reader, result);
    } else if (strcmp(name, "mask") == 0) {
        int how = number(reader);
        uint64_t set = next(reader), old = 0;
        syscall(SYS_rt_sigprocmask, how, &set, &old, sizeof set);
        wait_for_lines(result);
        LINE("mask was %s", set_text(old, text));
    } else if (strcmp(name, "pending") == 0) {
        sigset_t set;
        sigpending(&set);
        wait_for_lines(result);
        LINE("pending %s", set_text(bits(&set), text));
    } else if (strcmp(name, "suspend") == 0) {
        sigset_t set = set_of_bits(next(reader));
        LINE("waits");
        sigsuspend(&set);
        LINE("suspend %s", error_name(errno));
    } else if (strcmp(name, "timedwait") == 0) {
        do_timedwait(reader, result);
    } else if (strcmp(name, "signalfd") == 0) {
        do_signalfd(reader, result);
    } else if (strcmp(name, "wait") == 0) {
        do_wait(reader, result);
    } else if (strcmp(name, "settle") == 0) {
        do_settle(reader);
    } else if (strcmp(name, "alarm") == 0) {
        do_alarm(result);
    } else if (strcmp(name, "fork") == 0) {
        do_fork(reader, result, step);
    } else if (strcmp(name, "thread") == 0) {
        do_thread(reader, result, step, process);
    } else if (strcmp(name, "exec") == 0) {
        do_exec(step, process);
    } else if (strcmp(name, "exit") == 0) {
        _exit(number(reader));
    } else if (strcmp(name, "leave") == 0) {
        // The thread alone, without libc's cleaning up.
        LINE("ends");
        syscall(SYS_exit, 0);
    } else if (strcmp(name, "rest") == 0) {
        LINE("rests");
    } else if (strcmp(name, "end") == 0) {
        do_end(reader, process);
    } else {
        do_send(name, reader, result);
    }
}

// This thread's steps, from `step` on.
static void play(int step, int process) {
    for (; step < step_count; step++) {
        struct reader reader = {steps[step]};
        int start = number(&reader), result = number(&reader);
        if (number(&reader) != self)
            continue;
        char name[16] = "";
        int length = 0;
        sscanf(reader.at, " %15s%n", name, &length);
        reader.at += length;
        wait_for_lines(start);
        // The step before may have no line of its own, if its process ended or stopped: then
        // it is this one that waits for that.
        bool at_once = !native || strcmp(name, "settle") == 0;
        for (int i = 0; !at_once && i < TASKS; i++)
            if (i != self && shared->tid[i])
                wait_for_rest(i);
        do_step(name, &reader, result, step, process);
    }
    wait_for_lines(1 << 30);
}

int main(int count, char **given) {
    arguments = given;
    native = strcmp(given[1], "native") == 0;
    steps = given + 3;
    step_count = count - 3;
    bool begins = given[2][0] == '-';
    if (begins) {
        MUST(dup2((int)MUST(memfd_create("shared", 0)), SHARED));
        MUST(ftruncate(SHARED, sizeof *shared));
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED, 0);
    if (!begins) {
        struct reader reader = {given[2]};
        int task = number(&reader), process = number(&reader), step = number(&reader);
        be(task, process);
        say_born("exec");
        play(step, process);
    }
    if (native) {
        // As under the engine: a session of its own, nothing ignored, no core dumps, one processor.
        MUST(setsid());
        for (int i = 1; i <= SIGRTMAX; i++)
            sigaction(i, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        MUST(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}));
        cpu_set_t processor;
        CPU_ZERO(&processor);
        CPU_SET(sched_getcpu(), &processor);
        MUST(sched_setaffinity(0, sizeof processor, &processor));
    }
    be(0, 0);
    play(0, 0);
}
