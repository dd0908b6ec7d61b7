// What the machine can do: a chat server without features, in one epoll loop.
//
//     epoll_loop PORT [--at-once]
//
// It batches as gchat does: what all clients have sent by now is appended to one log, then each
// client is sent, in one system call, what the log holds behind its cursor. With --at-once it
// sends each line to everybody as soon as it is read, as simple servers do.
//
// A line of one client appears at all the others as "ADDRESS:PORT: line". A client that does not
// read falls behind, and is thrown out when the log is full.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    MOST_CLIENTS = 65536,
    EVENTS = 1024,
    RECEIVE = 64 * 1024,
    LONGEST_LINE = 1024,
    SOCKET_BUFFER = 64 * 1024,  // as gchat's
    LOG_BYTES = 256 * 1024 * 1024,
    MOST_APPENDED = 16 * RECEIVE,  // of what is received at a time: a line of a byte has a prefix
    SPANS = 64,
};

typedef struct {
    size_t end;  // of the line, in the log
    int sender;
} Line;

typedef struct {
    size_t cursor;    // what is behind it in the log is still to be sent
    size_t last_own;  // where the last line ends that it has said itself
    int prefix_length;
    int typed_length;
    bool blocked;  // its socket is full
    char prefix[32];
    char typed[LONGEST_LINE];  // of a line whose end has not come yet
} Client;

static Client *clients[MOST_CLIENTS];  // by descriptor
static int present[MOST_CLIENTS];      // the descriptors of those who are there
static int place[MOST_CLIENTS];        // of a descriptor in `present`
static int count;

static char *entries;
static size_t head;
static Line *lines;
static size_t line_count, line_capacity;

static int poller;
static bool at_once;

static void watch(int operation, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    epoll_ctl(poller, operation, descriptor, &event);
}

static void leave(int descriptor) {
    int last = present[--count];
    present[place[descriptor]] = last;
    place[last] = place[descriptor];
    free(clients[descriptor]);
    clients[descriptor] = NULL;
    close(descriptor);
}

// The first line that ends behind `cursor`.
static size_t find_line(size_t cursor) {
    size_t low = 0, high = line_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (lines[middle].end <= cursor) low = middle + 1;
        else high = middle;
    }
    return low;
}

// What `client` is to get next, without what it has said itself: at most SPANS pieces.
static int collect(const Client *client, int descriptor, struct iovec *spans) {
    if (client->last_own <= client->cursor) {
        spans[0] = (struct iovec){entries + client->cursor, head - client->cursor};
        return 1;
    }
    int number = 0;
    size_t begin = client->cursor;
    for (size_t i = find_line(begin); i < line_count && number < SPANS; i++) {
        if (lines[i].sender != descriptor) continue;
        size_t length = i ? lines[i - 1].end : 0;
        if (length > begin) spans[number++] = (struct iovec){entries + begin, length - begin};
        begin = lines[i].end;
    }
    if (number < SPANS && head > begin)
        spans[number++] = (struct iovec){entries + begin, head - begin};
    return number;
}

// Send a client what is behind its cursor, as far as its socket takes it now.
static void advance(int descriptor) {
    Client *client = clients[descriptor];
    while (client->cursor < head) {
        struct iovec spans[SPANS];
        int number = collect(client, descriptor, spans);
        if (number == 0) {
            client->cursor = head;
            return;
        }
        struct msghdr message = {.msg_iov = spans, .msg_iovlen = number};
        ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) {
            client->cursor = head;  // it is gone; reading will tell
            return;
        }
        size_t left = sent < 0 ? 0 : (size_t)sent;
        for (int i = 0; i < number; i++) {
            size_t begin = (char *)spans[i].iov_base - entries;
            if (left < spans[i].iov_len) {
                client->cursor = begin + left;
                client->blocked = true;
                watch(EPOLL_CTL_MOD, descriptor, EPOLLIN | EPOLLOUT);
                return;
            }
            client->cursor = begin + spans[i].iov_len;
            left -= spans[i].iov_len;
        }
        if (number < SPANS) client->cursor = head;
    }
}

static void broadcast(void) {
    for (int i = 0; i < count; i++)
        if (!clients[present[i]]->blocked) advance(present[i]);
}

static size_t furthest_behind(void) {
    size_t least = head;
    for (int i = 0; i < count; i++)
        if (clients[present[i]]->cursor < least) least = clients[present[i]]->cursor;
    return least;
}

// Give up what everybody has got; throw those out who keep the log full.
static void make_room(void) {
    size_t least = furthest_behind();
    if (least < LOG_BYTES / 4) {
        for (int i = count - 1; i >= 0; i--)
            if (clients[present[i]]->cursor < LOG_BYTES / 4) leave(present[i]);
        least = furthest_behind();
    }
    size_t first = find_line(least);
    memmove(entries, entries + least, head - least);
    head -= least;
    line_count -= first;
    memmove(lines, lines + first, line_count * sizeof *lines);
    for (size_t i = 0; i < line_count; i++) lines[i].end -= least;
    for (int i = 0; i < count; i++) {
        Client *client = clients[present[i]];
        client->cursor -= least;
        client->last_own = client->last_own > least ? client->last_own - least : 0;
    }
}

static void append(int descriptor, const char *text, size_t length) {
    Client *client = clients[descriptor];
    memcpy(entries + head, client->prefix, client->prefix_length);
    head += client->prefix_length;
    if (client->typed_length) {
        memcpy(entries + head, client->typed, client->typed_length);
        head += client->typed_length;
        client->typed_length = 0;
    }
    memcpy(entries + head, text, length);
    head += length;
    client->last_own = head;
    if (line_count == line_capacity) {
        line_capacity = line_capacity ? 2 * line_capacity : 65536;
        lines = realloc(lines, line_capacity * sizeof *lines);
    }
    lines[line_count++] = (Line){head, descriptor};
    if (at_once) broadcast();
}

static void receive(int descriptor) {
    static char buffer[RECEIVE];
    ssize_t size = recv(descriptor, buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        leave(descriptor);
        return;
    }
    char *text = buffer, *limit = buffer + size, *end;
    while ((end = memchr(text, '\n', limit - text))) {
        if (end > text || clients[descriptor]->typed_length)
            append(descriptor, text, end + 1 - text);
        text = end + 1;
    }
    Client *client = clients[descriptor];
    size_t rest = limit - text, room = LONGEST_LINE - client->typed_length;
    if (rest > room) rest = room;
    memcpy(client->typed + client->typed_length, text, rest);
    client->typed_length += rest;
}

static void welcome(int listener) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int descriptor;
    while ((descriptor = accept4(listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK)) >= 0) {
        Client *client = calloc(1, sizeof *client);
        client->cursor = head;
        client->prefix_length =
            snprintf(client->prefix, sizeof client->prefix, "%s:%d: ",
                     inet_ntoa(address.sin_addr), ntohs(address.sin_port));
        clients[descriptor] = client;
        place[descriptor] = count;
        present[count++] = descriptor;
        watch(EPOLL_CTL_ADD, descriptor, EPOLLIN);
    }
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1, size = SOCKET_BUFFER;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("epoll_loop");
        exit(1);
    }
    return listener;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: epoll_loop PORT [--at-once]\n");
        return 2;
    }
    at_once = argc > 2 && !strcmp(argv[2], "--at-once");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < MOST_CLIENTS ? limit.rlim_max : MOST_CLIENTS;
    setrlimit(RLIMIT_NOFILE, &limit);
    entries = malloc(LOG_BYTES);
    poller = epoll_create1(0);
    int listener = listen_on(atoi(argv[1]));
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS];
        int number = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < number; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                welcome(listener);
                continue;
            }
            if (clients[descriptor] && events[i].events & EPOLLOUT) {
                clients[descriptor]->blocked = false;
                watch(EPOLL_CTL_MOD, descriptor, EPOLLIN);
                advance(descriptor);
            }
            if (LOG_BYTES - head < MOST_APPENDED) make_room();
            if (clients[descriptor] && events[i].events & ~EPOLLOUT) receive(descriptor);
        }
        broadcast();
        if (head > LOG_BYTES / 2) make_room();
    }
}
