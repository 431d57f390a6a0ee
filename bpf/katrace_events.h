/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The one record that the BPF programs write into the ring buffer, for both
 * worlds: src/KaTrace.Core/Events/EventRecord.cs mirrors it, and a test compares the
 * two field by field with the object's BTF.
 *
 * A reader skips kinds that it does not know and takes the first bytes of
 * records that are longer than it knows: new fields go to the end only.
 */
#ifndef KATRACE_EVENTS_H
#define KATRACE_EVENTS_H

/* Values are those of katrace.v1.Event.Kind. */
enum katrace_kind {
	KATRACE_ENABLED = 1,
	KATRACE_DISABLED = 2,
	KATRACE_CONFIGURED = 3,
	KATRACE_ARMED = 4,
	KATRACE_PROBE = 5,
	KATRACE_TIMEOUT = 6,
	KATRACE_CLOSED = 7,
	KATRACE_ANSWERED = 8,	 /* the first probe was answered */
	KATRACE_RECOVERED = 9,	 /* a later one was */
	KATRACE_LOCAL_DROP = 10, /* a probe was built, and dropped by the local queue */
	KATRACE_RESET = 11,	 /* a reset, while probes were unanswered */
};

/* The hook that saw it. */
enum katrace_source {
	KATRACE_SOURCE_SETSOCKOPT = 1, /* sys_enter/exit_setsockopt, or cgroup/setsockopt */
	KATRACE_SOURCE_TIMER = 2,      /* a run of tcp_keepalive_timer, or of tcp_write_timer */
	KATRACE_SOURCE_STATE = 3,      /* inet_sock_set_state */
	KATRACE_SOURCE_POLL = 4,       /* a look after a probe, asked for by user space */
	KATRACE_SOURCE_SETTER = 5,     /* tcp_set_keepalive and the other setters */
	KATRACE_SOURCE_SEGMENT = 8,    /* tcp_probe: the segment that answers, as it comes in */
	KATRACE_SOURCE_RECONCILED = 9, /* none: a snapshot found it afterwards */
};

enum katrace_cause {
	KATRACE_CAUSE_NONE = 0,
	KATRACE_CAUSE_SETSOCKOPT = 1,	/* ENABLED, DISABLED: by this call */
	KATRACE_CAUSE_INHERITED = 2,	/* ENABLED: copied from the listener */
	KATRACE_CAUSE_PROBES = 3,	/* TIMEOUT: count of probes unanswered */
	KATRACE_CAUSE_USER_TIMEOUT = 4, /* TIMEOUT: TCP_USER_TIMEOUT passed */
	KATRACE_CAUSE_RETRANSMIT = 5,	/* TIMEOUT: data unacknowledged, keepalive had no part in it */
	KATRACE_CAUSE_ACK = 6,		/* ANSWERED, RECOVERED: by an acknowledgement */
	KATRACE_CAUSE_DATA = 7,		/* ANSWERED, RECOVERED: by data that acknowledged nothing new */
	KATRACE_CAUSE_KERNEL = 8,	/* ENABLED, DISABLED: by the kernel or BPF, not by a call of a process */
};

enum katrace_flag {
	KATRACE_F_KEEPALIVE = 1 << 0, /* SO_KEEPALIVE is on */
	KATRACE_F_SILENT = 1 << 1,    /* .silent is known: the socket is or was connected */
	KATRACE_F_NEXT = 1 << 2,      /* .next is known: the keepalive timer is pending */
	KATRACE_F_OWNER = 1 << 3,     /* .tgid, .start_ns, .comm are known */
	KATRACE_F_COUNTED = 1 << 4,   /* .unanswered, .probes, .generation, .answered, .longest are known */
	KATRACE_F_KERNEL = 1 << 5,    /* a socket of the kernel's own: no process can own it */
	KATRACE_F_NO_FILE = 1 << 6,   /* an orphan, or not accepted yet */
};

/* Bits of .holding. */
enum katrace_holding {
	KATRACE_H_EXITED = 1 << 0, /* the owner has exited, or is exiting: its descriptors are closed */
	KATRACE_H_ORPHAN = 1 << 1, /* closed by all who held it; the kernel still ends the connection */
};

/* Bits of .own and .changed. */
enum katrace_setting {
	KATRACE_SET_IDLE = 1 << 0,	   /* TCP_KEEPIDLE */
	KATRACE_SET_INTVL = 1 << 1,	   /* TCP_KEEPINTVL */
	KATRACE_SET_CNT = 1 << 2,	   /* TCP_KEEPCNT */
	KATRACE_SET_USER_TIMEOUT = 1 << 3, /* TCP_USER_TIMEOUT */
};

#define KATRACE_HOLDERS 4

struct katrace_event {
	__u16 size; /* of this record, in bytes */
	__u8 kind;
	__u8 source;
	__u32 cpu;
	__u64 cpu_seq; /* counts every record of this CPU, written or lost */
	__u64 time_ns; /* CLOCK_MONOTONIC */

	__u64 sk;     /* kernel address: a key, never shown */
	__u64 cookie; /* SO_COOKIE; 0: the kernel has not made one yet */
	__u64 ino;    /* inode of the socket; 0: no file (orphan, not accepted, kernel) */
	__u32 generation; /* connects seen on this socket: it may be reconnected */
	__u32 netns;	  /* inode of the network namespace */

	__u8 laddr[16]; /* IPv4: the first four bytes */
	__u8 raddr[16];
	__u16 lport; /* host order */
	__u16 rport;
	__u8 family; /* of the socket: an AF_INET6 one may speak IPv4 (::ffff:a.b.c.d) */
	__u8 state;  /* TCP_ESTABLISHED.. of net/tcp_states.h */
	__u8 old_state;
	__u8 flags;

	__u32 idle;	    /* effective, jiffies */
	__u32 intvl;	    /* effective, jiffies */
	__u32 user_timeout; /* ms; 0: none */
	__u8 cnt;	    /* effective */
	__u8 own;	    /* settings that are the socket's own, not the sysctl's */
	__u8 changed;	    /* settings that this call changed */
	__u8 probes_out;    /* icsk_probes_out: shared with window probes, wraps at 256 */

	__u32 unanswered; /* keepalive probes since the peer was last heard */
	__u32 probes;	  /* keepalive probes of this connection while traced */
	__u32 silent;	  /* jiffies since the peer was last heard */
	__u32 next;	  /* jiffies until the keepalive timer fires */

	__u8 cause;
	__u8 pad;
	__u16 err; /* sk_err */
	__s32 fd;  /* the one given to setsockopt; -1: none */
	__u32 tgid;
	__u32 tid;	/* the calling thread; 0: no call */
	__u64 start_ns; /* CLOCK_BOOTTIME of the process' start: tgid alone is reused */
	char comm[16];	/* of the process, not of the thread */

	__u64 rtt_ns;	/* ANSWERED, RECOVERED: from the last probe to the answer; to a jiffy, but for SEGMENT */
	__u32 answered; /* probes answered on this connection while traced */
	__u32 longest;	/* jiffies: the longest silence of it that the timer has met */

	__u64 cgroup_id; /* cgroup v2 of the socket, of its creation; 0: unknown */

	__u64 not_before_ns;		 /* RECONCILED: it happened after this; 0: not known */
	__u32 holder[KATRACE_HOLDERS];	 /* the first processes that hold a descriptor; 0: none */
	__u16 holders;			 /* how many hold one, as of the last snapshot */
	__u8 holding;
	__u8 pad_end[5];
};

_Static_assert(sizeof(struct katrace_event) == 224, "record layout");
_Static_assert(__builtin_offsetof(struct katrace_event, sk) == 24, "record layout");
_Static_assert(__builtin_offsetof(struct katrace_event, laddr) == 56, "record layout");
_Static_assert(__builtin_offsetof(struct katrace_event, idle) == 96, "record layout");
_Static_assert(__builtin_offsetof(struct katrace_event, comm) == 152, "record layout");

/* Why a record did not reach the ring, or does not tell all. One counter a CPU each. */
enum katrace_drop {
	KATRACE_DROP_RING_FULL = 0,	/* the record is lost */
	KATRACE_DROP_SOCKETS_FULL = 1,	/* no room for the socket: its owner and probe count stay unknown */
	KATRACE_DROP_CALLS_FULL = 2,	/* no room for the call: its change is lost */
	KATRACE_DROP_IDENTITY_LOST = 3, /* the socket was reused while its timer ran: the record is lost */
	KATRACE_DROP_REASONS = 4,
};

/*
 * What the kernel says of a socket of our own, on which odd values were set:
 * it proves every offset, and gives the address of the timer function and HZ.
 */
struct katrace_learned {
	__u64 ino;
	__u64 keepalive_timer_fn; /* kernel address */
	__u64 write_timer_fn;	  /* kernel address */
	__u32 idle;		  /* own values, jiffies; 0: not set */
	__u32 intvl;
	__u32 user_timeout; /* ms */
	__u32 tgid;	    /* of this process, in the initial pid namespace */
	__u8 cnt;
	__u8 keepalive;	  /* SO_KEEPALIVE is on */
	__u8 timer_moved; /* the timer is icsk_keepalive_timer, not sk_timer */
	__u8 pad[5];
};

_Static_assert(sizeof(struct katrace_learned) == 48, "record layout");

/* Fields that filters have conditions on, besides the kind. */
enum katrace_field {
	KATRACE_FIELD_NETNS = 0,
	KATRACE_FIELD_PORT = 1, /* local or remote */
	KATRACE_FIELD_LOCAL_PORT = 2,
	KATRACE_FIELD_REMOTE_PORT = 3,
	KATRACE_FIELD_PID = 4,
	KATRACE_FIELD_CGROUP = 5,
	KATRACE_FIELD_IP_VERSION = 6, /* 4 or 6 */
	KATRACE_FIELD_COUNT = 7,
};

#define KATRACE_KINDS 16

/*
 * Which records are not made, as nobody would see them: those that no filter of the
 * allow list matches, or one of the deny list does. Filter n is bit n of all masks.
 */
struct katrace_filter {
	__u64 allow; /* 0: all are allowed */
	__u64 deny;
	__u64 kinds[KATRACE_KINDS]; /* by kind: filters that it satisfies, or that do not ask for it */
	__u64 asks[KATRACE_FIELD_COUNT]; /* by field: filters with a condition on it */
};

/* Of the map that says which filters' conditions a value satisfies. */
struct katrace_filter_key {
	__u64 value;
	__u32 field;
	__u32 pad;
};

/* Decided before the object is loaded. */
struct katrace_config {
	__u8 has_cookie_helper; /* bpf_get_socket_cookie in tracing programs is of 5.12 */
	__u8 pad[7];
	struct katrace_filter filter;
};

/* A pass over all sockets, as user space begins it. */
struct katrace_snapshot {
	__u64 not_before_ns; /* CLOCK_MONOTONIC when the pass before the last one began; 0: it did not see these sockets */
	__u32 number;	     /* counts them, from 1, which takes all sockets as they are: they were there before us */
	__u32 pad;
};

/* Known only once the object is loaded, so in memory that user space writes before it attaches. */
struct katrace_host {
	__u64 keepalive_timer_fn; /* kernel address, learned */
	__u64 write_timer_fn;	  /* kernel address, learned */
	__u64 learn_ino;	  /* inode of the socket to learn from */
	__u32 hz;		  /* jiffies a second, learned */
	__u32 tick_ns;		  /* nanoseconds a jiffy */
};

#endif
