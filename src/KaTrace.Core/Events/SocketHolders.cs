using System.Diagnostics.CodeAnalysis;

namespace KaTrace.Events;

/// <summary>Reads who held a descriptor of the socket when all were last looked at.</summary>
internal static class SocketHolders
{
    /// <summary>The first of them, in ascending order: the record has room for a few.</summary>
    public static ReadOnlySpan<uint> Pids([UnscopedRef] in EventRecord record)
    {
        ReadOnlySpan<uint> pids = record.Holder;
        return pids[..Math.Min((int)record.Holders, pids.Length)];
    }

    /// <summary>How many there are beside the owner. Where it is not among those that are named, it is taken for one of the others.</summary>
    public static uint BesideOwner(in EventRecord record)
    {
        ReadOnlySpan<uint> pids = Pids(in record);
        bool ownerHolds = (record.Flags & EventFlags.Owner) != 0 && (record.Holders > pids.Length || pids.Contains(record.Tgid));
        return record.Holders - (ownerHolds ? 1u : 0u);
    }
}
