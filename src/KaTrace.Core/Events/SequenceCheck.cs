namespace KaTrace.Events;

/// <summary>Finds what the kernel numbered and nobody saw. Each CPU numbers its records from 1, written or lost; a number may come
/// twice, where one program interrupted another, and then one is left out: so numbers are counted, not followed.</summary>
internal sealed class SequenceCheck
{
    /// <summary>No kernel has more (NR_CPUS), but a capture may be anybody's.</summary>
    private const uint MostCpus = 8192;

    private ulong[] _highest = new ulong[64];
    private ulong _seen;

    public void Note(uint cpu, ulong sequence)
    {
        if (cpu >= MostCpus)
            return;
        if (cpu >= (uint)_highest.Length)
            Array.Resize(ref _highest, (int)cpu + 1);
        if (sequence > _highest[cpu])
            _highest[cpu] = sequence;
        _seen++;
    }

    /// <summary>Records that did not come before the newest that did, of each CPU.</summary>
    public ulong Missing
    {
        get
        {
            ulong made = 0;
            foreach (ulong highest in _highest)
                made += highest;
            return made > _seen ? made - _seen : 0;
        }
    }
}
