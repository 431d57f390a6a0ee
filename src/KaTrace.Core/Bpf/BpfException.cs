namespace KaTrace.Bpf;

/// <summary>Tracing could not be set up. The message is one sentence for a user: the operation, its object, the error by name
/// and what can be done; <see cref="Log"/> keeps what libbpf and the verifier said.</summary>
public class BpfException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence for a user.</param>
    /// <param name="log">The last lines of libbpf and the verifier, oldest first; may be empty.</param>
    /// <param name="innerException">The cause, if it was an exception.</param>
    public BpfException(string message, string log = "", Exception? innerException = null)
        : base(message, innerException) => Log = log;

    /// <summary>errno(3) of the kernel's refusal; 0 if there was none.</summary>
    public int Errno { get; init; }

    /// <summary>The last lines that libbpf and the verifier said, oldest first; empty if they said nothing.</summary>
    public string Log { get; }
}
