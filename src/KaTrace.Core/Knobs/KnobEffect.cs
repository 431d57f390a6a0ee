namespace KaTrace.Knobs;

/// <summary>What a knob can change.</summary>
internal enum KnobEffect
{
    On,
    Idle,
    Interval,
    Count,
    UserTimeout,
}
