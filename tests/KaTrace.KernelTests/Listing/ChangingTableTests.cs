using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.Sockets;

namespace KaTrace.KernelTests.Listing;

/// <summary>Connections come and go while the list is read: none is there twice, none with the holder of another.</summary>
public sealed class ChangingTableTests(ITestOutputHelper output)
{
    private const int ConnectionsToSee = 50_000;
    private const int LastingPairs = 200;

    [Fact]
    public void Tens_of_thousands_of_short_connections_give_no_duplicate_and_no_wrong_owner()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.Listen(4096);
        // Held by another process: an owner taken from a stale look would show.
        using PythonProcess python = new(ns.Name);
        python.Do($"l = socket(); l.bind(('127.0.0.1', 0)); l.listen(1000)\nc = []\nfor i in range({LastingPairs}): c.append(create_connection(l.getsockname())); c.append(l.accept()[0])");
        ushort lastingPort = python.LocalPort("l");

        using CancellationTokenSource stop = new();
        int made = 0;
        Thread[] clients = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() => Churn(ns, listener, stop.Token, ref made)))];
        foreach (Thread client in clients)
            client.Start();
        int lists = 0, met = 0;
        long started = Environment.TickCount64;
        try
        {
            for (; Volatile.Read(ref made) < ConnectionsToSee; lists++)
            {
                Listed listed = Listed.Now();
                SocketRow[] rows = listed.In(ns);
                AssertNoDuplicates(rows);
                SocketRow[] lasting = [.. rows.Where(row => row.Lport == lastingPort || row.Rport == lastingPort)];
                SocketRow[] others = [.. rows.Where(row => row.Lport != lastingPort && row.Rport != lastingPort)];
                met += others.Length;
                Assert.Equal((2 * LastingPairs) + 1, lasting.Length);
                Assert.All(lasting, row => Assert.Equal([python.Pid], listed.PidsOf(in row)));
                Assert.All(others, row => Assert.DoesNotContain(python.Pid, listed.PidsOf(in row)));
            }
        }
        finally
        {
            stop.Cancel();
            foreach (Thread client in clients)
                client.Join();
        }

        output.WriteLine($"{made} connections in {(Environment.TickCount64 - started) / 1000.0} s, {lists} lists, {met} rows of them");
        Assert.InRange(met, 1, int.MaxValue);
    }

    private static void AssertNoDuplicates(SocketRow[] rows)
    {
        Assert.Empty(rows.Where(row => row.Cookie != 0).GroupBy(row => row.Cookie).Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.Empty(rows.Where(row => row.State is not (TcpState.Close or TcpState.Listen))
            .GroupBy(row => (Listed.Local(in row), Listed.Remote(in row))).Where(same => same.Count() > 1)
            .Select(same => $"{same.Key}: {string.Join(", ", same.Select(row => $"{row.State} {row.Cookie}"))}"));
    }

    /// <summary>Closed with a reset, as TIME_WAIT would use up the ports.</summary>
    private static void Churn(NetworkNamespace ns, Socket listener, CancellationToken stop, ref int made)
    {
        EndPoint end = listener.LocalEndPoint!;
        while (!stop.IsCancellationRequested)
        {
            Socket[] sockets = ns.Run(() => Enumerable.Range(0, 200).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray());
            foreach (Socket client in sockets)
            {
                client.LingerState = new LingerOption(true, 0);
                client.Connect(end);
                using Socket server = listener.Accept();
                client.Dispose();
                Interlocked.Increment(ref made);
            }
        }
    }
}
