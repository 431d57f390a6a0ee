using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>A program that accepts and connects, as a proxy does: keepalive is hop by hop, so both legs need it.</summary>
internal sealed class HalfProxied : AuditRule
{
    private const int MaxExamples = 3;

    public override string Id => "half-proxied";

    public override Severity Severity => Severity.Info;

    public override string Summary => "a program that accepts and connects has keepalive on for all connections of one kind, and for none of the other";

    public override IEnumerable<Finding> Look(AuditScope scope)
    {
        // Workers of one program have one command line; two scripts of one interpreter do not.
        Dictionary<(string Program, string? CommandLine), Legs> programs = [];
        ReadOnlySpan<SocketRow> rows = scope.Table.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            ref readonly SocketRow row = ref rows[i];
            // What a program says to itself is no leg.
            if (!row.IsConnected || row.HolderCount == 0 || IsOwnPeer(in row, scope))
                continue;
            SocketProcess owner = scope.OwnerOf(in row)!;
            (string, string?) program = (owner.Comm, scope.Programs.Details(owner)?.CommandLine);
            if (!programs.TryGetValue(program, out Legs? legs))
                programs.Add(program, legs = new Legs());
            legs.Add(i, in row, owner.Key.Pid);
        }

        foreach (((string program, _), Legs legs) in programs)
        {
            if (legs.Off is { } off)
                yield return Tell(program, legs, off, scope);
        }
    }

    private static bool IsOwnPeer(in SocketRow row, AuditScope scope) =>
        row.Peer >= 0 && scope.ProgramOf(in scope.Table.Rows[row.Peer]) == scope.ProgramOf(in row);

    private Finding Tell(string program, Legs legs, ConnectionSide off, AuditScope scope)
    {
        (Leg silent, Leg kept) = off == ConnectionSide.Accepted ? (legs.Accepted, legs.Connecting) : (legs.Connecting, legs.Accepted);
        return new Finding
        {
            Rule = Id,
            Severity = Severity,
            Program = program,
            Pids = [.. legs.Pids],
            Side = off,
            Count = silent.Rows.Count,
            Sentence = off == ConnectionSide.Accepted
                ? $"keepalive on towards its servers ({CountText.Of(kept.Rows.Count, "connection")}), and off towards its clients ({silent.Rows.Count:N0}): where it passes data on, keepalive reaches one hop only."
                : $"keepalive on towards its clients ({CountText.Of(kept.Rows.Count, "connection")}), and off towards its servers ({silent.Rows.Count:N0}): where it passes data on, keepalive reaches one hop only.",
            Remedy = scope.Remedy(in scope.Table.Rows[silent.Rows[0]], KnobEffect.On),
            Examples = [.. silent.Rows.Take(MaxExamples)],
        };
    }

    private sealed class Legs
    {
        public Leg Accepted { get; } = new();

        public Leg Connecting { get; } = new();

        public SortedSet<uint> Pids { get; } = [];

        /// <summary>The leg that has none at all, where the other one has it throughout.</summary>
        public ConnectionSide? Off => Accepted.IsNone && Connecting.IsAll ? ConnectionSide.Accepted
            : Connecting.IsNone && Accepted.IsAll ? ConnectionSide.Connecting
            : null;

        public void Add(int index, in SocketRow row, uint pid)
        {
            Pids.Add(pid);
            (ConnectionSides.Of(in row) == ConnectionSide.Accepted ? Accepted : Connecting).Add(index, row.KeepaliveOn);
        }
    }

    private sealed class Leg
    {
        private int _on;

        public List<int> Rows { get; } = [];

        public bool IsAll => Rows.Count > 0 && _on == Rows.Count;

        public bool IsNone => Rows.Count > 0 && _on == 0;

        public void Add(int index, bool on)
        {
            Rows.Add(index);
            _on += on ? 1 : 0;
        }
    }
}
