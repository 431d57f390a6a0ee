using System.Net.Sockets;
using KaTrace.KernelTests.Stream;

namespace KaTrace.KernelTests.Net;

/// <summary>Calls that syscall tracepoints do not show: those of 32-bit programs, or where the kernel runs none, those of
/// io_uring.</summary>
internal sealed class UntracedCalls : IDisposable
{
    private readonly IoUring? _ring;

    /// <summary>Ends the test without a verdict where the kernel has none that this backend does not see.</summary>
    public UntracedCalls(TracedEvents traced)
    {
        KernelAccess.Require();
        if (MachineProgram.Runs32Bit)
            return;
        Assert.SkipUnless(traced.SeesEveryWay || !traced.SeesIoUring, "this kernel runs no 32-bit programs, and this backend sees io_uring");
        _ring = new IoUring();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (_ring.TrySet(socket, KeepaliveSocket.SOL_SOCKET, KeepaliveSocket.SO_KEEPALIVE, 0))
            return;
        _ring.Dispose();
        Assert.Skip("this kernel runs no 32-bit programs, and its io_uring is older than 6.7 and sets no options");
    }

    public void Set(Socket socket, int level, int option, int value)
    {
        if (_ring is null)
            socket.SetFrom32Bit(level, option, value);
        else
            Assert.True(_ring.TrySet(socket, level, option, value));
    }

    public Socket Accept(Socket listener) => _ring?.Accept(listener) ?? listener.AcceptFrom32Bit();

    public void Dispose() => _ring?.Dispose();
}
