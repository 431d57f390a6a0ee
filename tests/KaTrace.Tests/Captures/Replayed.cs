using System.Buffers;
using System.Text;
using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;

namespace KaTrace.Tests.Captures;

/// <summary>What a capture shows, from the bytes of its file to JSON lines.</summary>
internal sealed class Replayed : IEventOutput
{
    private static readonly ReplayOptions Everything = new() { Paths = [], Filter = EventFilter.Everything };

    private readonly ArrayBufferWriter<byte> _lines = new();

    public string[] Lines => Encoding.UTF8.GetString(_lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What is wrong with the file; null: nothing.</summary>
    public string? Damage { get; private set; }

    /// <summary>It ends as a recording ends.</summary>
    public bool IsWhole { get; private set; }

    public int CutBytes { get; private set; }

    public ulong Undecodable { get; private set; }

    public ulong Missing { get; private set; }

    public bool IsClosed => false;

    public static Replayed Of(params IEnumerable<byte[]> files) => Of(Everything, files);

    public static Replayed Of(ReplayOptions options, params IEnumerable<byte[]> files)
    {
        Replayed replayed = new();
        ReplaySink? sink = null;
        foreach (byte[] file in files)
        {
            try
            {
                using Capture capture = Capture.Read(new MemoryStream(file), "a.katrace");
                CapturePipeReader reader = new(capture);
                sink ??= new ReplaySink(options, capture.Clock.ToUnixNs(capture.Header.BegunMonotonicNs), replayed, clock: null, reader.Stop);
                sink.Open(capture, reader, new JsonEventWriter(replayed._lines, capture.Header.NodeName));
                EventPipeline pipeline = new(reader);
                pipeline.Run(sink);
                (replayed.IsWhole, replayed.CutBytes, replayed.Undecodable, replayed.Missing) = (capture.End is not null, capture.CutBytes, pipeline.Undecodable, pipeline.Sequences.Missing);
            }
            catch (InvalidDataException e)
            {
                replayed.Damage = e.Message;
            }
        }

        return replayed;
    }

    public void FlushIfLarge()
    {
    }

    public void Flush()
    {
    }

    public void LookForReader()
    {
    }
}
