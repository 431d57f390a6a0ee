using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>A program's hold on its hook. Held by a descriptor only: it ends with the process, even by SIGKILL.</summary>
internal sealed class BpfLink : SafeHandle
{
    public BpfLink(nint link)
        : base(0, ownsHandle: true) => SetHandle(link);

    public override bool IsInvalid => handle == 0;

    /// <summary>One pass of an iterator: a file that runs the program for each object as it is read.</summary>
    public Stream CreateIterator()
    {
        int fd = Libbpf.bpf_iter_create(Libbpf.bpf_link__fd(handle));
        return fd >= 0
            ? new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0)
            : throw BpfAdvice.Explain("start an iterator", -fd);
    }

    protected override bool ReleaseHandle() => Libbpf.bpf_link__destroy(handle) == 0;
}
