/* The core as a host sees it: its exports by name, its memory, and the numbers that the binary has. Whatever goes wrong
 * ends the program: after a trap the memory is unknown. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Loads the core without threads, lays its memory out and joins it as the one participant. */
void core_open(const char *file, uint32_t mebibytes);

/* A number that both sides share, as the binary has it. */
uint32_t core_number(const char *name);

/* Calls an export; what follows its name is what it takes: uint32_t and double. Returns 0 where it returns nothing. */
uint32_t core_call(const char *name, ...);

/* What the last call left in the participant's page. */
uint32_t core_result(const char *name);

/* Where octets lie: until the next call, which may let the memory grow. */
uint8_t *core_at(uint32_t address);

/* Writes a list of queues, or what a queue does, where the core looks for it. */
void core_write_queues(const uint32_t *queues, size_t count);
void core_write_feature(const char *name, double value);

_Noreturn void fail(const char *what, const char *why);
