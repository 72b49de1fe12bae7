// siglab-test: outcomes = one
// A periodic timerfd counts the expirations that nobody has read; setting it anew
// forgets them.
#include "observe.h"

static int count(int fd) {
    uint64_t expirations = 0;
    return read(fd, &expirations, sizeof expirations) == -1 ? -1 : (int)expirations;
}

int main(void) {
    int fd = (int)MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    struct itimerspec timer = {.it_value = timespec_of_ms(50), .it_interval = timespec_of_ms(40)}, before;
    MUST(timerfd_settime(fd, 0, &timer, NULL));
    sleep_ms(140); // 50, 90, 130
    int unread = count(fd);
    say("unread: %d\n", slack_ms() && unread > 3 ? 3 : unread);
    MUST(fcntl(fd, F_SETFL, 0));
    say("and one more: %s\n", yes(count(fd) >= 1)); // 170
    sleep_ms(100);                                  // 210, 250
    MUST(timerfd_settime(fd, 0, &timer, &before));
    left("interval", ms_of_timespec(before.it_interval), 40);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (!slack_ms())
        say("unread: %d\n", poll(&ready, 1, 0));
    else
        say("unread: 0\n");
    MUST(timerfd_settime(fd, 0, &(struct itimerspec){0}, NULL));
    sleep_ms(60);
    SAY(poll(&ready, 1, 0));
    close(fd);
}
