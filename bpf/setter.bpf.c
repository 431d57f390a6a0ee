// SPDX-License-Identifier: GPL-2.0-only
/* Turns keepalive on from BPF, for tests: for one port or value only, as it hangs on the root of all cgroups. */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "GPL";

/* linux/bpf.h */
#define BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB  4
#define BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB 5

struct bpf_sock_ops {
	u32 op;
	u32 args[4];
	u32 family;
	u32 remote_ip4;
	u32 local_ip4;
	u32 remote_ip6[4];
	u32 local_ip6[4];
	u32 remote_port; /* network order */
	u32 local_port;	 /* host order */
};

struct bpf_sock_addr {
	u32 user_family;
	u32 user_ip4;
	u32 user_ip6[4];
	u32 user_port; /* network order */
};

/* Of the listener, host order; 0: none. */
volatile u32 active_port;
volatile u32 passive_port;
volatile u32 connect_port;

/* A TCP option and its value, as others ask for it, and what they get. */
volatile u32 other_option;
volatile u32 asked_value;
volatile u32 set_value;

static __always_inline void turn_on(void *ctx)
{
	int on = 1;

	bpf_setsockopt(ctx, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* In softirq, as a rule: current is whoever was interrupted. */
SEC("sockops")
int established(struct bpf_sock_ops *ctx)
{
	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && bpf_ntohl(ctx->remote_port) == active_port)
		turn_on(ctx);
	if (ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && ctx->local_port == passive_port)
		turn_on(ctx);
	return 1;
}

/* In the connect(2) of the client, before it connects. */
SEC("cgroup/connect4")
int connecting(struct bpf_sock_addr *ctx)
{
	if (bpf_ntohs(ctx->user_port) == connect_port)
		turn_on(ctx);
	return 1;
}

SEC("cgroup/setsockopt")
int instead(struct bpf_sockopt *ctx)
{
	u32 *value = ctx->optval;

	if (ctx->level != SOL_TCP || ctx->optname != other_option || (void *)(value + 1) > ctx->optval_end)
		return 1;
	if (*value == asked_value)
		*value = set_value;
	return 1;
}
