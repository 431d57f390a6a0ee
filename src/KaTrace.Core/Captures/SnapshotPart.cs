using Google.Protobuf;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>A part of a snapshot on its way into a file. <see cref="SnapshotAssembly"/> makes a look at the host of them again.</summary>
/// <param name="file">Number of the file that it is for: see <see cref="CaptureRecorder.Files"/>.</param>
/// <param name="info">Which part it is.</param>
/// <param name="body">A <see cref="CaptureSnapshot"/>.</param>
internal sealed class SnapshotPart(uint file, SnapshotInfo info, byte[] body)
{
    public readonly SnapshotInfo Info = info;

    /// <summary>Bytes of one, roughly: one process or socket alone has no more than some ten thousand.</summary>
    private const int EnoughBytes = 256 * 1024;

    public uint File => file;

    public ReadOnlySpan<byte> Body => body;

    /// <param name="look">At the host.</param>
    /// <param name="file">Number of the file that they are for.</param>
    /// <param name="begunNs">CLOCK_MONOTONIC before the look.</param>
    /// <param name="endedNs">CLOCK_MONOTONIC after it.</param>
    /// <returns>At least one, made as they are taken.</returns>
    public static IEnumerable<SnapshotPart> Of(IHostLook look, uint file, ulong begunNs, ulong endedNs)
    {
        uint number = 0;
        CaptureSnapshot? before = null;
        foreach (CaptureSnapshot part in Messages(look))
        {
            if (before is not null)
                yield return NewPart(before, isLast: false);
            before = part;
        }

        yield return NewPart(before!, isLast: true);

        SnapshotPart NewPart(CaptureSnapshot message, bool isLast) => new(file, new SnapshotInfo
        {
            BegunNs = begunNs,
            EndedNs = endedNs,
            RealtimeOffsetNs = look.Table.Clock.RealtimeOffsetNs,
            Part = ++number,
            IsLast = isLast ? 1u : 0u,
        }, message.ToByteArray());
    }

    private static IEnumerable<CaptureSnapshot> Messages(IHostLook look)
    {
        foreach (Host part in HostMessage.Parts(look, programs: true))
            yield return new CaptureSnapshot { Host = part };
        ConnectionMessage messages = new(look.Table, processes: null);
        CaptureSnapshot message = new();
        int bytes = 0;
        for (int i = 0; i < look.Table.Rows.Length; i++)
        {
            Connection connection = messages.From(in look.Table.Rows[i]);
            message.Connections.Add(connection);
            if ((bytes += connection.CalculateSize()) < EnoughBytes)
                continue;
            yield return message;
            (message, bytes) = (new CaptureSnapshot(), 0);
        }

        if (message.Connections.Count > 0)
            yield return message;
    }
}
