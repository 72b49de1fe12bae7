// siglab: not started — delete this line when you begin
/*
 * signals_as_values: signals on channels, as in Go.
 *
 * A small library tells whoever has asked for a signal that it has come: it puts the number
 * of the signal into a channel, or cancels a context. main() reads commands from standard
 * input and calls the library. As it is handed out, the library does nothing.
 *
 * The exercise: write notify(), notify_context(), stop(), ignore() and reset(). What they
 * have to do is in README.md. Add includes, global variables, functions and threads as you
 * need them. Do not change the channels, the contexts and main().
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* The same for functions that return an error number, as those of threads do. */
static void check_number(int error, const char *call)
{
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", call, strerror(error));
        exit(EXIT_FAILURE);
    }
}

/* The same for pointers. */
static void *check_pointer(void *pointer, const char *call)
{
    if (pointer == NULL) {
        perror(call);
        exit(EXIT_FAILURE);
    }
    return pointer;
}

/* ---- Channels and contexts: do not change them. ---- */

#define MOST_ROOM 16

/* Signals that nobody has taken out yet: COUNT of them, the oldest first. */
struct channel {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int room;
    int count;
    int signals[MOST_ROOM];
};

/* A new channel for ROOM signals. */
static struct channel *channel_new(int room)
{
    struct channel *channel = check_pointer(calloc(1, sizeof *channel), "calloc");

    check_number(pthread_mutex_init(&channel->lock, NULL), "pthread_mutex_init");
    check_number(pthread_cond_init(&channel->filled, NULL), "pthread_cond_init");
    channel->room = room;
    return channel;
}

/* Puts a signal into the channel, and never waits: returns false if the channel is full. */
static bool channel_offer(struct channel *channel, int signal_number)
{
    bool fits;

    check_number(pthread_mutex_lock(&channel->lock), "pthread_mutex_lock");
    fits = channel->count < channel->room;
    if (fits) {
        channel->signals[channel->count++] = signal_number;
        check_number(pthread_cond_signal(&channel->filled), "pthread_cond_signal");
    }
    check_number(pthread_mutex_unlock(&channel->lock), "pthread_mutex_unlock");
    return fits;
}

/* Takes the oldest signal out. If there is none, waits for one, or returns 0. */
static int channel_take(struct channel *channel, bool waits)
{
    int signal_number = 0;

    check_number(pthread_mutex_lock(&channel->lock), "pthread_mutex_lock");
    while (waits && channel->count == 0)
        check_number(pthread_cond_wait(&channel->filled, &channel->lock), "pthread_cond_wait");
    if (channel->count > 0) {
        signal_number = channel->signals[0];
        channel->count--;
        for (int i = 0; i < channel->count; i++)
            channel->signals[i] = channel->signals[i + 1];
    }
    check_number(pthread_mutex_unlock(&channel->lock), "pthread_mutex_unlock");
    return signal_number;
}

/* Something that goes on until it is cancelled. */
struct context {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool cancelled;
};

static struct context *context_new(void)
{
    struct context *context = check_pointer(calloc(1, sizeof *context), "calloc");

    check_number(pthread_mutex_init(&context->lock, NULL), "pthread_mutex_init");
    check_number(pthread_cond_init(&context->changed, NULL), "pthread_cond_init");
    return context;
}

/* Cancels the context; once is enough. */
static void context_cancel(struct context *context)
{
    check_number(pthread_mutex_lock(&context->lock), "pthread_mutex_lock");
    context->cancelled = true;
    check_number(pthread_cond_broadcast(&context->changed), "pthread_cond_broadcast");
    check_number(pthread_mutex_unlock(&context->lock), "pthread_mutex_unlock");
}

/* Returns whether the context is cancelled; waits until it is, if told to. */
static bool context_cancelled(struct context *context, bool waits)
{
    bool cancelled;

    check_number(pthread_mutex_lock(&context->lock), "pthread_mutex_lock");
    while (waits && !context->cancelled)
        check_number(pthread_cond_wait(&context->changed, &context->lock), "pthread_cond_wait");
    cancelled = context->cancelled;
    check_number(pthread_mutex_unlock(&context->lock), "pthread_mutex_unlock");
    return cancelled;
}

/* ---- The library: write it. ---- */

/* From now on, each of SIGNALS that comes is offered to the channel. */
static void notify(struct channel *channel, const sigset_t *signals)
{
    (void)channel;
    (void)signals;
}

/* The first of SIGNALS that comes cancels the context; that is all it asks for. */
static void notify_context(struct context *context, const sigset_t *signals)
{
    (void)context;
    (void)signals;
}

/* From now on, the channel gets no signal any more. */
static void stop(struct channel *channel)
{
    (void)channel;
}

/* From now on, SIGNALS are ignored. */
static void ignore(const sigset_t *signals)
{
    (void)signals;
}

/* From now on, SIGNALS have their default action. */
static void reset(const sigset_t *signals)
{
    (void)signals;
}

/* ---- The program that uses it: do not change it. ---- */

static const struct {
    const char *name;
    int number;
} known[] = {
    { "SIGHUP", SIGHUP },   { "SIGINT", SIGINT },   { "SIGQUIT", SIGQUIT },
    { "SIGUSR1", SIGUSR1 }, { "SIGUSR2", SIGUSR2 }, { "SIGTERM", SIGTERM },
};

#define KNOWN (sizeof known / sizeof *known)

static const char *name_of(int signal_number)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].number == signal_number)
            return known[i].name;
    return "another signal";
}

static int number_of(const char *name)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].number;
    fprintf(stderr, "%s is no signal\n", name);
    exit(EXIT_FAILURE);
}

/* By name: one letter, from a to z. */
static struct channel *channels[26];
static struct context *contexts[26];

/* Prints what has come to the channel or context NAME: the next signal, for which it waits,
 * or all that is there. Do not change this function. */
static void show(int name, bool waits)
{
    struct channel *channel = channels[name - 'a'];
    struct context *context = contexts[name - 'a'];
    int signal_number;

    if (channel == NULL && context == NULL) {
        fprintf(stderr, "there is no %c\n", name);
        exit(EXIT_FAILURE);
    }
    printf("%c:", name);
    if (context != NULL) {
        printf(" %s\n", context_cancelled(context, waits) ? "cancelled" : "goes on");
        return;
    }
    signal_number = channel_take(channel, waits);
    if (signal_number == 0)
        printf(" nothing");
    while (signal_number != 0) {
        printf(" %s", name_of(signal_number));
        signal_number = waits ? 0 : channel_take(channel, false);
    }
    printf("\n");
}

/* The next word of the line, or NULL. */
static char *next_word(void)
{
    return strtok(NULL, " \n");
}

/* All further words of the line: signals. */
static sigset_t signals_named(void)
{
    sigset_t signals;

    check(sigemptyset(&signals), "sigemptyset");
    for (char *word = next_word(); word != NULL; word = next_word())
        check(sigaddset(&signals, number_of(word)), "sigaddset");
    return signals;
}

/* The next word of the line: the name of a channel or context. */
static int name_next(void)
{
    const char *word = next_word();

    if (word == NULL || word[0] < 'a' || word[0] > 'z' || word[1] != '\0') {
        fprintf(stderr, "a name is one letter\n");
        exit(EXIT_FAILURE);
    }
    return word[0];
}

/* The same for a channel that is there. */
static struct channel *channel_next(void)
{
    struct channel *channel = channels[name_next() - 'a'];

    if (channel == NULL) {
        fprintf(stderr, "there is no such channel\n");
        exit(EXIT_FAILURE);
    }
    return channel;
}

static void carry_out(const char *command)
{
    struct channel *channel;
    sigset_t signals;
    int name;

    if (strcmp(command, "channel") == 0) {
        name = name_next();
        channels[name - 'a'] = channel_new(atoi(next_word()));
    } else if (strcmp(command, "notify") == 0) {
        channel = channel_next();
        signals = signals_named();
        notify(channel, &signals);
    } else if (strcmp(command, "context") == 0) {
        name = name_next();
        signals = signals_named();
        contexts[name - 'a'] = context_new();
        notify_context(contexts[name - 'a'], &signals);
    } else if (strcmp(command, "stop") == 0) {
        stop(channel_next());
    } else if (strcmp(command, "ignore") == 0) {
        signals = signals_named();
        ignore(&signals);
    } else if (strcmp(command, "reset") == 0) {
        signals = signals_named();
        reset(&signals);
    } else if (strcmp(command, "show") == 0) {
        show(name_next(), false);
    } else if (strcmp(command, "wait") == 0) {
        show(name_next(), true);
    } else if (strcmp(command, "put") == 0) {
        channel = channel_next();
        if (!channel_offer(channel, number_of(next_word())))
            printf("it is full\n");
    } else if (strcmp(command, "cancel") == 0) {
        context_cancel(contexts[name_next() - 'a']);
    } else {
        fprintf(stderr, "there is no command %s\n", command);
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    char line[128];

    /* Complete lines go out at once. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *command = strtok(line, " \n");

        if (command != NULL)
            carry_out(command);
    }
    if (ferror(stdin)) {
        perror("read");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
