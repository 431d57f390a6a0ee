namespace KaTrace.Bpf;

/// <summary>Which way each hook is tried now, and why the better ones were given up.</summary>
internal sealed class BackendChoice(IReadOnlyList<Hook> hooks)
{
    private readonly int[] _way = new int[hooks.Count];
    private readonly List<string>[] _rejected = [.. hooks.Select(_ => new List<string>())];

    public IEnumerable<(Hook Hook, Backend Backend)> Current => hooks.Select((hook, i) => (hook, hook.Ways[_way[i]]));

    public bool HasCookieHelper => Current.All(c => c.Backend.HasCookieHelper);

    public IReadOnlyList<ChosenBackend> Chosen =>
        [.. hooks.Select((hook, i) => new ChosenBackend(hook.Name, hook.Ways[_way[i]].Name, _rejected[i]))];

    public Hook? HookOf(string? program) =>
        program is null ? null : Current.FirstOrDefault(c => c.Backend.Programs.Any(p => p.Name == program)).Hook;

    /// <summary>Goes on to the next way, or throws <paramref name="cause"/> if there is none.</summary>
    public void Reject(Hook hook, BpfException cause)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            if (hooks[i] != hook)
                continue;

            if (_way[i] + 1 == hook.Ways.Length)
                throw cause;

            _rejected[i].Add($"{hook.Ways[_way[i]].Name}: {cause.Message}");
            _way[i]++;
        }
    }
}

/// <param name="Hook">What is seen.</param>
/// <param name="Backend">How.</param>
/// <param name="Rejected">Better ways, and why each was not possible.</param>
internal sealed record ChosenBackend(string Hook, string Backend, IReadOnlyList<string> Rejected);
