// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sees TCP keepalive where the kernel decides it:
 *
 *   setsockopt_enter/exit   a process turns it on or off, or changes its settings
 *   state                   it is inherited, armed by a connection, ended by a close
 *   timer_enter/exit        a run of tcp_keepalive_timer: a probe, a timeout, or neither
 *   accept_exit, seed       which process a socket belongs to
 *   learn                   what this kernel looks like, from a socket of our own
 *
 * Every event is the socket's state read back, never what was asked for.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "katrace_events.h"
#include "katrace_maps.h"
#include "katrace_read.h"
#include "katrace_sock.h"
#include "katrace_record.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * BTF keeps a type only where a map or a variable needs it. This one needs all
 * that C# mirrors, so that a test can compare them; libbpf skips sections that it
 * does not know, so it is in no memory.
 */
union katrace_mirrored {
	struct katrace_event event;
	struct katrace_learned learned;
	enum katrace_kind kind;
	enum katrace_source source;
	enum katrace_cause cause;
	enum katrace_flag flag;
	enum katrace_setting setting;
	enum katrace_drop drop;
};

union katrace_mirrored *mirrored SEC("layout");

/* setsockopt */

static __always_inline bool is_keepalive_option(int level, int option)
{
	if (level == SOL_SOCKET)
		return option == SO_KEEPALIVE;
	return level == SOL_TCP && (option == TCP_KEEPIDLE || option == TCP_KEEPINTVL ||
				    option == TCP_KEEPCNT || option == TCP_USER_TIMEOUT);
}

SEC("?tp/syscalls/sys_enter_setsockopt")
int setsockopt_enter(struct trace_event_raw_sys_enter *ctx)
{
	u64 key = bpf_get_current_pid_tgid();
	struct call call = {};
	struct sock *sk;

	if (!is_keepalive_option(ctx->args[1], ctx->args[2]))
		return 0;
	call.fd = ctx->args[0];
	sk = tcp_sock_of_fd(call.fd);
	if (!sk)
		return 0;
	call.sk = (u64)sk;
	call.ino = inode_of(sk);
	read_settings(sk, &call.before);
	if (bpf_map_update_elem(&calls, &key, &call, BPF_ANY))
		count_drop(KATRACE_DROP_CALLS_FULL);
	return 0;
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

SEC("?tp/syscalls/sys_exit_setsockopt")
int setsockopt_exit(struct trace_event_raw_sys_exit *ctx)
{
	u64 key = bpf_get_current_pid_tgid();
	struct call *found = bpf_map_lookup_elem(&calls, &key), call;
	struct socket_entry *entry;
	union report r = {};
	struct ka_settings now;
	struct sock *sk;

	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &key);
	if (ctx->ret)
		return 0;
	sk = (void *)call.sk;
	read_settings(sk, &now);
	if (now.keepalive == call.before.keepalive && !changed_settings(&call.before, &now))
		return 0;
	if (inode_of(sk) != call.ino) { /* closed meanwhile by another thread */
		count_drop(KATRACE_DROP_IDENTITY_LOST);
		return 0;
	}
	entry = know_socket(sk);
	if (entry) {
		own_by_current(entry);
		note_answer(entry, sk);
	}

	r.source = KATRACE_SOURCE_SETSOCKOPT;
	r.cause = KATRACE_CAUSE_SETSOCKOPT;
	r.changed = changed_settings(&call.before, &now);
	r.state = r.old_state = state_of(sk);
	r.in_call = true;
	r.kind = now.keepalive == call.before.keepalive ? KATRACE_CONFIGURED :
		 now.keepalive				? KATRACE_ENABLED :
							  KATRACE_DISABLED;
	write_record(call.sk, r.bits, call.fd);
	if (r.kind == KATRACE_ENABLED && is_connected(r.state)) {
		r.kind = KATRACE_ARMED;
		write_record(call.sk, r.bits, call.fd);
	}
	return 0;
}

/* Who owns a connection that came in: only the accepting call tells, the handshake runs in softirq. */

static __always_inline int accepted(long fd)
{
	struct socket_entry *entry;
	struct sock *sk = tcp_sock_of_fd(fd);

	if (!sk || !(keepalive_on(sk) || known_socket(sk)))
		return 0;
	entry = know_socket(sk);
	if (entry)
		own_by_current(entry);
	return 0;
}

SEC("?tp/syscalls/sys_exit_accept")
int accept_exit(struct trace_event_raw_sys_exit *ctx)
{
	return accepted(ctx->ret);
}

SEC("?tp/syscalls/sys_exit_accept4")
int accept4_exit(struct trace_event_raw_sys_exit *ctx)
{
	return accepted(ctx->ret);
}

/* tcp_keepalive_timer */

SEC("?tp_btf/timer_expire_entry")
int BPF_PROG(timer_enter, struct timer_list *timer, unsigned long baseclk)
{
	struct timer_run *run;
	struct sock *sk;

	if ((u64)timer->function != host.keepalive_timer_fn)
		return 0;
	run = this_timer_run();
	if (!run)
		return 0;
	sk = (void *)timer - keepalive_timer_offset();
	run->sk = (u64)sk;
	run->pid_tgid = bpf_get_current_pid_tgid();
	run->cookie = cookie_of(sk);
	run->netns = netns_of(sk);
	run->sport = local_port_of(sk);
	run->dport = kread(struct sock, sk, __sk_common.skc_dport);
	run->segs_out = segs_out_of(sk);
	run->probes_out = probes_out_of(sk);
	run->due = kread(struct tcp_sock, sk, packets_out) == 0 &&
		   jiffies_silent(sk, bpf_jiffies64()) >=
			   effective_idle(net_of(sk), kread(struct tcp_sock, sk, keepalive_time));
	run->fin_wait2_orphan = state_of(sk) == TCP_FIN_WAIT2 &&
				sock_dead(sk);
	run->closed = 0;
	run->timer = (u64)timer;
	return 0;
}

/* The socket may be freed, and its memory another's, once the handler has let go of it. */
static __always_inline bool is_same_socket(const struct timer_run *run, struct sock *sk)
{
	u64 cookie = cookie_of(sk);

	return (cookie == run->cookie || !run->cookie) && netns_of(sk) == run->netns &&
	       local_port_of(sk) == run->sport &&
	       kread(struct sock, sk, __sk_common.skc_dport) == run->dport;
}

/*
 * The handler counts a probe in probes_out. If the answer comes to another CPU
 * before we look, that is 0 again: then a segment went out where a probe was
 * due, and the timer is set to the interval (1 s at least; a probe that the
 * local queue dropped is retried after half a second).
 */
static __always_inline bool sent_probe(const struct timer_run *run, struct sock *sk)
{
	s32 next;

	if ((u8)(probes_out_of(sk) - run->probes_out) == 1)
		return true;
	if (!run->due || probes_out_of(sk) || segs_out_of(sk) == run->segs_out)
		return false;
	next = (u32)kread(struct timer_list, keepalive_timer_of(sk), expires) - (u32)bpf_jiffies64();
	return next > (s32)(host.hz / 2);
}

/* Probes since the peer was last heard: probes_out survives data on the receiver's fast path. */
static __always_inline void count_probe(struct socket_entry *entry, struct sock *sk, u8 probes_out)
{
	u32 heard = jiffies_heard(sk);

	if (!entry->probes)
		entry->unanswered = probes_out; /* some may have gone out before we came */
	else if (entry->heard == heard)
		entry->unanswered++;
	else
		entry->unanswered = 1;
	entry->heard = heard;
	entry->probes++;
}

SEC("?tp_btf/timer_expire_exit")
int BPF_PROG(timer_exit, struct timer_list *timer)
{
	struct timer_run *run = this_timer_run();
	struct socket_entry *entry;
	union report r = {};
	struct sock *sk;

	if (!run || run->timer != (u64)timer)
		return 0;
	run->timer = 0;
	if (run->closed || run->fin_wait2_orphan)
		return 0;
	sk = (void *)run->sk;
	if (!sent_probe(run, sk))
		return 0;
	if (!is_same_socket(run, sk)) {
		count_drop(KATRACE_DROP_IDENTITY_LOST);
		return 0;
	}
	r.kind = KATRACE_PROBE;
	r.source = KATRACE_SOURCE_TIMER;
	r.state = r.old_state = state_of(sk);
	r.probes_out = run->probes_out + 1;
	entry = know_socket(sk);
	if (entry)
		count_probe(entry, sk, r.probes_out);
	write_record((u64)sk, r.bits, -1);
	return 0;
}

/* State changes */

static __always_inline void connecting(struct sock *sk)
{
	struct socket_entry *entry = know_socket(sk);

	if (!entry)
		return;
	entry->generation++;
	entry->unanswered = 0;
	entry->probes = 0;
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

static __always_inline bool in_timer_run(struct timer_run *run, struct sock *sk)
{
	return run && run->timer && run->sk == (u64)sk &&
	       run->pid_tgid == bpf_get_current_pid_tgid();
}

/* The verifier lets no typed pointer pass for a number, and a function of its own takes numbers only. */
static __always_inline u64 address_of(struct sock *sk)
{
	u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &sk);
	return address;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state, struct sock *sk, int oldstate, int newstate)
{
	union report r = { .source = KATRACE_SOURCE_STATE, .old_state = oldstate, .state = newstate };
	struct timer_run *run = NULL;
	struct socket_entry *entry;

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
	if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV && is_bare_clone(sk)) {
		entry = know_socket(sk);
		if (entry)
			entry->inherits = 1;
		return 0;
	}
	if (config.has_cookie_helper)
		bpf_get_socket_cookie(sk); /* makes one; all other places read it */
	if (entry && entry->inherits) {
		entry->inherits = 0;
		r.kind = KATRACE_ENABLED;
		r.cause = KATRACE_CAUSE_INHERITED;
		r.old_state = TCP_LISTEN;
		r.state = TCP_SYN_RECV;
		if (keepalive_on(sk))
			write_record(address_of(sk), r.bits, -1);
		r.cause = KATRACE_CAUSE_NONE;
		r.old_state = oldstate;
		r.state = newstate;
	}

	if (newstate == TCP_SYN_SENT) {
		connecting(sk);
		return 0;
	}
	if (newstate == TCP_CLOSE) {
		if (oldstate == TCP_LISTEN || oldstate == TCP_CLOSE)
			return 0;
		if (entry)
			note_answer(entry, sk);
		if (run && !run->fin_wait2_orphan && kread(struct sock, sk, sk_err)) {
			r.kind = KATRACE_TIMEOUT;
			r.source = KATRACE_SOURCE_TIMER;
			r.cause = user_timeout_of(sk) ? KATRACE_CAUSE_USER_TIMEOUT :
							KATRACE_CAUSE_PROBES;
			write_record(address_of(sk), r.bits, -1);
		}
		r.kind = KATRACE_CLOSED;
		r.source = KATRACE_SOURCE_STATE;
		r.cause = KATRACE_CAUSE_NONE;
	} else if (!keepalive_on(sk)) {
		return 0;
	} else if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV) {
		r.kind = KATRACE_ENABLED;
		r.cause = KATRACE_CAUSE_INHERITED;
	} else if (newstate == TCP_ESTABLISHED) {
		r.kind = KATRACE_ARMED;
	} else {
		return 0;
	}
	write_record(address_of(sk), r.bits, -1);
	return 0;
}

SEC("?tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy, struct sock *sk)
{
	u64 key = (u64)sk;

	bpf_map_delete_elem(&sockets, &key);
	return 0;
}

/* Sockets that were there before us */

SEC("?iter/task_file")
int seed(struct bpf_iter__task_file *ctx)
{
	struct socket_entry entry = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct ka_settings now;
	struct sock *sk;
	u64 key;

	if (!task || !file)
		return 0;
	sk = tcp_sock_of_file(file);
	if (!sk)
		return 0;
	read_settings(sk, &now);
	if (!now.keepalive && !now.idle && !now.intvl && !now.cnt && !now.user_timeout)
		return 0;
	key = (u64)sk;
	entry.cookie = cookie_of(sk);
	own_by(&entry, task);
	/* What an event has told since is newer: the programs are attached before this runs. */
	if (bpf_map_update_elem(&sockets, &key, &entry, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&sockets, &key))
		count_drop(KATRACE_DROP_SOCKETS_FULL);
	return 0;
}

/* What this kernel looks like */

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
