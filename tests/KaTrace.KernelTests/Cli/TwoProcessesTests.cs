using System.Globalization;
using System.Text.Json.Nodes;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace stream</c> and <c>katrace record</c> at the same time: two tracers of one kernel, which know nothing of each other.</summary>
public sealed class TwoProcessesTests : IDisposable
{
    /// <summary>Both programs of a hook run behind each other: each reads the clock for itself, and a jiffy may pass between them.</summary>
    private const double JiffySeconds = 0.011;

    /// <summary>A tracer's own: it numbers what it has seen, on each CPU and in all; it looks for answers itself, and so sees them a jiffy
    /// sooner or later; who was read first in /proc is chance.</summary>
    private static readonly string[] OwnOfEach = ["sequence", "cpuSequence", "monotonicNs", "time", "roundTripUs", "commandLine", "executable", "uid", "user", "container", "podUid", "unit", "program", "runtime"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");

    [Fact]
    public void Live_and_replayed_output_of_the_same_minute_are_the_same_events()
    {
        string file = Path.Combine(_directory.FullName, "a.katrace");
        using NetworkNamespace left = new(), right = new();
        NetworkNamespace.Join(left, right);
        string[] ours = ["--reconcile", "0", "--netns", left.Name, "--netns", right.Name];
        using KatraceProcess record = KatraceProcess.Start(["record", "-o", file, .. ours]).Live();
        using KatraceProcess stream = KatraceProcess.Stream(["-o", "json", .. ours]);

        using PythonProcess server = new(right.Name), client = new(left.Name);
        server.Do("l = socket(); l.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1); l.bind(('10.9.0.2', 5432)); l.listen()");
        client.Do("s = [socket() for i in range(20)]");
        client.Do($"[c.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, {Pace.IdleSeconds}) for c in s]; [c.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 1) for c in s]; [c.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1) for c in s]");
        client.Do("[c.connect(('10.9.0.2', 5432)) for c in s]");
        server.Do("a = [l.accept()[0] for i in range(20)]");
        stream.WaitForEvents(40, e => e.Kind is V1.Event.Types.Kind.Answered);
        right.DropAllInput();
        stream.WaitForEvents(10, e => e.Kind is V1.Event.Types.Kind.Probe && e.Keepalive.Unanswered >= 2);
        client.Do("[c.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0) for c in s]");
        stream.WaitForEvents(20, e => e.Kind is V1.Event.Types.Kind.Disabled);
        Assert.Equal(0, stream.Interrupt());
        Assert.Equal(0, record.Interrupt());
        using KatraceProcess replay = KatraceProcess.Start("replay", "-o", "json", file);

        // Of each socket in its order: between sockets, CPUs and looks for answers decide.
        Dictionary<string, JsonObject[]> live = BySocket(stream.Output.All()), recorded = BySocket(replay.Output.All());
        Assert.Equal(live.Keys.Order(), recorded.Keys.Order());
        Assert.InRange(live.Values.Sum(events => events.Length), 200, 2000);
        foreach ((string socket, JsonObject[] events) in live)
        {
            Assert.Equal(Kinds(events), Kinds(recorded[socket]));
            foreach ((JsonObject one, JsonObject other) in events.Zip(recorded[socket]))
                AssertSame(one, other, socket);
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>By cookie; a socket that has none yet has an inode, and both once it is connected.</summary>
    private static Dictionary<string, JsonObject[]> BySocket(string[] lines)
    {
        JsonObject[] events = [.. lines.Select(line => JsonNode.Parse(line)!.AsObject())];
        // A look for an answer is made by the tracer, on whichever CPU that is, and some time after the answer: times are as of the look.
        foreach (JsonObject looked in events.Where(e => (string?)e["source"] == "POLL"))
        {
            looked.Remove("cpu");
            looked["keepalive"]!.AsObject().Remove("silentSeconds");
            looked["keepalive"]!.AsObject().Remove("nextSeconds");
        }

        Dictionary<string, string> cookies = [];
        foreach (JsonNode socket in events.Select(e => e["socket"]!).Where(socket => socket["inode"] is not null && socket["cookie"] is not null))
            cookies[(string)socket["inode"]!] = (string)socket["cookie"]!;
        return events.GroupBy(e => (string?)e["socket"]!["cookie"] ?? cookies.GetValueOrDefault((string)e["socket"]!["inode"]!, "without")).ToDictionary(group => group.Key, group => group.ToArray());
    }

    private static string Kinds(IEnumerable<JsonObject> events) => string.Join(' ', events.Select(e => (string)e["kind"]!));

    private static void AssertSame(JsonObject one, JsonObject other, string path)
    {
        double apart = Math.Abs((double)MonotonicNs(one) - MonotonicNs(other)) / 1e9;
        Assert.InRange(apart, 0, Pace.IdleSeconds / 10.0);
        AssertSame(one, other, path, apart + JiffySeconds);
    }

    private static ulong MonotonicNs(JsonObject e) => ulong.Parse((string)e["monotonicNs"]!, CultureInfo.InvariantCulture);

    private static void AssertSame(JsonNode? one, JsonNode? other, string path, double seconds)
    {
        if (one is JsonObject members && other is JsonObject others)
        {
            Assert.Equal(Named(members).Order(), Named(others).Order());
            foreach (string name in Named(members))
                AssertSame(members[name], others[name], $"{path}.{name}", seconds);
        }
        else if (path.EndsWith("Seconds", StringComparison.Ordinal))
        {
            Assert.True(Math.Abs((double)one! - (double)other!) <= seconds, $"{path}: {one} and {other}");
        }
        else
        {
            Assert.True(JsonNode.DeepEquals(one, other), $"{path}: {one} and {other}");
        }
    }

    private static IEnumerable<string> Named(JsonObject members) => members.Select(member => member.Key).Except(OwnOfEach);
}
