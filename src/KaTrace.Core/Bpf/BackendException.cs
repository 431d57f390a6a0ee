namespace KaTrace.Bpf;

/// <summary>One way to see a hook does not work on this kernel: another may.</summary>
#pragma warning disable CA1032, CA1064 // thrown and caught inside the loader only
internal sealed class BackendException(Hook? hook, BpfException cause) : Exception(cause.Message, cause)
{
    /// <summary>Null: a program that has no other way.</summary>
    public Hook? Hook { get; } = hook;

    public BpfException Cause { get; } = cause;
}
