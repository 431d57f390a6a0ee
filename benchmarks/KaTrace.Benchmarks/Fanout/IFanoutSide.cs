namespace KaTrace.Benchmarks.Fanout;

/// <summary>A server whose events are made here.</summary>
internal interface IFanoutSide
{
    Task StartAsync(string address);

    /// <summary>Waits where a subscriber would lose an event.</summary>
    void Make(ulong number);

    /// <summary>What was made since may go.</summary>
    void Publish();

    /// <summary>All subscribers have been handed all.</summary>
    bool IsDrained { get; }
}
