using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.Sockets;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Listing;

/// <summary>A host with servers and clients in three network namespaces: every socket that any process holds there is asked itself.</summary>
public sealed class AgreementTests(ITestOutputHelper output)
{
    private const int PairsOfOurs = 250;
    private const int ClientsOfPython = 60;

    [Fact]
    public void A_thousand_sockets_agree_with_getsockopt_in_every_field_that_it_can_answer()
    {
        using NetworkNamespace first = new(), second = new(), third = new();
        NetworkNamespace.Join(first, second);
        Random random = new(1);
        List<IDisposable> ours = [];
        foreach ((NetworkNamespace from, NetworkNamespace to, string address) in (ReadOnlySpan<(NetworkNamespace, NetworkNamespace, string)>)
            [(first, second, "10.9.0.2"), (second, first, "fd00::1"), (third, third, "127.0.0.1")])
        {
            Socket listener = to.Listen(address);
            Randomize(listener, random);
            ours.Add(listener);
            for (int i = 0; i < PairsOfOurs; i++)
            {
                Socket client = from.NewSocket(listener.AddressFamily);
                Randomize(client, random);
                client.Connect(listener.LocalEndPoint!);
                Socket server = listener.Accept();
                Randomize(server, random);
                ours.AddRange([client, server]);
                if (i % 10 == 0)
                    client.Send("not read"u8);
                if (i % 10 == 1)
                    client.Shutdown(SocketShutdown.Send);
            }
        }

        ushort port = RedisProcess.FreePort();
        using RedisProcess redis = RedisProcess.Server(port, keepaliveSeconds: 60, third.Name);
        using PythonProcess python = new(third.Name);
        python.Do($"c = [create_connection(('127.0.0.1', {port})) for i in range({ClientsOfPython})]");
        python.Do("for i, s in enumerate(c): s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, i & 1)");

        HashSet<uint> namespaces = [first.Inode, second.Inode, third.Inode];
        (Agreement agreement, int sockets) = Settled(() => Compare(namespaces));
        foreach (IDisposable one in ours)
            one.Dispose();
        output.WriteLine($"{agreement.Sockets} of {sockets} sockets in 3 network namespaces agree, {agreement.Fields} fields compared");
        Assert.Equal(sockets, agreement.Sockets);
        Assert.InRange(sockets, 1_000, int.MaxValue);
    }

    /// <summary>Every socket that a process holds, in these namespaces.</summary>
    private static (Agreement, int) Compare(HashSet<uint> namespaces)
    {
        Agreement agreement = new();
        Listed earlier = Listed.Now();
        Dictionary<ulong, TcpInfo> before = [];
        foreach (SocketRow row in earlier.Table.Rows.ToArray().Where(row => namespaces.Contains(row.Netns) && row.HolderCount > 0))
        {
            SocketHolder holder = earlier.HoldersOf(in row)[0];
            using Socket socket = ForeignSocket.Open(earlier.ProcessOf(holder).Key.Pid, holder.Fd);
            before[row.Cookie] = TcpInfo.Of(socket);
        }

        Listed listed = Listed.Now();
        SocketRow[] rows = [.. listed.Table.Rows.ToArray().Where(row => namespaces.Contains(row.Netns))];
        Assert.Equal(rows.Length, rows.Select(row => row.Cookie).Distinct().Count());
        foreach (SocketRow row in rows)
        {
            SocketHolder holder = listed.HoldersOf(in row)[0];
            using Socket socket = ForeignSocket.Open(listed.ProcessOf(holder).Key.Pid, holder.Fd);
            agreement.Check(in row, listed.Table.Clock, socket, before[row.Cookie]);
        }

        return (agreement, rows.Length);
    }

    private static void Randomize(Socket socket, Random random)
    {
        if (random.Next(2) == 0)
            socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        if (random.Next(2) == 0)
            socket.Set(SOL_TCP, TCP_KEEPIDLE, random.Next(1000, 32_767));
        if (random.Next(2) == 0)
            socket.Set(SOL_TCP, TCP_KEEPINTVL, random.Next(1, 32_767));
        if (random.Next(2) == 0)
            socket.Set(SOL_TCP, TCP_KEEPCNT, random.Next(1, 127));
        if (random.Next(2) == 0)
            socket.Set(SOL_TCP, TCP_USER_TIMEOUT, random.Next());
    }

    /// <summary>Delayed acknowledgements are on their way for a moment after the last connect: what stands still is compared.</summary>
    private static T Settled<T>(Func<T> compare)
    {
        T result = default!;
        Exception? disagreement = null;
        bool agrees = SpinWait.SpinUntil(() =>
        {
            try
            {
                result = compare();
                return true;
            }
            catch (Xunit.Sdk.XunitException e)
            {
                disagreement = e;
                return false;
            }
        }, Pace.Deadline(20));
        return agrees ? result : throw disagreement!;
    }
}
