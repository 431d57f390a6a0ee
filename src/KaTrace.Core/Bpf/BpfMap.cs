using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Interop;

namespace KaTrace.Bpf;

/// <summary>A map of a <see cref="BpfObject"/>, valid as long as that is.</summary>
internal readonly unsafe struct BpfMap(BpfObject owner, nint map, string name)
{
    /// <summary>Of a loaded object. Owned by the object.</summary>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.IsClosed, owner);
            return Libbpf.bpf_map__fd(map);
        }
    }

    /// <summary>Entries, or bytes for a ring buffer. Between open and load.</summary>
    public void SetMaxEntries(uint count)
    {
        int error = Libbpf.bpf_map__set_max_entries(map, count);
        if (error < 0)
            throw BpfAdvice.Explain($"set the size of map {name} to {count}", -error);
    }

    /// <summary>What a section of global variables (.rodata) starts with. Between open and load.</summary>
    public void SetInitialValue<T>(in T value)
        where T : unmanaged
    {
        nuint size;
        void* memory = Libbpf.bpf_map__initial_value(map, &size);
        if (memory == null || size < (nuint)sizeof(T))
            throw new BpfException($"map {name} holds {size} bytes, not a {typeof(T).Name}");

        Unsafe.Write(memory, value);
    }

    /// <summary>Writes the value of <paramref name="key"/>, of a loaded object.</summary>
    public void Update<TKey, T>(TKey key, in T value)
        where TKey : unmanaged
        where T : unmanaged
    {
        CheckSizes<TKey, T>();
        fixed (T* pointer = &value)
        {
            int error = Libbpf.bpf_map_update_elem(Fd, &key, pointer, Libbpf.BPF_ANY);
            if (error < 0)
                throw BpfAdvice.Explain($"write map {name}", -error);
        }
    }

    /// <summary>Reads the value of <paramref name="key"/>, of a loaded object. Thread-safe.</summary>
    /// <returns>False if it has none.</returns>
    public bool TryLookup<TKey, T>(TKey key, out T value)
        where TKey : unmanaged
        where T : unmanaged
    {
        CheckSizes<TKey, T>();
        fixed (T* pointer = &value)
        {
            int error = Libbpf.bpf_map_lookup_elem(Fd, &key, pointer);
            if (error < 0 && -error != BpfAdvice.ENOENT)
                throw BpfAdvice.Explain($"read map {name}", -error);
            return error == 0;
        }
    }

    /// <summary>Reads the value of each possible CPU.</summary>
    public void LookupPerCpu<T>(uint key, Span<T> values)
        where T : unmanaged
    {
        if (values.Length < Libbpf.libbpf_num_possible_cpus() || sizeof(T) % sizeof(ulong) != 0
            || Libbpf.bpf_map__value_size(map) != sizeof(T))
            throw new BpfException($"map {name} does not hold a {typeof(T).Name} for each of {values.Length} CPUs");

        fixed (T* pointer = &MemoryMarshal.GetReference(values))
        {
            int error = Libbpf.bpf_map_lookup_elem(Fd, &key, pointer);
            if (error < 0)
                throw BpfAdvice.Explain($"read map {name}", -error);
        }
    }

    private void CheckSizes<TKey, T>()
        where TKey : unmanaged
        where T : unmanaged
    {
        if (Libbpf.bpf_map__key_size(map) != sizeof(TKey) || Libbpf.bpf_map__value_size(map) != sizeof(T))
            throw new BpfException($"map {name} holds {Libbpf.bpf_map__value_size(map)} bytes by {Libbpf.bpf_map__key_size(map)}, not a {typeof(T).Name} by {typeof(TKey).Name}");
    }
}
