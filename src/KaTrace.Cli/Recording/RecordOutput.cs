using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Events;

namespace KaTrace.Cli.Recording;

/// <summary>When blocks are handed to the recorder, and lines to standard output if they are printed too.</summary>
internal sealed class RecordOutput(CaptureRecorder recorder, CaptureWriter writer, StandardOutput? printed) : IEventOutput
{
    public bool IsClosed => recorder.IsClosed || printed is { IsClosed: true };

    public void FlushIfLarge() => printed?.FlushIfLarge();

    public void Flush() => printed?.Flush();

    public void LookForReader()
    {
        writer.SealIfOld(RealtimeOffset.MonotonicNs);
        printed?.LookForReader();
    }
}
