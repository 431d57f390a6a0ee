/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader does with a record, ours in Tally.cs too: check its kind, read four fields of its three cache lines. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <linux/types.h>
#include "katrace_events.h"

struct tally {
	uint64_t records;
	uint64_t sum;
	uint64_t undecodable;
};

static inline void tally_record(struct tally *t, const void *data, size_t size)
{
	const struct katrace_event *e = data;

	if (size < sizeof(*e) || e->kind < KATRACE_ENABLED || e->kind > KATRACE_CLOSED) {
		t->undecodable++;
		return;
	}
	t->records++;
	t->sum += e->time_ns + e->cookie + e->lport + e->tgid;
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

#endif
