/* What the disk can do: writes some octets again and again, with one fdatasync after each write, and prints how long that took. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int file, const char *octets, size_t length, off_t at) {
  while (length > 0) {
    ssize_t written = pwrite(file, octets, length, at);
    if (written <= 0) fail("pwrite");
    octets += written;
    length -= (size_t)written;
    at += written;
  }
}

/* Fills the file once, so that its blocks are there when the writes that count begin. */
static void fill(int file, const char *octets, size_t length, int count) {
  for (int i = 0; i < count; i++) write_all(file, octets, length, (off_t)length * i);
  if (fsync(file) < 0) fail("fsync");
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: yardstick FILE OCTETS COUNT append|again\n");
    return 2;
  }
  size_t length = strtoul(argv[2], NULL, 10);
  int count = atoi(argv[3]);
  int file = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (file < 0) fail(argv[1]);
  char *octets = malloc(length);
  double *each = malloc(sizeof(double) * (size_t)count);
  if (!octets || !each) fail("malloc");
  memset(octets, 'x', length);
  if (strcmp(argv[4], "again") == 0) fill(file, octets, length, count);
  double start = now_s();
  for (int i = 0; i < count; i++) {
    double begun = now_s();
    write_all(file, octets, length, (off_t)length * i);
    if (fdatasync(file) < 0) fail("fdatasync");
    each[i] = now_s() - begun;
  }
  double total = now_s() - start;
  qsort(each, (size_t)count, sizeof(double), compare);
  printf("{\"rate\":%.3f,\"median\":%.3f}\n", (double)length * count / total / 1e6, each[count / 2] * 1e3);
  close(file);
  unlink(argv[1]);
  return 0;
}
