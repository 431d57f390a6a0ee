// SPDX-License-Identifier: Apache-2.0
/*
 * drain_floor RING_FD RING_BYTES: for each line on stdin, reads every byte of the
 * ring once, without a look at what it means, and prints "bytes sum cpu_ns". No
 * reader that hands on whole records can be much faster.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tally.h"

/* Independent sums: else the latency of one addition is measured, not memory. */
static uint64_t read_words(const uint64_t *word, const uint64_t *end)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; word + 4 <= end; word += 4) {
		a += word[0];
		b += word[1];
		c += word[2];
		d += word[3];
	}
	while (word < end)
		a += *word++;
	return a + b + c + d;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE), size;
	uint64_t *consumer, *producer;
	const char *data;
	char line[64];
	int fd;

	if (argc < 3)
		return 2;
	fd = atoi(argv[1]);
	size = strtoul(argv[2], NULL, 10);
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	data = (const char *)producer + page;
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID), sum;
		uint64_t from = *consumer, to = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
		const char *first = data + (from & (size - 1));

		sum = read_words((const uint64_t *)first, (const uint64_t *)(first + (to - from)));
		__atomic_store_n(consumer, to, __ATOMIC_RELEASE);
		printf("%lu %lu %lu\n", to - from, sum,
		       clock_ns(CLOCK_THREAD_CPUTIME_ID) - start);
		fflush(stdout);
	}
	return 0;
}
