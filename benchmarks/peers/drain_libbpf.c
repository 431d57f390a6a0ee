// SPDX-License-Identifier: Apache-2.0
/*
 * drain_libbpf RING_FD RING_BYTES: for each line on stdin, drains the ring with
 * ring_buffer__consume and a callback, and prints "records sum cpu_ns".
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include "tally.h"

static int on_record(void *ctx, void *data, size_t size)
{
	tally_record(ctx, data, size);
	return 0;
}

int main(int argc, char **argv)
{
	struct tally tally;
	struct ring_buffer *ring;
	char line[64];

	if (argc < 2)
		return 2;
	ring = ring_buffer__new(atoi(argv[1]), on_record, &tally, NULL);
	if (!ring) {
		perror("ring_buffer__new");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t start;

		tally = (struct tally){};
		start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		if (ring_buffer__consume(ring) < 0)
			return 1;
		printf("%lu %lu %lu\n", tally.records, tally.sum,
		       clock_ns(CLOCK_THREAD_CPUTIME_ID) - start);
		fflush(stdout);
	}
	ring_buffer__free(ring);
	return 0;
}
