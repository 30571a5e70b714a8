#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

double own_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double process_cpu_s(int pid) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = 0;

  /* The command's name, in parentheses, may hold anything: count fields from its end. */
  const char *after_name = strrchr(line, ')');
  unsigned long user_ticks = 0, system_ticks = 0;
  if (!after_name) return 0;
  sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user_ticks, &system_ticks);
  return (double)(user_ticks + system_ticks) / (double)sysconf(_SC_CLK_TCK);
}

double process_resident_mb(int pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  long kilobytes = 0;
  while (fgets(line, sizeof line, file)) {
    if (!strncmp(line, "VmRSS:", 6)) kilobytes = atol(line + 6);
  }
  fclose(file);
  return (double)kilobytes / 1024;
}
