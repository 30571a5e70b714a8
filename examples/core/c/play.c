/* Plays a scenario on the core: `play CORE SCENARIO`. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "host.h"

#define MEBIBYTES 64

static uint32_t fnv1a(uint32_t hash, const char *text) {
  for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 0x01000193u;
  return hash;
}

int main(int count, char **given) {
  if (count != 3) fail("play", "which core, and which scenario?");
  FILE *scenario = fopen(given[2], "r");
  if (!scenario) fail(given[2], "cannot be read");
  core_open(given[1], MEBIBYTES);
  host_open();
  unsigned steps = 0;
  uint32_t outcomes = 0x811c9dc5u;
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, scenario) > 0) {
    line[strcspn(line, "\n")] = 0;
    char *equals = strstr(line, " = ");
    if (!equals || line[0] == '#') continue;
    *equals = 0;
    const char *expected = equals + strlen(" = ");
    const char *outcome = host_step(line);
    if (strcmp(outcome, expected)) {
      fprintf(stderr, "step %u: %s, and not %s\n", steps + 1, outcome, expected);
      return 1;
    }
    steps++;
    outcomes = fnv1a(fnv1a(outcomes, outcome), "\n");
  }
  free(line);
  fclose(scenario);
  printf("%u steps, outcomes %08x\n", steps, outcomes);
  return 0;
}
