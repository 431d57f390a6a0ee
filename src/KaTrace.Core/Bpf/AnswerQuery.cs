using System.Runtime.InteropServices;

namespace KaTrace.Bpf;

/// <summary><c>struct answer_query</c>: which socket to look at, and what was seen.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AnswerQuery
{
    public ulong Sk;
    public ulong Cookie;
    public uint Pending;
    public uint Pad;
}
