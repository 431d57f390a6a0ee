using System.Globalization;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.KernelTests.Withheld;

namespace KaTrace.KernelTests.Net;

/// <summary>A network namespace of the test's own, gone with it.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private static int _count;

    private readonly ulong _createdNs = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);

    public NetworkNamespace()
    {
        KernelAccess.Require();
        Name = string.Create(CultureInfo.InvariantCulture, $"katest-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        Shell.Run("ip", "netns", "add", Name);
        Shell.Run("ip", "-n", Name, "link", "set", "lo", "up");
        Inode = Run(() => ParseInode(new FileInfo("/proc/thread-self/ns/net").LinkTarget!));
    }

    public string Name { get; }

    /// <summary>As events name it. Reused as soon as a namespace is gone: <see cref="Has"/> tells two of them apart.</summary>
    public uint Inode { get; }

    /// <summary>The event is of a socket in this namespace.</summary>
    public bool Has(in EventRecord record) => record.Netns == Inode && record.TimeNs >= _createdNs;

    /// <summary>Two namespaces joined by a veth pair: 10.9.0.1, fd00::1 and 10.9.0.2, fd00::2.</summary>
    public static void Join(NetworkNamespace a, NetworkNamespace b)
    {
        Shell.Run("ip", "-n", a.Name, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", b.Name);
        foreach ((NetworkNamespace side, int number) in new[] { (a, 1), (b, 2) })
        {
            Shell.Run("ip", "-n", side.Name, "addr", "add", $"10.9.0.{number}/24", "dev", "veth0");
            Shell.Run("ip", "-n", side.Name, "addr", "add", $"fd00::{number}/64", "dev", "veth0", "nodad");
            Shell.Run("ip", "-n", side.Name, "link", "set", "veth0", "up");
        }
    }

    /// <summary>From here on nothing that is sent to this namespace reaches its sockets.</summary>
    public void DropAllInput() =>
        Nft("add table inet silence; add chain inet silence input { type filter hook input priority 0; policy drop; }");

    /// <summary>From here on nothing that is sent from this namespace leaves it: the sender is told so (EPERM).</summary>
    public void DropAllOutput()
    {
        Nft("add", "table", "inet", "mute");
        Nft("add", "chain", "inet", "mute", "output", "{ type filter hook output priority 0; policy drop; }");
    }

    /// <summary>From here on the local queue has no room, for anything.</summary>
    public void FillQueue() => Shell.Run("tc", "-n", Name, "qdisc", "replace", "dev", "veth0", "root", "pfifo", "limit", "0");

    public void EmptyQueue() => Shell.Run("tc", "-n", Name, "qdisc", "del", "dev", "veth0", "root");

    public void AcceptInputAgain() => Nft("delete", "table", "inet", "silence");

    public Socket NewSocket(AddressFamily family = AddressFamily.InterNetwork) =>
        Run(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));

    /// <summary>The kernel's own count of keepalive probes in this namespace: TcpExtTCPKeepAlive.</summary>
    public long KeepaliveProbes() => TcpExt("TCPKeepAlive");

    public long TcpExt(string counter)
    {
        string[] lines = Run(() => File.ReadAllLines("/proc/thread-self/net/netstat"));
        string[] names = Array.Find(lines, l => l.StartsWith("TcpExt:", StringComparison.Ordinal))!.Split(' ');
        string[] values = Array.FindLast(lines, l => l.StartsWith("TcpExt:", StringComparison.Ordinal))!.Split(' ');
        return long.Parse(values[Array.IndexOf(names, counter)], CultureInfo.InvariantCulture);
    }

    /// <summary>How many there are, without those in TIME_WAIT, which are none any more: "inuse" of /proc/net/sockstat, sockstat6.</summary>
    public long TcpSockets() => Run(() => (string[])[.. File.ReadLines("/proc/thread-self/net/sockstat"), .. File.ReadLines("/proc/thread-self/net/sockstat6")])
        .Select(line => line.Split(' ')).Where(words => words[0] is "TCP:" or "TCP6:").Sum(words => long.Parse(words[2], CultureInfo.InvariantCulture));

    /// <summary>Runs on a thread that is in this namespace, and ends there.</summary>
    public T Run<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Enter();
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    public void Dispose()
    {
        ulong closedNs = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        Ledger.Close(e => Has(e) && e.TimeNs <= closedNs, KeepaliveProbes(), TcpExt("TCPAbortOnTimeout"), TcpSockets());
        Shell.TryRun("ip", "netns", "del", Name);
    }

    private void Nft(params string[] arguments) => Shell.Run("ip", ["netns", "exec", Name, "nft", .. arguments]);

    private void Enter()
    {
        int fd = Libc.openat(-100, $"/run/netns/{Name}", Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (fd < 0 || Libc.setns(fd, Libc.CLONE_NEWNET) != 0)
            throw new InvalidOperationException($"cannot enter network namespace {Name}: errno {Marshal.GetLastPInvokeError()}");
        _ = Libc.close(fd);
    }

    private static uint ParseInode(string link) =>
        uint.Parse(link.AsSpan(link.IndexOf('[', StringComparison.Ordinal) + 1).TrimEnd(']'), CultureInfo.InvariantCulture);
}
