namespace KaTrace.Output;

/// <summary>When human output is coloured.</summary>
internal enum ColorMode
{
    /// <summary>If it goes to a terminal and NO_COLOR is not set.</summary>
    Auto,
    Always,
    Never,
}
