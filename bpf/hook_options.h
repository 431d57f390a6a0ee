/* SPDX-License-Identifier: GPL-2.0-only */
/* A process, or the kernel itself, turns keepalive on or off, or changes its settings. */
#ifndef KATRACE_HOOK_OPTIONS_H
#define KATRACE_HOOK_OPTIONS_H

static __always_inline bool is_keepalive_option(int level, int option)
{
	if (level == SOL_SOCKET)
		return option == SO_KEEPALIVE;
	return level == SOL_TCP && (option == TCP_KEEPIDLE || option == TCP_KEEPINTVL ||
				    option == TCP_KEEPCNT || option == TCP_USER_TIMEOUT);
}

__noinline int call_began(u64 address, s32 fd)
{
	u64 key = bpf_get_current_pid_tgid();
	struct sock *sk = (void *)address;
	struct call call = {};

	call.sk = address;
	call.fd = fd;
	call.ino = inode_of(sk);
	read_settings(sk, &call.before);
	if (bpf_map_update_elem(&calls, &key, &call, BPF_ANY))
		count_drop(KATRACE_DROP_CALLS_FULL);
	return 0;
}

static __always_inline bool is_changed(const struct ka_settings *before, const struct ka_settings *now)
{
	return now->keepalive != before->keepalive || changed_settings(before, now);
}

/* entry: NULL where there was no room for the socket */
static __always_inline void write_change(u64 address, union report r, const struct call *call,
					 const struct ka_settings *now, struct socket_entry *entry,
					 u32 tid, u64 time_ns)
{
	r.cause = KATRACE_CAUSE_SETSOCKOPT;
	r.changed = changed_settings(&call->before, now);
	r.kind = now->keepalive == call->before.keepalive ? KATRACE_CONFIGURED :
		 now->keepalive				  ? KATRACE_ENABLED :
							    KATRACE_DISABLED;
	if (entry)
		tell(entry, now);
	if (!write_call_record(address, r.bits, call->fd, tid, time_ns) && entry)
		untell(entry, &call->before);
	if (r.kind == KATRACE_ENABLED && is_connected(r.state)) {
		r.kind = KATRACE_ARMED;
		write_call_record(address, r.bits, call->fd, tid, time_ns);
	}
}

/* The state is read back: a call that was refused, or set what was set already, is no event. */
__noinline int call_ended(u32 source, bool done)
{
	u64 key = bpf_get_current_pid_tgid();
	struct call *found = bpf_map_lookup_elem(&calls, &key), call;
	struct socket_entry *entry;
	union report r = {};
	struct ka_settings now;
	struct sock *sk;

	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &key);
	if (!done)
		return 0;
	sk = (void *)call.sk;
	read_settings(sk, &now);
	if (!is_changed(&call.before, &now))
		return 0;
	if (inode_of(sk) != call.ino) { /* closed meanwhile by another thread */
		count_drop(KATRACE_DROP_IDENTITY_LOST);
		return 0;
	}
	entry = know_socket(sk);
	if (entry) {
		if (is_told(entry, &now))
			return 0;
		if (call.ino)
			own_by_current(entry);
		report_answer(entry, call.sk, source, state_of(sk));
	}

	r.source = source;
	r.state = r.old_state = state_of(sk);
	write_change(call.sk, r, &call, &now, entry, key, 0);
	return 0;
}

/* Backend "tracepoint": sees 64-bit setsockopt(2), with its descriptor. */

SEC("?tp/syscalls/sys_enter_setsockopt")
int setsockopt_enter(struct syscall_trace_enter *ctx)
{
	struct sock *sk;

	if (!is_keepalive_option(ctx->args[1], ctx->args[2]))
		return 0;
	sk = tcp_sock_of_fd(ctx->args[0]);
	return sk ? call_began((u64)sk, ctx->args[0]) : 0;
}

SEC("?tp/syscalls/sys_exit_setsockopt")
int setsockopt_exit(struct syscall_trace_exit *ctx)
{
	return call_ended(KATRACE_SOURCE_SETSOCKOPT, !ctx->ret);
}

/*
 * Backends "fentry" and "kprobe": see every way in, io_uring, BPF, 32-bit
 * processes and users inside the kernel included, but no descriptor.
 *
 * tcp_set_keepalive is called once all arguments are checked, and before
 * SOCK_KEEPOPEN is written: the flag is the old value, val the new one, and
 * nothing can fail any more.
 */
__noinline int keepalive_is_set(u64 address, int val)
{
	struct sock *sk = (void *)address;
	union report r = { .source = KATRACE_SOURCE_SETTER };
	struct socket_entry *entry;
	struct ka_settings now;
	bool by_process;

	if (!is_tcp(sk) || keepalive_on(sk) == !!val)
		return 0;
	by_process = inode_of(sk) && locked_by_task(sk);
	r.state = r.old_state = state_of(sk);
	r.cause = by_process ? KATRACE_CAUSE_SETSOCKOPT : KATRACE_CAUSE_KERNEL;
	r.flags = val ? REPORT_ON : REPORT_OFF;
	if (by_process)
		r.flags |= REPORT_IN_CALL;
	entry = know_socket(sk);
	if (entry) {
		if (by_process)
			own_by_current(entry);
		report_answer(entry, address, KATRACE_SOURCE_SETTER, r.state);
		read_settings(sk, &now);
		now.keepalive = !!val;
		tell(entry, &now);
	}
	r.kind = val ? KATRACE_ENABLED : KATRACE_DISABLED;
	if (!write_record(address, r.bits, -1) && entry) {
		now.keepalive = !val;
		untell(entry, &now);
	}
	if (val && is_connected(r.state)) {
		r.kind = KATRACE_ARMED;
		write_record(address, r.bits, -1);
	}
	return 0;
}

SEC("?fexit/tcp_set_keepalive")
int BPF_PROG(set_keepalive_fexit, struct sock *sk, int val)
{
	if (config.has_cookie_helper)
		bpf_get_socket_cookie(sk);
	return keepalive_is_set(raw_argument(ctx, 0), val);
}

SEC("?kprobe/tcp_set_keepalive")
int set_keepalive_kprobe(struct pt_regs *ctx)
{
	return keepalive_is_set(argument(ctx, 0), argument(ctx, 1));
}

/*
 * Beside backends "tracepoint" and "cgroup": on a connected socket tcp_set_keepalive
 * sets the timer, whatever the way in. The flag is off still; any other timer set
 * without it is that of an orphan in FIN_WAIT2, or is set anew by its own handler.
 */
__noinline int keepalive_timer_started(u64 timer)
{
	u64 key = bpf_get_current_pid_tgid(), address = timer - keepalive_timer_offset();
	struct sock *sk = (void *)address;
	struct call *call;

	if (keepalive_on(sk) || sock_dead(sk) || in_timer_run(this_timer_run(), sk))
		return 0;
	call = bpf_map_lookup_elem(&calls, &key);
	if (call && call->sk == address)
		return 0;
	if (bpf_map_lookup_elem(&pending_calls, &address))
		return 0;
	return keepalive_is_set(address, true);
}

SEC("?tp_btf/timer_start")
int BPF_PROG(timer_start, struct timer_list *timer)
{
	if ((u64)timer->function != host.keepalive_timer_fn)
		return 0;
	return keepalive_timer_started(raw_argument(ctx, 0));
}

/* The settings: do_tcp_setsockopt is global from 6.1 on; its sockptr_t argument by value needs ctx, not BPF_PROG's list. */
SEC("?fentry/do_tcp_setsockopt")
int set_option_fentry(u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];

	if (!is_keepalive_option(SOL_TCP, ctx[2]) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	return call_began(raw_argument(ctx, 0), -1);
}

SEC("?fexit/do_tcp_setsockopt")
int set_option_fexit(u64 *ctx)
{
	return call_ended(KATRACE_SOURCE_SETTER, is_keepalive_option(SOL_TCP, ctx[2]));
}

SEC("?kprobe/tcp_setsockopt")
int set_option_kprobe(struct pt_regs *ctx)
{
	u64 sk = argument(ctx, 0);

	if (!is_keepalive_option(argument(ctx, 1), argument(ctx, 2)) || !is_tcp((void *)sk))
		return 0;
	return call_began(sk, -1);
}

SEC("?kretprobe/tcp_setsockopt")
int set_option_kretprobe(struct pt_regs *ctx)
{
	return call_ended(KATRACE_SOURCE_SETTER, true);
}

#endif
