// siglab-test: outcomes = one
// Randomness, and what a process can see of itself: sane, whatever it is.
#include "observe.h"

#include <sched.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

int main(void) {
    uint64_t first = 0, second = 0, third = 0;
    SAY(getrandom(&first, sizeof first, 0));
    SAY(getrandom(&second, sizeof second, GRND_NONBLOCK));
    int file = (int)MUST(open("/dev/urandom", O_RDONLY));
    SAY(read(file, &third, sizeof third));
    say("they differ: %s\n", yes(first != second && second != third && first));
    say("AT_RANDOM: %s\n", yes(getauxval(AT_RANDOM) != 0));

    FILE *stat = fopen("/proc/self/stat", "r");
    int pid = 0, ppid = 0, group = 0, session = 0;
    char name[32] = "", state = 0;
    int fields = fscanf(stat, "%d (%31[^)]) %c %d %d %d", &pid, name, &state, &ppid, &group, &session);
    fclose(stat);
    say("%d fields, %s, state %s\n", fields, name, (char[]){state, 0});
    say("pid %s, parent %s, group %s, session %s\n", yes(pid == getpid()), yes(ppid == getppid()),
        yes(group == getpgrp()), yes(session == getsid(0)));

    cpu_set_t set;
    SAY(sched_getaffinity(0, sizeof set, &set));
    unsigned here, node;
    SAY(getcpu(&here, &node));
    say("where it runs is where it may: %s\n", yes(CPU_ISSET(here, &set)));
    say("processors: %s\n", yes(get_nprocs() >= 1 && CPU_COUNT(&set) >= 1));
    SAY(sched_setaffinity(0, sizeof set, &set));
    CPU_ZERO(&set);
    SAY(sched_setaffinity(0, sizeof set, &set));
}
