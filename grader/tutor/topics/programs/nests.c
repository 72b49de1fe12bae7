/* A handler sends itself its own signal, once. With the argument "nodefer" it has SA_NODEFER. */
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t runs;

static void on_usr1(int number)
{
    write(STDOUT_FILENO, "begins\n", 7);
    if (++runs == 1)
        raise(number);
    write(STDOUT_FILENO, "ends\n", 5);
}

int main(int argc, char **argv)
{
    (void)argv;
    struct sigaction action = { .sa_handler = on_usr1, .sa_flags = argc > 1 ? SA_NODEFER : 0 };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return 0;
}
