// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sees TCP keepalive where the kernel decides it:
 *
 *   hook_options.h   a process turns it on or off, or changes its settings
 *   hook_pending.h   the same, seen before its effect
 *   hook_state.h     it is inherited, armed by a connection, ended by a close
 *   hook_timer.h     a run of tcp_keepalive_timer: a probe, a timeout, or neither
 *   hook_segment.h   a segment comes in that answers a probe
 *   hook_owner.h     which process a socket belongs to
 *   hook_snapshot.h  a pass over all sockets: what the others did not see
 *   hook_learn.h     what this kernel looks like, from a socket of our own
 *
 * Every event is the socket's state read back, never what was asked for. All
 * programs are optional: user space tries which of them a kernel takes.
 */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "katrace_events.h"
#include "katrace_read.h"
#include "katrace_sock.h"
#include "katrace_maps.h"
#include "katrace_filter.h"
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
	struct katrace_snapshot snapshot;
	enum katrace_flag flag;
	enum katrace_holding holding;
	enum katrace_setting setting;
	enum katrace_drop drop;
	enum katrace_field field;
};

union katrace_mirrored *mirrored SEC("layout");

#include "hook_options.h"
#include "hook_pending.h"
#include "hook_timer.h"
#include "hook_segment.h"
#include "hook_state.h"
#include "hook_owner.h"
#include "hook_snapshot.h"
#include "hook_learn.h"
