using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Events;

/// <summary>Finds the record in a frame of the ring, in place: nothing is copied and nothing allocated.</summary>
internal static class EventDecoder
{
    /// <summary>True, and the record where it lies in <paramref name="frame"/>, if it is one that this version knows. A longer
    /// record is one of a newer version, of which the known first part is taken.</summary>
    /// <returns>False for an unknown kind and for a frame too short: to be skipped and counted, never fatal.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryDecode(ReadOnlySpan<byte> frame, out EventView view)
    {
        if (frame.Length >= Unsafe.SizeOf<EventRecord>())
        {
            ref readonly EventRecord record = ref Unsafe.As<byte, EventRecord>(ref MemoryMarshal.GetReference(frame));
            if ((uint)(record.Kind - EventKind.Enabled) <= EventKind.Reset - EventKind.Enabled)
            {
                view = new EventView(in record);
                return true;
            }
        }

        view = default;
        return false;
    }
}

/// <summary>A record in the ring's memory. Valid until the batch that it came in is given back.</summary>
internal readonly ref struct EventView
{
    private readonly ref readonly EventRecord _record;

    public EventView(in EventRecord record) => _record = ref record;

    public ref readonly EventRecord Record => ref _record;
}
