namespace KaTrace.Events;

/// <summary>Where the pipeline's events go. Called on the pipeline's thread only.</summary>
internal interface IEventSink
{
    /// <param name="record">In the ring's memory: copy what is to outlive the call.</param>
    void OnEvent(in EventRecord record);

    /// <summary>The batch is through: hand on what was gathered. Also called when a wait was cut short and brought nothing.</summary>
    void OnBatchEnd();
}
