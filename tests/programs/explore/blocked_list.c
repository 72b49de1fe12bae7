// siglab-explore: clean
// siglab-explore: alone = exits 0
// A linked list that main changes with the signal blocked; the handler walks along it.
#include "explore.h"

struct node {
    struct node *next;
    int number;
};
static struct node *head;
static int length;

static void on_sigusr2(int number) {
    int found = 0;
    (void)number;
    for (struct node *node = head; node; node = node->next)
        found++;
    if (found != length)
        abort();
}

static void push(struct node *node) {
    sigset_t before = block(SIGUSR2);
    node->next = head;
    head = node;
    length++;
    set_mask(&before);
}

static struct node *pop(void) {
    sigset_t before = block(SIGUSR2);
    struct node *node = head;
    head = node->next;
    length--;
    set_mask(&before);
    return node;
}

int main(void) {
    handle(SIGUSR2, on_sigusr2, SA_RESTART);
    for (int number = 0; number < 3; number++) {
        struct node *node = malloc(sizeof *node);
        if (node == NULL)
            return 2;
        node->number = number;
        push(node);
    }
    int sum = 0;
    for (int left = 3; left > 0; left--) {
        struct node *node = pop();
        sum += node->number;
        free(node);
    }
    say(sum == 3 ? "all nodes came back\n" : "a node is missing\n");
}
