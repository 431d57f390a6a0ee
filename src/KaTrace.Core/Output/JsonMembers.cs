using KaTrace.Events;

namespace KaTrace.Output;

/// <summary>Members of JSON objects, each written with a leading comma: see <see cref="Utf8Cursor.CloseObject"/>.</summary>
internal static class JsonMembers
{
    public static void AppendEndpoint(ref Utf8Cursor json, scoped ReadOnlySpan<byte> name, scoped EndpointView end)
    {
        if (!end.IsPresent)
            return;
        json.Append(name);
        json.Append("{\"address\":\""u8);
        json.AppendAddress(end.Address);
        json.Append('"');
        if (end.Port != 0)
            AppendNumber(ref json, ",\"port\":"u8, end.Port);
        json.Append('}');
    }

    public static void AppendState(ref Utf8Cursor json, ReadOnlySpan<byte> name, TcpState state)
    {
        if (state == TcpState.None)
            return;
        json.Append(name);
        AppendEnum(ref json, JsonNames.State((int)state), (uint)state);
    }

    public static void AppendSettings(ref Utf8Cursor json, ReadOnlySpan<byte> name, KeepaliveSettings settings)
    {
        ReadOnlySpan<byte> names = JsonNames.Settings(settings);
        if (names.IsEmpty)
            return;
        json.Append(name);
        json.Append(names);
    }

    public static void AppendNumber(ref Utf8Cursor json, ReadOnlySpan<byte> name, uint value)
    {
        json.Append(name);
        json.Append(value);
    }

    public static void AppendSeconds(ref Utf8Cursor json, ReadOnlySpan<byte> name, ulong milliseconds)
    {
        json.Append(name);
        json.AppendThousandths(milliseconds);
    }

    /// <summary>64-bit integers are strings in proto3 JSON; <paramref name="name"/> ends with the quote. Zero is absent.</summary>
    public static void AppendUInt64(ref Utf8Cursor json, ReadOnlySpan<byte> name, ulong value)
    {
        if (value == 0)
            return;
        json.Append(name);
        json.Append(value);
        json.Append('"');
    }

    /// <summary>A value that the contract does not name is written as its number.</summary>
    public static void AppendEnum(ref Utf8Cursor json, ReadOnlySpan<byte> quotedName, uint value)
    {
        if (quotedName.IsEmpty)
            json.Append(value);
        else
            json.Append(quotedName);
    }
}
