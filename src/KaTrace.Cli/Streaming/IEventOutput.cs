namespace KaTrace.Cli.Streaming;

/// <summary>What the writer of events fills, and when it is handed on. On the pipeline's thread.</summary>
internal interface IEventOutput
{
    /// <summary>Nobody takes more.</summary>
    bool IsClosed { get; }

    /// <summary>After each event: hands on what has become much.</summary>
    void FlushIfLarge();

    /// <summary>After each batch, and when it ends: hands on all that somebody waits for.</summary>
    void Flush();

    /// <summary>Once a second: looks whether somebody still takes it.</summary>
    void LookForReader();
}
