// siglab: not started — delete this line when you begin
/*
 * zero_downtime: a starter of servers. zero_downtime ADDRESS... -- COMMAND [ARG...]
 *
 * It opens a listening socket at each address, and starts a server, COMMAND, which finds the sockets in
 * SERVER_STARTER_PORT. At SIGHUP it starts a new server, and ends the old one when the new one is up.
 * At SIGTERM it ends the server, and leaves.
 *
 * The exercise: write starter(). What it has to do is in README.md. Add includes, global variables,
 * functions and handlers as you need them. Do not change the rest: the sockets, the server for which the
 * starter is written (zero_downtime --server), and its clients (--requests=N).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_ADDRESSES 8
#define MOST_TEXT 80

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

static void sleep_ms(long ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (nanosleep(&left, &left) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
}

/* ---- Sockets. Do not change them, nor the server and the clients. -------------------------------- */

/* The process id of the starter. */
static pid_t starter_pid;

/*
 * The name of the socket at ADDRESS: "host:port", with a host such as 127.0.0.1; "port", on this machine; or
 * "@text", a name of unix(7) that nobody else has. Returns its size.
 */
static socklen_t name_of(const char *address, struct sockaddr_storage *name)
{
    struct sockaddr_un *un = (struct sockaddr_un *)name;
    struct sockaddr_in *in = (struct sockaddr_in *)name;
    const char *colon = strrchr(address, ':');
    char host[MOST_TEXT] = "127.0.0.1";

    memset(name, 0, sizeof *name);
    if (address[0] == '@') {
        un->sun_family = AF_UNIX;
        snprintf(un->sun_path + 1, sizeof un->sun_path - 1, "%s of %d", address + 1, (int)starter_pid);
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(un->sun_path + 1));
    }
    if (colon != NULL)
        snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)atoi(colon == NULL ? address : colon + 1));
    check(inet_pton(AF_INET, host, &in->sin_addr) == 1 ? 0 : -1, address);
    return sizeof *in;
}

/* Opens a listening socket at ADDRESS. Its descriptor is closed by exec. */
static int listen_on(const char *address)
{
    struct sockaddr_storage name;
    socklen_t size = name_of(address, &name);
    int yes = 1, fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check(fd, "socket");
    check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "setsockopt");
    check(bind(fd, (struct sockaddr *)&name, size), "bind");
    check(listen(fd, 64), "listen");
    return fd;
}

/* ---- The server. -------------------------------------------------------------------------------- */

/* The listening sockets that a starter has handed over. Returns how many they are. */
static nfds_t handed_over(struct pollfd *sockets)
{
    const char *ports = getenv("SERVER_STARTER_PORT");
    nfds_t count = 0;

    while (ports != NULL && *ports != '\0' && count < MOST_ADDRESSES) {
        size_t length = strcspn(ports, ";");
        const char *equals = memchr(ports, '=', length);
        char *end = NULL;
        int fd = equals == NULL ? -1 : (int)strtol(equals + 1, &end, 10), listens = 0;
        socklen_t size = sizeof listens;

        if (end != ports + length || end == equals + 1) {
            fprintf(stderr, "server: %.*s: expected ADDRESS=DESCRIPTOR\n", (int)length, ports);
            exit(EXIT_FAILURE);
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == -1 || !listens) {
            fprintf(stderr, "server: %.*s: no listening socket has this descriptor\n", (int)length, ports);
            exit(EXIT_FAILURE);
        }
        /* Several servers may wait for one client. */
        check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
        sockets[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
        ports += length + (ports[length] == ';');
    }
    if (count == 0) {
        fprintf(stderr, "server: there is nothing in SERVER_STARTER_PORT\n");
        exit(EXIT_FAILURE);
    }
    return count;
}

/* Answers one request: a line with the number of milliseconds that it takes. */
static void answer(int fd)
{
    char request[MOST_TEXT] = "";
    size_t length = 0;
    ssize_t got;

    while (strchr(request, '\n') == NULL &&
           (got = read(fd, request + length, sizeof request - 1 - length)) > 0)
        length += (size_t)got;
    sleep_ms(atol(request));
    /* Whether the client is still there is its own affair. */
    (void)send(fd, "done\n", strlen("done\n"), MSG_NOSIGNAL);
    close(fd);
}

/* A server as starters want it: at SIGTERM it finishes the request that it has begun, and leaves. */
static int serve(void)
{
    struct pollfd polled[1 + MOST_ADDRESSES];
    nfds_t count = 1 + handed_over(polled + 1);
    sigset_t term;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    check(sigprocmask(SIG_BLOCK, &term, NULL), "sigprocmask");
    polled[0] = (struct pollfd){ .fd = signalfd(-1, &term, SFD_CLOEXEC), .events = POLLIN };
    check(polled[0].fd, "signalfd");
    for (;;) {
        check(poll(polled, count, -1), "poll");
        if (polled[0].revents != 0)
            return EXIT_SUCCESS;
        for (nfds_t i = 1; i < count; i++) {
            int fd = polled[i].revents == 0 ? -1 : accept(polled[i].fd, NULL, NULL);

            if (fd != -1)
                answer(fd);
        }
    }
}

/* ---- The clients. ------------------------------------------------------------------------------- */

/* Makes one request, which takes the server 0.2 s. Whether it was answered. */
static bool request(const char *address)
{
    struct sockaddr_storage name;
    socklen_t size = name_of(address, &name);
    int fd = socket(name.ss_family, SOCK_STREAM, 0);
    char text[MOST_TEXT] = "200\n";
    bool answered;

    check(fd, "socket");
    answered = connect(fd, (struct sockaddr *)&name, size) == 0 &&
               send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
               recv(fd, text, strlen("done\n"), MSG_WAITALL) == (ssize_t)strlen("done\n") &&
               memcmp(text, "done\n", strlen("done\n")) == 0;
    close(fd);
    return answered;
}

/* Makes one request after another. Returns what the client exits with. */
static int be_client(const char *address, int requests)
{
    int lost = 0;

    /* The starter needs time to open its sockets. */
    sleep_ms(100);
    for (int i = 1; i <= requests; i++) {
        if (!request(address)) {
            lost++;
            printf("client: request %d was lost\n", i);
        }
    }
    return lost == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Starts two clients that nobody waits for: they aren't children of the starter. */
static void start_clients(char **addresses, size_t count, int requests)
{
    pid_t launcher = fork();

    check(launcher, "fork");
    if (launcher == 0) {
        for (size_t i = 0; i < 2 && requests > 0; i++) {
            pid_t client = fork();

            check(client, "fork");
            if (client == 0)
                exit(be_client(addresses[i % count], requests));
        }
        exit(EXIT_SUCCESS);
    }
    check(waitpid(launcher, NULL, 0), "waitpid");
}

/* How many addresses there are: they end with "--". */
static size_t count_addresses(char **arguments)
{
    size_t count = 0;

    while (arguments[count] != NULL && strcmp(arguments[count], "--") != 0)
        count++;
    return count;
}

/* Does what --server or --requests=N asks for, if that is the first argument. Returns the others. */
static char **do_option(char **arguments)
{
    if (arguments[0] != NULL && strcmp(arguments[0], "--server") == 0)
        exit(serve());
    if (arguments[0] != NULL && strncmp(arguments[0], "--requests=", 11) == 0) {
        int requests = atoi(*arguments++ + 11);

        if (count_addresses(arguments) > 0)
            start_clients(arguments, count_addresses(arguments), requests);
    }
    return arguments;
}

/* ---- The exercise. ------------------------------------------------------------------------------ */

/*
 * ADDRESSES are COUNT texts, COMMAND is an array for execvp(3), with a null pointer at its end. Returns what
 * the program exits with.
 */
static int starter(char **addresses, size_t count, char **command)
{
    int fd = listen_on(addresses[0]);

    /* To be written. */
    fprintf(stderr, "starter: %s, the first of %zu, has descriptor %d, and I should start %s\n", addresses[0],
            count, fd, command[0]);
    return EXIT_FAILURE;
}

/* ---- Do not change this. ------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    char **addresses;
    size_t count;

    (void)argc;
    /* Complete lines go out at once, so that no child inherits any. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    starter_pid = getpid();
    addresses = do_option(argv + 1);
    count = count_addresses(addresses);
    if (count == 0 || count > MOST_ADDRESSES || addresses[count] == NULL || addresses[count + 1] == NULL) {
        fprintf(stderr, "usage: %s [--requests=N] ADDRESS... -- COMMAND [ARG...]\n", argv[0]);
        return 2;
    }
    return starter(addresses, count, addresses + count + 1);
}
