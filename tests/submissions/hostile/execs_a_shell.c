// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// Another program takes its place, and does it.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    execl("/bin/sh", "sh", "-c", "kill -KILL $PPID && echo done", NULL);
    perror("exec");
    return 2;
}
