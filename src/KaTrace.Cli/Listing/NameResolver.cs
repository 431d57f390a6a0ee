using System.Net;
using System.Net.Sockets;
using KaTrace.Processes;
using KaTrace.Sockets;
using System.Text;

namespace KaTrace.Cli.Listing;

/// <summary>Names of hosts and services, for <c>-r</c>. Asks for all addresses at once, and not for longer than a deadline: what has
/// no name by then is shown as its address.</summary>
internal sealed class NameResolver
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly Dictionary<IPAddress, byte[]> _hosts = [];
    private readonly Dictionary<int, byte[]?> _services = [];

    /// <param name="addresses">To be named, repetitions allowed.</param>
    public NameResolver(IEnumerable<IPAddress> addresses)
    {
        using CancellationTokenSource deadline = new(Deadline);
        (IPAddress Address, Task<string?> Name)[] asked = [.. addresses.Distinct().Select(address => (address, NameOf(address, deadline.Token)))];
        Task.WaitAll(asked.Select(one => one.Name));
        foreach ((IPAddress address, Task<string?> name) in asked)
        {
            if (name.Result is { } known)
                _hosts[address] = HostileText.ForTerminal(known);
        }
    }

    /// <summary>Null if it has none. Safe for a terminal: whoever owns the address chose it.</summary>
    public byte[]? Host(ReadOnlySpan<byte> address) => _hosts.GetValueOrDefault(new IPAddress(address));

    /// <summary>Null if it has none.</summary>
    public byte[]? Service(ushort port)
    {
        if (!_services.TryGetValue(port, out byte[]? name))
            _services[port] = name = Services.NameOf(port) is { } known ? Encoding.UTF8.GetBytes(known) : null;
        return name;
    }

    private static async Task<string?> NameOf(IPAddress address, CancellationToken deadline)
    {
        try
        {
            IPHostEntry entry = await Dns.GetHostEntryAsync(address.ToString(), deadline).WaitAsync(deadline).ConfigureAwait(false);
            return entry.HostName == address.ToString() ? null : entry.HostName;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            return null;
        }
    }
}
