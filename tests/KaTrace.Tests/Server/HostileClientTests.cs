using System.Net.Sockets;
using KaTrace.Client;
using KaTrace.Server.Hosting;
using KaTrace.V1;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.Tests.Server;

/// <summary>Whoever can connect cannot do harm.</summary>
public sealed class HostileClientTests
{
    private const ushort HeaderTableSize = 1, MaxConcurrentStreams = 3, InitialWindowSize = 4, MaxFrameSize = 5, MaxHeaderListSize = 6;
    private const int Silent = 50;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_client_that_sends_garbage_disturbs_nobody()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            using Socket garbage = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await garbage.ConnectAsync(new UnixDomainSocketEndPoint(agent.SocketPath));
            byte[] bytes = new byte[10_000];
            random.NextBytes(bytes);
            if (i % 2 == 0)
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(bytes);
            try
            {
                await garbage.SendAsync(bytes);
                garbage.Shutdown(SocketShutdown.Send);
                while (await garbage.ReceiveAsync(bytes).WaitAsync(TimeSpan.FromSeconds(30)) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // The server has closed before it had read all.
            }
        }

        agent.Happen(1);
        Assert.Single(await received.EventsAsync(1));
        Assert.Empty(agent.Warnings);
    }

    public static TheoryData<string, byte[]> AbsurdBytes => new()
    {
        { "a window of nothing", [.. Http2Bytes.SettingsOf((InitialWindowSize, 0)), .. Http2Bytes.Subscribe(1)] },
        { "a window of one byte", [.. Http2Bytes.SettingsOf((InitialWindowSize, 1)), .. Http2Bytes.Subscribe(1)] },
        { "the largest window", [.. Http2Bytes.SettingsOf((InitialWindowSize, int.MaxValue)), .. Http2Bytes.Subscribe(1)] },
        { "a window larger than that", [.. Http2Bytes.SettingsOf((InitialWindowSize, uint.MaxValue)), .. Http2Bytes.Subscribe(1)] },
        { "frames of nothing", [.. Http2Bytes.SettingsOf((MaxFrameSize, 0)), .. Http2Bytes.Subscribe(1)] },
        { "the largest frames", [.. Http2Bytes.SettingsOf((MaxFrameSize, (1 << 24) - 1)), .. Http2Bytes.Subscribe(1)] },
        { "an endless table of headers", [.. Http2Bytes.SettingsOf((HeaderTableSize, uint.MaxValue)), .. Http2Bytes.Subscribe(1)] },
        { "no headers at all", [.. Http2Bytes.SettingsOf((MaxHeaderListSize, 0), (HeaderTableSize, 0)), .. Http2Bytes.Subscribe(1)] },
        { "no streams", [.. Http2Bytes.SettingsOf((MaxConcurrentStreams, 0)), .. Http2Bytes.Subscribe(1)] },
        { "settings that nobody knows", [.. Http2Bytes.SettingsOf((0xffff, uint.MaxValue), (0, 0)), .. Http2Bytes.Subscribe(1)] },
        { "settings cut short", [.. Http2Bytes.Frame(4, 0, 0, new byte[5])] },
        { "settings by the thousand", [.. Http2Bytes.SettingsOf(), .. Repeat(5_000, _ => Http2Bytes.SettingsOf((InitialWindowSize, 1)))] },
        { "pings by the thousand", [.. Http2Bytes.SettingsOf(), .. Repeat(5_000, _ => Http2Bytes.PingFrame)] },
        { "calls that are taken back at once", [.. Http2Bytes.SettingsOf(), .. Repeat(1_000, i => [.. Http2Bytes.Subscribe((uint)(1 + (2 * i))), .. Http2Bytes.ResetOf((uint)(1 + (2 * i)))])] },
    };

    [Theory]
    [MemberData(nameof(AbsurdBytes))]
    public async Task Absurd_HTTP2_disturbs_nobody(string what, byte[] bytes)
    {
        Assert.NotEmpty(what);
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();

        using (Socket absurd = await ConnectAsync(agent))
        {
            try
            {
                await absurd.SendAsync((byte[])[.. Http2Bytes.Preface, .. bytes, .. Http2Bytes.PingFrame]);
                await absurd.ReceiveAsync(new byte[1000]).WaitAsync(Deadline); // an answer, or the end
            }
            catch (SocketException)
            {
                // The server has closed before it had read all.
            }

            agent.Happen(1);
            Assert.Single(await received.EventsAsync(1));
        }

        await OneSubscriberAsync(agent);
        Assert.All(agent.Warnings, warning => Assert.StartsWith("Connection id ", warning, StringComparison.Ordinal)); // that it was thrown out
    }

    [Fact]
    public async Task Connections_that_say_nothing_are_bounded_and_in_the_end_closed()
    {
        ServerOptions limits = new() { MostConnections = 20, IdleFor = TimeSpan.FromSeconds(5) }; // longer than it takes to connect
        await using TestAgent agent = await TestAgent.StartAsync(options: agent => limits with { Listen = [ListenAddress.Parse($"unix:{agent.SocketPath}"), ListenAddress.Parse("127.0.0.1:0")] });
        string tcp = new Uri(agent.Server.Addresses[1]).Authority;
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        await using Received overTcp = Received.From(KatraceConnection.Open(tcp));
        await overTcp.LiveAsync();
        Socket[] silent = [.. Enumerable.Range(0, Silent).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
        foreach (Socket one in silent)
            await one.ConnectAsync(System.Net.IPEndPoint.Parse(tcp));

        // Those within the limit are greeted, and closed when they still say nothing; the others are closed at once.
        bool[] greeted = await Task.WhenAll(silent.Select(UntilClosedAsync));

        Assert.Equal(limits.MostConnections - 1, greeted.Count(one => one));
        agent.Happen(1);
        Assert.Single(await received.EventsAsync(1));
        Assert.Single(await overTcp.EventsAsync(1));
        await using Received later = Received.From(KatraceConnection.Open(tcp));
        await later.LiveAsync();
        Array.ForEach(silent, one => one.Dispose());
    }

    private static async Task<Socket> ConnectAsync(TestAgent agent)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(agent.SocketPath));
        return socket;
    }

    /// <returns>Whether the server has said anything.</returns>
    private static async Task<bool> UntilClosedAsync(Socket socket)
    {
        int received = 0;
        try
        {
            byte[] bytes = new byte[1000];
            while (await socket.ReceiveAsync(bytes).WaitAsync(Deadline) is > 0 and var length)
                received += length;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // That is closed too.
        }

        return received > 0;
    }

    private static async Task OneSubscriberAsync(TestAgent agent)
    {
        await using KatraceConnection connection = agent.Connect();
        using CancellationTokenSource deadline = new(Deadline);
        while ((await connection.Service.GetStatusAsync(new GetStatusRequest(), cancellationToken: deadline.Token)).Subscribers.Count > 1)
            await Task.Yield();
    }

    private static byte[] Repeat(int count, Func<int, byte[]> frame) => [.. Enumerable.Range(0, count).SelectMany(frame)];
}
