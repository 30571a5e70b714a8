/* The measurement proper, from the end of the warm-up (a run that is over before: from its start) to the end of the run, and its report. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

#include "../wire.h"

void start_run(u64 at_ns);

bool measurement_started(void);
void start_measurement(u64 at_ns);

/* Keeps the rates of the second that has passed, and prints them unless told to be quiet. Call it often. */
void tick(u64 at_ns);

/* Takes the closing figures; `print_report` may come later. */
void end_measurement(u64 at_ns);
void print_report(void);

#endif
