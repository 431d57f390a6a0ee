namespace KaTrace.Bpf;

/// <summary>The precompiled objects, embedded in the assembly.</summary>
internal static unsafe class BpfObjectImage
{
    public static ReadOnlySpan<byte> Katrace => Resource("katrace.bpf.o");

    /// <summary>The same programs for kernels without bpf_rdonly_cast.</summary>
    public static ReadOnlySpan<byte> KatracePlain => Resource("katrace-plain.bpf.o");

    /// <summary>The iterators that list sockets.</summary>
    public static ReadOnlySpan<byte> Sockets => Resource("sockets.bpf.o");

    /// <summary>The same, for kernels without bpf_rdonly_cast.</summary>
    public static ReadOnlySpan<byte> SocketsPlain => Resource("sockets-plain.bpf.o");

    private static ReadOnlySpan<byte> Resource(string name)
    {
        // Embedded resources are mapped with the assembly: the pointer stays valid for as long as that is loaded.
        UnmanagedMemoryStream stream = (UnmanagedMemoryStream)typeof(BpfObjectImage).Assembly.GetManifestResourceStream(name)!;
        return new ReadOnlySpan<byte>(stream.PositionPointer, checked((int)stream.Length));
    }
}
