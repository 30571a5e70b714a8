/* What a client is to get: written at once, and the rest when its socket has room. */
#include <sys/epoll.h>
#include <unistd.h>

#include "relay.h"

static void arm_write(struct connection *connection, bool wanted) {
  if (connection->write_armed == wanted) return;
  connection->write_armed = wanted;
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
}

void flush_connection(struct connection *connection) {
  while (connection->out_sent < connection->out_end) {
    const u8 *from = connection->out + connection->out_sent;
    ssize_t written = write(connection->fd, from, connection->out_end - connection->out_sent);
    if (written < 0) {
      arm_write(connection, true);
      return;
    }
    connection->out_sent += (u32)written;
  }
  connection->out_sent = connection->out_end = 0;
  arm_write(connection, false);
}
