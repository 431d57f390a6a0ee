/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading kernel memory: a plain load where the kernel allows it, a helper call elsewhere. */
#ifndef KATRACE_READ_H
#define KATRACE_READ_H

/*
 * kread: one member of a kernel object. A load through bpf_rdonly_cast (6.2) cannot
 * fault either, and costs a nanosecond where bpf_probe_read_kernel costs about ten;
 * a record needs some fifty of them. Two objects are built of the same sources, as
 * both forms in one would double what libbpf has to relocate at each start.
 */
#ifdef KATRACE_CAST
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

#define kread(type, ptr, member)                                                                   \
	(((type *)bpf_rdonly_cast(ptr, bpf_core_type_id_kernel(type)))->member)
#else
#define kread(type, ptr, member)                                                                   \
	({                                                                                         \
		typeof(((type *)0)->member) __value;                                               \
		bpf_core_read(&__value, sizeof(__value), &((type *)(ptr))->member);                \
		__value;                                                                           \
	})
#endif

/*
 * An argument of a BTF-typed program as a number: the verifier lets no typed
 * pointer pass for one, and functions of their own take numbers only.
 */
static __always_inline u64 raw_argument(void *ctx, int number)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (u64 *)ctx + number);
	return value;
}

/*
 * An argument of a probed function. One object serves all architectures, so the
 * register is found in BTF, not by the macros of bpf_tracing.h.
 */
static __always_inline u64 argument(struct pt_regs *ctx, int number)
{
	struct pt_regs___x86 *x86 = (void *)ctx;
	struct pt_regs___arm64 *arm64 = (void *)ctx;

	if (!bpf_core_field_exists(x86->di))
		return BPF_CORE_READ(arm64, regs[number]);
	return number == 0 ? BPF_CORE_READ(x86, di) :
	       number == 1 ? BPF_CORE_READ(x86, si) :
			     BPF_CORE_READ(x86, dx);
}

#endif
