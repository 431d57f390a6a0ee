namespace KaTrace.KernelTests.Ring;

/// <summary>Tests that keep every core busy, and so run with no other beside them.</summary>
[CollectionDefinition(nameof(WholeMachine), DisableParallelization = true)]
public sealed class WholeMachine;
