#include "core.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm3.h"

/* Octets of the interpreter's stack. */
#define STACK (64 * 1024)

static IM3Runtime runtime;
static IM3Module module;
static uint32_t page;

_Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(const char *what, M3Result result) {
  if (result) fail(what, result);
}

/* Nothing is logged here. */
static m3ApiRawFunction(held_back) {
  (void)runtime, (void)_ctx, (void)_sp, (void)_mem;
  m3ApiTrap("nothing is logged here");
}

static uint8_t *file_of(const char *name, uint32_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file) fail(name, "cannot be read");
  fseek(file, 0, SEEK_END);
  *length = (uint32_t)ftell(file);
  rewind(file);
  uint8_t *octets = malloc(*length);
  if (!octets || fread(octets, 1, *length, file) != *length) fail(name, "cannot be read");
  fclose(file);
  return octets;
}

void core_open(const char *file, uint32_t mebibytes) {
  IM3Environment environment = m3_NewEnvironment();
  runtime = m3_NewRuntime(environment, STACK, NULL);
  uint32_t length;
  /* The module refers to its octets as long as it lives. */
  uint8_t *octets = file_of(file, &length);
  check(file, m3_ParseModule(environment, &module, octets, length));
  check(file, m3_LoadModule(runtime, module));
  check("heldBack", m3_LinkRawFunction(module, "host", "heldBack", "v(FFF)", held_back));
  if (!core_call("initCore", mebibytes, 2) || !core_call("joinCore", 0, 1)) fail(file, "the memory is too small");
  page = core_call("participantAddress");
}

uint32_t core_number(const char *name) {
  IM3Global global = m3_FindGlobal(module, name);
  M3TaggedValue value;
  if (!global) fail(name, "the core has no such number");
  check(name, m3_GetGlobal(global, &value));
  return value.type == c_m3Type_f64 ? (uint32_t)value.value.f64 : value.value.i32;
}

uint32_t core_call(const char *name, ...) {
  IM3Function function;
  check(name, m3_FindFunction(&function, runtime, name));
  va_list given;
  va_start(given, name);
  check(name, m3_CallVL(function, given));
  va_end(given);
  uint32_t result = 0;
  if (m3_GetRetCount(function)) check(name, m3_GetResultsV(function, &result));
  return result;
}

uint8_t *core_at(uint32_t address) {
  return m3_GetMemory(runtime, NULL, 0) + address;
}

uint32_t core_result(const char *name) {
  uint32_t value;
  memcpy(&value, core_at(page + core_number(name)), sizeof value);
  return value;
}

void core_write_queues(const uint32_t *queues, size_t count) {
  memcpy(core_at(core_result("RESULT_SCRATCH")), queues, count * sizeof *queues);
}

void core_write_feature(const char *name, double value) {
  memcpy(core_at(core_result("RESULT_SCRATCH") + core_number(name)), &value, sizeof value);
}
