// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills a ring on demand, for tests and benchmarks of the reader: no traffic and
 * no timing needed. Run with BPF_PROG_TEST_RUN and four words of context:
 *
 *   args[0]  producer's id
 *   args[1]  sequence number of the first record
 *   args[2]  how many records, at most MAX_RECORDS (fill_discarding: MAX_DISCARDING)
 *   args[3]  fill_discarding only: discard each record whose number is a multiple
 *
 * Returns how many records were written, discarded ones among them. Fewer than
 * asked for means that the ring was full: run again from there.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* The verifier walks every turn of the loop, and gives up after a million instructions. */
#define MAX_RECORDS    4096
#define MAX_DISCARDING 1024

#define FILLER_WORDS 13

struct ringfill_record {
	u64 producer;
	u64 seq;
	u64 checksum; /* of all other words: their XOR */
	u64 filler[FILLER_WORDS];
};

_Static_assert(sizeof(struct ringfill_record) == 128, "benchmarks compare records of 128 bytes");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* bytes; the loader may set another power of two */
} events SEC(".maps");

u64 written;
u64 failed_reserves;

struct ringfill_args {
	u64 producer;
	u64 first;
	u64 count;
	u64 discard_every;
};

static __always_inline void fill_record(struct ringfill_record *r, u64 producer, u64 seq)
{
	u64 checksum = producer ^ seq;
	u64 word = seq;
	int i;

	r->producer = producer;
	r->seq = seq;
#pragma unroll
	for (i = 0; i < FILLER_WORDS; i++) {
		word += 0x5851f42d; /* no two words of a record are equal */
		r->filler[i] = word;
		checksum ^= word;
	}
	r->checksum = checksum;
}

static __always_inline int fill_ring(struct ringfill_args *args, bool discarding)
{
	u64 producer = args->producer, seq = args->first;
	u64 every = discarding ? args->discard_every : 0;
	u32 max = discarding ? MAX_DISCARDING : MAX_RECORDS;
	u32 count = args->count, i;
	struct ringfill_record *r;

	for (i = 0; i < max && i < count; i++, seq++) {
		r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
		if (!r) {
			__sync_fetch_and_add(&failed_reserves, 1);
			break;
		}
		fill_record(r, producer, seq);
		if (discarding && seq % every == 0)
			bpf_ringbuf_discard(r, 0);
		else
			bpf_ringbuf_submit(r, 0);
	}
	__sync_fetch_and_add(&written, i);
	return i;
}

SEC("raw_tp")
int fill(struct ringfill_args *args)
{
	return fill_ring(args, false);
}

SEC("raw_tp")
int fill_discarding(struct ringfill_args *args)
{
	return fill_ring(args, true);
}
