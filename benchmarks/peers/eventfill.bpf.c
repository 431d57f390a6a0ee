// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills a ring with records of the real layout, on demand: BPF_PROG_TEST_RUN with
 * two words of context, the number of the first record and how many. Returns how
 * many were written: fewer than asked for means that the ring was full.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>
#include "katrace_events.h"

char LICENSE[] SEC("license") = "GPL";

/* The verifier walks every turn of the loop, and gives up after a million instructions. */
#define MAX_RECORDS 4096

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* bytes; the loader sets what a question needs */
} events SEC(".maps");

struct fill_args {
	u64 first;
	u64 count;
};

SEC("raw_tp")
int fill(struct fill_args *args)
{
	u64 seq = args->first;
	u32 count = args->count, i;
	struct katrace_event *e;

	for (i = 0; i < MAX_RECORDS && i < count; i++, seq++) {
		e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
		if (!e)
			break;
		__builtin_memset(e, 0, sizeof(*e));
		e->size = sizeof(*e);
		e->kind = KATRACE_ENABLED;
		e->cpu_seq = seq;
		/* Fill.ExpectedSum knows these four. */
		e->time_ns = seq;
		e->cookie = 2 * seq;
		e->lport = 443;
		e->tgid = 4711;
		bpf_ringbuf_submit(e, 0);
	}
	return i;
}
