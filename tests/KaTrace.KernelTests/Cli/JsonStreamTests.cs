using System.Net.Sockets;
using KaTrace.KernelTests.Net;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary>What a program that reads <c>-o json</c> can rely on. That each line is a katrace.v1.Event, and no more than
/// that, <see cref="KatraceProcess"/> checks by parsing it.</summary>
public sealed class JsonStreamTests
{
    [Fact]
    public void Sequence_is_dense_and_time_goes_forward_on_each_CPU()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--count", "500");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        for (int i = 1; i <= 500; i++)
            socket.Set(SOL_SOCKET, SO_KEEPALIVE, i & 1);

        Assert.Equal(0, katrace.WaitForExit());
        Event[] events = katrace.AllEvents();
        Assert.Equal(Enumerable.Range(1, 500).Select(i => (ulong)i), events.Select(e => e.Sequence));
        foreach (IGrouping<uint, Event> cpu in events.Where(e => e.Kind != Event.Types.Kind.Lost).GroupBy(e => e.Cpu))
        {
            Assert.All(cpu.Zip(cpu.Skip(1)), pair =>
            {
                Assert.True(pair.First.MonotonicNs < pair.Second.MonotonicNs, $"{pair}");
                Assert.True(pair.First.CpuSequence < pair.Second.CpuSequence, $"{pair}");
            });
        }
    }

    [Fact]
    public void Time_is_the_wall_clock_at_the_call()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ulong inode = socket.Inode();

        DateTime before = DateTime.UtcNow;
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        DateTime after = DateTime.UtcNow;

        Event e = katrace.WaitForEvent(e => e.Socket?.Inode == inode);
        TimeSpan drift = TimeSpan.FromMilliseconds(5); // of the clocks' distance, which is looked at once a second
        Assert.InRange(e.Time.ToDateTime(), before - drift, after + drift);
        Assert.Equal(Environment.MachineName, e.NodeName);
    }
}
