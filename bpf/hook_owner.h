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

/* Its sockets may live on, with others or in the kernel: their events say that it does not. */
SEC("?tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct task_struct *leader;
	u64 *exited;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0; /* one thread of several */
	leader = kread(struct task_struct, task, group_leader);
	exited = exit_of(kread(struct task_struct, leader, tgid));
	if (exited)
		*exited = kread(struct task_struct, leader, start_boottime);
	return 0;
}

#endif
