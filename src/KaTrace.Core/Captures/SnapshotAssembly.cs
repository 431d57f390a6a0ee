using System.Diagnostics.CodeAnalysis;
using KaTrace.Hosts;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>Makes looks at the host of the parts that a capture has of them. Not thread-safe.</summary>
/// <param name="capture">Where they stand.</param>
internal sealed class SnapshotAssembly(Capture capture)
{
    private ReceivedHost? _host;
    private ulong _begunNs;
    private uint _parts;

    /// <summary>Takes the next part.</summary>
    /// <returns>Whether it was the last of a whole snapshot: parts without those before them are nothing.</returns>
    /// <exception cref="InvalidDataException">It is no part of a host that can be: the message names its place.</exception>
    public bool TryAdd(in SnapshotInfo info, CaptureSnapshot part, [NotNullWhen(true)] out IHostLook? look)
    {
        look = null;
        if (info.Part == 1)
            (_host, _begunNs, _parts) = (new ReceivedHost(), info.BegunNs, 0);
        if (_host is not { } host || info.BegunNs != _begunNs || info.Part != _parts + 1)
        {
            _host = null;
            return false;
        }

        _parts++;
        try
        {
            if (part.Host is { } piece)
                host.Add(piece);
            foreach (Connection connection in part.Connections)
                host.Add(connection);
            if (info.IsLast == 0)
                return false;
            _host = null;
            look = host.Build();
            return true;
        }
        catch (InvalidDataException e)
        {
            throw capture.Damage($"it claims {e.Message}");
        }
    }
}
