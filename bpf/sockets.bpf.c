// SPDX-License-Identifier: GPL-2.0-only
/*
 * All TCP sockets of the host as they are now, and who holds them: two iterators, in an
 * object of their own, as a list of sockets takes less time than loading all programs.
 *
 *   list_tcp    the sockets of one network namespace, whether anybody holds them or not
 *   list_files  who holds them, in all namespaces; and the sockets that the kernel has
 *               in no table, as they are neither connected nor listening
 *
 * A record that finds no room is asked for again, by another run for the same socket or
 * file: so nothing is noted before it is written.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "katrace_events.h"
#include "katrace_read.h"
#include "katrace_sock.h"
#include "katrace_sockets.h"

char LICENSE[] SEC("license") = "GPL";

/* As in katrace.bpf.c: what C# mirrors. */
union katrace_mirrored {
	struct katrace_socket socket;
	struct katrace_process process;
	struct katrace_holder holder;
	enum katrace_socket_kind kind;
	enum katrace_socket_flag flag;
};

union katrace_mirrored *mirrored SEC("layout");

struct katrace_list_config {
	u8 has_cookie_helper;
};

const volatile struct katrace_list_config config;

struct katrace_listing {
	u64 session;	/* pass that .tgid belongs to */
	u32 tgid;	/* process that was written last */
	u32 all_sockets; /* list_files writes every socket: some namespace cannot be entered */
};

struct katrace_listing listing;

static __always_inline long write_process(struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct katrace_process process = { .size = sizeof(process), .kind = KATRACE_ROW_PROCESS };
	struct task_struct *leader = kread(struct task_struct, task, group_leader);

	process.tgid = kread(struct task_struct, leader, tgid);
	process.start_ns = kread(struct task_struct, leader, start_boottime);
	BPF_CORE_READ_INTO(&process.comm, leader, comm);
	return bpf_seq_write(meta->seq, &process, sizeof(process));
}

static __always_inline void fill_timers(struct katrace_socket *s, struct sock *sk, u32 now)
{
	struct timer_list *write_timer = (void *)sk + write_timer_offset();
	struct timer_list *timer = keepalive_timer_of(sk);

	if (is_pending(timer)) {
		s->next = (u32)kread(struct timer_list, timer, expires) - now;
		s->flags |= KATRACE_S_NEXT;
	}
	s->other_timer = kread(struct inet_connection_sock, sk, icsk_pending);
	if (s->other_timer) {
		s->other_timer_next = (u32)kread(struct timer_list, write_timer, expires) - now;
		s->flags |= KATRACE_S_OTHER_TIMER;
	}
}

static __always_inline void fill_queues(struct katrace_socket *s, struct sock *sk)
{
	s32 received;

	if (s->state == TCP_LISTEN) {
		s->recv_queue = kread(struct sock, sk, sk_ack_backlog);
		s->send_queue = kread(struct sock, sk, sk_max_ack_backlog);
		return;
	}
	received = kread(struct tcp_sock, sk, rcv_nxt) - kread(struct tcp_sock, sk, copied_seq);
	s->recv_queue = received > 0 ? received : 0;
	s->send_queue = kread(struct tcp_sock, sk, write_seq) - kread(struct tcp_sock, sk, snd_una);
	s->packets_out = kread(struct tcp_sock, sk, packets_out);
}

static __always_inline void fill_owner(struct katrace_socket *s, struct sock *sk)
{
	s->ino = inode_of(sk);
	if (s->ino)
		return;
	if (kread(struct sock, sk, sk_socket))
		s->flags |= KATRACE_S_KERNEL;
	else
		s->flags |= sock_dead(sk) ? KATRACE_S_ORPHAN : KATRACE_S_UNACCEPTED;
}

/* What a socket, TIME_WAIT and a request have in common. */
static __always_inline void fill_ends(struct katrace_socket *s, struct sock *sk)
{
	s->size = sizeof(*s);
	s->kind = KATRACE_ROW_SOCKET;
	s->sk = (u64)sk;
	s->state = state_of(sk);
	s->cookie = cookie_of(sk);
	s->netns = netns_of(sk);
	s->family = kread(struct sock, sk, __sk_common.skc_family);
	read_addresses(sk, s->laddr, s->raddr);
	s->lport = kread(struct sock, sk, __sk_common.skc_num);
	s->rport = bpf_ntohs(kread(struct sock, sk, __sk_common.skc_dport));
}

static __always_inline long write_socket(struct bpf_iter_meta *meta, struct sock *sk)
{
	struct net *net = net_of(sk);
	struct katrace_socket s = {};
	u32 now = bpf_jiffies64();
	struct ka_settings own;

	fill_ends(&s, sk);
	s.lport = local_port_of(sk);
	read_settings(sk, &own);
	s.own = own_settings(&own);
	s.idle = effective_idle(net, own.idle);
	s.intvl = effective_intvl(net, own.intvl);
	s.cnt = effective_cnt(net, own.cnt);
	s.user_timeout = own.user_timeout;
	if (own.keepalive)
		s.flags |= KATRACE_S_KEEPALIVE;
	s.probes_out = probes_out_of(sk);
	s.retransmits = kread(struct inet_connection_sock, sk, icsk_retransmits);
	s.uid = kread(struct sock, sk, sk_uid.val);
	s.cgroup_id = cgroup_of(sk);
	fill_owner(&s, sk);
	fill_timers(&s, sk, now);
	fill_queues(&s, sk);
	if (is_connected(s.state)) {
		s.silent = jiffies_silent(sk, now);
		s.flags |= KATRACE_S_SILENT;
	}
	return bpf_seq_write(meta->seq, &s, sizeof(s));
}

/* They have no settings, no queues, no owner: other structs, which begin alike. */
static __always_inline long write_other(struct bpf_iter_meta *meta, struct sock *sk)
{
	struct inet_timewait_sock *gone = (void *)sk;
	struct request_sock *request = (void *)sk;
	struct katrace_socket s = {};
	struct timer_list *timer;

	fill_ends(&s, sk);
	s.flags = KATRACE_S_OTHER_TIMER;
	if (s.state == TCP_TIME_WAIT) {
		s.substate = kread(struct inet_timewait_sock, gone, tw_substate);
		timer = (void *)sk + bpf_core_field_offset(struct inet_timewait_sock, tw_timer);
	} else {
		s.flags |= KATRACE_S_UNACCEPTED;
		s.retransmits = kread(struct request_sock, request, num_retrans);
		s.other_timer = ICSK_TIME_RETRANS;
		timer = (void *)sk + bpf_core_field_offset(struct request_sock, rsk_timer);
	}
	s.other_timer_next = (u32)kread(struct timer_list, timer, expires) - (u32)bpf_jiffies64();
	return bpf_seq_write(meta->seq, &s, sizeof(s));
}

SEC("?iter/tcp")
int list_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	struct sock *address;

	if (!sk)
		return 0;
	address = (void *)raw_argument(ctx, 1);
	if (sk->skc_state == TCP_TIME_WAIT || sk->skc_state == TCP_NEW_SYN_RECV) {
		write_other(ctx->meta, address);
		return 0;
	}
	if (config.has_cookie_helper)
		bpf_get_socket_cookie(sk); /* names it, so that its holders cannot be another's */
	write_socket(ctx->meta, address);
	return 0;
}

static __always_inline long write_holder(struct bpf_iter_meta *meta, struct sock *sk, s32 fd)
{
	struct katrace_holder holder = {
		.size = sizeof(holder),
		.kind = KATRACE_ROW_HOLDER,
		.fd = fd,
		.sk = (u64)sk,
		.cookie = cookie_of(sk),
		.ino = inode_of(sk),
		.netns = netns_of(sk),
	};

	return bpf_seq_write(meta->seq, &holder, sizeof(holder));
}

static __always_inline long write_held(struct bpf_iter_meta *meta, struct sock *sk, s32 fd)
{
	if ((state_of(sk) == TCP_CLOSE || listing.all_sockets) && write_socket(meta, sk))
		return -1;
	return write_holder(meta, sk, fd);
}

#define SUBFLOWS 8 /* of an MPTCP connection, as many as the kernel makes (MPTCP_SUBFLOWS_MAX) */

/* Whoever holds an MPTCP socket holds the TCP sockets below it, which have no descriptors of their own. */
static __always_inline long write_subflows(struct bpf_iter_meta *meta, struct sock *sk)
{
	u64 end = (u64)sk + bpf_core_field_offset(struct mptcp_sock, conn_list);
	struct list_head *node;
	struct sock *subflow;
	u64 context;
	int i;

	node = BPF_CORE_READ((struct mptcp_sock *)sk, conn_list.next);
	for (i = 0; i < SUBFLOWS; i++) {
		if (!node || (u64)node == end)
			return 0;
		context = (u64)node - bpf_core_field_offset(struct mptcp_subflow_context, node);
		subflow = BPF_CORE_READ((struct mptcp_subflow_context *)context, tcp_sock);
		if (subflow && write_holder(meta, subflow, -1))
			return -1;
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

/* A thread mostly has the descriptors of its process, which are listed there. */
static __always_inline bool has_own_files(struct task_struct *task)
{
	struct task_struct *leader = kread(struct task_struct, task, group_leader);

	return leader == task || kread(struct task_struct, leader, files) !=
					 kread(struct task_struct, task, files);
}

SEC("?iter/task_file")
int list_files(struct bpf_iter__task_file *ctx)
{
	struct bpf_iter_meta *meta = ctx->meta;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sock *sk;
	bool mptcp;
	u32 tgid;

	if (!task || !file)
		return 0;
	sk = sock_of_file(file);
	if (!sk)
		return 0;
	mptcp = is_mptcp(sk);
	if ((!mptcp && !is_tcp(sk)) || !has_own_files(task))
		return 0;

	tgid = kread(struct task_struct, task, tgid);
	if ((listing.session != meta->session_id || listing.tgid != tgid) &&
	    write_process(meta, task))
		return 0;
	if (mptcp ? write_subflows(meta, sk) : write_held(meta, sk, ctx->fd))
		return 0;
	listing.session = meta->session_id;
	listing.tgid = tgid;
	return 0;
}
