using KaTrace.Server.Hosting;

namespace KaTrace.Tests.Server;

public sealed class CalmWarningsTests
{
    [Fact]
    public void Some_a_minute_are_told_and_then_how_many_were_not()
    {
        List<string> told = [];
        SetClock clock = new();
        CalmWarnings warnings = new(told.Add, clock);
        for (int i = 0; i < 1_000; i++)
            warnings.Warn($"refused {i}");
        Assert.Equal(Enumerable.Range(0, CalmWarnings.AMinute).Select(i => $"refused {i}"), told);

        told.Clear();
        clock.Seconds += 60;
        warnings.Warn("refused again");

        Assert.Equal(["980 more warnings like these, before the next one", "refused again"], told);
    }

    private sealed class SetClock : TimeProvider
    {
        public long Seconds { get; set; } = 1_000;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
