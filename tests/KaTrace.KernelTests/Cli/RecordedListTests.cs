using System.Text.Json.Nodes;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace list --replay</c>: what it tells of a moment is what <c>katrace list</c> showed then.</summary>
public sealed class RecordedListTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");
    private readonly List<JsonObject[]> _moments = [];

    [Fact]
    public void A_moment_of_a_capture_is_listed_as_it_was_live()
    {
        string file = Path.Combine(_directory.FullName, "a.katrace");
        using Pair pair = Pair.Unprobed(), reset = Pair.Probing(count: 9), silent = Pair.Unprobed();
        string[] namespaces = [.. new[] { pair, reset, silent }.SelectMany(p => new[] { "--netns", p.Left.Name, "--netns", p.Right.Name })];
        pair.Server.SetKeepalive(idle: 600, interval: 75, count: 9);
        using KatraceProcess record = KatraceProcess.Start(["record", "-o", file, "--snapshot-interval", "0", .. namespaces]).Live();
        Until.True(() => RecordedSnapshots.Count(file) > 0, "the capture begins with all sockets");
        Look();

        pair.Client.SetKeepalive(idle: 300, interval: 60, count: 4);
        pair.Server.Set(SOL_TCP, TCP_KEEPCNT, 3);
        Look();

        pair.Client.Set(SOL_TCP, TCP_USER_TIMEOUT, 90_000);
        pair.Server.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
        pair.Listener.SetKeepalive(idle: 120, interval: 30, count: 5);
        using Socket late = pair.Left.NewSocket();
        late.Connect("10.9.0.2", pair.ServerPort);
        using Socket accepted = pair.Listener.Accept();
        late.SetKeepalive(idle: 200, interval: 20, count: 2);
        Look();

        reset.Client.LingerState = new(enable: true, seconds: 0);
        reset.Client.Dispose();
        late.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
        Until.True(() => reset.Server.State() == Events.TcpState.Close, "the reset has come in");
        Look();

        silent.Right.DropAllInput();
        silent.Client.SetKeepalive(idle: 1, interval: 2, count: 9);
        Until.True(() => silent.Left.KeepaliveProbes() >= 2, "two probes have gone out");
        Look();
        long probes = silent.Left.KeepaliveProbes();
        Until.True(() => silent.Left.KeepaliveProbes() > probes, "another one proves the silence before it");
        Assert.Equal(0, record.Interrupt());

        (int on, int next, int silence) told = default;
        foreach (JsonObject[] live in _moments)
        {
            JsonObject[] recorded = List(["--replay", file, "--at", (string)live[0]["time"]!, .. namespaces]);
            Compare(live, recorded);
            told.on += recorded.Count(IsOn);
            told.next += recorded.Count(socket => socket["keepalive"]!["nextSeconds"] is not null);
            told.silence += recorded.Count(socket => socket["keepalive"]!["silentSeconds"] is not null);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{told}");
        Assert.True(told.on >= 12 && told.next >= 8 && told.silence >= 1, $"{told} were told");

        void Look() => _moments.Add(List(namespaces));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>Every socket with keepalive is there, and no other; those without are of the snapshot. What is told is so.</summary>
    private static void Compare(JsonObject[] live, JsonObject[] recorded)
    {
        Dictionary<string, JsonObject> liveByName = live.ToDictionary(Name), recordedByName = recorded.ToDictionary(Name);
        string all = $"live:\n{string.Join('\n', live.Select(socket => socket.ToJsonString()))}\nrecorded:\n{string.Join('\n', recorded.Select(socket => socket.ToJsonString()))}";
        Assert.True(live.Where(IsOn).Select(Name).Order().SequenceEqual(recorded.Where(IsOn).Select(Name).Order()), all);
        foreach ((string name, JsonObject socket) in recordedByName)
        {
            // One without keepalive makes no event when it ends, and that is said.
            if (liveByName.TryGetValue(name, out JsonObject? same))
                Told.AssertSo(socket, same, name, all);
            else
                Assert.False(IsOn(socket), $"{name} was not there\n{all}");
        }
    }

    private static bool IsOn(JsonObject socket) => (bool)socket["keepalive"]!["on"]!;

    private static string Name(JsonObject socket) => $"{socket["socket"]!["netns"]} {socket["socket"]!["local"]} {socket["socket"]!["remote"]}";

    /// <summary>Connections and listeners.</summary>
    private static JsonObject[] List(string[] flags)
    {
        using KatraceProcess list = KatraceProcess.Start(["list", "-o", "json", "--state", "connected,listening", .. flags]);
        string[] lines = list.Output.All();
        Assert.True(list.WaitForExit() == 0, string.Join('\n', list.Errors.All()));
        return [.. lines.Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
