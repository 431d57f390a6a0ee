using CsCheck;
using Google.Protobuf;
using KaTrace.Hosts;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Hosts;

public sealed class ReceivedHostTests
{
    [Fact]
    public void What_is_printed_of_a_host_that_was_sent_is_what_is_printed_of_the_host_itself() => Gen.Int[0, int.MaxValue].Sample(
        seed =>
        {
            MadeUpLook look = RandomHosts.Look(seed);
            Assert.Equal(PrintedHost.Of(look), PrintedHost.Of(SentHost.Of(look).Receive()));
        },
        iter: 1_000);

    [Fact]
    public void Random_hosts_have_what_is_worth_comparing()
    {
        int peers = 0, listeners = 0, findings = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            MadeUpLook look = RandomHosts.Look(seed);
            foreach (ref readonly SocketRow row in look.Table.Rows)
                (peers, listeners) = (peers + (row.Peer >= 0 ? 1 : 0), listeners + (row.Listener >= 0 ? 1 : 0));
            findings += PrintedHost.Of(look).Split("remedy: ").Length - 1;
        }

        Assert.True(peers > 20 && listeners > 20 && findings > 1000, $"{peers} peers, {listeners} with a listener, {findings} findings");
    }

    [Fact]
    public void A_host_of_many_processes_comes_in_parts_that_any_client_takes()
    {
        SocketProcess[] processes = [.. Enumerable.Range(1, 3_000).Select(i => new SocketProcess(new ProcessKey((uint)i, 1), "worker"))];
        SocketTable table = new(ArraySegment<SocketRow>.Empty, ArraySegment<SocketHolder>.Empty, processes, new(250, 0), DateTimeOffset.UnixEpoch, []);
        MadeUpLook look = new(table) { Programs = new(processes.ToDictionary(p => p.Key, p => new ProcessDetails { Key = p.Key, Comm = p.Comm, CommandLine = new string('x', ProcessReader.MaxCommandLine) }), _ => false) };

        SentHost sent = SentHost.Of(look);

        Assert.All(sent.Parts, part => Assert.InRange(part.Length, 1, 1 << 20));
        Assert.Equal(processes, sent.Receive().Table.Processes);
    }

    public static TheoryData<string, Action<Host, Connection>> Impossible => new()
    {
        { "HZ of 0", (host, _) => host.Hz = 0 },
        { "HZ of 4294967295", (host, _) => host.Hz = uint.MaxValue },
        { "tcp_max_orphans of 4294967295", (host, _) => host.TcpMaxOrphans = uint.MaxValue },
        { "a name of a host of more than 12,288 bytes", (host, _) => host.NodeName = new string('x', 20_000) },
        { "a time that is none", (host, _) => host.Time = null },
        { "a time that is none", (host, _) => host.Time.Seconds = long.MaxValue },
        { "a time that is none", (host, _) => host.Time.Nanos = -1 },
        { "a gap of more than 12,288 bytes", (host, _) => host.Gaps.Add(new string('x', 20_000)) },
        { "a process without an id", (host, _) => host.Processes.Add(new HostProcess()) },
        { "process 520 twice", (host, _) => host.Processes.Add(host.Processes[0].Clone()) },
        { "a process name of more than 16 bytes", (host, _) => host.Processes[0].Process.Comm = new string('x', 17) },
        { "a process name of more than 16 bytes", (host, _) => host.Processes[0].Process.Comm = new string('\u202e', 6) },
        { "a text of a process of more than 12,288 bytes", (host, _) => host.Processes[0].Process.CommandLine = new string('é', 6_145) },
        { "a text of a process of more than 12,288 bytes", (host, _) => host.Processes[0].Process.Container = new V1.Container { Id = "x", Runtime = new string('x', 20_000) } },
        { "a number of descriptors of 4294967295", (host, _) => (host.Processes[0].Descriptors, host.Processes[0].DescriptorLimit) = (uint.MaxValue, 1) },
        { "a limit of descriptors of 18446744073709551615", (host, _) => (host.Processes[0].Descriptors, host.Processes[0].DescriptorLimit) = (1, ulong.MaxValue) },
        { "tcp_retries2 of 256", (host, _) => host.Namespaces[0].Retries = 256 },
        { "tcp_orphan_retries of 4294967295", (host, _) => host.Namespaces[0].OrphanRetries = uint.MaxValue },
        { "tcp_rto_min_us of 0", (host, _) => host.Namespaces[0].RtoMinUs = 0 },
        { "tcp_rto_max_ms of 4294967295", (host, _) => host.Namespaces[0].RtoMaxMs = uint.MaxValue },
        { "a connection without a socket", (_, connection) => connection.Socket = null },
        { "a socket without its exact values", (_, connection) => connection.Exact = null },
        { "a state of 0", (_, connection) => connection.Socket.State = 0 },
        { "a state of 4294967295", (_, connection) => connection.Socket.State = (Socket.Types.State)(-1) },
        { "a state of 13", (_, connection) => connection.Exact.Substate = (Socket.Types.State)13 },
        { "a port of 65536", (_, connection) => connection.Socket.Remote.Port = 65536 },
        { "an address that is none", (_, connection) => connection.Socket.Local.Address = "" },
        { "an address that is none", (_, connection) => connection.Socket.Local.Address = "10.1" },
        { "an address that is none", (_, connection) => connection.Socket.Local.Address = "fd00::1" }, // of an IPv4 socket
        { "an address that is none", (_, connection) => connection.Socket.Local.Address = "\e[31m" },
        { "a count of probes of 256", (_, connection) => connection.Keepalive.Count = 256 },
        { "a number of probes of 256", (_, connection) => connection.Keepalive.ProbesOut = 256 },
        { "a number of retransmissions of 256", (_, connection) => connection.Retransmits = 256 },
        { "a kind of timer of 256", (_, connection) => connection.Exact.OtherTimer = 256 },
        { "a socket of process 77, which is none of the host's", (_, connection) => connection.OtherProcesses.Add(new Process { Pid = 77 }) },
        { "descriptor -5, which is below 0", (_, connection) => connection.Process.Fd = -5 },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_cannot_be_is_told(string told, Action<Host, Connection> change)
    {
        (Host host, Connection connection) = Usual();
        change(host, connection);

        Assert.Equal(told, Refusal(host, connection));
    }

    [Fact]
    public void What_is_usual_can_be()
    {
        (Host host, Connection connection) = Usual();
        Assert.Null(Refusal(host, connection));
    }

    [Fact]
    public void Sockets_without_a_host_are_none() =>
        Assert.Equal("a list of sockets without their host", Assert.Throws<InvalidDataException>(() => new ReceivedHost().Build()).Message);

    /// <summary>Whatever it says, it is refused in a sentence or can be printed.</summary>
    [Fact]
    public void A_host_that_was_damaged_on_its_way_is_refused_or_printed() =>
        (from seed in Gen.Int[0, int.MaxValue] from hits in Gen.Int[0, int.MaxValue].Array[1, 8] select (seed, hits)).Sample(
            damaged =>
            {
                SentHost sent = SentHost.Of(RandomHosts.Look(damaged.seed));
                byte[][] messages = [.. sent.Parts.Concat(sent.Connections).Where(message => message.Length > 0)];
                foreach (int hit in damaged.hits)
                {
                    byte[] message = messages[hit % messages.Length];
                    message[hit / messages.Length % message.Length] ^= (byte)(1 << hit % 8);
                }

                try
                {
                    PrintedHost.Of(sent.Receive());
                }
                catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
                {
                    Assert.DoesNotContain('\n', e.Message);
                }
            },
            iter: 2_000);

    private static string? Refusal(Host host, Connection connection)
    {
        try
        {
            new SentHost([host.ToByteArray()], [connection.ToByteArray()]).Receive();
            return null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    private static (Host Host, Connection Connection) Usual()
    {
        SocketTable table = Rows.Table([Rows.Connection("10.0.0.5", 40_000, "10.0.0.9", 6379).Held()]);
        MadeUpLook look = new(table) { Settings = new HostSettings(new Dictionary<uint, NamespaceSettings> { [Rows.Netns] = new() }) };
        SentHost sent = SentHost.Of(look);
        return (Host.Parser.ParseFrom(sent.Parts[0]), Connection.Parser.ParseFrom(sent.Connections[0]));
    }
}
