using KaTrace.Captures;
using KaTrace.Hosts;

namespace KaTrace.KernelTests.Cli;

/// <summary>The snapshots of a capture that is being written.</summary>
internal static class RecordedSnapshots
{
    public static int Count(string file)
    {
        int count = 0;
        using Capture capture = Capture.Open(file);
        SnapshotAssembly assembly = new(capture);
        capture.OnSnapshot = (in info, read) => count += assembly.TryAdd(in info, read(), out IHostLook? _) ? 1 : 0;
        while (capture.TryReadRecords(out _))
        {
        }

        return count;
    }
}
