using System.Text;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Knobs;

/// <summary>What is known of the processes of a table beyond their names.</summary>
/// <param name="details">Of those that are known.</param>
/// <param name="runsGo">Whether its program is written in Go; asked for those alone.</param>
internal sealed class ProgramLookup(IReadOnlyDictionary<ProcessKey, ProcessDetails> details, Func<ProcessKey, bool> runsGo)
{
    public static readonly ProgramLookup None = new(new Dictionary<ProcessKey, ProcessDetails>(), _ => false);

    /// <summary>A process may hold up whoever reads it: who has not answered by then is known by name alone.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    public static ProgramLookup Read(IReadOnlyList<SocketProcess> processes)
    {
        using ProcessCatalog catalog = new(capacity: Math.Max(processes.Count, ProcessCatalog.DefaultCapacity));
        ProcessDetails?[] found = catalog.FindAllAsync([.. processes.Select(process => process.Key)], Deadline).GetAwaiter().GetResult();
        return Of(processes, found);
    }

    /// <param name="processes">Which.</param>
    /// <param name="found">What /proc says of each, in the same order. That of another name is left out: the process runs another
    /// program by now.</param>
    public static ProgramLookup Of(IReadOnlyList<SocketProcess> processes, IReadOnlyList<ProcessDetails?> found) => new(
        processes.Zip(found).Where(pair => pair.Second?.Comm == pair.First.Comm).ToDictionary(pair => pair.First.Key, pair => pair.Second!),
        new GoPrograms().Has);

    /// <summary>Null if the process is gone, or has not answered.</summary>
    public ProcessDetails? Details(SocketProcess process) => details.GetValueOrDefault(process.Key);

    /// <summary>All processes of a table, in its order.</summary>
    public ProcessIdentity[] Identify(SocketTable table) =>
        [.. table.Processes.Select(process => new ProcessIdentity(process.Key, Encoding.UTF8.GetBytes(process.Comm), Details(process)))];

    public ProgramNames Names(SocketProcess process) => ProgramNames.Of(process.Comm, Details(process), RunsGo(process));

    public bool RunsGo(SocketProcess process) => details.ContainsKey(process.Key) && runsGo(process.Key);
}
