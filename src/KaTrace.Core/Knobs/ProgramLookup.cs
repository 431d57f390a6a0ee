using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Knobs;

/// <summary>What is known of the processes of a table beyond their names.</summary>
internal sealed class ProgramLookup(IReadOnlyDictionary<ProcessKey, ProcessDetails> details)
{
    public static readonly ProgramLookup None = new(new Dictionary<ProcessKey, ProcessDetails>());

    /// <summary>A process may hold up whoever reads it: who has not answered by then is known by name alone.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    public static ProgramLookup Read(IReadOnlyList<SocketProcess> processes)
    {
        using ProcessCatalog catalog = new(capacity: Math.Max(processes.Count, ProcessCatalog.DefaultCapacity));
        ProcessDetails?[] found = catalog.FindAllAsync([.. processes.Select(process => process.Key)], Deadline).GetAwaiter().GetResult();
        return new ProgramLookup(found.OfType<ProcessDetails>().ToDictionary(one => one.Key));
    }

    /// <summary>Null if the process is gone, or has not answered.</summary>
    public ProcessDetails? Details(SocketProcess process) => details.GetValueOrDefault(process.Key);

    public ProgramNames Names(SocketProcess process) => ProgramNames.Of(process.Comm, Details(process), isGo: details.ContainsKey(process.Key) && GoProgram.IsRunBy(process.Key.Pid));
}
