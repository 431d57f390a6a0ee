/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading sockets, and finding them from a file descriptor or from their keepalive timer. */
#ifndef KATRACE_SOCK_H
#define KATRACE_SOCK_H

/* The settings of a socket as the kernel holds them: 0 is "not set". */
struct ka_settings {
	u32 idle;  /* jiffies */
	u32 intvl; /* jiffies */
	u32 user_timeout; /* ms */
	u8 cnt;
	u8 keepalive;
	u8 pad[2];
};

static __always_inline bool timer_moved(void)
{
	return bpf_core_field_exists(((struct inet_connection_sock___moved *)0)->icsk_keepalive_timer);
}

/* __builtin_offsetof would compile too, but CO-RE does not relocate it. */
static __always_inline u64 keepalive_timer_offset(void)
{
	if (timer_moved())
		return bpf_core_field_offset(struct inet_connection_sock___moved,
					     icsk_keepalive_timer);
	return bpf_core_field_offset(struct sock, sk_timer);
}

/* The retransmit timer took the place of sk_timer in 6.19, and not in the stable updates. */
static __always_inline u64 write_timer_offset(void)
{
	if (bpf_core_field_exists(((struct sock___moved *)0)->tcp_retransmit_timer))
		return bpf_core_field_offset(struct sock___moved, tcp_retransmit_timer);
	return bpf_core_field_offset(struct inet_connection_sock, icsk_retransmit_timer);
}

static __always_inline struct timer_list *keepalive_timer_of(struct sock *sk)
{
	return (void *)sk + keepalive_timer_offset();
}

static __always_inline bool sock_flag(struct sock *sk, u64 bit)
{
	return kread(struct sock, sk, __sk_common.skc_flags) >> bit & 1;
}

static __always_inline bool keepalive_on(struct sock *sk)
{
	return sock_flag(sk, bpf_core_enum_value(enum sock_flags, SOCK_KEEPOPEN));
}

static __always_inline bool sock_dead(struct sock *sk)
{
	return sock_flag(sk, bpf_core_enum_value(enum sock_flags, SOCK_DEAD));
}

/* tcp_sock fields of another protocol's socket would be garbage: MPTCP and UDP end here. */
static __always_inline bool is_tcp(struct sock *sk)
{
	u16 family = kread(struct sock, sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) &&
	       kread(struct sock, sk, sk_protocol) == IPPROTO_TCP &&
	       kread(struct sock, sk, sk_type) == SOCK_STREAM;
}

static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct inode *inode = kread(struct file, file, f_inode);
	struct socket *socket;

	if ((kread(struct inode, inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = kread(struct file, file, private_data);
	/* An O_PATH handle on a socket node has the mode, but no socket. */
	if (!socket || kread(struct socket, socket, file) != file)
		return NULL;
	/* Not kread: the result is a number to the verifier, and passes as one to functions of their own. */
	return BPF_CORE_READ(socket, sk);
}

static __always_inline struct sock *tcp_sock_of_file(struct file *file)
{
	struct sock *sk = sock_of_file(file);

	return sk && is_tcp(sk) ? sk : NULL;
}

static __always_inline bool is_mptcp(struct sock *sk)
{
	return bpf_core_field_exists(struct mptcp_sock, conn_list) &&
	       kread(struct sock, sk, sk_protocol) == IPPROTO_MPTCP;
}

static __always_inline struct sock *tcp_sock_of_fd(s32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = kread(struct task_struct, task, files);
	struct fdtable *fdt = kread(struct files_struct, files, fdt);
	struct file **slots, *file = NULL;

	if (fd < 0 || (u32)fd >= kread(struct fdtable, fdt, max_fds))
		return NULL;
	slots = kread(struct fdtable, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file ? tcp_sock_of_file(file) : NULL;
}

/* 0: the socket has no file, as it is an orphan, not accepted yet, or the kernel's own. */
static __always_inline u64 inode_of(struct sock *sk)
{
	struct socket *socket = kread(struct sock, sk, sk_socket);

	if (!socket || !kread(struct socket, socket, file))
		return 0;
	return kread(struct socket_alloc, socket, vfs_inode.i_ino);
}

/*
 * Else a softirq may be at work: whoever it interrupted has nothing to do with the
 * socket. The lock is that of the user's socket, of which this may be an MPTCP subflow.
 */
static __always_inline bool locked_by_task(struct sock *sk)
{
	struct socket *socket = kread(struct sock, sk, sk_socket);
	struct sock *users;

	if (!socket)
		return false;
	users = kread(struct socket, socket, sk);
	return kread(struct sock, users, sk_lock.owned);
}

static __always_inline u64 cookie_of(struct sock *sk)
{
	return kread(struct sock, sk, __sk_common.skc_cookie.counter);
}

static __always_inline struct net *net_of(struct sock *sk)
{
	return kread(struct sock, sk, __sk_common.skc_net.net);
}

static __always_inline u32 netns_of(struct sock *sk)
{
	return kread(struct net, net_of(sk), ns.inum);
}

/*
 * The cgroup (v2) that the kernel gives a socket when it is made: that of the process
 * that called socket(2) or, where it was accepted, of its listener. The only one that
 * softirq can know, as the timer runs there on whichever task was interrupted.
 */
static __always_inline u64 cgroup_of(struct sock *sk)
{
	struct kernfs_node *node;
	struct cgroup *cgroup;
	u64 val;

	if (!bpf_core_field_exists(sk->sk_cgrp_data))
		return 0;
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
		cgroup = kread(struct sock, sk, sk_cgrp_data.cgroup);
	} else {
		val = BPF_CORE_READ((struct sock___shared *)sk, sk_cgrp_data.val);
		cgroup = val & 3 ? NULL : (void *)val;
	}
	if (!cgroup)
		return 0;
	node = kread(struct cgroup, cgroup, kn);
	return kread(struct kernfs_node, node, id);
}

static __always_inline u8 state_of(struct sock *sk)
{
	return kread(struct sock, sk, __sk_common.skc_state);
}

static __always_inline u16 local_port_of(struct sock *sk)
{
	/* Not skc_num: that is 0 already when ->CLOSE is reported. */
	return bpf_ntohs(kread(struct inet_sock, sk, inet_sport));
}

/* Of a socket, or what begins like one. IPv4: the first four bytes. */
static __always_inline void read_addresses(struct sock *sk, u8 laddr[16], u8 raddr[16])
{
	__builtin_memset(laddr, 0, 16);
	__builtin_memset(raddr, 0, 16);
	if (kread(struct sock, sk, __sk_common.skc_family) == AF_INET) {
		*(__be32 *)laddr = kread(struct sock, sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)raddr = kread(struct sock, sk, __sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)laddr, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)raddr, sk, __sk_common.skc_v6_daddr);
	}
}

static __always_inline u8 probes_out_of(struct sock *sk)
{
	return kread(struct inet_connection_sock, sk, icsk_probes_out);
}

static __always_inline u32 segs_out_of(struct sock *sk)
{
	return kread(struct tcp_sock, sk, segs_out);
}

static __always_inline u32 user_timeout_of(struct sock *sk)
{
	return kread(struct inet_connection_sock, sk, icsk_user_timeout);
}

static __always_inline void read_settings(struct sock *sk, struct ka_settings *s)
{
	s->idle = kread(struct tcp_sock, sk, keepalive_time);
	s->intvl = kread(struct tcp_sock, sk, keepalive_intvl);
	s->cnt = kread(struct tcp_sock, sk, keepalive_probes);
	s->user_timeout = user_timeout_of(sk);
	s->keepalive = keepalive_on(sk);
	s->pad[0] = s->pad[1] = 0;
}

/* As tcp_keepalive_timer counts it: data or an acknowledgement, whichever came last. */
static __always_inline u32 jiffies_silent(struct sock *sk, u32 now)
{
	u32 data = now - kread(struct inet_connection_sock, sk, icsk_ack.lrcvtime);
	u32 ack = now - kread(struct tcp_sock, sk, rcv_tstamp);

	return data < ack ? data : ack;
}

static __always_inline u32 jiffies_heard(struct sock *sk)
{
	u32 now = bpf_jiffies64();

	return now - jiffies_silent(sk, now);
}

/* A socket's own value or, where it has none, the sysctl of its network namespace as of now. */
static __always_inline u32 effective_idle(struct net *net, u32 own)
{
	return own ?: kread(struct net, net, ipv4.sysctl_tcp_keepalive_time);
}

static __always_inline u32 effective_intvl(struct net *net, u32 own)
{
	return own ?: kread(struct net, net, ipv4.sysctl_tcp_keepalive_intvl);
}

static __always_inline u8 effective_cnt(struct net *net, u8 own)
{
	return own ?: kread(struct net, net, ipv4.sysctl_tcp_keepalive_probes);
}

/* Which of the settings are the socket's own: enum katrace_setting. */
static __always_inline u8 own_settings(const struct ka_settings *s)
{
	return (s->idle ? KATRACE_SET_IDLE : 0) | (s->intvl ? KATRACE_SET_INTVL : 0) |
	       (s->cnt ? KATRACE_SET_CNT : 0) | (s->user_timeout ? KATRACE_SET_USER_TIMEOUT : 0);
}

/* As timer_pending() says. */
static __always_inline bool is_pending(struct timer_list *timer)
{
	return kread(struct timer_list, timer, entry.pprev);
}

/* Connected or about to be: the end of that is an event. */
static __always_inline bool has_end(u8 state)
{
	return state != TCP_CLOSE && state != TCP_LISTEN;
}

static __always_inline bool is_connected(u8 state)
{
	return state != TCP_CLOSE && state != TCP_LISTEN && state != TCP_SYN_SENT &&
	       state != TCP_SYN_RECV && state != TCP_NEW_SYN_RECV;
}

#endif
