namespace KaTrace.Interop;

/// <summary>Memory that is free, and that this process keeps all the same for its next need.</summary>
internal static class FreedMemory
{
    /// <summary>Gives it back to the host. For who has started, and will need little more for months: libbpf has read the kernel's BTF, some
    /// 10 MB, and starting has made garbage.</summary>
    public static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            _ = Libc.malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // A libc that keeps nothing back (musl).
        }
    }
}
