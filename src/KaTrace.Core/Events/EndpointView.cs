using System.Runtime.InteropServices;
using KaTrace.Sockets;

namespace KaTrace.Events;

/// <summary>One end of a connection, read in place.</summary>
internal readonly ref struct EndpointView
{
    private const byte AfInet = 2;

    private EndpointView(ReadOnlySpan<byte> address, ushort port, byte family)
    {
        // An AF_INET6 socket may speak IPv4: whoever reads the address cares for what was spoken.
        Address = family == AfInet ? address[..4] : IsV4Mapped(address) ? address[12..] : address;
        Port = port;
    }

    /// <summary>4 bytes for IPv4, mapped addresses included; 16 for IPv6.</summary>
    public ReadOnlySpan<byte> Address { get; }

    public ushort Port { get; }

    public bool IsIPv4 => Address.Length == 4;

    /// <summary>False where the socket is not bound or not connected.</summary>
    public bool IsPresent => Port != 0 || Address.ContainsAnyExcept((byte)0);

    public static EndpointView Local(in SocketRow row) => new(row.Laddr, row.Lport, row.Family);

    public static EndpointView Remote(in SocketRow row) => new(row.Raddr, row.Rport, row.Family);

    public static EndpointView Local(in EventRecord record) => new(record.Laddr, record.Lport, record.Family);

    public static EndpointView Remote(in EventRecord record) => new(record.Raddr, record.Rport, record.Family);

    /// <summary>The socket is AF_INET6 but speaks IPv4.</summary>
    public static bool SpeaksMappedIPv4(in EventRecord record) =>
        record.Family != AfInet && (IsV4Mapped(record.Laddr) || IsV4Mapped(record.Raddr));

    /// <summary>The socket is AF_INET6 but speaks IPv4.</summary>
    public static bool SpeaksMappedIPv4(in SocketRow row) => row.Family != AfInet && (IsV4Mapped(row.Laddr) || IsV4Mapped(row.Raddr));

    public static bool SpeaksIPv4(in SocketRow row) => row.Family == AfInet || SpeaksMappedIPv4(in row);

    public static bool SpeaksIPv4(in EventRecord record) => record.Family == AfInet || SpeaksMappedIPv4(in record);

    private static bool IsV4Mapped(ReadOnlySpan<byte> address) =>
        MemoryMarshal.Read<ulong>(address) == 0
        && MemoryMarshal.Read<uint>(address[8..]) == (BitConverter.IsLittleEndian ? 0xffff0000 : 0x0000ffff);
}
