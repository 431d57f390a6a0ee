namespace KaTrace.KernelTests;

/// <summary>What a process has attached, as the kernel tells of its descriptors.</summary>
internal static class AttachedPrograms
{
    public static bool OnTracepoint(int pid, string tracepoint) =>
        Descriptors.Of(pid).Any(descriptor => descriptor.GetValueOrDefault("tp_name") == tracepoint);
}
