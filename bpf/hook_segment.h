/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers at once, and to the nanosecond. Runs for every segment that comes in: attached only while probes are unanswered. */
#ifndef KATRACE_HOOK_SEGMENT_H
#define KATRACE_HOOK_SEGMENT_H

/* The first option that Linux sends on an established connection: NOP, NOP, timestamps of 10 bytes. */
#define ALIGNED_TIMESTAMP 0x0101080a

#define TCP_FLAG_BYTE_SYN 0x02
#define TCP_FLAG_BYTE_RST 0x04
#define TCP_FLAG_BYTE_ACK 0x10

struct tcp_header {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
	u8 data_offset; /* of 4 bytes, in the upper half */
	u8 flags;
	__be16 window;
	__be16 check;
	__be16 urg_ptr;
	__be32 option;
	__be32 tsval;
};

/*
 * tcp_probe, which has its name from elsewhere, fires where tcp_rcv_established
 * begins: the segment may yet be refused. It is an answer here only if no check is
 * left that could: next in sequence, acknowledging what was sent, not older than
 * what came before (PAWS), and without data, whose checksum is looked at later.
 * The peer's own keepalive probe is one too low in sequence, and refused. What is
 * not sure is left to the next look at the socket, where the kernel has decided.
 */
static __always_inline bool is_sure_answer(struct sock *sk, struct sk_buff *skb)
{
	struct tcp_header header;
	u32 length, ack;

	if (bpf_probe_read_kernel(&header, sizeof(header), kread(struct sk_buff, skb, data)))
		return false;
	length = header.data_offset >> 4 << 2;
	if (kread(struct sk_buff, skb, len) != length ||
	    (header.flags & (TCP_FLAG_BYTE_SYN | TCP_FLAG_BYTE_RST | TCP_FLAG_BYTE_ACK)) !=
		    TCP_FLAG_BYTE_ACK ||
	    bpf_ntohl(header.seq) != kread(struct tcp_sock, sk, rcv_nxt))
		return false;
	ack = bpf_ntohl(header.ack_seq);
	if ((s32)(ack - kread(struct tcp_sock, sk, snd_una)) < 0 ||
	    (s32)(kread(struct tcp_sock, sk, snd_nxt) - ack) < 0)
		return false;
	if (length < sizeof(header)) /* too short for a timestamp */
		return length == __builtin_offsetof(struct tcp_header, option);
	return bpf_ntohl(header.option) == ALIGNED_TIMESTAMP &&
	       (s32)(bpf_ntohl(header.tsval) - kread(struct tcp_sock, sk, rx_opt.ts_recent)) >= 0;
}

__noinline int segment_came(u64 address, u64 segment)
{
	union report r = { .source = KATRACE_SOURCE_SEGMENT,
			   .cause = KATRACE_CAUSE_ACK,
			   .old_state = TCP_ESTABLISHED,
			   .state = TCP_ESTABLISHED,
			   .flags = REPORT_AT_HAND };
	struct sock *sk = (void *)address;
	struct socket_entry *entry = known_socket(sk);
	struct answer_claim claim = { .sk = address };
	u32 probes;

	if (!entry)
		return 0;
	probes = *(volatile u32 *)&entry->probes;
	claim.probe_ns = entry->probe_ns;
	if (probes != entry->settled && is_sure_answer(sk, (void *)segment))
		tell_answer(entry, &claim, probes, r);
	return 0;
}

/* icsk_probes_out counts window probes too, and wraps; where it is 0, nearly every segment is done with. */

SEC("?tp_btf/tcp_probe")
int BPF_PROG(segment, struct sock *sk, struct sk_buff *skb)
{
	return probes_out_of(sk) ? segment_came(raw_argument(ctx, 0), raw_argument(ctx, 1)) : 0;
}

SEC("?raw_tp/tcp_probe")
int segment_raw(struct bpf_raw_tracepoint_args *ctx)
{
	u64 sk = ctx->args[0];

	return probes_out_of((void *)sk) ? segment_came(sk, ctx->args[1]) : 0;
}

#endif
