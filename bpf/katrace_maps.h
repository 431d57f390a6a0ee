/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs share: the ring, the sockets that they know, and the state of calls and timers under way. */
#ifndef KATRACE_MAPS_H
#define KATRACE_MAPS_H

/* What the stream knows of a socket's settings. */
enum told {
	TOLD_NOTHING = 0,
	TOLD_BEFORE = 1, /* they were there before us: no event, but known */
	TOLD = 2,
};

struct owner {
	u64 start_ns; /* CLOCK_BOOTTIME of the process' start */
	u32 tgid;     /* 0: unknown */
	u32 held;     /* number of the last snapshot in which it held a descriptor */
	char comm[16];
};

/* A socket with keepalive, or with settings for it. Deleted at tcp_destroy_sock. */
struct socket_entry {
	u64 cookie;
	struct owner owner;
	u32 generation;
	u32 probes;	/* keepalive probes while traced; written last when one is counted */
	u32 settled;	/* .probes as of the last answer: the probes since are unanswered */
	u32 heard;	/* jiffies when the peer was last heard, as of the last probe */
	u32 acked;	/* rcv_tstamp as of the last probe */
	u32 answered;	/* probes answered while traced */
	u32 longest;	/* jiffies: the longest silence that the timer has met */
	u8 inherits;	/* cloned from a listener with keepalive, which is not reported yet */
	u8 open;	/* its end is still to be told */
	u8 how_told;	/* enum told: what .told is */
	u8 pad[5];
	u64 probe_ns;	/* of the last probe */

	struct ka_settings told; /* by the last event: a snapshot compares the socket with it */
	u32 tellings;		 /* how often it was written */
	u32 suspect;		 /* number of the snapshot that found the socket different; 0: it is not */
	u32 suspect_tellings;	 /* .tellings as of then */
	u32 held;		 /* number of the last one in which anybody held a descriptor */
	u32 last_holder;	 /* tgid that this snapshot has met last */
	u16 met;		 /* holders that it has met so far */
	u16 holders;		 /* how many the last complete one has met */
	u32 holder[KATRACE_HOLDERS]; /* tgid of the first ones */
};

/* A setsockopt call between entry and exit. */
struct call {
	u64 sk;
	u64 ino;
	struct ka_settings before;
	s32 fd;
};

/* A call that was seen before the kernel did what it asks for, until that can be read back from the socket. */
struct pending_call {
	struct call call;
	struct owner caller;
	u64 time_ns;
	u32 tid;
};

/* When all pending calls are looked at next. */
struct pending_look {
	struct bpf_timer timer;
	u64 wait_ns; /* what the timer is set to; 0: it is not */
	u64 now;     /* of this look */
	u32 told;    /* by this look */
	u32 left;
	u32 ready; /* has a callback */
};

/* A run of tcp_keepalive_timer, or of tcp_write_timer, between entry and exit. */
struct timer_run {
	u64 timer; /* 0: none under way */
	u64 sk;
	u64 pid_tgid; /* on PREEMPT_RT another softirq thread may run inside the bracket */
	u64 cookie;
	u32 netns;
	u32 segs_out;
	u16 sport;
	u16 dport;
	u32 heard; /* jiffies when the peer was last heard */
	u32 acked; /* rcv_tstamp */
	u8 probes_out;
	u8 due; /* idle for long enough, nothing in flight: a probe is to be expected */
	u8 fin_wait2_orphan; /* the timer then serves FIN_WAIT2: no keepalive at all */
	u8 closed;
	u8 write_timer; /* retransmissions and window probes, not keepalive */
};

/* An answer may be met on two CPUs at once. Who claims it first tells it. */
struct answer_claim {
	u64 sk;
	u64 probe_ns; /* of the probe that it answers: no other probe of this socket has it */
};

struct cpu_counters {
	u64 seq;
	u64 drops[KATRACE_DROP_REASONS];
	u64 hidden; /* records that were not made, by the filters */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* bytes; the loader may set another power of two */
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64); /* address of the struct sock */
	__type(value, struct socket_entry);
} sockets SEC(".maps");

/*
 * LRU: the kernel may skip the program at the end of a call (one of ours runs on
 * that CPU), and an entry that nobody takes must not hold its room for ever.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64); /* pid_tgid */
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64); /* address of the struct sock */
	__type(value, struct pending_call);
} pending_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pending_look);
} pending_looks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct timer_run);
} timer_runs SEC(".maps");

/* A claim matters for as long as another CPU may be looking at the same answer: microseconds. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct answer_claim);
	__type(value, u8);
} answer_claims SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_counters);
} counters SEC(".maps");

/* Sized by the loader to what the filters name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct katrace_filter_key);
	__type(value, u64); /* filters whose condition on this field has this value */
} filter_values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* the loader makes room where filters hide probes */
	__type(key, u32);	/* network namespace */
	__type(value, u64);	/* probes and local drops of it that were hidden */
} hidden_probes SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct katrace_snapshot);
} snapshots SEC(".maps");

/*
 * Processes that have exited: the start of the last one of each tgid, modulo the
 * size. Before a mark is overwritten, thousands more have exited.
 */
#define EXITS 8192

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EXITS);
	__type(key, u32);
	__type(value, u64);
} exits SEC(".maps");

/* Not on the stack, of which all functions of a call chain share 512 bytes. */
const struct socket_entry blank_entry SEC(".rodata.blank") = {};

/* Some have been left out: that a socket is not known does not mean any more that nothing was told of it. */
bool sockets_overflowed SEC(".bss.overflowed");

volatile struct katrace_host host;

const volatile struct katrace_config config = { .has_cookie_helper = true };

static __always_inline struct timer_run *this_timer_run(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&timer_runs, &zero);
}

static __always_inline bool in_timer_run(const struct timer_run *run, struct sock *sk)
{
	return run && run->timer && run->sk == (u64)sk &&
	       run->pid_tgid == bpf_get_current_pid_tgid();
}

static __always_inline struct pending_look *pending_look(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&pending_looks, &zero);
}

static __always_inline struct katrace_snapshot *this_snapshot(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&snapshots, &zero);
}

static __always_inline u64 *exit_of(u32 tgid)
{
	u32 slot = tgid % EXITS;

	return bpf_map_lookup_elem(&exits, &slot);
}

static __always_inline void count_drop(enum katrace_drop reason)
{
	u32 zero = 0;
	struct cpu_counters *c = bpf_map_lookup_elem(&counters, &zero);

	if (c)
		__sync_fetch_and_add(&c->drops[reason], 1);
}

#endif
