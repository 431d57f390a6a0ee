using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>Server CPU an event and subscriber, and delivered events a second, with 1, 10 and 100 subscribers; and how old an event is
/// when it comes. Beside a server that sends a generated message an event, as most do.</summary>
internal sealed class FanoutQuestion : IQuestion
{
    private const ulong Deliveries = 1_000_000;

    public string Name => "fanout";

    public IEnumerable<Row> Ask(bool quick)
    {
        foreach (string transport in (string[])["unix", "tcp"])
        {
            foreach (int subscribers in quick ? (int[])[1, 10] : [1, 10, 100])
            {
                foreach (Row row in Deliver(transport, subscribers, quick))
                    yield return row;
            }
        }

        Figures selective = Measure("ours", "unix", 10, selective: true, rate: 0, quick ? 20_000ul : 200_000);
        yield return new Row("fanout, ns CPU an event and subscriber, 10 with a filter that shows 1 of 32,768", $"{selective.CpuNs:0}", "");
        foreach (int rate in (int[])[1_000, 10_000])
        {
            ulong count = (ulong)(quick ? rate / 5 : rate * 5);
            Figures ours = Measure("ours", "unix", 1, false, rate, count), objects = Measure("objects", "unix", 1, false, rate, count);
            yield return new Row($"fanout, us from made to received, p50, {rate:N0}/s", $"{ours.P50Us:0}", $"{objects.P50Us:0}", ours.P50Us / objects.P50Us, Target.AtMost(1));
            yield return new Row($"fanout, us from made to received, p99, {rate:N0}/s", $"{ours.P99Us:0}", $"{objects.P99Us:0}", ours.P99Us / objects.P99Us, Target.AtMost(1));
        }
    }

    private static IEnumerable<Row> Deliver(string transport, int subscribers, bool quick)
    {
        Sample ours = new(), objects = new(), oursPerSecond = new(), objectsPerSecond = new();
        Figures last = default;
        ulong events = (quick ? Deliveries / 50 : Deliveries) / (ulong)subscribers;
        for (int round = 0; round < (quick ? 1 : 3); round++)
        {
            last = Measure("ours", transport, subscribers, false, 0, events);
            ours.Add(last.CpuNs);
            oursPerSecond.Add(last.PerSecond / 1e6);
            Figures peer = Measure("objects", transport, subscribers, false, 0, events / 4);
            objects.Add(peer.CpuNs);
            objectsPerSecond.Add(peer.PerSecond / 1e6);
        }

        yield return new Row($"fanout, ns CPU an event and subscriber, {subscribers} on {transport}: message an event", ours.Text("0"), objects.Text("0"), objects.Median / ours.Median, Target.AtLeast(12));
        yield return new Row($"fanout, million deliveries/s, {subscribers} on {transport}: message an event", oursPerSecond.Text("0.00"), objectsPerSecond.Text("0.00"), oursPerSecond.Median / objectsPerSecond.Median);
        yield return new Row($"fanout, bytes of garbage an event, {subscribers} on {transport}; MB of memory", $"{last.Garbage:0.0}; {last.Megabytes:0}", "");
    }

    private static Figures Measure(string kind, string transport, int subscribers, bool selective, int rate, ulong events)
    {
        using TemporaryAddress address = new(transport);
        using Peer server = Peer.StartOurs(0, Roles.FanoutServer, [kind, address.Text, $"{rate}"]);
        server.WaitReady();
        using Peer client = Peer.StartOurs(1, Roles.FanoutClient, [address.Text, $"{subscribers}", $"{selective}"]);
        client.WaitReady();
        if (rate == 0)
            Run(events / 10); // compiled, connected, buffers grown
        (ulong[] made, ulong[] received) = Run(events);
        client.Join();
        server.Join();
        double deliveries = (double)events * (ulong)subscribers;
        return new Figures(made[0] / deliveries, deliveries / (made[1] / 1e9), (double)made[2] / events, made[3] / 1e6, received[0] / 1e3, received[1] / 1e3);

        (ulong[] Made, ulong[] Received) Run(ulong count)
        {
            client.Tell(selective ? count / 32_768 * (ulong)subscribers : count * (ulong)subscribers);
            return (server.Ask(count), client.Hear());
        }
    }

    private readonly record struct Figures(double CpuNs, double PerSecond, double Garbage, double Megabytes, double P50Us, double P99Us);
}
