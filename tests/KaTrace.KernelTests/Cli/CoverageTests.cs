using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;
using KaTrace.KernelTests.Withheld;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary>That no event comes can be trusted: the command compares its probes with the kernel's own count.</summary>
public sealed partial class CoverageTests(TracedEvents traced)
{
    /// <summary>KATRACE_TEST_COVERAGE_SECONDS=60 is the long run.</summary>
    private static readonly double Seconds = double.Parse(
        Environment.GetEnvironmentVariable("KATRACE_TEST_COVERAGE_SECONDS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public void Two_thousand_connections_that_probe_each_second_are_covered_in_full() => AssertCovered("probe");

    [Fact]
    public void Probes_that_the_kernel_hides_are_covered_in_full() => AssertCovered("timeout");

    private void AssertCovered(string kind)
    {
        const int Connections = 2_000;
        KernelAccess.Require();
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.Listen(Connections);
        Socket[] clients = [.. Enumerable.Range(0, Connections).Select(_ => ns.NewSocket())];
        List<Socket> servers = [];
        try
        {
            using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--kind", kind, "--netns", $"{ns.Inode}");
            foreach (Socket client in clients)
            {
                client.SetKeepalive(idle: 1, interval: 1, count: 9);
                client.Connect(listener.LocalEndPoint!);
                servers.Add(listener.Accept());
            }

            int expected = (int)(Connections * Seconds);
            traced.WaitFor(expected, e => ns.Has(e) && e.Kind == EventKind.Probe, TimeSpan.FromSeconds((Seconds * 3) + 20));
            // The count of one namespace can be compared to the probe only while none is being sent.
            foreach (Socket client in clients)
                client.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
            long kernel = ns.KeepaliveProbes();
            Assert.Equal(0, katrace.Interrupt());

            Assert.Equal(kind == "probe" ? kernel : 0, katrace.AllEvents().LongLength);
            Match summary = Summary().Match(katrace.Errors.All()[^1]);
            Assert.True(summary.Success, katrace.Errors.All()[^1]);
            Assert.Equal("100", summary.Groups["percent"].Value);
            Assert.InRange(long.Parse(summary.Groups["probes"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture), kernel, long.MaxValue);
        }
        finally
        {
            foreach (Socket socket in clients.Concat(servers))
                socket.Dispose();
        }
    }

    [GeneratedRegex(@"(?<percent>[\d.]+) % of (?<probes>[\d,]+) probes seen, by the kernel's own count$")]
    private static partial Regex Summary();
}
