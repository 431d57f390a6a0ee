// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills a ring on demand, for tests and benchmarks of the reader: no traffic and
 * no timing needed. Run with BPF_PROG_TEST_RUN and three words of context:
 *
 *   args[0]  producer's id
 *   args[1]  sequence number of the first record
 *   args[2]  how many records, at most MAX_RECORDS
 *
 * Returns how many records were written. Fewer than asked for means that the ring
 * was full: run again from there.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_RECORDS  4096 /* the verifier walks every turn of the loop */
#define HOLD_TURNS   4096
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

static __always_inline int fill_ring(struct ringfill_args *args, bool discard)
{
	u64 producer = args->producer, seq = args->first;
	u32 count = args->count, i;
	struct ringfill_record *r;

	for (i = 0; i < MAX_RECORDS && i < count; i++, seq++) {
		r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
		if (!r) {
			__sync_fetch_and_add(&failed_reserves, 1);
			break;
		}
		fill_record(r, producer, seq);
		if (discard)
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

/*
 * Discards all that it writes; the caller mixes runs of both. A choice for each
 * record would be a branch in the loop, which the verifier of 5.10 walks both ways
 * at every turn until it gives up.
 */
SEC("raw_tp")
int fill_discarded(struct ringfill_args *args)
{
	return fill_ring(args, true);
}

/* One record, busy for some 100 us before it is filled: others are too quick to be seen so. */
SEC("raw_tp")
int fill_held(struct ringfill_args *args)
{
	struct ringfill_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	int i;

	if (!r) {
		__sync_fetch_and_add(&failed_reserves, 1);
		return 0;
	}
	for (i = 0; i < HOLD_TURNS; i++)
		bpf_ktime_get_ns();
	fill_record(r, args->producer, args->first);
	bpf_ringbuf_submit(r, 0);
	__sync_fetch_and_add(&written, 1);
	return 1;
}
