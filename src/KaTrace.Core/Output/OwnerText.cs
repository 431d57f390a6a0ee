using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Output;

/// <summary>Says whose a socket is: "redis-server[520]", and what there is to know beside that, such as "(exited, +2 more)".</summary>
internal static class OwnerText
{
    public static void Append(ref Utf8Cursor text, in EventRecord record, ProcessIdentity? process)
    {
        text.Append(process is null ? Nobody(in record) : process.NameText);
        bool exited = process is not null && (record.Holding & Holding.Exited) != 0;
        uint others = SocketHolders.BesideOwner(in record);
        if (!exited && others == 0)
            return;

        text.Append(exited ? " (exited"u8 : " ("u8);
        if (others > 0)
        {
            text.Append(exited ? ", +"u8 : "+"u8);
            text.Append(others);
            text.Append(" more"u8);
        }

        text.Append(')');
    }

    /// <summary>Why there is no owner, where that is known.</summary>
    private static ReadOnlySpan<byte> Nobody(in EventRecord record)
    {
        if ((record.Flags & EventFlags.Kernel) != 0)
            return "kernel"u8;
        if ((record.Holding & Holding.Orphan) != 0)
            return "orphan"u8;
        // A connection is nobody's until accept(2) takes it.
        bool waits = (record.Flags & EventFlags.NoFile) != 0 && record.State is TcpState.SynRecv or TcpState.Established or TcpState.CloseWait;
        return waits ? "unaccepted"u8 : "-"u8;
    }
}
