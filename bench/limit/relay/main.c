/* relay PORT: listens on the loopback address (port 0: a free one), says where, and serves until it is killed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "relay.h"

enum { EVENTS_MAX = 256, LISTEN_BACKLOG = 512 };

int epoll_fd;

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((u16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, LISTEN_BACKLOG) ||
      getsockname(fd, (struct sockaddr *)&address, &length)) {
    perror("relay: listen");
    exit(1);
  }
  printf("listening on amqp://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void handle_event(struct connection *connection, u32 events) {
  if (events & EPOLLOUT) flush_connection(connection);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_connection(connection);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fputs("usage: relay PORT\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  open_log();
  epoll_fd = epoll_create1(0);
  int listener = listen_on(atoi(argv[1]));
  struct epoll_event listening = {.events = EPOLLIN, .data.ptr = 0}; /* no connection: the listener */
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &listening);

  struct epoll_event events[EVENTS_MAX];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) handle_event(events[i].data.ptr, events[i].events);
      else accept_connection(listener);
    }
    deliver_all();
  }
}
