using KaTrace.Filters;

namespace KaTrace.Cli.Replaying;

/// <summary>What of a capture is shown, and how fast.</summary>
internal sealed record ReplayOptions
{
    /// <summary>"-" is standard input.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    public required EventFilter Filter { get; init; }

    public ulong? Count { get; init; }

    public CaptureTime? From { get; init; }

    public CaptureTime? Until { get; init; }

    /// <summary>Times the speed of what happened; null: as fast as it can be read.</summary>
    public double? Speed { get; init; }
}
