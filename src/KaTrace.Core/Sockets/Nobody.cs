namespace KaTrace.Sockets;

/// <summary>Says why no process holds a socket, in the words that events use.</summary>
internal static class Nobody
{
    public static string Of(in SocketRow row) => row.Flags switch
    {
        var flags when (flags & SocketFlags.Kernel) != 0 => "kernel",
        var flags when (flags & SocketFlags.Orphan) != 0 => "orphan",
        var flags when (flags & SocketFlags.Unaccepted) != 0 => "unaccepted",
        _ => "-",
    };
}
