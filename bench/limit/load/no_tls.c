#include "failure.h"
#include "tls.h"

static _Noreturn void refuse(void) { fail("built without TLS: load-tls has it"); }

void start_tls(struct connection *connection) {
  (void)connection;
  refuse();
}

ssize_t tls_read(struct tls *tls, u8 *into, size_t length) {
  (void)tls, (void)into, (void)length;
  refuse();
}

ssize_t tls_write(struct tls *tls, const u8 *from, size_t length) {
  (void)tls, (void)from, (void)length;
  refuse();
}

bool tls_holds_input(const struct tls *tls) {
  (void)tls;
  return false;
}

bool tls_holds_output(const struct tls *tls) {
  (void)tls;
  return false;
}
