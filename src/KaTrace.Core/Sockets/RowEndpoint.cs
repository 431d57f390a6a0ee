using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Output;

namespace KaTrace.Sockets;

/// <summary>One end of a socket, read in place.</summary>
internal readonly ref struct RowEndpoint
{
    private const int MappedPrefix = 12;

    private RowEndpoint(ReadOnlySpan<byte> address, ushort port, byte family)
    {
        // An AF_INET6 socket may speak IPv4: whoever reads the address cares for what is spoken.
        Address = family == Libc.AF_INET ? address[..4] : IsMapped(address) ? address[MappedPrefix..] : address;
        Port = port;
    }

    /// <summary>4 bytes for IPv4, mapped addresses included; 16 for IPv6.</summary>
    public ReadOnlySpan<byte> Address { get; }

    public ushort Port { get; }

    public bool IsLoopback => Address.Length == 4
        ? Address[0] == 127
        : !Address[..^1].ContainsAnyExcept((byte)0) && Address[^1] == 1;

    /// <summary>"10.0.0.5:6379", "[fd00::1]:6379"; "*:6379" where the address is any.</summary>
    public string Text
    {
        get
        {
            string address = !Address.ContainsAnyExcept((byte)0) ? "*" : Address.Length == 4 ? AddressText.ToText(Address) : $"[{AddressText.ToText(Address)}]";
            return Port == 0 ? $"{address}:*" : $"{address}:{Port}";
        }
    }

    public static RowEndpoint Local(in SocketRow row) => new(row.Laddr, row.Lport, row.Family);

    public static RowEndpoint Remote(in SocketRow row) => new(row.Raddr, row.Rport, row.Family);

    private static bool IsMapped(ReadOnlySpan<byte> address) =>
        address[..MappedPrefix].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
}
