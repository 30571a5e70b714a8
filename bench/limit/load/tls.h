/*
 * TLS on a connection's socket. `tls.c` has it by OpenSSL, for `load-tls`; `no_tls.c` does without, for `load`, which
 * needs no library. Reading and writing are as read(2) and write(2), with EAGAIN for whatever TLS itself waits for.
 */
#ifndef TLS_H
#define TLS_H

#include "connection.h"

/* The handshake, on a socket that blocks. The broker's certificate must be of `options.tls_authority`. */
void start_tls(struct connection *connection);

ssize_t tls_read(struct tls *tls, u8 *into, size_t length);
/* Takes all or nothing, and what it has taken may wait (`tls_holds_output`) for another write, of nothing if need be. */
ssize_t tls_write(struct tls *tls, const u8 *from, size_t length);

/* Whether it has read from the socket what has not been read from it. */
bool tls_holds_input(const struct tls *tls);

bool tls_holds_output(const struct tls *tls);

#endif
