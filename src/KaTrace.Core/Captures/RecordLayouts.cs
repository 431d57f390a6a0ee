using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>Describes <see cref="Events.EventRecord"/> for readers of other versions. A test compares it with the BTF of the object.</summary>
internal static class RecordLayouts
{
    public static RecordLayout Current { get; } = Create();

    /// <summary>Whether records of that layout can be read in place: what we know lies where we know it.</summary>
    public static bool IsReadInPlace(RecordLayout layout) =>
        layout.Size >= Current.Size && Current.Fields.All(layout.Fields.Contains);

    private static RecordLayout Create()
    {
        RecordLayout layout = new();
        uint offset = 0;
        foreach ((string name, uint size) in Fields())
        {
            if (name != "pad")
                layout.Fields.Add(new RecordLayout.Types.Field { Name = name, Offset = offset, Size = size });
            offset += size;
        }

        layout.Size = offset;
        return layout;
    }

    private static (string Name, uint Size)[] Fields() =>
    [
        ("size", 2), ("kind", 1), ("source", 1), ("cpu", 4), ("cpu_seq", 8), ("time_ns", 8),
        ("sk", 8), ("cookie", 8), ("ino", 8), ("generation", 4), ("netns", 4),
        ("laddr", 16), ("raddr", 16), ("lport", 2), ("rport", 2), ("family", 1), ("state", 1), ("old_state", 1), ("flags", 1),
        ("idle", 4), ("intvl", 4), ("user_timeout", 4), ("cnt", 1), ("own", 1), ("changed", 1), ("probes_out", 1),
        ("unanswered", 4), ("probes", 4), ("silent", 4), ("next", 4),
        ("cause", 1), ("pad", 1), ("err", 2), ("fd", 4), ("tgid", 4), ("tid", 4), ("start_ns", 8), ("comm", 16),
        ("rtt_ns", 8), ("answered", 4), ("longest", 4), ("cgroup_id", 8),
        ("not_before_ns", 8), ("holder", 16), ("holders", 2), ("holding", 1), ("pad", 5),
    ];
}
