using KaTrace.Events;

namespace KaTrace.Output;

/// <summary>Colours of human output (ECMA-48, SGR).</summary>
internal static class Ansi
{
    public static ReadOnlySpan<byte> Reset => "\e[0m"u8;

    public static ReadOnlySpan<byte> Dim => "\e[2m"u8;

    public static ReadOnlySpan<byte> Red => "\e[31m"u8;

    /// <summary>Empty for what needs no eye. A second unanswered probe does: the first may just be on its way.</summary>
    public static ReadOnlySpan<byte> Of(EventKind kind, uint unanswered) => kind switch
    {
        EventKind.Enabled => "\e[32m"u8,
        EventKind.Disabled => "\e[35m"u8,
        EventKind.Probe when unanswered > 1 => "\e[33m"u8,
        EventKind.LocalDrop => "\e[33m"u8,
        EventKind.Recovered => "\e[32m"u8,
        EventKind.Timeout or EventKind.Reset => Red,
        _ => [],
    };
}
