/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel looks like, from a socket of our own. */
#ifndef KATRACE_HOOK_LEARN_H
#define KATRACE_HOOK_LEARN_H

SEC("?iter/task_file")
int learn(struct bpf_iter__task_file *ctx)
{
	struct katrace_learned learned = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct ka_settings now;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sk = tcp_sock_of_file(file);
	if (!sk || inode_of(sk) != host.learn_ino)
		return 0;
	read_settings(sk, &now);
	learned.ino = host.learn_ino;
	learned.keepalive_timer_fn = (u64)kread(struct timer_list, keepalive_timer_of(sk), function);
	learned.write_timer_fn =
		(u64)kread(struct timer_list, (void *)sk + write_timer_offset(), function);
	learned.idle = now.idle;
	learned.intvl = now.intvl;
	learned.cnt = now.cnt;
	learned.user_timeout = now.user_timeout;
	learned.keepalive = now.keepalive;
	learned.tgid = kread(struct task_struct, task, tgid);
	learned.timer_moved = timer_moved();
	bpf_seq_write(ctx->meta->seq, &learned, sizeof(learned));
	return 0;
}

#endif
