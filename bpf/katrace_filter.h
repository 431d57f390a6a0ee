/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which records are made at all. User space decides what is shown; what it would hide
 * for sure is told to us (src/KaTrace.Core/Filters/KernelFilter.cs), and never reserved.
 *
 * Filter n is bit n. All start as matching, and each field leaves those that have no
 * condition on it, or whose condition the socket satisfies. Without filters the masks
 * are constants of 0 to the verifier, which removes all of this.
 */
#ifndef KATRACE_FILTER_H
#define KATRACE_FILTER_H

static __always_inline struct socket_entry *known_socket(struct sock *sk); /* katrace_record.h */

static __always_inline u64 satisfied(enum katrace_field field, u64 value)
{
	struct katrace_filter_key key = { .value = value, .field = field };
	u64 *filters = bpf_map_lookup_elem(&filter_values, &key);

	return filters ? *filters : 0;
}

/* A field that no filter asks for, or none that still matches, is not even read. */
#define narrow(match, field, filters)                                                              \
	(match & config.filter.asks[field] ? match & (~config.filter.asks[field] | (filters)) : match)

static __always_inline u16 remote_port_of(struct sock *sk)
{
	return bpf_ntohs(kread(struct sock, sk, __sk_common.skc_dport));
}

static __always_inline bool is_mapped(struct in6_addr *address)
{
	return !address->in6_u.u6_addr32[0] && !address->in6_u.u6_addr32[1] &&
	       address->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

/* As spoken: an AF_INET6 socket may speak IPv4. */
static __always_inline u64 ip_version_of(struct sock *sk)
{
	struct in6_addr local = {}, remote = {};

	if (kread(struct sock, sk, __sk_common.skc_family) == AF_INET)
		return 4;
	if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO(&local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&remote, sk, __sk_common.skc_v6_daddr);
	}
	return is_mapped(&local) || is_mapped(&remote) ? 4 : 6;
}

/* An unknown owner is none that a filter could name. */
static __always_inline u64 satisfied_by_owner(struct sock *sk)
{
	struct socket_entry *entry = known_socket(sk);

	return entry && entry->owner.tgid ? satisfied(KATRACE_FIELD_PID, entry->owner.tgid) : 0;
}

static __always_inline bool none_allows(u64 match)
{
	return config.filter.allow && !(match & config.filter.allow);
}

static __always_inline bool filters_hide(struct sock *sk, u8 kind)
{
	u64 match = config.filter.allow | config.filter.deny;

	if (!match)
		return false;
	match &= config.filter.kinds[kind % KATRACE_KINDS];
	if (none_allows(match))
		return true;
	match = narrow(match, KATRACE_FIELD_NETNS, satisfied(KATRACE_FIELD_NETNS, netns_of(sk)));
	match = narrow(match, KATRACE_FIELD_PORT,
		       satisfied(KATRACE_FIELD_PORT, local_port_of(sk)) |
			       satisfied(KATRACE_FIELD_PORT, remote_port_of(sk)));
	match = narrow(match, KATRACE_FIELD_LOCAL_PORT,
		       satisfied(KATRACE_FIELD_LOCAL_PORT, local_port_of(sk)));
	match = narrow(match, KATRACE_FIELD_REMOTE_PORT,
		       satisfied(KATRACE_FIELD_REMOTE_PORT, remote_port_of(sk)));
	match = narrow(match, KATRACE_FIELD_PID, satisfied_by_owner(sk));
	match = narrow(match, KATRACE_FIELD_CGROUP, satisfied(KATRACE_FIELD_CGROUP, cgroup_of(sk)));
	match = narrow(match, KATRACE_FIELD_IP_VERSION,
		       satisfied(KATRACE_FIELD_IP_VERSION, ip_version_of(sk)));
	return none_allows(match) || match & config.filter.deny;
}

/*
 * A probe that is hidden was seen all the same, which is compared with the kernel's own
 * count of its network namespace: where there is no room to count it, it is not hidden.
 */
static __always_inline bool count_hidden_probe(struct sock *sk)
{
	u32 netns = netns_of(sk);
	u64 none = 0, *probes = bpf_map_lookup_elem(&hidden_probes, &netns);

	if (!probes) {
		bpf_map_update_elem(&hidden_probes, &netns, &none, BPF_NOEXIST);
		probes = bpf_map_lookup_elem(&hidden_probes, &netns);
	}
	if (!probes)
		return false;
	__sync_fetch_and_add(probes, 1);
	return true;
}

/* Counts it where it is. */
static __always_inline bool is_hidden(struct sock *sk, u8 kind)
{
	u32 zero = 0;
	struct cpu_counters *c;

	if (!filters_hide(sk, kind))
		return false;
	if ((kind == KATRACE_PROBE || kind == KATRACE_LOCAL_DROP) && !count_hidden_probe(sk))
		return false;
	c = bpf_map_lookup_elem(&counters, &zero);
	if (c)
		__sync_fetch_and_add(&c->hidden, 1);
	return true;
}

#endif
