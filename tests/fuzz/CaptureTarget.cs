using System.Buffers;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;

namespace KaTrace.Fuzz;

/// <summary>Reads an input as a capture, to lines of text and of JSON, and inspects it. All that may come of it is an
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
        try
        {
            Replay(input);
            using Capture capture = Capture.Read(new MemoryStream(input), "input");
            new Inspection(capture, TextWriter.Null).Run(listBlocks: true);
        }
        catch (InvalidDataException)
        {
            // As it should be.
        }
    }

    private static void Replay(byte[] input)
    {
        using Capture capture = Capture.Read(new MemoryStream(input), "input");
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
