namespace KaTrace.Captures;

/// <summary>Where a recording goes, and how much of it is kept.</summary>
internal sealed record CaptureOptions
{
    /// <summary>"-" is standard output.</summary>
    public required string Path { get; init; }

    public Compression Compression { get; init; }

    /// <summary>Bytes of all files together; the recording ends before it has more.</summary>
    public long? MaxSize { get; init; }

    /// <summary>Bytes of a file, roughly: another is begun then.</summary>
    public long? RotateSize { get; init; }

    /// <summary>How long a file is written to.</summary>
    public TimeSpan? RotateTime { get; init; }

    /// <summary>Files of a rotation that are left; older ones are deleted.</summary>
    public int? Keep { get; init; }

    /// <summary>How often what is written is forced onto the disk; null: at the end of each file.</summary>
    public TimeSpan? SyncEvery { get; init; }

    public bool Rotates => RotateSize is not null || RotateTime is not null;
}
