using KaTrace.Events;

namespace KaTrace.Output;

/// <summary>States of TCP as the contract names them.</summary>
internal static class StateNames
{
    public static ReadOnlySpan<byte> Of(TcpState state)
    {
        ReadOnlySpan<byte> quoted = state == TcpState.None ? [] : JsonNames.State((int)state);
        return quoted.IsEmpty ? "-"u8 : quoted[1..^1];
    }
}
