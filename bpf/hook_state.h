/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of state: keepalive inherited, armed by a connection, ended by a close. */
#ifndef KATRACE_HOOK_STATE_H
#define KATRACE_HOOK_STATE_H

static __always_inline void connecting(struct sock *sk)
{
	struct socket_entry *entry = know_socket(sk);

	if (!entry)
		return;
	entry->generation++;
	entry->probes = 0;
	entry->settled = 0;
	entry->answered = 0;
	entry->longest = 0;
	entry->open = true;
	if (inode_of(sk)) /* else the kernel's own: whoever runs now is not its owner */
		own_by_current(entry);
}

/*
 * 5.10, 6.1 and 6.12 report a clone before it has addresses and the cookie of its
 * request (inet_csk_clone_lock), 6.18 after: without them it is told with its next
 * change, which follows at once but for TCP Fast Open.
 */
static __always_inline bool is_bare_clone(struct sock *sk)
{
	return !kread(struct sock, sk, __sk_common.skc_dport);
}

/* Its cookie is the listener's still, and about to be replaced: 0 takes the next one that is seen. */
static __always_inline void know_bare_clone(struct sock *sk)
{
	struct socket_entry *entry = new_socket((u64)sk);

	if (entry) {
		entry->inherits = 1;
		entry->open = 1;
	}
}

static __always_inline void report_inherited(struct socket_entry *entry, struct sock *sk, u64 address)
{
	const union report r = { .kind = KATRACE_ENABLED, .source = KATRACE_SOURCE_STATE, .cause = KATRACE_CAUSE_INHERITED,
				 .old_state = TCP_LISTEN, .state = TCP_SYN_RECV };
	struct ka_settings now;
	int written;

	written = write_record(address, r.bits, -1);
	if (!entry)
		return;
	read_settings(sk, &now);
	if (written) {
		tell(entry, &now);
	} else {
		now.keepalive = false;
		untell(entry, &now);
	}
}

/* run: the timer of this socket in whose run it closes, or NULL. 0: by neither timer nor peer, or in order. */
static __always_inline u8 how_it_died(const struct timer_run *run, struct sock *sk, int oldstate,
				      struct socket_entry *entry)
{
	int err = kread(struct sock, sk, sk_err);

	if (!err || !is_connected(oldstate) || (run && !run->write_timer && run->fin_wait2_orphan))
		return 0;
	/* Where the socket was locked, tcp_write_timer ran in the task that let go of it: then the error tells. */
	if (run || err == ETIMEDOUT)
		return KATRACE_TIMEOUT;
	if ((err == ECONNRESET || err == EPIPE) && entry && unanswered_of(entry))
		return KATRACE_RESET;
	return 0;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state, struct sock *sk, int oldstate, int newstate)
{
	union report r = { .source = KATRACE_SOURCE_STATE, .old_state = oldstate, .state = newstate };
	struct timer_run *run = NULL;
	struct socket_entry *entry;
	u64 address;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == TCP_CLOSE) {
		run = this_timer_run();
		if (in_timer_run(run, sk))
			run->closed = 1;
		else
			run = NULL;
	}
	entry = known_socket(sk);
	if (!entry && !keepalive_on(sk))
		return 0;
	address = raw_argument(ctx, 0);
	if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV && is_bare_clone(sk)) {
		know_bare_clone(sk);
		return 0;
	}
	if (config.has_cookie_helper)
		bpf_get_socket_cookie(sk); /* makes one; all other places read it */
	if (entry && entry->inherits) {
		entry->inherits = 0;
		if (keepalive_on(sk))
			report_inherited(entry, sk, address);
	}

	if (entry)
		entry->open = has_end(newstate);
	if (newstate == TCP_SYN_SENT) {
		connecting(sk);
		return 0;
	}
	if (newstate == TCP_CLOSE) {
		if (oldstate == TCP_LISTEN || oldstate == TCP_CLOSE)
			return 0;
		if (entry)
			report_answer(entry, address, KATRACE_SOURCE_STATE, oldstate);
		r.kind = how_it_died(run, sk, oldstate, entry);
		if (r.kind == KATRACE_TIMEOUT) {
			r.source = KATRACE_SOURCE_TIMER;
			r.cause = !run || run->write_timer ? KATRACE_CAUSE_RETRANSMIT :
				  user_timeout_of(sk)	   ? KATRACE_CAUSE_USER_TIMEOUT :
							     KATRACE_CAUSE_PROBES;
		}
		if (r.kind)
			write_record(address, r.bits, -1);
		r.kind = KATRACE_CLOSED;
		r.source = KATRACE_SOURCE_STATE;
		r.cause = KATRACE_CAUSE_NONE;
	} else if (!keepalive_on(sk)) {
		return 0;
	} else if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV) {
		report_inherited(know_socket(sk), sk, address);
		return 0;
	} else if (newstate == TCP_ESTABLISHED) {
		r.kind = KATRACE_ARMED;
	} else {
		return 0;
	}
	write_record(address, r.bits, -1);
	return 0;
}

SEC("?tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy, struct sock *sk)
{
	union report r = { .kind = KATRACE_CLOSED, .source = KATRACE_SOURCE_RECONCILED, .old_state = TCP_CLOSE, .state = TCP_CLOSE };
	u64 key = raw_argument(ctx, 0);
	struct socket_entry *entry;

	entry = known_socket(sk);
	if (entry && entry->open) /* its ->CLOSE was missed */
		write_record(key, r.bits, -1);
	bpf_map_delete_elem(&sockets, &key);
	return 0;
}

#endif
