namespace KaTrace.Bpf;

/// <summary>Which way each hook is tried now, and why the better ones were given up.</summary>
internal sealed class BackendChoice(IList<Hook> hooks)
{
    private readonly int[] _way = new int[hooks.Count];
    private readonly List<string>[] _rejected = [.. hooks.Select(_ => new List<string>())];

    public IEnumerable<(Hook Hook, Backend Backend)> Current => hooks.Select((hook, i) => (hook, hook.Ways[_way[i]]));

    /// <summary>The object whose programs read by plain loads (bpf_rdonly_cast, Linux 6.2).</summary>
    public bool MayCast { get; private set; } = true;

    /// <summary>Why the object with plain loads was given up; null if it was not.</summary>
    public string? Slower { get; private set; }

    public bool HasCookieHelper => Current.All(c => c.Backend.HasCookieHelper);

    public IReadOnlyList<ChosenBackend> Chosen =>
        [.. hooks.Select((hook, i) => new ChosenBackend(hook.Name, hook.Ways[_way[i]].Name, _rejected[i]))];

    /// <summary>Names of the programs that hang on a hook.</summary>
    public IEnumerable<string> Attached => Current.SelectMany(c => c.Backend.Programs).Where(p => !p.IsCalled).Select(p => p.Name);

    /// <summary>Name of the program that is attached while it is needed; null if there is none.</summary>
    public string? OnDemand => Current.SelectMany(c => c.Backend.Programs).FirstOrDefault(p => p.IsOnDemand)?.Name;

    public Hook? HookOf(string program) =>
        Current.FirstOrDefault(c => c.Backend.Programs.Any(p => p.Name == program)).Hook;

    /// <summary>Goes on to the next way; after the last, once more through all with reads that every kernel takes. Throws
    /// <paramref name="cause"/> when nothing is left.</summary>
    public void Reject(Hook? hook, BpfException cause)
    {
        int i = hook is null ? -1 : hooks.IndexOf(hook);
        if (i < 0 || _way[i] + 1 == hooks[i].Ways.Length)
        {
            if (!MayCast)
                throw cause;

            Slower = cause.Message;
            MayCast = false;
            Array.Clear(_way);
            Array.ForEach(_rejected, reasons => reasons.Clear());
            return;
        }

        string name = hooks[i].Ways[_way[i]].Name;
        for (int other = 0; other < hooks.Count; other++)
        {
            // What is forbidden for one hook is forbidden for all: no need to load everything once more to hear so.
            bool same = other == i || (cause.Errno == BpfAdvice.EPERM && hooks[other].Ways[_way[other]].Name == name);
            if (same && _way[other] + 1 < hooks[other].Ways.Length)
            {
                _rejected[other].Add($"{name}: {cause.Message}");
                _way[other]++;
            }
        }
    }
}

/// <param name="Hook">What is seen.</param>
/// <param name="Backend">How.</param>
/// <param name="Rejected">Better ways, and why each was not possible.</param>
internal sealed record ChosenBackend(string Hook, string Backend, IReadOnlyList<string> Rejected);
