using System.Diagnostics;

namespace KaTrace.KernelTests.Net;

/// <summary>A process that a tested program has started: gone with the test.</summary>
internal sealed class ChildProcess(uint pid) : IDisposable
{
    private readonly Process _process = Process.GetProcessById((int)pid);

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
