/* SPDX-License-Identifier: GPL-2.0-only */
/* A run of tcp_keepalive_timer: a probe, a timeout, or neither; and who dies by tcp_write_timer instead. */
#ifndef KATRACE_HOOK_TIMER_H
#define KATRACE_HOOK_TIMER_H

__noinline int timer_began(u64 timer, bool write_timer)
{
	struct timer_run *run = this_timer_run();
	struct socket_entry *entry;
	struct sock *sk;

	if (!run)
		return 0;
	run->timer = timer;
	run->write_timer = write_timer;
	run->closed = 0;
	run->pid_tgid = bpf_get_current_pid_tgid();
	/* Read back: to the verifier it is a number then, and passes as one. */
	sk = (void *)*(volatile u64 *)&run->timer -
	     (write_timer ? write_timer_offset() : keepalive_timer_offset());
	run->sk = (u64)sk;
	if (write_timer)
		return 0;
	run->cookie = cookie_of(sk);
	run->netns = netns_of(sk);
	run->sport = local_port_of(sk);
	run->dport = kread(struct sock, sk, __sk_common.skc_dport);
	run->segs_out = segs_out_of(sk);
	run->heard = jiffies_heard(sk);
	run->acked = kread(struct tcp_sock, sk, rcv_tstamp);
	run->probes_out = probes_out_of(sk);
	run->due = kread(struct tcp_sock, sk, packets_out) == 0 &&
		   jiffies_silent(sk, bpf_jiffies64()) >=
			   effective_idle(net_of(sk), kread(struct tcp_sock, sk, keepalive_time));
	run->fin_wait2_orphan = state_of(sk) == TCP_FIN_WAIT2 && sock_dead(sk);
	if (run->fin_wait2_orphan)
		return 0;
	entry = known_socket(sk);
	if (entry)
		report_answer(entry, (u64)sk, KATRACE_SOURCE_TIMER, state_of(sk));
	return 0;
}

/* The socket may be freed, and its memory another's, once the handler has let go of it. */
static __always_inline bool is_same_socket(const struct timer_run *run, struct sock *sk)
{
	u64 cookie = cookie_of(sk);

	return (cookie == run->cookie || !run->cookie) && netns_of(sk) == run->netns &&
	       local_port_of(sk) == run->sport &&
	       kread(struct sock, sk, __sk_common.skc_dport) == run->dport;
}

/*
 * The handler counts a probe in probes_out. Where that stayed, a segment that went
 * out where a probe was due tells the rest by when the timer is set to: after an
 * interval (1 s at least) the answer came to another CPU before we look, and
 * probes_out is 0 again; after half a second the local queue dropped the probe.
 */
static __always_inline u8 what_was_sent(const struct timer_run *run, struct sock *sk)
{
	s32 next;

	if ((u8)(probes_out_of(sk) - run->probes_out) == 1)
		return KATRACE_PROBE;
	if (!run->due || segs_out_of(sk) == run->segs_out)
		return 0;
	next = (u32)kread(struct timer_list, keepalive_timer_of(sk), expires) - (u32)bpf_jiffies64();
	if (next <= (s32)(host.hz / 2))
		return probes_out_of(sk) == run->probes_out ? KATRACE_LOCAL_DROP : 0;
	return probes_out_of(sk) ? 0 : KATRACE_PROBE;
}

/*
 * Probes since the peer was last heard: probes_out survives data on the receiver's
 * fast path. Heard as of before the probe, as the answer may have come by now.
 */
static __always_inline void count_probe(struct socket_entry *entry, const struct timer_run *run)
{
	u32 silent = (u32)bpf_jiffies64() - run->heard;

	if (silent > entry->longest)
		entry->longest = silent;
	if (!entry->probes)
		entry->settled = -run->probes_out; /* some may have gone out before we came */
	else if (entry->heard != run->heard)
		entry->settled = entry->probes;
	entry->probe_ns = bpf_ktime_get_ns();
	entry->acked = run->acked;
	entry->heard = run->heard;
	/* Whoever sees it counted, on another CPU, sees the rest as well. */
	__sync_fetch_and_add(&entry->probes, 1);
}

/* timer: 0 where the hook does not know it, as a kretprobe has no arguments */
__noinline int timer_ended(u64 timer)
{
	struct timer_run *run = this_timer_run();
	struct socket_entry *entry;
	union report r = {};
	struct sock *sk;

	if (!run || !run->timer || (timer && run->timer != timer))
		return 0;
	run->timer = 0;
	if (run->closed || run->write_timer || run->fin_wait2_orphan)
		return 0;
	sk = (void *)run->sk;
	r.kind = what_was_sent(run, sk);
	if (!r.kind)
		return 0;
	if (!is_same_socket(run, sk)) {
		count_drop(KATRACE_DROP_IDENTITY_LOST);
		return 0;
	}
	r.source = KATRACE_SOURCE_TIMER;
	r.state = r.old_state = state_of(sk);
	r.probes_out = run->probes_out + 1;
	if (r.kind == KATRACE_PROBE) {
		entry = know_socket(sk);
		if (entry)
			count_probe(entry, run);
	}
	write_record((u64)sk, r.bits, -1);
	return 0;
}

/* Backend "fentry": the handlers themselves, at no cost to other timers. */

SEC("?fentry/tcp_keepalive_timer")
int BPF_PROG(keepalive_timer_fentry, struct timer_list *timer)
{
	return timer_began(raw_argument(ctx, 0), false);
}

SEC("?fexit/tcp_keepalive_timer")
int BPF_PROG(keepalive_timer_fexit, struct timer_list *timer)
{
	return timer_ended(raw_argument(ctx, 0));
}

SEC("?fentry/tcp_write_timer")
int BPF_PROG(write_timer_fentry, struct timer_list *timer)
{
	return timer_began(raw_argument(ctx, 0), true);
}

SEC("?fexit/tcp_write_timer")
int BPF_PROG(write_timer_fexit, struct timer_list *timer)
{
	return timer_ended(raw_argument(ctx, 0));
}

/* Backends "tp_btf" and "raw_tp": every timer of the host passes here, ours are told by their function. */

static __always_inline bool timer_is_ours(u64 timer)
{
	struct timer_run *run = this_timer_run();

	return run && run->timer && run->timer == timer;
}

SEC("?tp_btf/timer_expire_entry")
int BPF_PROG(timer_enter, struct timer_list *timer, unsigned long baseclk)
{
	u64 function = (u64)timer->function;

	if (function != host.keepalive_timer_fn && function != host.write_timer_fn)
		return 0;
	return timer_began(raw_argument(ctx, 0), function == host.write_timer_fn);
}

SEC("?tp_btf/timer_expire_exit")
int BPF_PROG(timer_exit, struct timer_list *timer)
{
	return timer_is_ours((u64)timer) ? timer_ended(0) : 0;
}

SEC("?raw_tp/timer_expire_entry")
int timer_enter_raw(struct bpf_raw_tracepoint_args *ctx)
{
	u64 timer = ctx->args[0];
	u64 function = (u64)kread(struct timer_list, (void *)timer, function);

	if (function != host.keepalive_timer_fn && function != host.write_timer_fn)
		return 0;
	return timer_began(timer, function == host.write_timer_fn);
}

SEC("?raw_tp/timer_expire_exit")
int timer_exit_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return timer_is_ours(ctx->args[0]) ? timer_ended(0) : 0;
}

/* Backend "kprobe": last, as it is skipped where another kprobe or tracepoint program is interrupted. */

SEC("?kprobe/tcp_keepalive_timer")
int keepalive_timer_kprobe(struct pt_regs *ctx)
{
	return timer_began(argument(ctx, 0), false);
}

SEC("?kretprobe/tcp_keepalive_timer")
int keepalive_timer_kretprobe(struct pt_regs *ctx)
{
	return timer_ended(0);
}

SEC("?kprobe/tcp_write_timer")
int write_timer_kprobe(struct pt_regs *ctx)
{
	return timer_began(argument(ctx, 0), true);
}

SEC("?kretprobe/tcp_write_timer")
int write_timer_kretprobe(struct pt_regs *ctx)
{
	return timer_ended(0);
}

/* A look after a probe, for user space that does not want to wait for the next one */

struct answer_query {
	u64 sk;
	u64 cookie;
	u32 pending; /* out: 1 while probes are unanswered */
	u32 pad;
};

SEC("?syscall")
int poll_answer(struct answer_query *query)
{
	u64 key = query->sk;
	struct sock *sk = (void *)key;
	struct socket_entry *entry;
	u8 state;

	query->pending = 0;
	/*
	 * The entry goes with the socket, so the memory is still a TCP socket's; the cookie
	 * says whose, if there was one: else this may be the next socket's answer, as true.
	 */
	if (!bpf_map_lookup_elem(&sockets, &key))
		return 0;
	entry = known_socket(sk);
	if (!entry || !unanswered_of(entry) || (query->cookie && entry->cookie != query->cookie))
		return 0;
	state = state_of(sk);
	if (is_connected(state) && !report_answer(entry, key, KATRACE_SOURCE_POLL, state))
		query->pending = 1;
	return 0;
}

#endif
