using System.Buffers;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Tests.Hosts;

namespace KaTrace.Fuzz;

/// <summary>Reads an input as a capture, to lines of text and of JSON, inspects it, and tells of its host. All that may come of it is an
/// <see cref="InvalidDataException"/>.</summary>
internal static class CaptureTarget
{
    private static readonly ReplayOptions Everything = new() { Paths = [], Filter = EventFilter.Everything };

    public static void Run(byte[] input)
    {
        Read(input);
        // Few inputs have checksums that fit, and nothing behind these would be tried.
        Sign(input);
        Read(input);
    }

    private static void Read(byte[] input)
    {
        Allow(Replay, input);
        Allow(Inspect, input);
        Allow(TellHost, input);
    }

    private static void Allow(Action<byte[]> read, byte[] input)
    {
        try
        {
            read(input);
        }
        catch (InvalidDataException)
        {
            // As it should be.
        }
    }

    private static Capture Open(byte[] input) => Capture.Read(new MemoryStream(input), "input");

    private static void Inspect(byte[] input)
    {
        using Capture capture = Open(input);
        new Inspection(capture, TextWriter.Null).Run(listBlocks: true);
    }

    /// <summary>As list, audit and explain would: at the end, and a nanosecond to some minutes before it, as the length of the input says.</summary>
    private static void TellHost(byte[] input)
    {
        using RecordedHost atEnd = new(() => new CaptureFiles([Open(input)]), at: null);
        SocketTable table = atEnd.Look(programs: true).Table;
        using RecordedHost before = new(() => new CaptureFiles([Open(input)]), _ => ((table.Time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick) - (1L << (input.Length % 40)));
        IHostLook look = before.Look(programs: true);
        PrintedHost.Of(look);
        if (!look.Table.Rows.IsEmpty)
            before.Last(in look.Table.Rows[0], count: 10);
    }

    private static void Replay(byte[] input)
    {
        using Capture capture = Open(input);
        Discarded output = new();
        CapturePipeReader reader = new(capture);
        ReplaySink sink = new(Everything, 0, output, clock: null, reader.Stop);
        sink.Open(capture, reader, new AllWriters(output, capture.Header.NodeName));
        new EventPipeline(reader).Run(sink);
    }

    /// <summary>Gives each block that can be found the checksum that it should have.</summary>
    private static void Sign(byte[] input)
    {
        for (int at = CaptureFormat.FileHeadSize; at + Unsafe.SizeOf<BlockHead>() <= input.Length;)
        {
            BlockHead head = MemoryMarshal.Read<BlockHead>(input.AsSpan(at));
            if (head.InfoLength > CaptureFormat.MostInfo || head.BodyLength > CaptureFormat.MostBody)
                return;
            int length = CaptureFormat.BlockLength(in head);
            if (length > input.Length - at)
                return;
            Span<byte> block = input.AsSpan(at, length);
            MemoryMarshal.Write(block[^CaptureFormat.ChecksumSize..], XxHash3.HashToUInt64(block[..^CaptureFormat.ChecksumSize]));
            at += length;
        }
    }

    private sealed class Discarded : IBufferWriter<byte>, IEventOutput
    {
        private byte[] _buffer = new byte[64 * 1024];

        public bool IsClosed => false;

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (_buffer.Length < sizeHint)
                _buffer = new byte[sizeHint];
            return _buffer;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

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
}
