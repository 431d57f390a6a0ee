// SPDX-License-Identifier: Apache-2.0
/*
 * paced_caller CALLS: turns SO_KEEPALIVE on and off, one call each 100 us, and
 * prints "p50_ns p99_ns mean_ns" of the time that a call took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "tally.h"

#define INTERVAL_NS 100000

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 0, i;
	uint64_t *took = calloc(calls, sizeof(*took)), due, sum = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (calls <= 0 || !took || fd < 0)
		return 2;
	due = clock_ns(CLOCK_MONOTONIC);
	for (i = 0; i < calls; i++) {
		int on = !(i & 1);
		uint64_t start;

		due += INTERVAL_NS;
		/* Busy: a program that slept would wake up with cold caches and pay for that as well. */
		while ((start = clock_ns(CLOCK_MONOTONIC)) < due)
			;
		if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)))
			return 1;
		took[i] = clock_ns(CLOCK_MONOTONIC) - start;
		sum += took[i];
	}
	qsort(took, calls, sizeof(*took), by_value);
	printf("%lu %lu %lu\n", took[calls / 2], took[calls * 99 / 100], sum / calls);
	return 0;
}
