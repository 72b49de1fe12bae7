/* A file may have ten bytes and no more. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    struct rlimit ten = { .rlim_cur = 10, .rlim_max = 10 };
    setrlimit(RLIMIT_FSIZE, &ten);
    int fd = memfd_create("file", 0);
    write(fd, "0123456789", 10);
    write(fd, "one more", 8);
    return 0;
}
