namespace KaTrace.Bpf;

/// <summary>The precompiled objects, embedded in the assembly.</summary>
internal static unsafe class BpfObjectImage
{
    public static ReadOnlySpan<byte> Katrace
    {
        get
        {
            // Embedded resources are mapped with the assembly: the pointer stays valid for as long as that is loaded.
            UnmanagedMemoryStream stream = (UnmanagedMemoryStream)typeof(BpfObjectImage).Assembly.GetManifestResourceStream("katrace.bpf.o")!;
            return new ReadOnlySpan<byte>(stream.PositionPointer, checked((int)stream.Length));
        }
    }
}
