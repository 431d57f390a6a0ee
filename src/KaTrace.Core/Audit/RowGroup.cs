using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Audit;

/// <summary>What puts sockets into one finding.</summary>
/// <param name="Program">Name of the process, or why there is none.</param>
/// <param name="Side">Part of the sockets in their connections.</param>
/// <param name="Port">That of the server.</param>
/// <param name="Detail">What else a rule tells apart.</param>
internal readonly record struct RowGroupKey(string Program, ConnectionSide Side, ushort Port, string Detail);

/// <summary>Sockets that one finding speaks of.</summary>
internal sealed class RowGroup(RowGroupKey key, SocketTable table)
{
    private readonly List<int> _indices = [];

    public delegate uint Measure(in SocketRow row);

    public RowGroupKey Key => key;

    public IReadOnlyList<int> Indices => _indices;

    public int Count => _indices.Count;

    /// <summary>How many there were at the look before; null if there was none.</summary>
    public int? Before { get; set; }

    /// <summary>The first of them, which stands for all where they do not differ.</summary>
    public ref readonly SocketRow First => ref table.Rows[_indices[0]];

    public void Add(int index) => _indices.Add(index);

    public uint Max(Measure measure)
    {
        uint max = 0;
        foreach (int index in _indices)
            max = Math.Max(max, measure(in table.Rows[index]));
        return max;
    }

    public uint Min(Measure measure)
    {
        uint min = uint.MaxValue;
        foreach (int index in _indices)
            min = Math.Min(min, measure(in table.Rows[index]));
        return min;
    }

    /// <summary>Of those that hold the sockets, each once, in ascending order.</summary>
    public IReadOnlyList<uint> Pids()
    {
        SortedSet<uint> pids = [];
        foreach (int index in _indices)
        {
            foreach (SocketHolder holder in table.HoldersOf(in table.Rows[index]))
                pids.Add(table.Processes[holder.Process].Key.Pid);
        }

        return [.. pids];
    }
}
