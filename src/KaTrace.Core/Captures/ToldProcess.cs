namespace KaTrace.Captures;

/// <summary>A process as a capture has it under one name, until something else is known of it.</summary>
internal sealed class ToldProcess(V1.Process message)
{
    /// <summary>The last block with a record of it, by number.</summary>
    public long Block { get; set; }

    /// <summary>The capture has another one under that name by now.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Equals alone takes a uid that is not there for that of root.</summary>
    public bool Says(V1.Process other) => message.Equals(other) && message.HasUid == other.HasUid;
}
