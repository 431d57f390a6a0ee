using KaTrace.Audit;
using KaTrace.Audit.Expectations;
using KaTrace.Audit.Rules;
using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>The file of expectations: what its sentences mean, and what is wrong with one that is none.</summary>
public sealed class ExpectationTests
{
    private readonly MadeUpHost _host = new();

    [Theory]
    [InlineData("every connection to :5432: on", true)]
    [InlineData("every connection to :5432: off", false)]
    [InlineData("every connection to :5432 from 10.0.0.0/8: on, idle <= 300s", true)]
    [InlineData("every connection to :5432 from 10.0.0.0/8: on, idle ≤ 60 s", true)]
    [InlineData("every connection to :5432 from 10.0.0.0/8: on, idle < 60s", false)]
    [InlineData("every connection to :5432 from 192.168.0.0/16: off", true)] // there is none
    [InlineData("some connection to :5432 from 192.168.0.0/16: on", false)] // there has to be one
    [InlineData("some connection to :5432: on", true)]
    [InlineData("every connection to 10.0.0.9:5432: interval = 20s, count = 3", true)]
    [InlineData("every connection of postgres: detection <= 2m", true)]
    [InlineData("every connection of postgres: detection < 2m", false)]
    [InlineData("every connection of post*: count > 3", false)]
    [InlineData("every connection of nginx: off", true)] // there is none
    [InlineData("every connection remote :5432: user-timeout = 0s", true)]
    [InlineData("every connection local 10.0.0.5: on", true)]
    [InlineData("every listener to :5432: on", true)] // there is none
    public void A_sentence_holds_for_the_client_s_side(string sentence, bool holds)
    {
        _host.Connect(_host.Process(600, "postgres"), "10.0.0.5:40000", "10.0.0.9:5432", Kept);
        Assert.Equal(holds, Look(sentence).Length == 0);
    }

    [Theory]
    [InlineData("every connection to :5432 from 10.0.0.0/8: on", true)]
    [InlineData("every connection to :5432 from 10.0.0.0/8: off", false)]
    [InlineData("every connection local :5432 remote 10.0.0.0/8: off", false)]
    [InlineData("every connection to :40000: off", true)] // that is the client's port
    [InlineData("every listener to :5432: off", true)]
    [InlineData("every listener of postgres: on", false)]
    public void The_same_sentence_holds_for_the_server_s_side(string sentence, bool holds)
    {
        _host.Accept(_host.Listen(_host.Process(600, "postgres"), "0.0.0.0:5432"), "10.0.0.9:40000", Kept);
        Assert.Equal(holds, Look(sentence).Length == 0);
    }

    [Fact]
    public void Keepalive_that_is_off_never_detects_anything()
    {
        _host.Connect(_host.Process(600, "postgres"), "10.0.0.5:40000", "10.0.0.9:5432");
        Assert.Contains("detection never", Assert.Single(Look("every connection to :5432: detection <= 1d")).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finding_repeats_the_sentence_and_counts_what_is_otherwise()
    {
        int process = _host.Process(600, "redis-server");
        int listener = _host.Listen(process, "0.0.0.0:6379");
        _host.Accept(listener, "10.0.0.9:40000", Kept);
        int off = _host.Accept(listener, "10.0.0.9:40001");

        Finding found = Assert.Single(Look("# redis\n\nevery connection to :6379: on, idle <= 300s   # as agreed"));
        Assert.Equal("'every connection to :6379: on, idle <= 300s' (line 3): otherwise on 1 of 2 connections, the first off, idle 7200 s.", found.Sentence);
        Assert.Equal((Severity.Critical, 3), (found.Severity, found.Line));
        Assert.Equal([off], found.Examples);
        Assert.Equal([600u], found.Pids);
        Assert.Contains("tcp-keepalive", found.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("connection to :5432: on", "'every' or 'some', not with 'connection'")]
    [InlineData("every socket: on", "'connection' or 'listener' comes second, not 'socket'")]
    [InlineData("every connection to :5432 on", "': ' and what is required are missing")]
    [InlineData("every connection via :5432: on", "'via' is not understood")]
    [InlineData("every connection to: on", "something is missing after 'to'")]
    [InlineData("every connection to :0: on", "'0' is no port")]
    [InlineData("every connection to 10.0.0.0/33: on", "prefix length")]
    [InlineData("every connection to :1 to :2: on", "'to' stands there twice")]
    [InlineData("every listener from 10.0.0.0/8: on", "a listener has no 'from'")]
    [InlineData("every connection to :5432: maybe", "'maybe' is no requirement")]
    [InlineData("every connection to :5432: on,", "'' is no requirement")]
    [InlineData("every connection to :5432: idle <= soon", "bad duration 'soon'")]
    [InlineData("every connection to :5432: colour = 3s", "'colour' cannot be compared")]
    [InlineData("every connection to :5432: count = 3s", "'3s' is no count")]
    [InlineData("every connection to [fd00::1]x: on", "'x' after ']' is not understood")]
    public void What_is_wrong_is_told_with_file_and_line(string line, string says)
    {
        string message = Assert.Throws<ExpectationException>(() => ExpectationFile.Parse("ka.expect", ["# first", line])).Message;
        Assert.StartsWith("ka.expect line 2: ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_sentence_is_a_mistake() =>
        Assert.StartsWith("ka.expect: no expectation is in it", Assert.Throws<ExpectationException>(() => ExpectationFile.Parse("ka.expect", ["# nothing"])).Message, StringComparison.Ordinal);

    private Finding[] Look(string file) => [.. new Expected(ExpectationFile.Parse("ka.expect", file.Split('\n'))).Look(Audited.Scope(_host))];

    private static void Kept(ref SocketRow row)
    {
        (row.Idle, row.Intvl, row.Cnt) = (MadeUpHost.Seconds(60), MadeUpHost.Seconds(20), 3);
        (row.Flags, row.Own) = (row.Flags | SocketFlags.Keepalive, KeepaliveSettings.Idle | KeepaliveSettings.Intvl | KeepaliveSettings.Cnt);
    }
}
