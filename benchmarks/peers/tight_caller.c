// SPDX-License-Identifier: Apache-2.0
/*
 * tight_caller MILLISECONDS: turns SO_KEEPALIVE on and off as fast as it can, and
 * prints "calls wall_ns".
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "tally.h"

#define CALLS_A_LOOK 64

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), i;
	uint64_t calls = 0, start, end, now;

	if (argc < 2 || fd < 0)
		return 2;
	start = now = clock_ns(CLOCK_MONOTONIC);
	end = start + strtoul(argv[1], NULL, 10) * 1000000;
	while (now < end) {
		for (i = 0; i < CALLS_A_LOOK; i++) {
			int on = !(i & 1);

			if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)))
				return 1;
		}
		calls += CALLS_A_LOOK;
		now = clock_ns(CLOCK_MONOTONIC);
	}
	printf("%lu %lu\n", calls, now - start);
	return 0;
}
