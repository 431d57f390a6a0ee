using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>A process under the name that a record gives it: its name may change, and then its command line does.</summary>
internal readonly record struct CapturedName(ProcessKey Process, UInt128 Comm)
{
    public static CapturedName Of(in EventRecord record) => Of(new ProcessKey(record.Tgid, record.StartNs), RecordComm.Of(in record));

    /// <param name="process">Which.</param>
    /// <param name="comm">At most <see cref="RecordComm.MostBytes"/>.</param>
    public static CapturedName Of(ProcessKey process, ReadOnlySpan<byte> comm)
    {
        Span<byte> padded = stackalloc byte[RecordComm.MostBytes];
        padded.Clear();
        comm.CopyTo(padded);
        return new CapturedName(process, MemoryMarshal.Read<UInt128>(padded));
    }

    public static CaptureProcess ToMessage(in EventRecord record, Process process) =>
        new() { Comm = ByteString.CopyFrom(RecordComm.Of(in record)), Process = process };
}
