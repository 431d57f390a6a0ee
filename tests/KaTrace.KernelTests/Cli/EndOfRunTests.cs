using System.Net.Sockets;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Cli;

/// <summary>How <c>katrace stream</c> ends, and that it then says what it has shown.</summary>
public sealed class EndOfRunTests
{
    private const string Summary = @"^katrace: [\d,]+ events shown(, [\d,]+ hidden by filters)?, (none lost|lost .+?)(; [\d.]+ % of [\d,]+ probes seen, by the kernel's own count)?$";

    [Theory]
    [InlineData(KatraceProcess.SIGINT)]
    [InlineData(KatraceProcess.SIGTERM)]
    [InlineData(KatraceProcess.SIGHUP)]
    public void A_signal_ends_it_as_a_success_with_what_was_shown_and_lost(int signal)
    {
        using KatraceProcess katrace = KatraceProcess.Stream();
        katrace.Signal(signal);

        Assert.Equal(0, katrace.WaitForExit());
        Assert.Matches(Summary, katrace.Errors.All()[^1]);
    }

    [Fact]
    public void A_closed_pipe_ends_it_though_no_further_event_is_shown()
    {
        KernelAccess.Require();
        using PythonProcess python = new();
        using KatraceProcess shell = KatraceProcess.StartBy("bash", "-o", "pipefail", "-c", """
            "$0" stream -o json --pid "$1" | head -1
            """, KatraceProcess.Executable, $"{python.Pid}").Live();
        python.Do("socket().setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)"); // one, and never again

        Assert.Equal(0, shell.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Single(shell.Output.All());
        Assert.Matches(Summary, shell.Errors.All()[^1]);
    }

    [Fact]
    public void Count_ends_it_after_exactly_so_many_lines()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("--count", "3");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        for (int i = 0; i < 100; i++)
            socket.Set(SOL_SOCKET, SO_KEEPALIVE, i & 1);

        Assert.Equal(0, katrace.WaitForExit());
        Assert.Equal(3, katrace.Output.All().Length);
        Assert.StartsWith("katrace: 3 events shown", katrace.Errors.All()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Duration_ends_it_when_the_time_is_over()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("--duration", "1s");

        Assert.Equal(0, katrace.WaitForExit());
        Assert.Matches(Summary, katrace.Errors.All()[^1]);
    }
}
