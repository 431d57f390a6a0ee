namespace KaTrace.Processes;

/// <summary>What the path of a control group says of a process.</summary>
/// <param name="Container">The innermost container; null: none, or it cannot be told.</param>
/// <param name="Unit">The innermost systemd unit inside that container, or on the host: "nginx.service", "session-3.scope".</param>
/// <param name="PodUid">Kubernetes' uid of the pod, as its API writes it.</param>
internal sealed record ControlGroups(Container? Container, string? Unit, string? PodUid)
{
    public static readonly ControlGroups None = new(null, null, null);

    private const int MaxUnitLength = 256; // UNIT_NAME_MAX of systemd

    // Version 1 has a hierarchy for each controller, and they may differ: systemd's own first, then version 2, then the rest.
    private const string SystemdHierarchy = "name=systemd";

    /// <param name="text">/proc/PID/cgroup, see cgroups(7): a line "number:controllers:path" for each hierarchy.</param>
    /// <remarks>A process that may make control groups can name them as it likes: shown, not trusted.</remarks>
    public static ControlGroups Parse(string text)
    {
        ControlGroups found = None;
        foreach ((string controllers, string path) in Lines(text).OrderBy(line => Rank(line.Controllers)))
        {
            ControlGroups one = OfPath(path);
            bool managed = controllers is "" or SystemdHierarchy;
            // A unit on the host is none of the container's that another hierarchy names.
            if (one.Container is not null && found.Container is null)
                found = one;
            else if (managed && found == None)
                found = one;
            else if (found.PodUid is null && one.PodUid is not null)
                found = found with { PodUid = one.PodUid };
        }

        return found;
    }

    private static int Rank(string controllers) => controllers switch
    {
        SystemdHierarchy => 0,
        "" => 1,
        _ => 2,
    };

    private static IEnumerable<(string Controllers, string Path)> Lines(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(':', 3) is [_, var controllers, var path])
                yield return (controllers, path);
        }
    }

    private static ControlGroups OfPath(string path)
    {
        ControlGroups found = None;
        // With systemd's driver but no systemd behind it a container is "slice:runtime:id".
        string parent = "";
        foreach (string segment in path.Split('/').SelectMany(WithoutColons))
        {
            if (Container.OfSegment(segment, parent) is { } container)
                found = found with { Container = container, Unit = null };
            else if (PodUidOf(segment) is { } uid)
                found = found with { PodUid = uid, Unit = null };
            else if (IsUnit(segment))
                found = found with { Unit = segment };
            parent = segment;
        }

        return found;
    }

    private static string[] WithoutColons(string segment) =>
        segment.Split(':') is [var slice, var runtime, var id] ? [slice, $"{runtime}-{id}.scope"] : [segment];

    private static bool IsUnit(string segment) =>
        segment.Length <= MaxUnitLength
        && (segment.EndsWith(".service", StringComparison.Ordinal) || segment.EndsWith(".scope", StringComparison.Ordinal));

    /// <summary>"pod0c1e…-…" of cgroupfs, "kubepods-burstable-pod0c1e…_….slice" of systemd.</summary>
    private static string? PodUidOf(string segment)
    {
        const string Suffix = ".slice";
        int pod = segment.LastIndexOf("pod", StringComparison.Ordinal);
        bool slice = segment.EndsWith(Suffix, StringComparison.Ordinal) && segment.Contains("kubepods-", StringComparison.Ordinal);
        if (pod < 0 || (pod > 0 && !slice))
            return null;
        string uid = segment[(pod + 3)..^(slice ? Suffix.Length : 0)].Replace('_', '-');
        // Of a static pod it is a digest, without hyphens.
        return Guid.TryParseExact(uid, "D", out _) || Guid.TryParseExact(uid, "N", out _) ? uid : null;
    }
}
