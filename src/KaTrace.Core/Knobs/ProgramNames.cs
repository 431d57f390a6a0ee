using KaTrace.Processes;

namespace KaTrace.Knobs;

/// <summary>What a process may be known by: not made safe, see <see cref="HostileText"/>.</summary>
internal sealed record ProgramNames(IReadOnlyList<string> All)
{
    /// <summary>Of entries of <c>knobs.json</c> that speak of all programs of .NET, under whatever name they run.</summary>
    private const string DotNet = "dotnet";

    /// <summary>The same for programs written in Go.</summary>
    private const string Go = "go:";

    public static ProgramNames Of(string comm, ProcessDetails? details, bool isGo)
    {
        List<string> names = [comm];
        if (details?.Executable is { } executable)
            names.Add(Path.GetFileName(executable.Replace(" (deleted)", "", StringComparison.Ordinal)));
        if (details?.Program is { } program)
            names.AddRange(program, Path.GetFileName(program));
        if (details?.Runtime?.StartsWith(".NET", StringComparison.Ordinal) == true)
            names.Add(DotNet);
        if (isGo)
            names.Add(Go);
        return new ProgramNames(names);
    }
}
