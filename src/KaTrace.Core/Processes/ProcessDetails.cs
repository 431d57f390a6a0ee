namespace KaTrace.Processes;

/// <summary>A process as its owner knows it. Immutable. All texts are decoded, but not made safe to show: see
/// <see cref="HostileText"/>. What is not known is null.</summary>
internal sealed record ProcessDetails
{
    public required ProcessKey Key { get; init; }

    /// <summary>Name as the kernel has it, at most 15 bytes.</summary>
    public required string Comm { get; init; }

    /// <summary>Path as the process sees it, " (deleted)" behind it if the file is gone.</summary>
    public string? Executable { get; init; }

    /// <summary>The arguments joined by spaces, cut at <see cref="ProcessReader.MaxCommandLine"/> bytes.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The effective user, as this host numbers them.</summary>
    public uint? Uid { get; init; }

    /// <summary>Its name by /etc/passwd of this host.</summary>
    public string? User { get; init; }

    public DateTimeOffset Start { get; init; }

    public Container? Container { get; init; }

    /// <summary>systemd unit, on the host or inside the container.</summary>
    public string? Unit { get; init; }

    /// <summary>Kubernetes' uid of the pod.</summary>
    public string? PodUid { get; init; }

    /// <summary>What an interpreter runs (script, module, jar, main class), or the entry assembly of a .NET process.</summary>
    public string? Program { get; init; }

    /// <summary>Name and version, ".NET 10.0.1", of a process that says so itself.</summary>
    public string? Runtime { get; init; }
}
