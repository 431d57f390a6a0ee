using Google.Protobuf;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.KernelTests.Net;
using KaTrace.Ring;
using KaTrace.V1;

namespace KaTrace.KernelTests.Stream;

/// <summary>A tracer with filters in the kernel, beside the one that sees everything: all that its ring has got.</summary>
internal sealed class FilteredEvents : IEventSink, IDisposable
{
    private readonly RingPipeReader _reader;
    private readonly List<EventRecord> _events = [];
    private readonly Thread _thread;
    private bool _reads;

    /// <param name="filters">As the API takes them.</param>
    /// <param name="ringBytes">A power of two.</param>
    public FilteredEvents(string filters, uint ringBytes = 1 << 20)
    {
        KernelAccess.Require();
        Filter = KernelFilter.Of(JsonParser.Default.Parse<FilterList>(filters));
        string backend = Environment.GetEnvironmentVariable("KATRACE_TEST_BACKEND") ?? "auto";
        Tracer = KeepaliveTracer.Start(new TracerOptions { Backend = backend, RingBytes = ringBytes, Filter = Filter });
        _reader = Tracer.OpenRing();
        Pipeline = new EventPipeline(_reader);
        _thread = new Thread(() => Pipeline.Run(this)) { IsBackground = true, Name = "filtered events" };
    }

    public KernelFilter Filter { get; }

    public KeepaliveTracer Tracer { get; }

    public EventPipeline Pipeline { get; }

    /// <summary>From here on the ring is read.</summary>
    public FilteredEvents Read()
    {
        _thread.Start();
        _reads = true;
        return this;
    }

    public EventRecord[] SoFar(Func<EventRecord, bool> fits)
    {
        lock (_events)
            return [.. _events.Where(fits)];
    }

    /// <summary>All that came, once so many have that fit, and what was under way then has.</summary>
    public EventRecord[] ReadToEnd(int expected, Func<EventRecord, bool> fits)
    {
        Until.True(() => SoFar(fits).Length >= expected, $"{expected} events let through by {Filter.Decided}");
        Stop();
        return SoFar(_ => true);
    }

    public void Dispose()
    {
        Stop();
        _reader.Complete();
        Tracer.Dispose();
    }

    void IEventSink.OnEvent(in EventRecord record)
    {
        lock (_events)
            _events.Add(record);
    }

    void IEventSink.OnBatchEnd()
    {
    }

    private void Stop()
    {
        _reader.Stop();
        if (_reads)
            _thread.Join();
    }
}
