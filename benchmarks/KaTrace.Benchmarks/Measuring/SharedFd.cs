using KaTrace.Benchmarks.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A copy of a descriptor that processes started meanwhile inherit: the kernel makes those of BPF close-on-exec.</summary>
internal sealed class SharedFd(int fd) : IDisposable
{
    private readonly SafeFileHandle _copy = new(Native.dup(fd), ownsHandle: true);

    public int Number => (int)_copy.DangerousGetHandle();

    public void Dispose() => _copy.Dispose();
}
