#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"

/* What it reads from a socket at once: several records, as brokers write them. */
enum { READ_BYTES = 1 << 18, TAKEN_BYTES = 1 << 18 };

/* The one that OpenSSL prefers by itself, so that every broker does the same work. */
#define CIPHER_1_3 "TLS_AES_256_GCM_SHA384"
#define CIPHER_1_2 "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"

static _Noreturn void fail_tls(const char *what) {
  unsigned long error = ERR_peek_last_error();
  fail("%s: %s", what, error ? ERR_reason_error_string(error) : "TLS failed");
}

static SSL_CTX *make_context(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!context) fail_tls("SSL_CTX_new");
  int version = strcmp(options.tls_version, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL_CTX_set_ciphersuites(context, CIPHER_1_3);
  SSL_CTX_set_cipher_list(context, CIPHER_1_2);
  if (SSL_CTX_load_verify_file(context, options.tls_authority) != 1) fail_tls(options.tls_authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, 0);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, READ_BYTES);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  signal(SIGPIPE, SIG_IGN);
  return context;
}

struct tls {
  SSL *ssl;
  int fd;
  BIO *output; /* records that the socket has not taken yet */
};

void start_tls(struct connection *connection) {
  static SSL_CTX *context;
  if (!context) context = make_context();
  struct tls *tls = connection->tls = malloc(sizeof *tls);
  if (!tls) fail("out of memory");
  tls->fd = connection->fd;
  tls->ssl = SSL_new(context);
  if (!tls->ssl || SSL_set_fd(tls->ssl, tls->fd) != 1) fail_tls("SSL_new");
  if (SSL_connect(tls->ssl) != 1) fail_tls("SSL_connect");
  /* From now on: OpenSSL would write each record by a call of its own. */
  tls->output = BIO_new(BIO_s_mem());
  if (!tls->output) fail_tls("BIO_new");
  SSL_set0_wbio(tls->ssl, tls->output);
}

/* The result of a call that has done nothing, as read(2) and write(2) have it. */
static ssize_t failed(SSL *ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return -1;
    default: fail_tls("TLS");
  }
}

ssize_t tls_read(struct tls *tls, u8 *into, size_t length) {
  ERR_clear_error();
  int got = SSL_read(tls->ssl, into, (int)length);
  return got > 0 ? got : failed(tls->ssl, got);
}

/* One write of what waits; -1 when the socket takes nothing. */
static ssize_t flush(struct tls *tls) {
  static u8 taken[TAKEN_BYTES];
  char *waiting;
  long length = BIO_get_mem_data(tls->output, &waiting);
  if (length <= 0) return 0;
  ssize_t written = write(tls->fd, waiting, (size_t)length);
  if (written < 0) return -1;
  if (written == length) {
    BIO_reset(tls->output);
    return 0;
  }
  while (written > 0) written -= BIO_read(tls->output, taken, (int)(written < TAKEN_BYTES ? written : TAKEN_BYTES));
  return 0;
}

ssize_t tls_write(struct tls *tls, const u8 *from, size_t length) {
  if (flush(tls) < 0) return -1;
  if (!length || tls_holds_output(tls)) return 0;
  ERR_clear_error();
  for (size_t at = 0; at < length;) {
    int wrote = SSL_write(tls->ssl, from + at, (int)(length - at));
    if (wrote <= 0) fail_tls("SSL_write");
    at += (size_t)wrote;
  }
  if (flush(tls) < 0 && errno != EAGAIN) return -1;
  return (ssize_t)length;
}

bool tls_holds_input(const struct tls *tls) { return SSL_has_pending(tls->ssl) == 1; }

bool tls_holds_output(const struct tls *tls) { return BIO_pending(tls->output) > 0; }
