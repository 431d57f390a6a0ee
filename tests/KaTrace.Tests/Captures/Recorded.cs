using System.Buffers;
using System.Text;
using CsCheck;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>Events on their way into a file, and the JSON lines that were to be seen meanwhile.</summary>
internal sealed class Recorded
{
    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly JsonEventWriter _json;
    private ulong _sequence;

    public Recorded() => _json = new JsonEventWriter(_lines, Header.NodeName);

    public CaptureHeader Header { get; } = new()
    {
        ToolVersion = "1.2.3", NodeName = "node-1", KernelRelease = "6.12.1", Architecture = "x86_64", BootId = "b007", Hz = Sample.Hz,
        RecordingId = "r1", Layout = RecordLayouts.Current,
    };

    /// <summary>What a live stream has shown.</summary>
    public string[] Lines => Encoding.UTF8.GetString(_lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Of events and losses at random, with odd names, and a clock that is set now and then.</summary>
    public static Gen<Action<Recorded, CaptureWriter>> Steps { get; } = Gen.Frequency(
        (8, from raw in RandomEvents.Records
            from process in RandomEvents.Processes
            from clock in Clocks
            select (Action<Recorded, CaptureWriter>)((recorded, writer) => recorded.Event(writer, raw, process, clock))),
        (1, from place in Gen.Int[1, 10]
            from count in Gen.ULong[1, 1000]
            from time in Gen.ULong[1, 1000]
            from clock in Clocks
            select (Action<Recorded, CaptureWriter>)((recorded, writer) => recorded.Lost(writer, (Lost.Types.Place)place, count, time, clock))));

    /// <summary>Of the files being written.</summary>
    public CaptureRecorder? Recorder { get; private set; }

    private static Gen<KernelClock> Clocks => Gen.Long[0, 2].Select(step => new KernelClock(Sample.Hz, step * 1_000_000_000));

    /// <summary>Records what steps say, and returns the files' bytes.</summary>
    public byte[] Write(IEnumerable<Action<Recorded, CaptureWriter>> steps, Compression compression = Compression.None)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        Write(steps, new CaptureOptions { Path = path, Compression = compression });
        return File.ReadAllBytes(path);
    }

    public void Write(IEnumerable<Action<Recorded, CaptureWriter>> steps, CaptureOptions options)
    {
        using CaptureRecorder recorder = new(options, Header);
        Recorder = recorder;
        CaptureWriter writer = new(recorder);
        foreach (Action<Recorded, CaptureWriter> step in steps)
            step(this, writer);
        writer.Complete();
        recorder.Complete(new CaptureEnd());
        Assert.Null(recorder.Failure);
    }

    /// <summary>A process owns what its name says.</summary>
    public void Event(CaptureWriter writer, RawEvent raw, ProcessIdentity? process, KernelClock clock)
    {
        if (process is not null)
        {
            raw = raw with { Tgid = process.Key.Pid, StartNs = process.Key.StartBoottimeNs, Flags = raw.Flags | EventFlags.Owner, Comm = RawEvent.Name(process.RecordComm[..Math.Min(process.RecordComm.Length, 15)]) };
        }
        else
        {
            raw = raw with { Flags = raw.Flags & ~EventFlags.Owner };
        }

        EventRecord record = (raw with { Size = (ushort)RecordLayouts.Current.Size }).ToRecord();
        if (process is not null && !process.HasComm(RecordComm.Of(in record)))
            process = Renamed(process, RecordComm.Of(in record));
        _json.Write(in record, process, ++_sequence, in clock);
        writer.Write(in record, process, _sequence, in clock);
    }

    public void Lost(CaptureWriter writer, Lost.Types.Place place, ulong count, ulong timeNs, KernelClock clock)
    {
        _json.WriteLost(place, count, timeNs, ++_sequence, in clock);
        writer.WriteLost(place, count, timeNs, _sequence, in clock);
    }

    private static ProcessIdentity Renamed(ProcessIdentity process, ReadOnlySpan<byte> comm) =>
        new(process.Key, comm, process.Details is { } details ? details with { Comm = HostileText.Decode(comm) } : null);
}
