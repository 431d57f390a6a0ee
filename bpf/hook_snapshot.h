/* SPDX-License-Identifier: GPL-2.0-only */
/* A pass over all sockets now and then: what no hook saw, who holds a descriptor, and what is gone. */
#ifndef KATRACE_HOOK_SNAPSHOT_H
#define KATRACE_HOOK_SNAPSHOT_H

/*
 * A setsockopt changes a socket first and is told when it returns: what a snapshot
 * finds different may be under way. So it tells only what the next one still finds;
 * the first sighting is told to user space, which then comes back sooner.
 *
 * Returns 1 for such a first sighting.
 */
__noinline int compare(u64 address)
{
	union report r = { .source = KATRACE_SOURCE_RECONCILED };
	struct katrace_snapshot *snapshot = this_snapshot();
	struct sock *sk = (void *)address;
	struct socket_entry *entry;
	struct ka_settings now, known;
	u32 tellings;

	if (!snapshot)
		return 0;
	entry = known_socket(sk);
	tellings = entry ? *(volatile u32 *)&entry->tellings : 0; /* before the socket is read */
	read_settings(sk, &now);
	if (!entry) {
		if (!now.keepalive && !now.idle && !now.intvl && !now.cnt && !now.user_timeout)
			return 0;
		entry = know_socket(sk);
	}
	if (!entry || entry->inherits)
		return 0;
	if (snapshot->number == 1 && entry->how_told == TOLD_NOTHING) {
		entry->told = now;
		entry->how_told = TOLD_BEFORE;
		return 0;
	}
	if (entry->how_told != TOLD_NOTHING) {
		known = entry->told;
	} else if (sockets_overflowed) {
		return 0; /* it may have been told when there was no room to note it */
	} else {
		known = now; /* ENABLED tells the settings, until then they matter to nobody */
		known.keepalive = false;
	}
	r.changed = changed_settings(&known, &now);
	if (now.keepalive == known.keepalive && !r.changed) {
		entry->suspect = 0;
		return 0;
	}
	if (!entry->suspect || entry->suspect == snapshot->number || entry->suspect_tellings != tellings) {
		entry->suspect = snapshot->number;
		entry->suspect_tellings = tellings;
		return 1;
	}

	tell(entry, &now);
	r.state = r.old_state = state_of(sk);
	if (!inode_of(sk) && kread(struct sock, sk, sk_socket))
		r.cause = KATRACE_CAUSE_KERNEL;
	r.kind = KATRACE_CONFIGURED;
	if (r.changed && !write_record(address, r.bits, -1)) {
		untell(entry, &known);
		return 0;
	}
	if (now.keepalive == known.keepalive)
		return 0;
	r.changed = 0;
	r.kind = now.keepalive ? KATRACE_ENABLED : KATRACE_DISABLED;
	if (!write_record(address, r.bits, -1)) {
		now.keepalive = known.keepalive;
		untell(entry, &now);
	}
	return 0;
}

static __always_inline void report_difference(struct bpf_iter_meta *meta, u64 sk)
{
	u8 one = 1;

	if (compare(sk))
		bpf_seq_write(meta->seq, &one, sizeof(one));
}

#define SUBFLOWS 4 /* of an MPTCP connection: further ones have no owner */

/* Processes come in the order of their ids, each with all its descriptors: a list that stays the same is written as it was. */
static __always_inline void held_by(struct socket_entry *entry, struct task_struct *task)
{
	struct katrace_snapshot *snapshot = this_snapshot();
	u32 tgid = kread(struct task_struct, task, tgid);
	u32 i;

	if (!snapshot)
		return;
	if (entry->held != snapshot->number) {
		entry->held = snapshot->number;
		entry->met = 0;
		entry->last_holder = 0;
	}
	if (entry->last_holder == tgid) /* has a further one, by dup */
		return;
	entry->last_holder = tgid;
	i = entry->met++;
	if (i < KATRACE_HOLDERS)
		entry->holder[i] = tgid;
	if (entry->met > entry->holders)
		entry->holders = entry->met;

	if (entry->owner.tgid == tgid) {
		entry->owner.held = snapshot->number;
		return;
	}
	if (!entry->owner.tgid || entry->owner.held + 1 < snapshot->number ||
	    has_exited(&entry->owner))
		own_by(&entry->owner, task); /* the owner has not held it in all of the snapshot before this one */
}

/* Whoever holds an MPTCP socket holds the TCP sockets below it, which have no descriptors of their own. */
static __always_inline void hold_subflows(struct sock *sk, struct task_struct *task)
{
	u64 end = (u64)sk + bpf_core_field_offset(struct mptcp_sock, conn_list);
	struct socket_entry *entry;
	struct list_head *node;
	u64 subflow;
	int i;

	node = BPF_CORE_READ((struct mptcp_sock *)sk, conn_list.next);
	for (i = 0; i < SUBFLOWS; i++) {
		if (!node || (u64)node == end)
			return;
		subflow = (u64)node - bpf_core_field_offset(struct mptcp_subflow_context, node);
		entry = known_socket(BPF_CORE_READ((struct mptcp_subflow_context *)subflow, tcp_sock));
		if (entry)
			held_by(entry, task);
		node = BPF_CORE_READ(node, next);
	}
}

SEC("?iter/task_file")
int snapshot_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket_entry *entry;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sk = sock_of_file(file);
	if (sk && is_mptcp(sk))
		hold_subflows(sk, task);
	if (!sk || !is_tcp(sk))
		return 0;
	report_difference(ctx->meta, (u64)sk);
	entry = known_socket(sk);
	if (entry)
		held_by(entry, task);
	return 0;
}

/* Of one network namespace: also those without descriptors, which are the kernel's own, not accepted yet, or closed. */
SEC("?iter/tcp")
int snapshot_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	u64 address;
	u8 state;

	if (!sk)
		return 0;
	state = sk->skc_state;
	if (state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV) /* no sockets: other structs, which begin alike */
		return 0;
	address = raw_argument(ctx, 1);
	if (config.has_cookie_helper && keepalive_on((void *)address))
		bpf_get_socket_cookie(sk); /* events name it, and answers are looked for */
	report_difference(ctx->meta, address);
	return 0;
}

/* The memory is a TCP socket's for ever, or nobody's; reading it cannot fault. */
static __always_inline bool is_gone(const struct socket_entry *entry, struct sock *sk)
{
	return !kread(struct sock, sk, __sk_common.skc_refcnt.refs.counter) ||
	       (entry->cookie && cookie_of(sk) != entry->cookie);
}

/* The end of a socket that nobody saw: what it was is known, where it was is not. */
static __always_inline void write_gone(const struct socket_entry *entry, u64 address)
{
	struct katrace_event *e = reserve_record();
	u64 cpu_seq;

	if (!e)
		return;
	cpu_seq = e->cpu_seq;
	__builtin_memset(e, 0, sizeof(*e));
	e->size = sizeof(*e);
	e->kind = KATRACE_CLOSED;
	e->source = KATRACE_SOURCE_RECONCILED;
	e->cpu = bpf_get_smp_processor_id();
	e->cpu_seq = cpu_seq;
	e->time_ns = bpf_ktime_get_ns();
	e->not_before_ns = not_before();
	e->sk = address;
	e->cookie = entry->cookie;
	e->generation = entry->generation;
	e->state = e->old_state = TCP_CLOSE;
	e->idle = entry->told.idle;
	e->intvl = entry->told.intvl;
	e->cnt = entry->told.cnt;
	e->user_timeout = entry->told.user_timeout;
	e->unanswered = unanswered_of(entry);
	e->probes = entry->probes;
	e->answered = entry->answered;
	e->longest = entry->longest;
	e->fd = -1;
	e->flags = KATRACE_F_COUNTED | KATRACE_F_NO_FILE | fill_owner(e, entry);
	bpf_ringbuf_submit(e, 0);
}

/* Of all sockets that are known, when all have been looked at. */
static __always_inline void look_at_known(u64 key)
{
	struct socket_entry *entry = bpf_map_lookup_elem(&sockets, &key), gone;
	struct katrace_snapshot *snapshot = this_snapshot();

	if (!entry || !snapshot)
		return;
	if (is_gone(entry, (void *)key)) {
		gone = *entry;
		if (!bpf_map_delete_elem(&sockets, &key) && gone.open)
			write_gone(&gone, key);
		return;
	}
	entry->holders = entry->held == snapshot->number ? entry->met : 0;
}

SEC("?iter/bpf_map_elem")
int snapshot_known(struct bpf_iter__bpf_map_elem *ctx)
{
	u64 *key = ctx->key;

	if (key)
		look_at_known(*key);
	return 0;
}

static long known_one(void *map, u64 *key, void *entry, void *nothing)
{
	look_at_known(*key);
	return 0;
}

/*
 * Where a kernel that is locked down refuses iterators over maps. Second choice: it
 * goes through all the table at one stretch, which an iterator's reader does not.
 */
SEC("?syscall")
int snapshot_known_called(void *ctx)
{
	bpf_for_each_map_elem(&sockets, known_one, NULL, 0);
	return 0;
}

#endif
