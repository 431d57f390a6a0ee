/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing records: every byte of one, as ring memory is not zeroed; and who owns a socket. */
#ifndef KATRACE_RECORD_H
#define KATRACE_RECORD_H

static __always_inline void fill_addresses(struct katrace_event *e, struct sock *sk)
{
	read_addresses(sk, e->laddr, e->raddr);
	e->family = kread(struct sock, sk, __sk_common.skc_family);
	e->lport = local_port_of(sk);
	e->rport = bpf_ntohs(kread(struct sock, sk, __sk_common.skc_dport));
}

static __always_inline void fill_settings(struct katrace_event *e, struct net *net,
					  const struct ka_settings *s)
{
	e->idle = effective_idle(net, s->idle);
	e->intvl = effective_intvl(net, s->intvl);
	e->cnt = effective_cnt(net, s->cnt);
	e->user_timeout = s->user_timeout;
	e->own = own_settings(s);
}

/* The process, not the thread: a thread's name says little ("worker-7"), its start not whose it is. */
static __always_inline void own_by(struct owner *owner, struct task_struct *task)
{
	struct task_struct *leader = kread(struct task_struct, task, group_leader);
	struct katrace_snapshot *snapshot = this_snapshot();

	owner->tgid = kread(struct task_struct, leader, tgid);
	owner->held = snapshot ? snapshot->number : 0;
	owner->start_ns = kread(struct task_struct, leader, start_boottime);
	BPF_CORE_READ_INTO(&owner->comm, leader, comm);
}

static __always_inline void own_by_current(struct socket_entry *entry)
{
	own_by(&entry->owner, (void *)bpf_get_current_task());
}

static __always_inline u32 unanswered_of(const struct socket_entry *entry)
{
	return entry->probes - entry->settled;
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

static __always_inline struct socket_entry *new_socket(u64 key)
{
	if (bpf_map_update_elem(&sockets, &key, &blank_entry, BPF_ANY)) {
		sockets_overflowed = true;
		count_drop(KATRACE_DROP_SOCKETS_FULL);
		return NULL;
	}
	return bpf_map_lookup_elem(&sockets, &key);
}

static __always_inline struct socket_entry *know_socket(struct sock *sk)
{
	struct socket_entry *entry = known_socket(sk);

	if (entry)
		return entry;
	entry = new_socket((u64)sk);
	if (entry) {
		entry->cookie = cookie_of(sk);
		entry->open = has_end(state_of(sk));
	}
	return entry;
}

static __always_inline u8 changed_settings(const struct ka_settings *a, const struct ka_settings *b)
{
	u8 changed = 0;

	if (a->idle != b->idle)
		changed |= KATRACE_SET_IDLE;
	if (a->intvl != b->intvl)
		changed |= KATRACE_SET_INTVL;
	if (a->cnt != b->cnt)
		changed |= KATRACE_SET_CNT;
	if (a->user_timeout != b->user_timeout)
		changed |= KATRACE_SET_USER_TIMEOUT;
	return changed;
}

/*
 * The entry is the arbiter between all who might tell of a change: two calls at once,
 * a call and a snapshot. Whoever is about to tell asks, and leaves word here.
 */
static __always_inline bool is_told(const struct socket_entry *entry, const struct ka_settings *now)
{
	return entry->how_told == TOLD && entry->told.keepalive == now->keepalive &&
	       !changed_settings(&entry->told, now);
}

static __always_inline void tell(struct socket_entry *entry, const struct ka_settings *now)
{
	entry->told = *now;
	entry->how_told = TOLD;
	entry->tellings++;
}

/* The ring was full: the next snapshot tells the change. */
static __always_inline void untell(struct socket_entry *entry, const struct ka_settings *before)
{
	entry->told = *before;
	entry->how_told = TOLD_BEFORE;
	entry->tellings++;
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

static __always_inline bool has_exited(const struct owner *owner)
{
	u64 *exited = exit_of(owner->tgid);

	return exited && *exited == owner->start_ns;
}

/* Returns the flag that says so. */
static __always_inline u8 fill_owner(struct katrace_event *e, const struct socket_entry *entry)
{
	int i;

	e->tgid = 0;
	e->start_ns = 0;
	e->holders = 0;
	__builtin_memset(e->holder, 0, sizeof(e->holder));
	__builtin_memset(e->comm, 0, sizeof(e->comm));
	if (!entry)
		return 0;
	e->holders = entry->holders;
#pragma unroll
	for (i = 0; i < KATRACE_HOLDERS; i++)
		e->holder[i] = i < e->holders ? entry->holder[i] : 0;
	if (!entry->owner.tgid)
		return 0;
	e->tgid = entry->owner.tgid;
	e->start_ns = entry->owner.start_ns;
	__builtin_memcpy(e->comm, entry->owner.comm, sizeof(e->comm));
	if (has_exited(&entry->owner))
		e->holding |= KATRACE_H_EXITED;
	return KATRACE_F_OWNER;
}

static __always_inline u64 not_before(void)
{
	struct katrace_snapshot *snapshot = this_snapshot();

	return snapshot ? snapshot->not_before_ns : 0;
}

enum report_flag {
	REPORT_IN_CALL = 1 << 0, /* of the current task */
	REPORT_ON = 1 << 1,	 /* SO_KEEPALIVE is being turned on: the flag is not written yet */
	REPORT_OFF = 1 << 2,	 /* it is being turned off */
	REPORT_AT_HAND = 1 << 3, /* the answer is this segment, which the socket has yet to take in */
};

/* What only the hook knows of an event, small enough to be passed as a number. */
union report {
	struct {
		u8 kind;
		u8 source;
		u8 cause;
		u8 changed;
		u8 old_state;
		u8 state;
		u8 probes_out;
		u8 flags; /* enum report_flag */
	};
	u64 bits;
};

/*
 * Writes one record. A function of its own, with numbers for arguments, as the
 * verifier then looks at it once in each program and not at every place that
 * calls it: that halves the time to start. fd, tid and time_ns: of the call, -1 and 0
 * where there is none, or none but now. Returns 0 if there was no room.
 */
__noinline int write_call_record(u64 address, u64 bits, s32 fd, u32 tid, u64 time_ns)
{
	const union report r = { .bits = bits };
	struct sock *sk = (void *)address;
	struct timer_list *timer = keepalive_timer_of(sk);
	struct net *net = net_of(sk);
	u32 now = bpf_jiffies64();
	struct socket_entry *entry;
	struct katrace_event *e;
	struct ka_settings s;
	u8 flags = 0;

	if (is_hidden(sk, r.kind))
		return 1;
	e = reserve_record();
	if (!e)
		return 0;
	read_settings(sk, &s);
	if (r.flags & (REPORT_ON | REPORT_OFF))
		s.keepalive = !!(r.flags & REPORT_ON);
	e->size = sizeof(*e);
	e->kind = r.kind;
	e->source = r.source;
	e->cpu = bpf_get_smp_processor_id();
	e->time_ns = time_ns ?: bpf_ktime_get_ns();
	e->sk = address;
	e->cookie = cookie_of(sk);
	e->ino = inode_of(sk);
	e->holding = 0;
	if (!e->ino && kread(struct sock, sk, sk_socket)) {
		flags |= KATRACE_F_KERNEL;
	} else if (!e->ino) {
		flags |= KATRACE_F_NO_FILE;
		if (sock_dead(sk))
			e->holding |= KATRACE_H_ORPHAN;
	}
	e->netns = kread(struct net, net, ns.inum);
	e->cgroup_id = cgroup_of(sk);
	fill_addresses(e, sk);
	fill_settings(e, net, &s);
	e->probes_out = r.kind == KATRACE_PROBE ? r.probes_out : probes_out_of(sk);
	e->state = r.state;
	e->old_state = r.old_state;
	e->changed = r.changed;
	e->cause = r.cause;
	e->pad = 0;
	__builtin_memset(e->pad_end, 0, sizeof(e->pad_end));
	e->not_before_ns = r.source == KATRACE_SOURCE_RECONCILED ? not_before() : 0;
	e->err = r.state == TCP_CLOSE ? kread(struct sock, sk, sk_err) : 0;
	e->fd = fd;
	e->tid = tid;

	if (s.keepalive)
		flags |= KATRACE_F_KEEPALIVE;
	e->silent = 0;
	if (is_connected(r.state) || (r.state == TCP_CLOSE && is_connected(r.old_state))) {
		e->silent = jiffies_silent(sk, now);
		flags |= KATRACE_F_SILENT;
	}
	e->next = 0;
	if (s.keepalive && is_pending(timer)) {
		e->next = (u32)kread(struct timer_list, timer, expires) - now;
		flags |= KATRACE_F_NEXT;
	} else if (r.kind == KATRACE_ARMED) {
		/* A connecting socket is ESTABLISHED first, and its timer set right after. */
		e->next = e->idle;
		flags |= KATRACE_F_NEXT;
	}

	e->rtt_ns = 0;
	entry = known_socket(sk);
	if (entry) {
		e->generation = entry->generation;
		e->unanswered = unanswered_of(entry);
		e->probes = entry->probes;
		e->answered = entry->answered;
		e->longest = entry->longest;
		flags |= KATRACE_F_COUNTED;
		if (r.kind == KATRACE_PROBE)
			e->time_ns = entry->probe_ns; /* no answer is told to be earlier than its probe */
		if (r.kind == KATRACE_ANSWERED || r.kind == KATRACE_RECOVERED) {
			if (r.flags & REPORT_AT_HAND)
				e->silent = e->probes_out = 0;
			/* When it came, not when we look. */
			e->time_ns -= (u64)e->silent * host.tick_ns;
			if (e->time_ns > entry->probe_ns)
				e->rtt_ns = e->time_ns - entry->probe_ns;
			else
				e->time_ns = entry->probe_ns; /* within the same jiffy */
		}
	} else {
		e->generation = 0;
		e->unanswered = 0;
		e->probes = 0;
		e->answered = 0;
		e->longest = 0;
	}
	e->flags = flags | fill_owner(e, entry);
	bpf_ringbuf_submit(e, 0);
	return 1;
}

static __always_inline int write_record(u64 address, u64 bits, s32 fd)
{
	const union report r = { .bits = bits };

	if (r.flags & REPORT_IN_CALL)
		return write_call_record(address, bits, fd, bpf_get_current_pid_tgid(), 0);
	return write_call_record(address, bits, -1, 0, 0);
}

/* claim, probes: as of one look. */
static __always_inline void tell_answer(struct socket_entry *entry, struct answer_claim *claim,
					u32 probes, union report r)
{
	u8 claimed = 1;

	/* Told twice is worse than a failing map, so only "it exists" keeps us from telling. */
	if (bpf_map_update_elem(&answer_claims, claim, &claimed, BPF_NOEXIST) == -EEXIST)
		return;
	r.kind = probes - entry->settled == 1 ? KATRACE_ANSWERED : KATRACE_RECOVERED;
	entry->answered++;
	write_record(claim->sk, r.bits, -1);
	/* The probes that were counted when we looked: another may have been sent meanwhile. */
	entry->settled = probes;
}

/*
 * An answer moves no counter that survives it and calls nothing that could be
 * traced for free: whoever meets the socket next looks whether the peer was
 * heard since the last probe. rcv_tstamp and lrcvtime decide, never probes_out.
 */
static __always_inline bool report_answer(struct socket_entry *entry, u64 address,
					  enum katrace_source source, u8 state)
{
	struct sock *sk = (void *)address;
	union report r = { .source = source, .old_state = state, .state = state };
	u32 probes = *(volatile u32 *)&entry->probes;
	struct answer_claim claim = { .sk = address, .probe_ns = entry->probe_ns };

	if (probes == entry->settled || jiffies_heard(sk) == entry->heard)
		return false;
	r.cause = kread(struct tcp_sock, sk, rcv_tstamp) != entry->acked ? KATRACE_CAUSE_ACK :
									   KATRACE_CAUSE_DATA;
	tell_answer(entry, &claim, probes, r);
	return true;
}

#endif
