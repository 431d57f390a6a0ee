using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.KernelTests.Listing;

/// <summary>The sockets of this kernel as they are now, for a test to look up its own.</summary>
internal sealed class Listed
{
    public static readonly uint OwnPid = (uint)Environment.ProcessId;

    private static readonly Lazy<KernelSockets> Source = new(KernelSockets.Open);

    private Listed(SocketTable table) => Table = table;

    public SocketTable Table { get; }

    public static Listed Now()
    {
        KernelAccess.Require();
        lock (Source)
            return new Listed(Source.Value.Read());
    }

    /// <summary>Looks again and again until there is one such row in the namespace.</summary>
    public static (Listed, SocketRow) WaitForOne(NetworkNamespace ns, Func<SocketRow, bool> fits)
    {
        Listed? listed = null;
        SocketRow[] found = [];
        Until.True(() => (found = (listed = Now()).In(ns).Where(fits).ToArray()).Length == 1, "one such row");
        return (listed!, found[0]);
    }

    public SocketRow[] In(NetworkNamespace ns) => Table.Rows.ToArray().Where(row => row.Netns == ns.Inode).ToArray();

    public SocketRow Of(Socket socket)
    {
        ulong inode = socket.Inode();
        return Assert.Single(Table.Rows.ToArray(), row => row.Ino == inode);
    }

    public SocketHolder[] HoldersOf(in SocketRow row) => Table.HoldersOf(in row).ToArray();

    public uint[] PidsOf(in SocketRow row) => [.. HoldersOf(in row).Select(holder => ProcessOf(holder).Key.Pid)];

    public SocketProcess ProcessOf(SocketHolder holder) => Table.Processes[holder.Process];

    public SocketRow PeerOf(in SocketRow row)
    {
        Assert.NotEqual(-1, row.Peer);
        return Table.Rows[row.Peer];
    }

    public static string Local(in SocketRow row) => Text(EndpointView.Local(in row));

    public static string Remote(in SocketRow row) => Text(EndpointView.Remote(in row));

    public static string Text(EndPoint end)
    {
        IPEndPoint ip = (IPEndPoint)end;
        IPAddress address = ip.Address.IsIPv4MappedToIPv6 ? ip.Address.MapToIPv4() : ip.Address;
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(address.GetAddressBytes())} {ip.Port}");
    }

    private static string Text(EndpointView end) => string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(end.Address)} {end.Port}");
}
