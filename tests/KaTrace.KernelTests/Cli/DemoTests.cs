using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>--demo</c> shows a newcomer everything there is.</summary>
public sealed class DemoTests
{
    [Fact]
    public void The_demo_shows_every_kind_within_ten_seconds_but_for_what_needs_a_full_queue()
    {
        HashSet<Event.Types.Kind> missing = [.. Enum.GetValues<Event.Types.Kind>()];
        missing.ExceptWith([Event.Types.Kind.Unspecified, Event.Types.Kind.Lost, Event.Types.Kind.LocalDrop]);
        using KatraceProcess katrace = KatraceProcess.Stream("--demo", "-o", "json");

        katrace.WaitForEvent(e =>
        {
            if (e.Process?.Pid == katrace.Pid)
                missing.Remove(e.Kind);
            return missing.Count == 0;
        }, TimeSpan.FromSeconds(10));
        Assert.Equal(0, katrace.Interrupt());
    }
}
