/*
 * critical_section, solved with sigprocmask().
 *
 * Both signals are blocked while the fields don't belong together, and afterwards the mask
 * is what it was before: whoever calls may have reasons of its own to block them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COINS = 40, PORTION = 10, MOVES = 4 };

/* `volatile` because handlers read them. It does not make one thing of two. */
static volatile int left = COINS, right = 0;

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Appends TEXT to the line that ends at END, and returns its new end. */
static char *add_text(char *end, const char *text)
{
    while (*text != '\0')
        *end++ = *text++;
    return end;
}

/* Appends NUMBER, 0 to 99: printf() and its relatives are not for handlers. */
static char *add_number(char *end, int number)
{
    if (number >= 10)
        *end++ = (char)('0' + number / 10);
    *end++ = (char)('0' + number % 10);
    return end;
}

/* Writes the line from START to END. */
static void put_line(const char *start, const char *end)
{
    if (write(STDOUT_FILENO, start, (size_t)(end - start)) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
}

/* SIGUSR1: what is in each field. */
static void show_fields(int signal_number)
{
    int saved_errno = errno;
    char line[64], *end = line;

    (void)signal_number;
    end = add_number(add_text(end, "left "), left);
    end = add_number(add_text(end, ", right "), right);
    put_line(line, add_text(end, "\n"));
    errno = saved_errno;
}

/* SIGUSR2: what is in both together. */
static void show_total(int signal_number)
{
    int saved_errno = errno;
    char line[64], *end = line;

    (void)signal_number;
    end = add_number(add_text(end, "total "), left + right);
    put_line(line, add_text(end, "\n"));
    errno = saved_errno;
}

static void install(int signal_number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

/* Sleeps for so long, however many handlers run meanwhile. */
static void rest(long milliseconds)
{
    struct timespec left_over = { .tv_sec = 0, .tv_nsec = milliseconds * 1000000 };

    while (nanosleep(&left_over, &left_over) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
}

/* The signals whose handlers look at the fields. */
static sigset_t watchers(void)
{
    sigset_t set;

    check(sigemptyset(&set), "sigemptyset");
    check(sigaddset(&set, SIGUSR1), "sigaddset");
    check(sigaddset(&set, SIGUSR2), "sigaddset");
    return set;
}

/* Says which of the signals have come, and wait for the end of the move. */
static void say_who_waits(void)
{
    sigset_t pending;
    char line[64];

    check(sigpending(&pending), "sigpending");
    if (sigismember(&pending, SIGUSR1) == 1)
        put_line(line, add_text(line, "SIGUSR1 waited\n"));
    if (sigismember(&pending, SIGUSR2) == 1)
        put_line(line, add_text(line, "SIGUSR2 waited\n"));
}

/* Moves some coins from left to right. It takes its time, and nobody sees the middle. */
static void move_coins(void)
{
    sigset_t blocked = watchers(), before;

    check(sigprocmask(SIG_BLOCK, &blocked, &before), "sigprocmask");
    left -= PORTION;
    rest(200);
    right += PORTION;
    say_who_waits();
    check(sigprocmask(SIG_SETMASK, &before, NULL), "sigprocmask");
}

int main(int argc, char **argv)
{
    int hold = argc > 1 && strcmp(argv[1], "hold") == 0;
    sigset_t held = watchers(), before;

    install(SIGUSR1, show_fields);
    install(SIGUSR2, show_total);
    if (hold)
        check(sigprocmask(SIG_BLOCK, &held, &before), "sigprocmask");

    for (int move = 0; move < MOVES; move++) {
        move_coins();
        rest(300);
    }
    if (hold)
        check(sigprocmask(SIG_SETMASK, &before, NULL), "sigprocmask");
    return EXIT_SUCCESS;
}
