namespace KaTrace.Events;

/// <summary>Reads the process name of a record.</summary>
internal static class RecordComm
{
    public const int MostBytes = 16;

    /// <summary>The bytes before the first NUL.</summary>
    public static ReadOnlySpan<byte> Of(in EventRecord record)
    {
        ReadOnlySpan<byte> comm = record.Comm;
        int end = comm.IndexOf((byte)0);
        return end < 0 ? comm : comm[..end];
    }
}
