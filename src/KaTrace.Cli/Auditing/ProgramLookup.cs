using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Auditing;

/// <summary>What programs are known by, each looked up once.</summary>
internal sealed class ProgramLookup : IDisposable
{
    private readonly Dictionary<ProcessKey, ProgramNames> _known = [];

    public ProgramNames Names(SocketProcess process)
    {
        if (!_known.TryGetValue(process.Key, out ProgramNames names))
            _known.Add(process.Key, names = new ProgramNames(process.Comm, Executable(process.Key.Pid), null));
        return names;
    }

    public void Dispose()
    {
    }

    private static string? Executable(uint pid)
    {
        try
        {
            return Path.GetFileName(new FileInfo($"/proc/{pid}/exe").LinkTarget);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
