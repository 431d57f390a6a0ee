namespace KaTrace.Cli.Streaming;

/// <summary>What came of a run.</summary>
/// <param name="Shown">Events.</param>
/// <param name="Hidden">By filters, in the kernel and here.</param>
/// <param name="Lost">By place, where any were.</param>
/// <param name="Probes">Those traced, and those of the kernel's own count.</param>
internal sealed record StreamTotals(
    ulong Shown, ulong Hidden, IReadOnlyList<(V1.Lost.Types.Place Place, ulong Count)> Lost, (ulong Traced, ulong Kernel) Probes);
