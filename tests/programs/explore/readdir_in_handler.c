// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash, errno-clobbered
// siglab-explore: alone = exits 0
// A directory stream has a lock: readdir(3) on the same one in main and in the handler.
#include "explore.h"
#include <dirent.h>

static DIR *folder;

static void on_sigusr1(int number) {
    (void)number;
    rewinddir(folder);
    readdir(folder);
}

int main(void) {
    folder = opendir("/proc/self");
    if (folder == NULL)
        return 2;
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int entry = 0; entry < 2; entry++)
        if (readdir(folder) == NULL)
            return 2;
    say("two entries\n");
}
