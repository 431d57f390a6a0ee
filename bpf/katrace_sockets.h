/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the iterators of sockets.bpf.c write, one record after the other, for both worlds:
 * src/KaTrace.Core/Sockets/SocketRecords.cs mirrors it, and a test compares the two field by
 * field with the object's BTF. Each begins with its size and kind.
 */
#ifndef KATRACE_SOCKETS_H
#define KATRACE_SOCKETS_H

enum katrace_socket_kind {
	KATRACE_ROW_SOCKET = 1,
	KATRACE_ROW_PROCESS = 2, /* that the holders behind it belong to */
	KATRACE_ROW_HOLDER = 3,
};

enum katrace_socket_flag {
	KATRACE_S_KEEPALIVE = 1 << 0,	  /* SO_KEEPALIVE is on */
	KATRACE_S_KERNEL = 1 << 1,	  /* a socket of the kernel's own: no process can own it */
	KATRACE_S_ORPHAN = 1 << 2,	  /* closed by all who held it; the kernel still ends the connection */
	KATRACE_S_UNACCEPTED = 1 << 3,	  /* nobody has taken it by accept(2) yet */
	KATRACE_S_SILENT = 1 << 4,	  /* .silent is known: the socket is connected */
	KATRACE_S_NEXT = 1 << 5,	  /* .next is known: the keepalive timer is pending */
	KATRACE_S_MPTCP_SUBFLOW = 1 << 6, /* set by user space, who sees the MPTCP socket's holders */
	KATRACE_S_OTHER_TIMER = 1 << 7,	  /* .other_timer and .other_timer_next are known */
};

struct katrace_socket {
	__u16 size;
	__u8 kind;
	__u8 state;
	__u16 flags;
	__u8 family;
	__u8 own; /* enum katrace_setting */

	__u64 sk;	  /* kernel address: a key, never shown */
	__u64 cookie;	  /* 0: the kernel has not made one yet */
	__u64 ino;	  /* 0: no file */
	__u64 cgroup_id;  /* 0: unknown */
	__u32 netns;	  /* inode */
	__u32 uid;

	__u8 laddr[16]; /* IPv4: the first four bytes */
	__u8 raddr[16];
	__u16 lport; /* host order */
	__u16 rport;

	__u8 cnt; /* effective */
	__u8 probes_out;
	__u8 retransmits;
	__u8 other_timer; /* icsk_pending: ICSK_TIME_* */

	__u32 idle;	    /* effective, jiffies */
	__u32 intvl;	    /* effective, jiffies */
	__u32 user_timeout; /* ms */
	__u32 silent;	    /* jiffies since the peer was last heard */
	__s32 next;	    /* jiffies until the keepalive timer fires */
	__s32 other_timer_next;
	__u32 packets_out;
	__u32 recv_queue; /* of a listener: connections that wait for accept(2) */
	__u32 send_queue; /* of a listener: its backlog */

	__u8 substate; /* TIME_WAIT: tw_substate */
	__u8 pad[3];
};

struct katrace_process {
	__u16 size;
	__u8 kind;
	__u8 pad;
	__u32 tgid;
	__u64 start_ns; /* CLOCK_BOOTTIME of the process' start */
	char comm[16];
};

struct katrace_holder {
	__u16 size;
	__u8 kind;
	__u8 pad;
	__s32 fd; /* -1: of the MPTCP socket above */
	__u64 sk;
	__u64 cookie;
	__u64 ino;
	__u32 netns;
	__u32 pad_end;
};

_Static_assert(sizeof(struct katrace_socket) == 128, "record layout");
_Static_assert(sizeof(struct katrace_process) == 32, "record layout");
_Static_assert(sizeof(struct katrace_holder) == 40, "record layout");

#endif
