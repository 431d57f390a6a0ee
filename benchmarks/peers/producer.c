// SPDX-License-Identifier: Apache-2.0
/*
 * producer PROG_FD MILLISECONDS: runs eventfill.bpf.c's program in a loop, and
 * prints "records full wall_ns": records written, runs that found the ring full.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include "tally.h"

#define RUN_RECORDS 1024

int main(int argc, char **argv)
{
	uint64_t args[2] = { 0, RUN_RECORDS }, full = 0, start, end, now;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));

	if (argc < 3)
		return 2;
	start = now = clock_ns(CLOCK_MONOTONIC);
	end = start + strtoul(argv[2], NULL, 10) * 1000000;
	while (now < end) {
		if (bpf_prog_test_run_opts(atoi(argv[1]), &opts)) {
			perror("bpf_prog_test_run_opts");
			return 1;
		}
		args[0] += opts.retval;
		full += opts.retval < RUN_RECORDS;
		now = clock_ns(CLOCK_MONOTONIC);
	}
	printf("%lu %lu %lu\n", args[0], full, now - start);
	return 0;
}
