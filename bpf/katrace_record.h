/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing records: every byte of one, as ring memory is not zeroed; and who owns a socket. */
#ifndef KATRACE_RECORD_H
#define KATRACE_RECORD_H

static __always_inline void fill_addresses(struct katrace_event *e, struct sock *sk)
{
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	__builtin_memset(e->laddr, 0, sizeof(e->laddr));
	__builtin_memset(e->raddr, 0, sizeof(e->raddr));
	if (family == AF_INET) {
		BPF_CORE_READ_INTO((__be32 *)e->laddr, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)e->raddr, sk, __sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)e->laddr, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)e->raddr, sk, __sk_common.skc_v6_daddr);
	}
	e->family = family;
	e->lport = local_port_of(sk);
	e->rport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

static __always_inline void fill_settings(struct katrace_event *e, struct sock *sk,
					  const struct ka_settings *s)
{
	u8 own = 0;

	if (s->idle)
		own |= KATRACE_SET_IDLE;
	if (s->intvl)
		own |= KATRACE_SET_INTVL;
	if (s->cnt)
		own |= KATRACE_SET_CNT;
	if (s->user_timeout)
		own |= KATRACE_SET_USER_TIMEOUT;
	e->idle = effective_idle(sk, s->idle);
	e->intvl = effective_intvl(sk, s->intvl);
	e->cnt = effective_cnt(sk, s->cnt);
	e->user_timeout = s->user_timeout;
	e->own = own;
}

/* The process, not the thread: a thread's name says little ("worker-7"), its start not whose it is. */
static __always_inline void own_by(struct socket_entry *entry, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	entry->tgid = BPF_CORE_READ(leader, tgid);
	entry->start_ns = BPF_CORE_READ(leader, start_boottime);
	BPF_CORE_READ_INTO(&entry->comm, leader, comm);
}

static __always_inline void own_by_current(struct socket_entry *entry)
{
	own_by(entry, (void *)bpf_get_current_task());
}

/* An address is reused at once by the next TCP socket: only the cookie tells, once there is one. */
static __always_inline struct socket_entry *known_socket(struct sock *sk)
{
	u64 key = (u64)sk, cookie;
	struct socket_entry *entry = bpf_map_lookup_elem(&sockets, &key);

	if (!entry)
		return NULL;
	cookie = cookie_of(sk);
	if (!entry->cookie)
		entry->cookie = cookie;
	return entry->cookie == cookie ? entry : NULL;
}

static __always_inline struct socket_entry *know_socket(struct sock *sk)
{
	struct socket_entry *entry = known_socket(sk), fresh = {};
	u64 key = (u64)sk;

	if (entry)
		return entry;
	fresh.cookie = cookie_of(sk);
	if (bpf_map_update_elem(&sockets, &key, &fresh, BPF_ANY)) {
		count_drop(KATRACE_DROP_SOCKETS_FULL);
		return NULL;
	}
	return bpf_map_lookup_elem(&sockets, &key);
}

/* An answer makes no event of its own here: whoever reports the socket next looks whether one came. */
static __always_inline void note_answer(struct socket_entry *entry, struct sock *sk)
{
	if (entry->unanswered && jiffies_heard(sk) != entry->heard)
		entry->unanswered = 0;
}

/*
 * A program may be interrupted by another on its CPU between the addition and the
 * load: two records then carry the same number, and none the one before. So a
 * reader finds loss by comparing the highest number with how many records came.
 */
static __always_inline struct katrace_event *reserve_record(void)
{
	u32 zero = 0;
	struct cpu_counters *c = bpf_map_lookup_elem(&counters, &zero);
	struct katrace_event *e;

	if (!c)
		return NULL;
	__sync_fetch_and_add(&c->seq, 1);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&c->drops[KATRACE_DROP_RING_FULL], 1);
		return NULL;
	}
	e->cpu_seq = *(volatile u64 *)&c->seq;
	return e;
}

/* Fills all but what only the hook knows: old_state, changed, cause, err, fd, tid. */
static __always_inline struct katrace_event *begin_record(enum katrace_kind kind,
							  enum katrace_source source,
							  struct sock *sk, u8 state,
							  const struct ka_settings *s,
							  const struct socket_entry *entry)
{
	struct katrace_event *e = reserve_record();
	struct timer_list *timer = keepalive_timer_of(sk);
	u32 now = bpf_jiffies64();
	u8 flags = 0;

	if (!e)
		return NULL;
	e->size = sizeof(*e);
	e->kind = kind;
	e->source = source;
	e->cpu = bpf_get_smp_processor_id();
	e->time_ns = bpf_ktime_get_ns();
	e->sk = (u64)sk;
	e->cookie = cookie_of(sk);
	e->ino = inode_of(sk);
	e->netns = netns_of(sk);
	fill_addresses(e, sk);
	fill_settings(e, sk, s);
	e->probes_out = probes_out_of(sk);
	e->state = state;
	e->old_state = state;
	e->changed = 0;
	e->cause = KATRACE_CAUSE_NONE;
	e->pad = 0;
	e->err = 0;
	e->fd = -1;
	e->tid = 0;

	if (s->keepalive)
		flags |= KATRACE_F_KEEPALIVE;
	e->silent = 0;
	if (is_connected(state)) {
		e->silent = jiffies_silent(sk, now);
		flags |= KATRACE_F_SILENT;
	}
	e->next = 0;
	if (s->keepalive && BPF_CORE_READ(timer, entry.pprev)) { /* as timer_pending() does */
		e->next = (u32)BPF_CORE_READ(timer, expires) - now;
		flags |= KATRACE_F_NEXT;
	}

	e->generation = 0;
	e->unanswered = 0;
	e->probes = 0;
	e->tgid = 0;
	e->start_ns = 0;
	if (entry) {
		e->generation = entry->generation;
		e->unanswered = entry->unanswered;
		e->probes = entry->probes;
		flags |= KATRACE_F_COUNTED;
	}
	if (entry && entry->tgid) {
		e->tgid = entry->tgid;
		e->start_ns = entry->start_ns;
		__builtin_memcpy(e->comm, entry->comm, sizeof(e->comm));
		flags |= KATRACE_F_OWNER;
	} else {
		__builtin_memset(e->comm, 0, sizeof(e->comm));
	}
	e->flags = flags;
	return e;
}

static __always_inline void submit_record(struct katrace_event *e)
{
	bpf_ringbuf_submit(e, 0);
}

#endif
