using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.Sockets;

namespace KaTrace.Captures;

/// <summary>What names a connection on its host while it has no cookie.</summary>
internal readonly record struct RecordedEnds(uint Netns, byte Family, UInt128 Local, UInt128 Remote, ushort Lport, ushort Rport)
{
    /// <summary>Null for a socket that has not both ends.</summary>
    public static RecordedEnds? Of(in EventRecord record) =>
        record.Lport == 0 || record.Rport == 0 ? null : new(record.Netns, record.Family, Number(record.Laddr), Number(record.Raddr), record.Lport, record.Rport);

    /// <inheritdoc cref="Of(in EventRecord)"/>
    public static RecordedEnds? Of(in SocketRow row) =>
        row.Lport == 0 || row.Rport == 0 ? null : new(row.Netns, row.Family, Number(row.Laddr), Number(row.Raddr), row.Lport, row.Rport);

    private static UInt128 Number(ReadOnlySpan<byte> address) => MemoryMarshal.Read<UInt128>(address);
}
