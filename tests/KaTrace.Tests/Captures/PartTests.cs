using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>What of a capture is shown when not all of it is asked for.</summary>
public sealed class PartTests
{
    private const ulong Second = 1_000_000_000;

    private static readonly KernelClock Clock = new(Sample.Hz, 0);

    /// <summary>An event each second of ten, from 0 on, and a loss at 5.5.</summary>
    private static readonly byte[] Ten = new Recorded().Write(Enumerable.Range(0, 11).Select(i => (Action<Recorded, CaptureWriter>)((r, w) =>
    {
        if (i == 6)
            r.Lost(w, Lost.Types.Place.KernelRing, 3, (11 * Second / 2), Clock);
        if (i < 10)
            r.Event(w, Sample.Probe with { TimeNs = (ulong)i * Second, Cookie = (ulong)i + 1 }, null, Clock);
    })));

    [Fact]
    public void From_is_shown_and_until_is_not() =>
        Assert.Equal(["3", "4"], Cookies(new() { Paths = [], Filter = EventFilter.Everything, From = At(2), Until = At(4) }));

    [Theory]
    [InlineData("1970-01-01T00:01:40Z", 100)]
    [InlineData("1970-01-01T01:01:40.5+01:00", 100.5)]
    [InlineData("1970-01-01T00:01:40.000000001Z", 100.000000001)]
    [InlineData("1970-01-01T01:01:40.12345678+01:00", 100.12345678)]
    [InlineData("1m30s", 1090)]
    public void Times_are_those_of_the_clock_or_after_the_beginning(string text, double seconds) =>
        Assert.Equal((long)Math.Round(seconds * Second), CaptureTime.Parse(text).ToUnixNs(1000 * (long)Second));

    [Fact]
    public void A_loss_is_told_at_its_place_where_that_is_asked_for()
    {
        Assert.Equal(["6", "LOST", "7"], Cookies(new() { Paths = [], Filter = EventFilter.Everything, From = At(5), Until = At(7) }));
        Assert.Equal(["7"], Cookies(new() { Paths = [], Filter = EventFilter.Everything, From = At(6), Until = At(7) }));
    }

    [Fact]
    public void So_many_are_shown_as_were_asked_for() =>
        Assert.Equal(["1", "2", "3"], Cookies(new() { Paths = [], Filter = EventFilter.Everything, Count = 3 }));

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-08-21T10:46:34")]
    [InlineData("")]
    public void A_time_without_a_zone_or_none_at_all_is_refused(string text) =>
        Assert.Equal($"bad time '{text}': write it like 2026-08-21T10:46:34Z, with a zone, or like 1m30s after the capture began", Assert.Throws<FormatException>(() => CaptureTime.Parse(text)).Message);

    private static CaptureTime At(int second) => CaptureTime.Parse($"1970-01-01T00:00:0{second}Z");

    private static string[] Cookies(ReplayOptions options) =>
        [.. Replayed.Of(options, Ten).Lines.Select(Event.Parser.ParseJson).Select(e => e.Kind == Event.Types.Kind.Lost ? "LOST" : $"{e.Socket.Cookie}")];
}
