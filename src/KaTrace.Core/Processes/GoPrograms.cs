using System.Diagnostics;

namespace KaTrace.Processes;

/// <summary>Remembers which processes run a program written in Go. Not thread-safe.</summary>
internal sealed class GoPrograms
{
    /// <summary>For all together: many may lie on a file system that does not answer. Of further ones it is not known, then.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ProcessKey, bool> _known = [];
    private TimeSpan _spent;

    public bool Has(ProcessKey process)
    {
        if (_known.TryGetValue(process, out bool isGo) || _spent > Patience)
            return isGo;
        long start = Stopwatch.GetTimestamp();
        isGo = GoProgram.IsRunBy(process.Pid);
        _spent += Stopwatch.GetElapsedTime(start);
        return _known[process] = isGo;
    }
}
