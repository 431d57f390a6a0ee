/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backend "cgroup": cgroup/setsockopt costs nothing but on setsockopt, and sees
 * io_uring too, but not 32-bit processes. It runs before the option is set, and no
 * hook follows: whoever meets the socket next tells what the call did, a timer at
 * the latest.
 */
#ifndef KATRACE_HOOK_PENDING_H
#define KATRACE_HOOK_PENDING_H

/* A call takes a microsecond, but may wait for the socket's lock. */
#define FIRST_LOOK_NS 1000000
#define LAST_LOOK_NS  256000000
#define GIVE_UP_NS    1000000000
#define MOST_A_LOOK   512 /* told by one: it keeps other softirqs waiting */

/* A function of its own for its stack: it stands deep in those of others. */
__noinline int own_by_caller(u64 address)
{
	struct pending_call *found = bpf_map_lookup_elem(&pending_calls, &address);
	struct socket_entry *entry = know_socket((void *)address);

	if (!found || !entry)
		return 0;
	entry->owner = found->caller;
	return 0;
}

/*
 * 1: no call is pending on the socket any more. Runs on any CPU, at once with
 * others: who deletes the call tells it.
 */
__noinline int tell_pending_call(u64 address)
{
	struct pending_call *found = bpf_map_lookup_elem(&pending_calls, &address);
	union report r = { .source = KATRACE_SOURCE_SETSOCKOPT };
	struct sock *sk = (void *)address;
	struct socket_entry *entry;
	struct ka_settings now;
	struct call call;
	u64 time_ns;
	u32 tid;

	if (!found)
		return 1;
	call = found->call;
	read_settings(sk, &now);
	if (!is_changed(&call.before, &now))
		return 0;
	tid = found->tid;
	time_ns = found->time_ns;
	own_by_caller(address);
	if (bpf_map_delete_elem(&pending_calls, &address))
		return 1;

	r.state = r.old_state = state_of(sk);
	entry = known_socket(sk);
	if (entry) {
		if (is_told(entry, &now))
			return 1;
		report_answer(entry, address, r.source, r.state);
	}
	write_change(address, r, &call, &now, entry, tid, time_ns);
	return 1;
}

/* Attached before those of hook_state.h, so that what was called for comes before what follows from it. */

SEC("?tp_btf/inet_sock_set_state")
int pending_state(u64 *ctx)
{
	tell_pending_call(raw_argument(ctx, 0));
	return 0;
}

SEC("?tp_btf/tcp_destroy_sock")
int pending_destroy(u64 *ctx)
{
	u64 address = raw_argument(ctx, 0);

	tell_pending_call(address);
	bpf_map_delete_elem(&pending_calls, &address);
	return 0;
}

static long look_at_call(void *map, const u64 *address, struct pending_call *call, void *unused)
{
	struct pending_look *look = pending_look();
	u64 key = *address;

	if (!look)
		return 1;
	if (tell_pending_call(key))
		look->told++;
	else if ((s64)(look->now - call->time_ns) < GIVE_UP_NS)
		look->left++;
	else
		bpf_map_delete_elem(&pending_calls, &key); /* refused, or it set what was set already */
	return look->told >= MOST_A_LOOK;
}

static int look_at_calls(void *map, u32 *key, struct pending_look *look)
{
	u64 wait = __sync_lock_test_and_set(&look->wait_ns, 0);

	look->now = bpf_ktime_get_ns();
	look->told = look->left = 0;
	bpf_for_each_map_elem(&pending_calls, look_at_call, NULL, 0);
	if (!look->left && look->told < MOST_A_LOOK)
		return 0;
	wait = look->told ? FIRST_LOOK_NS : 2 * wait;
	if (wait > LAST_LOOK_NS)
		wait = LAST_LOOK_NS;
	if (!__sync_val_compare_and_swap(&look->wait_ns, 0, wait)) /* else a call came meanwhile */
		bpf_timer_start(&look->timer, wait, 0);
	return 0;
}

static __always_inline void look_soon(void)
{
	struct pending_look *look = pending_look();

	if (!look)
		return;
	if (!look->ready) {
		bpf_timer_init(&look->timer, &pending_looks, CLOCK_MONOTONIC);
		look->ready = !bpf_timer_set_callback(&look->timer, look_at_calls);
	}
	if (!look->ready) /* no memory at the moment */
		return;
	if (__sync_lock_test_and_set(&look->wait_ns, FIRST_LOOK_NS) != FIRST_LOOK_NS)
		bpf_timer_start(&look->timer, FIRST_LOOK_NS, 0);
}

static __always_inline bool is_set_already(const struct ka_settings *now, s32 option, s32 value)
{
	switch (option) {
	case SO_KEEPALIVE:
		return now->keepalive == !!value;
	case TCP_KEEPIDLE:
		return now->idle == value * host.hz;
	case TCP_KEEPINTVL:
		return now->intvl == value * host.hz;
	case TCP_KEEPCNT:
		return now->cnt == value;
	default:
		return now->user_timeout == value;
	}
}

/* wanted: what is to be set, where that alone decides whether anything can change */
__noinline int call_comes(u64 address, s32 option, s32 wanted, bool decides)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pending_call fresh = {};
	struct sock *sk = (void *)address;

	if (!is_tcp(sk))
		return 0;
	read_settings(sk, &fresh.call.before);
	if (decides && is_set_already(&fresh.call.before, option, wanted))
		return 0;

	fresh.call.sk = address;
	fresh.call.fd = -1;
	fresh.call.ino = inode_of(sk);
	own_by(&fresh.caller, task);
	fresh.tid = kread(struct task_struct, task, pid); /* the helper is of 6.1 for this type of program */
	fresh.time_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&pending_calls, &address, &fresh, BPF_ANY)) {
		count_drop(KATRACE_DROP_CALLS_FULL);
		return 0;
	}
	look_soon();
	return 0;
}

SEC("?cgroup/setsockopt")
int setsockopt_cgroup(struct bpf_sockopt *ctx)
{
	s32 *value = ctx->optval;
	bool has_value = (void *)(value + 1) <= ctx->optval_end, ended;
	u64 sk;

	if (is_keepalive_option(ctx->level, ctx->optname)) {
		sk = (u64)BPF_CORE_READ((struct bpf_sockopt_kern *)(void *)ctx, sk);
		ended = tell_pending_call(sk); /* as one thread's calls come in order */
		call_comes(sk, ctx->optname, has_value ? *value : 0, has_value && ended);
	}
	/* No more than a page of the value is here: 0 has the kernel take all of it from the caller. */
	if (ctx->optlen > ctx->optval_end - ctx->optval)
		ctx->optlen = 0;
	return 1; /* as if nobody had looked */
}

#endif
