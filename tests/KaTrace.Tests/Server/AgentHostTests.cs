using Grpc.Core;
using KaTrace.Cli.Agents;
using KaTrace.Client;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.Tests.Hosts;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>The host of an agent, by the real client and the real server.</summary>
public sealed class AgentHostTests
{
    [Fact]
    public async Task What_is_printed_of_an_agent_s_host_is_what_the_agent_would_print()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        using AgentHost host = new(connection);
        for (int seed = 0; seed < 100; seed++)
        {
            MadeUpLook look = RandomHosts.Look(seed);
            agent.Sockets = () => look.Table;
            agent.Host = _ => look;

            Assert.Equal(PrintedHost.Of(look), PrintedHost.Of(host.Look(programs: true)));
        }
    }

    [Fact]
    public async Task Programs_are_read_and_sent_only_when_they_are_asked_for()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        using AgentHost host = new(connection);
        MadeUpLook look = RandomHosts.Look(2);
        SocketProcess known = look.Table.Processes.First(process => look.Programs.Details(process) is not null);
        agent.Sockets = () => look.Table;
        agent.Host = _ => look;

        IHostLook without = host.Look(programs: false);

        Assert.Equal(look.Table.Processes, without.Table.Processes);
        Assert.Null(without.ReadPrograms(without.Table.Processes).Details(known));
        Assert.NotNull(host.Look(programs: true).ReadPrograms([]).Details(known));
    }

    [Fact]
    public async Task The_agent_s_events_of_a_socket_are_its_history()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        using AgentHost host = new(connection);
        agent.Happen(20);
        agent.Happen(5, (raw, _) => raw with { Cookie = 99, Ino = 100, Rport = 1 });
        SocketRow row = Rows.Connection("10.0.0.5", 6379, "10.0.0.9", 51812) with { Cookie = Sample.Probe.Cookie };

        KeptEvents kept = host.Last(in row, 10)!;

        Assert.Equal(Enumerable.Range(11, 10).Select(i => (ulong)i), kept.Events.Select(e => e.Sequence));
        Assert.All(kept.Events, one => Assert.Equal("node-1", one.NodeName));
        Assert.Empty(host.Last(row with { Cookie = 5, Rport = 2 }, 10)!.Events);
    }

    [Fact]
    public async Task An_agent_that_does_not_know_of_hosts_is_too_old()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync(new ListConnectionsResponse { Connections = { new Connection() } });

        Assert.Equal(
            $"the agent at {agent.Address} is too old for this: it lists sockets, but not what else is needed of its host; update it, or use 'katrace stream'",
            Assert.Throws<IOException>(() => Look(agent.Address)).Message);
    }

    [Fact]
    public async Task What_no_agent_would_say_is_one_sentence()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync(new ListConnectionsResponse { Host = new Host { Hz = 0 } });

        Assert.Equal($"{agent.Address} sends what no agent of katrace would: HZ of 0", Assert.Throws<InvalidDataException>(() => Look(agent.Address)).Message);
    }

    [Fact]
    public void What_is_no_agent_at_all_is_one_sentence()
    {
        (string address, IDisposable end) = FakeAgent.StartGarbage();
        using (end)
        {
            string sentence = Assert.Throws<IOException>(() => Look(address)).Message;
            Assert.StartsWith($"cannot reach the agent at {address}: ", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', sentence);
            Assert.DoesNotContain('\e', sentence);
        }
    }

    [Fact]
    public void An_agent_that_is_not_there_is_one_sentence() =>
        Assert.StartsWith("cannot reach the agent at unix:/nowhere/k.sock: ", Assert.Throws<IOException>(() => Look("unix:/nowhere/k.sock")).Message, StringComparison.Ordinal);

    private static IHostLook Look(string address)
    {
        KatraceConnection connection = KatraceConnection.Open(address);
        using AgentHost host = new(connection);
        return host.Look(programs: true);
    }
}
