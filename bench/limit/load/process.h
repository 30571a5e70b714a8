/* CPU time and memory of this process and of the broker's, as the kernel counts them. */
#ifndef PROCESS_H
#define PROCESS_H

/* User and system seconds so far. */
double own_cpu_s(void);

/* All threads of a process; 0 when it cannot be read. */
double process_cpu_s(int pid);
double process_resident_mb(int pid);

#endif
