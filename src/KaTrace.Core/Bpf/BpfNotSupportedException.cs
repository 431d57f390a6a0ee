namespace KaTrace.Bpf;

/// <summary>This kernel, or this host's rules, cannot do it: the fault is not in the tool.</summary>
public sealed class BpfNotSupportedException : BpfException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence for a user.</param>
    /// <param name="log">The last lines of libbpf and the verifier, oldest first; may be empty.</param>
    /// <param name="innerException">The cause, if it was an exception.</param>
    public BpfNotSupportedException(string message, string log = "", Exception? innerException = null)
        : base(message, log, innerException)
    {
    }
}
