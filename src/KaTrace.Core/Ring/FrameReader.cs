using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Ring;

/// <summary>Walks the records of one batch of ring memory and yields their payloads. The one place where headers are walked,
/// and each is looked at once.</summary>
/// <remarks>
/// No prefetch: the ring is read straight ahead, which the processor's own prefetcher sees, and one of ours only gets in its way.
/// Nothing at or behind a busy record is ever yielded: the kernel commits in any order, but the order of the ring is the order
/// of events. A batch may be left early, at any record: <see cref="Consumed"/> then says how far it was read.
/// <code>
/// FrameReader frames = new(batch.FirstSpan);
/// while (frames.TryRead(out ReadOnlySpan&lt;byte&gt; payload)) { ... }
/// reader.AdvanceTo(batch.GetPosition(frames.Consumed), batch.End);
/// </code>
/// </remarks>
internal ref struct FrameReader
{
    private readonly ref byte _batch;
    private readonly uint _length;
    private uint _consumed;

    /// <param name="batch">Memory that begins at a record's header, as a <see cref="RingPipeReader"/> leases it.</param>
    public FrameReader(ReadOnlySpan<byte> batch)
    {
        _batch = ref MemoryMarshal.GetReference(batch);
        _length = (uint)batch.Length;
    }

    /// <summary>Bytes behind which nothing needs to be kept: always the end of a record, or 0.</summary>
    public readonly int Consumed => (int)_consumed;

    /// <summary>The reading stopped at a record that is not committed yet.</summary>
    public bool IsAtBusyRecord { get; private set; }

    /// <summary>The reading stopped at a header that claims more than the batch holds. The kernel moves its position over
    /// whole records only, so this is a damaged ring or a batch cut short by the caller: nothing to wait for.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>The payload of the next record that is neither discarded nor busy.</summary>
    /// <param name="payload">Lies in ring memory: valid until the batch is given back.</param>
    /// <returns>False at the end of the batch, at a busy record and at a torn one.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out ReadOnlySpan<byte> payload)
    {
        uint left = _length - _consumed;
        if (left >= RingLayout.HeaderSize)
        {
            ref byte record = ref Unsafe.Add(ref _batch, _consumed);

            // Acquire: pairs with the xchg of bpf_ringbuf_commit, or the payload could be read from before the commit.
            uint header = Volatile.Read(ref Unsafe.As<byte, uint>(ref record));
            uint step = RingLayout.Step(header);

            // A flag makes the header larger than any batch: one comparison finds busy, discarded and torn.
            if (header <= left && step <= left)
            {
                payload = MemoryMarshal.CreateReadOnlySpan(
                    ref Unsafe.Add(ref record, RingLayout.HeaderSize), (int)header);
                _consumed += step;
                return true;
            }
        }

        return TryReadRare(out payload);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryReadRare(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        while (_consumed < _length)
        {
            uint left = _length - _consumed;
            if (left < RingLayout.HeaderSize)
            {
                IsTorn = true;
                return false;
            }

            ref byte record = ref Unsafe.Add(ref _batch, _consumed);
            uint header = Volatile.Read(ref Unsafe.As<byte, uint>(ref record));

            // Before anything else: of a busy record not even the length behind it is ours to use.
            if (RingLayout.IsBusy(header))
            {
                IsAtBusyRecord = true;
                return false;
            }

            uint step = RingLayout.Step(header);
            if (step > left)
            {
                IsTorn = true;
                return false;
            }

            _consumed += step;
            if ((header & RingLayout.DiscardBit) == 0)
            {
                payload = MemoryMarshal.CreateReadOnlySpan(
                    ref Unsafe.Add(ref record, RingLayout.HeaderSize), (int)header);
                return true;
            }
        }

        return false;
    }
}
