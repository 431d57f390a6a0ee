namespace KaTrace.Knobs;

/// <summary>What a process may be known by: not made safe, see <see cref="Processes.HostileText"/>.</summary>
/// <param name="Comm">Name of the process.</param>
/// <param name="Executable">File name of its executable, without the directory; null if not known.</param>
/// <param name="Runs">What its interpreter runs: a script, a jar, a main class, an assembly; null if nothing, or not known.</param>
internal readonly record struct ProgramNames(string Comm, string? Executable, string? Runs)
{
    public bool Any(Func<string, bool> fits) =>
        (Runs is not null && fits(Runs)) || (Executable is not null && fits(Executable)) || fits(Comm);
}
