using System.Globalization;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>All subscribers in one process: each counts its events, one looks how old they are.</summary>
internal static class FanoutClient
{
    private const int StreamsPerConnection = 10;

    private static long _received;
    private static readonly List<double> AgesNs = [];

    public static int Run(string address, int subscribers, bool selective)
    {
        KatraceConnection[] connections = [.. Enumerable.Range(0, (subscribers + StreamsPerConnection - 1) / StreamsPerConnection).Select(_ => KatraceConnection.Open(address))];
        StreamEventsRequest request = new();
        if (selective)
            request.Filters = new FilterList { AllowList = { new Filter { RemotePort = { 1024 + 77 } } } };
        using CountdownEvent live = new(subscribers);
        for (int i = 0; i < subscribers; i++)
            _ = Task.Run(ReadAsync(connections[i / StreamsPerConnection], request, live, looks: i == 0));
        live.Wait();
        Console.WriteLine("ready");
        long expected = 0;
        while (Console.ReadLine() is { Length: > 0 } line)
        {
            expected += long.Parse(line, CultureInfo.InvariantCulture);
            SpinWait.SpinUntil(() => Interlocked.Read(ref _received) >= expected);
            lock (AgesNs)
            {
                AgesNs.Sort();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{At(0.5):0} {At(0.99):0}"));
                AgesNs.Clear();
            }
        }

        return 0;
    }

    private static double At(double quantile) => AgesNs.Count == 0 ? 0 : AgesNs[(int)(quantile * (AgesNs.Count - 1))];

    private static Func<Task> ReadAsync(KatraceConnection connection, StreamEventsRequest request, CountdownEvent live, bool looks) => async () =>
    {
        using AsyncServerStreamingCall<byte[]> call = connection.Invoker.AsyncServerStreamingCall(RawStream.Method, null, default, request);
        bool isLive = false;
        while (await call.ResponseStream.MoveNext(default))
        {
            byte[] bytes = call.ResponseStream.Current;
            if (!isLive)
            {
                live.Signal();
                isLive = true;
                continue;
            }

            int count = RawStream.CountEvents(bytes);
            if (looks)
                Look(bytes);
            Interlocked.Add(ref _received, count);
        }
    };

    private static void Look(byte[] bytes)
    {
        ulong now = RealtimeOffset.MonotonicNs;
        lock (AgesNs)
        {
            foreach (Event one in StreamEventsResponse.Parser.ParseFrom(bytes).Events?.Events ?? [])
                AgesNs.Add(now - one.MonotonicNs);
        }
    }
}
