/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that our programs touch, with only the fields that they
 * touch. CO-RE finds each by name in the running kernel's BTF, so order and
 * gaps do not matter here. Checked against 5.10 to 7.3.
 */
#ifndef KATRACE_TYPES_H
#define KATRACE_TYPES_H

/* bpf_tracing.h then takes the kernel's register names, not those of ptrace.h. */
#define __VMLINUX_H__

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

#define true  1
#define false 0
#define NULL  ((void *)0)

/* Macros are in no BTF. */
#define AF_INET		2
#define AF_INET6	10
#define IPPROTO_TCP	6
#define IPPROTO_MPTCP	262
#define SOCK_STREAM	1
#define EEXIST		17
#define ECONNRESET	104
#define EPIPE		32
#define ETIMEDOUT	110
#define SOL_SOCKET	1
#define SO_KEEPALIVE	9
#define SOL_TCP		6
#define TCP_KEEPIDLE	4
#define TCP_KEEPINTVL	5
#define TCP_KEEPCNT	6
#define TCP_USER_TIMEOUT 18
#define CLOCK_MONOTONIC 1
#define ICSK_TIME_RETRANS 1
#define S_IFMT		00170000
#define S_IFSOCK	0140000

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

enum { /* net/tcp_states.h */
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_FIN_WAIT2 = 5,
	TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
	TCP_CLOSING = 11,
	TCP_NEW_SYN_RECV = 12,
};

/* What the kernel shows of a call to a program of type cgroup_sockopt: its own layout, not to be relocated. */
struct bpf_sockopt {
	u64 sk;
	void *optval __attribute__((aligned(8)));
	void *optval_end __attribute__((aligned(8)));
	s32 level;
	s32 optname;
	s32 optlen;
	s32 retval;
};

struct bpf_timer {
	u64 opaque[2];
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum sock_flags {
	SOCK_DEAD,
	SOCK_KEEPOPEN = 3,
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
	void (*function)(struct timer_list *);
};

struct ns_common {
	unsigned int inum;
};

struct netns_ipv4 {
	int sysctl_tcp_keepalive_time;
	int sysctl_tcp_keepalive_intvl;
	u8 sysctl_tcp_keepalive_probes;
};

struct net {
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	int counter;
} atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	refcount_t skc_refcnt;
	unsigned long skc_flags; /* in the kernel a member of an unnamed union */
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};
typedef struct {
	int owned;
} socket_lock_t;

typedef struct {
	u32 val;
} kuid_t;

struct socket;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct timer_list sk_timer;
	int sk_err;
	kuid_t sk_uid;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
	u16 sk_type;
	u16 sk_protocol;
	struct socket *sk_socket;
	struct sock_cgroup_data sk_cgrp_data; /* where CONFIG_SOCK_CGROUP_DATA is set */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct timer_list icsk_retransmit_timer; /* moved too, see below */
	__u8 icsk_retransmits;
	__u8 icsk_pending;
	__u8 icsk_probes_out;
	__u32 icsk_user_timeout;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct tcp_options_received {
	u32 ts_recent;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt;
	u32 copied_seq;
	u32 snd_una;
	u32 snd_nxt;
	u32 write_seq;
	struct tcp_options_received rx_opt;
	u32 rcv_tstamp;
	u32 segs_out;
	u32 packets_out;
	unsigned int keepalive_time;
	unsigned int keepalive_intvl;
	u8 keepalive_probes;
};

/* Not sockets, though they stand among them and begin alike. */
struct inet_timewait_sock {
	struct sock_common __tw_common;
	unsigned char tw_substate;
	struct timer_list tw_timer;
};

struct request_sock {
	struct sock_common __req_common;
	u8 num_retrans;
	struct timer_list rsk_timer;
};

struct sk_buff {
	unsigned int len;
	unsigned char *data;
};

struct list_head {
	struct list_head *next;
};

struct mptcp_sock {
	struct list_head conn_list;
};

struct mptcp_subflow_context {
	struct list_head node;
	struct sock *tcp_sock;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct signal_struct {
	atomic_t live; /* threads that have not exited */
};

struct task_struct {
	int pid;
	int tgid;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct files_struct *files;
	struct signal_struct *signal;
	char comm[16];
};

struct trace_entry {
	int pid;
};

/*
 * Not trace_event_raw_sys_enter and _exit, which BTF has too: PREEMPT_RT adds to
 * trace_entry, and these then have a gap that the record itself has not.
 */
struct syscall_trace_enter {
	struct trace_entry ent;
	int nr;
	unsigned long args[];
};

struct syscall_trace_exit {
	struct trace_entry ent;
	int nr;
	long ret;
};

/* What is behind struct bpf_sockopt. */
struct bpf_sockopt_kern {
	struct sock *sk;
};

struct pt_regs;

struct pt_regs___x86 {
	unsigned long di, si, dx;
};

struct pt_regs___arm64 {
	u64 regs[31];
};

struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_map;

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

/*
 * The keepalive timer moved from sk->sk_timer to icsk->icsk_keepalive_timer in
 * 6.19, and in stable updates of older series (6.1.191, 6.12.112): only BTF can
 * tell. sk_timer exists in both, for other timers: ask for the new field first.
 */
struct inet_connection_sock___moved {
	struct timer_list icsk_keepalive_timer;
};

struct sock___moved {
	struct timer_list tcp_retransmit_timer;
};

/* Before 5.15 the same word held either a cgroup or, with a low bit set, what net_cls and net_prio (v1) need. */
struct sock_cgroup_data___shared {
	u64 val;
};

struct sock___shared {
	struct sock_cgroup_data___shared sk_cgrp_data;
};

#pragma clang attribute pop

#endif
