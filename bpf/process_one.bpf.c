// SPDX-License-Identifier: GPL-2.0-only
/* Whether the kernel runs BPF programs while process 1 is the current task, for tests. */
#include "katrace_types.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile u64 seen;

/* Before the switch: current is who leaves the CPU. */
SEC("raw_tp/sched_switch")
int left_cpu(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == 1)
		__sync_fetch_and_add(&seen, 1);
	return 0;
}
