// SPDX-License-Identifier: Apache-2.0
/*
 * epoll_reader RING_FD RING_BYTES: what libbpf's examples do, ring_buffer__poll in
 * a loop, until SIGTERM. Prints "ready", and at the end "records sum cpu_ns".
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "tally.h"

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static int on_record(void *ctx, void *data, size_t size)
{
	tally_record(ctx, data, size);
	return 0;
}

int main(int argc, char **argv)
{
	struct tally tally = {};
	struct ring_buffer *ring;
	uint64_t start;
	int n;

	if (argc < 2)
		return 2;
	signal(SIGTERM, stop);
	ring = ring_buffer__new(atoi(argv[1]), on_record, &tally, NULL);
	if (!ring) {
		perror("ring_buffer__new");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	while (!stopped) {
		n = ring_buffer__poll(ring, 100 /* ms */);
		if (n < 0 && n != -EINTR)
			return 1;
	}
	if (ring_buffer__consume(ring) < 0)
		return 1;
	printf("%lu %lu %lu\n", tally.records, tally.sum,
	       clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
	ring_buffer__free(ring);
	return 0;
}
