using System.Globalization;
using System.Text.Json.Nodes;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace audit --replay</c> and <c>katrace explain --replay</c>: what they say of a moment is what the live commands said then.</summary>
public sealed class RecordedJudgementTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_moment_of_a_capture_is_judged_and_explained_as_it_was_live()
    {
        string file = Path.Combine(_directory.FullName, "a.katrace");
        using Pair pair = Pair.Unprobed();
        string[] namespaces = ["--netns", pair.Left.Name, "--netns", pair.Right.Name];
        using KatraceProcess record = KatraceProcess.Start(["record", "-o", file, "--snapshot-interval", "0", .. namespaces]).Live();
        Until.True(() => RecordedSnapshots.Count(file) > 0, "the capture begins with all sockets");

        pair.Client.SetKeepalive(idle: 500, interval: 30, count: 4);
        Moment oneSide = Moment.Of(pair);
        pair.Server.SetKeepalive(idle: 3, interval: 1, count: 2);
        Moment bothSides = Moment.Of(pair);
        pair.Client.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
        pair.Server.Set(SOL_TCP, TCP_USER_TIMEOUT, 90_000);
        Moment otherSide = Moment.Of(pair);
        Assert.Equal(0, record.Interrupt());

        Assert.Contains("one-side-only", oneSide.Rules);
        Assert.Contains("over-eager", bothSides.Rules);
        Assert.Contains("settings-while-off", otherSide.Rules);
        foreach (Moment live in (Moment[])[oneSide, bothSides, otherSide])
        {
            Moment told = Moment.Of(pair, "--replay", file, "--at", live.Time);
            Assert.Equal(live.Findings.Select(finding => finding.ToJsonString()), told.Findings.Select(finding => finding.ToJsonString()));
            Told.AssertSo(Lasting(told.Client), live.Client, "client", $"live:\n{live.Client}\ntold:\n{told.Client}");
            Told.AssertSo(Lasting(told.Server), live.Server, "server", $"live:\n{live.Server}\ntold:\n{told.Server}");
        }

        JsonObject last = Moment.Of(pair, "--replay", file, "--at", otherSide.Time).Server;
        Assert.Equal(["ENABLED", "CONFIGURED", "CONFIGURED", "CONFIGURED", "CONFIGURED"], last["events"]!.AsArray().Select(e => (string?)e!["kind"]).Where(kind => kind is "ENABLED" or "CONFIGURED").OrderDescending(StringComparer.Ordinal));
        Assert.Equal(["one-side-only"], Moment.Of(pair, "--replay", file, "--at", oneSide.Time).Rules.Where(rule => rule is "one-side-only" or "over-eager"));
    }

    /// <summary>Without what a capture alone has, and without what passes between two commands: <see cref="RecordedListTests"/> has that.</summary>
    private static JsonObject Lasting(JsonObject explained)
    {
        JsonObject lasting = explained.DeepClone().AsObject();
        lasting.Remove("events");
        foreach (JsonObject side in new[] { lasting, lasting["otherSide"]!.AsObject() })
        {
            side.Remove("silentSeconds");
            side.Remove("nextSeconds");
        }

        foreach (string passing in (string[])["keepalive", "next probe", "dead peer", "netstat, ss"])
            lasting["text"]!.AsObject().Remove(passing);
        return lasting;
    }

    private sealed record Moment(JsonNode[] Findings, JsonObject Client, JsonObject Server, string Time)
    {
        public IEnumerable<string> Rules => Findings.Select(finding => (string)finding["rule"]!);

        public static Moment Of(Pair pair, params string[] where) => new(
            Judged.Audit(pair.ServerPort, where),
            Explained($"inode:{pair.Client.Inode()}", where),
            Explained($"inode:{pair.Server.Inode()}", where),
            DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));

        private static JsonObject Explained(string socket, string[] where) => Assert.Single(Judged.Run(["explain", socket, "-o", "json", .. where], exitCode: 0)).AsObject();
    }
}
