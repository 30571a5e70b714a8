#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "failure.h"
#include "tls.h"

int epoll_fd;

ssize_t read_octets(struct connection *connection, u8 *into, size_t length) {
  if (connection->tls) return tls_read(connection->tls, into, length);
  return read(connection->fd, into, length);
}

ssize_t write_octets(struct connection *connection, const u8 *from, size_t length) {
  if (connection->tls) return tls_write(connection->tls, from, length);
  return write(connection->fd, from, length);
}

bool tls_output_waits(const struct connection *connection) { return tls_holds_output(connection->tls); }

bool holds_input(const struct connection *connection) { return connection->tls && tls_holds_input(connection->tls); }

void watch_connection(struct connection *connection) {
  fcntl(connection->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event)) fail_errno("epoll_ctl");
}

void arm_write(struct connection *connection, bool wanted) {
  if (connection->write_armed == wanted) return;
  connection->write_armed = wanted;
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event)) fail_errno("epoll_ctl");
}

bool write_output(struct connection *connection) {
  const u8 *from = connection->out + connection->out_sent;
  ssize_t written = write_octets(connection, from, connection->out_end - connection->out_sent);
  if (written < 0 && errno != EAGAIN) fail_errno("write");
  if (written < 0) return false;
  connection->out_sent += (size_t)written;
  if (!output_waits(connection)) connection->out_sent = connection->out_end = 0;
  return true;
}

void flush_output(struct connection *connection) {
  write_output(connection);
  arm_write(connection, output_waits(connection));
}

void reserve_output(struct connection *connection, size_t bytes) {
  if (connection->out_end + bytes <= connection->out_capacity) return;
  memmove(connection->out, connection->out + connection->out_sent, connection->out_end - connection->out_sent);
  connection->out_end -= connection->out_sent;
  connection->out_sent = 0;
  if (connection->out_end + bytes <= connection->out_capacity) return;
  connection->out_capacity *= 2;
  connection->out = realloc(connection->out, connection->out_capacity);
  if (!connection->out) fail("out of memory");
}
