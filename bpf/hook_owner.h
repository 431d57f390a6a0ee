/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process a socket belongs to. */
#ifndef KATRACE_HOOK_OWNER_H
#define KATRACE_HOOK_OWNER_H

/* Who owns a connection that came in: only the accepting call tells, the handshake runs in softirq. */

static __always_inline int accepted(long fd)
{
	struct socket_entry *entry;
	struct sock *sk = tcp_sock_of_fd(fd);

	if (!sk || !(keepalive_on(sk) || known_socket(sk)))
		return 0;
	entry = know_socket(sk);
	if (entry)
		own_by_current(entry);
	return 0;
}

SEC("?tp/syscalls/sys_exit_accept")
int accept_exit(struct syscall_trace_exit *ctx)
{
	return accepted(ctx->ret);
}

SEC("?tp/syscalls/sys_exit_accept4")
int accept4_exit(struct syscall_trace_exit *ctx)
{
	return accepted(ctx->ret);
}

/* Sockets that were there before us */

SEC("?iter/task_file")
int seed(struct bpf_iter__task_file *ctx)
{
	struct socket_entry entry = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct ka_settings now;
	struct sock *sk;
	u64 key;

	if (!task || !file)
		return 0;
	sk = tcp_sock_of_file(file);
	if (!sk)
		return 0;
	read_settings(sk, &now);
	if (!now.keepalive && !now.idle && !now.intvl && !now.cnt && !now.user_timeout)
		return 0;
	key = (u64)sk;
	entry.cookie = cookie_of(sk);
	own_by(&entry, task);
	/* What an event has told since is newer: the programs are attached before this runs. */
	if (bpf_map_update_elem(&sockets, &key, &entry, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&sockets, &key))
		count_drop(KATRACE_DROP_SOCKETS_FULL);
	return 0;
}

#endif
