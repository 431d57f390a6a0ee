namespace KaTrace.Bpf;

/// <summary>Which way each hook is tried now, and why the better ones were given up.</summary>
internal sealed class BackendChoice(IList<Hook> hooks)
{
    private readonly int[] _way = new int[hooks.Count];
    private readonly List<string>[] _rejected = [.. hooks.Select(_ => new List<string>())];

    public IEnumerable<(Hook Hook, Backend Backend)> Current => hooks.Select((hook, i) => (hook, hook.Ways[_way[i]]));

    /// <summary>Programs may read by plain loads (bpf_rdonly_cast), where the kernel's BTF says that it can.</summary>
    public bool MayCast { get; private set; } = true;

    public bool HasCookieHelper => Current.All(c => c.Backend.HasCookieHelper);

    public IReadOnlyList<ChosenBackend> Chosen =>
        [.. hooks.Select((hook, i) => new ChosenBackend(hook.Name, hook.Ways[_way[i]].Name, _rejected[i]))];

    /// <summary>A program was refused: the way it reads is what differs most between kernels, and given up first.</summary>
    /// <returns>False if that was tried before.</returns>
    public bool GiveUpCasts()
    {
        bool gaveUp = MayCast;
        MayCast = false;
        return gaveUp;
    }

    public Hook? HookOf(string program) =>
        Current.FirstOrDefault(c => c.Backend.Programs.Any(p => p.Name == program)).Hook;

    /// <summary>Goes on to the next way, or throws <paramref name="cause"/> if there is none.</summary>
    public void Reject(Hook? hook, BpfException cause)
    {
        int i = hook is null ? -1 : hooks.IndexOf(hook);
        if (i < 0 || _way[i] + 1 == hooks[i].Ways.Length)
            throw cause;

        _rejected[i].Add($"{hooks[i].Ways[_way[i]].Name}: {cause.Message}");
        _way[i]++;
    }
}

/// <param name="Hook">What is seen.</param>
/// <param name="Backend">How.</param>
/// <param name="Rejected">Better ways, and why each was not possible.</param>
internal sealed record ChosenBackend(string Hook, string Backend, IReadOnlyList<string> Rejected);
