// siglab-test: outcomes = one
// A pseudo-terminal: ^C, ^\ and ^Z typed at the master go to the foreground group; a read
// by a background process stops it; hanging up.
#include "observe.h"

#include <pty.h>
#include <termios.h>

static pid_t on_terminal(int *master, void (*run)(void)) {
    pid_t child = (pid_t)MUST(forkpty(master, NULL, NULL, NULL));
    if (child == 0) {
        // Standard output is the terminal; what is printed there is read from the master.
        struct termios settings;
        tcgetattr(0, &settings);
        settings.c_oflag &= ~(tcflag_t)OPOST;
        settings.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(0, TCSANOW, &settings);
        run();
        _exit(0);
    }
    return child;
}

// All that the program prints until its end, or until it prints a dot.
static void show(int master) {
    char byte;
    while (read(master, &byte, 1) == 1 && byte != '.')
        say("%s", (char[]){byte, 0});
}

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    caught++;
    say("%s.", signal_name(number));
}

static void wait_for_keys(void) {
    handle(SIGINT, on_signal, 0);
    handle(SIGQUIT, on_signal, 0);
    block(SIGINT);
    block(SIGQUIT);
    say("ready.");
    sigset_t none = set_of(0, 0, 0);
    while (caught < 2)
        sigsuspend(&none);
    unblock(SIGINT);
    char line[16];
    ssize_t length = read(0, line, sizeof line);
    say("read %d %s.", (int)length, error_name(length == -1 ? errno : 0));
    length = read(0, line, sizeof line);
    say("read %d.", (int)length); // ^D
    signal(SIGINT, SIG_DFL);
    say("by default.");
    pause();
}

static void stop_in_background(void) {
    setpgid(0, 0);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        setpgid(0, 0);
        char byte;
        SAY(read(0, &byte, 1)); // SIGTTIN; the second time it has the terminal
        _exit(0);
    }
    setpgid(child, child);
    int status;
    MUST(waitpid(child, &status, WUNTRACED));
    say_status("background", status);
    signal(SIGTTOU, SIG_IGN);
    SAY(tcsetpgrp(0, child));
    say(".");
    kill(child, SIGCONT);
    reap("background", child);
    SAY(tcsetpgrp(0, getpgrp()));
    say(".");
}

static void on_hangup(int number) {
    _exit(number == SIGHUP ? 4 : 5);
}

static void wait_for_hangup(void) {
    handle(SIGHUP, on_hangup, 0);
    say("ready.");
    for (;;)
        pause();
}

int main(void) {
    int master;
    pid_t child = on_terminal(&master, wait_for_keys);
    const char *const keys[] = {"\x03", "\x1c", "abc\n", "\x04", ""};
    show(master);
    say("\n");
    for (int i = 0; i < 5; i++) {
        MUST(write(master, keys[i], strlen(keys[i])));
        show(master);
        say("\n");
    }
    MUST(write(master, "\x03", 1));
    reap("child", child);
    close(master);

    child = on_terminal(&master, stop_in_background);
    show(master);
    MUST(write(master, "x\n", 2));
    show(master);
    reap("\nchild", child);
    close(master);

    child = on_terminal(&master, wait_for_hangup);
    show(master);
    say("\n");
    close(master);
    reap("child", child);
}
