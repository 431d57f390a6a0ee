using KaTrace.Events;
using KaTrace.Interop;

namespace KaTrace.Output;

/// <summary>Says what happened, in words that need no manual at three in the morning.</summary>
internal static class EventSentence
{
    public static void Append(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        switch (record.Kind)
        {
            case EventKind.Enabled:
                AppendEnabled(ref text, in record, in clock);
                break;
            case EventKind.Disabled:
                AppendCall(ref text, in record);
                break;
            case EventKind.Configured:
                SettingsText.AppendChanged(ref text, in record, in clock);
                if (record.Source == EventSource.Reconciled)
                    AppendFound(ref text, ", "u8, in record);
                break;
            case EventKind.Armed:
                text.Append("first probe in "u8);
                AppendRounded(ref text, clock.ToMilliseconds((record.Flags & EventFlags.Next) != 0 ? record.Next : record.Idle));
                break;
            case EventKind.Probe:
                AppendProbe(ref text, in record, in clock);
                break;
            case EventKind.Timeout:
                AppendTimeout(ref text, in record, in clock);
                break;
            case EventKind.Answered or EventKind.Recovered:
                AppendAnswered(ref text, in record, in clock);
                break;
            case EventKind.LocalDrop:
                text.Append("probe dropped by the local queue"u8);
                AppendSilent(ref text, in record, in clock);
                AppendNext(ref text, in record, in clock);
                break;
            case EventKind.Reset:
                AppendError(ref text, record.Err);
                text.Append(" while "u8);
                AppendCount(ref text, Unanswered(in record), " probe"u8);
                text.Append(" unanswered: the peer has forgotten the connection"u8);
                break;
            case EventKind.Closed:
                AppendClosed(ref text, in record);
                break;
        }
    }

    /// <summary>Probes since the peer was last heard, or the kernel's count where the socket is not followed.</summary>
    public static uint Unanswered(in EventRecord record) =>
        (record.Flags & EventFlags.Counted) != 0 ? record.Unanswered : record.ProbesOut;

    private static void AppendEnabled(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        if (record.Cause == EventCause.Inherited)
        {
            text.Append("inherited from the listener on port "u8);
            text.Append(record.Lport);
        }
        else
        {
            AppendCall(ref text, in record);
        }

        text.Append(" ("u8);
        SettingsText.AppendAll(ref text, in record, in clock);
        text.Append(')');
    }

    private static void AppendCall(ref Utf8Cursor text, in EventRecord record)
    {
        if (record.Source == EventSource.Reconciled)
        {
            AppendFound(ref text, record.Cause == EventCause.Kernel ? "by the kernel, "u8 : [], in record);
            return;
        }

        text.Append(record.Cause == EventCause.Kernel ? "by the kernel"u8 : "by setsockopt"u8);
        if (record.Fd < 0)
            return;
        text.Append(", fd "u8);
        text.Append((uint)record.Fd);
    }

    /// <summary>No hook saw it: how it came about, and when to the moment, is not known.</summary>
    private static void AppendFound(ref Utf8Cursor text, ReadOnlySpan<byte> before, in EventRecord record)
    {
        text.Append(before);
        text.Append("found by snapshot"u8);
        if (record.NotBeforeNs == 0 || record.NotBeforeNs > record.TimeNs)
            return;
        text.Append(", at most "u8);
        AppendRounded(ref text, (record.TimeNs - record.NotBeforeNs + 999_999) / 1_000_000);
        text.Append(" old"u8);
    }

    private static void AppendProbe(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        if (record.UserTimeout != 0)
        {
            // Then it is time, not the count, that ends the connection.
            text.Append(Unanswered(in record));
            text.Append(" unanswered, user timeout "u8);
            text.AppendThousandths(record.UserTimeout);
            text.Append(" s"u8);
        }
        else
        {
            text.Append(record.ProbesOut);
            text.Append('/');
            text.Append(record.Cnt);
            text.Append(" unanswered"u8);
            AppendSinceHeard(ref text, in record);
        }

        AppendSilent(ref text, in record, in clock);
        AppendNext(ref text, in record, in clock);
    }

    private static void AppendNext(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        if ((record.Flags & EventFlags.Next) == 0)
            return;
        text.Append(", next in "u8);
        AppendRounded(ref text, clock.ToMilliseconds(record.Next));
    }

    private static void AppendAnswered(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        if (record.Kind == EventKind.Recovered)
        {
            text.Append("after "u8);
            text.Append(record.Unanswered);
            text.Append(" unanswered probes, "u8);
        }

        text.Append(record.Cause == EventCause.Data ? "by data, "u8 : "by ACK, "u8);
        if (record.Source == EventSource.Segment)
        {
            text.Append("after "u8);
            text.AppendThousandths(record.RttNs / 1000);
            text.Append(" ms"u8);
            return;
        }

        // The time of the answer is known to a jiffy: a round trip shorter than that is only known to be so.
        ulong jiffyUs = 1_000_000 / clock.Hz;
        ulong microseconds = record.RttNs / 1000;
        text.Append(microseconds <= jiffyUs ? "within "u8 : "after "u8);
        text.AppendThousandths(Math.Max(microseconds, jiffyUs) / 1000);
        text.Append(" s"u8);
    }

    private static void AppendTimeout(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        AppendError(ref text, record.Err);
        bool byTime = record.Cause == EventCause.UserTimeout;
        if (byTime)
        {
            text.Append(" by TCP_USER_TIMEOUT "u8);
            text.Append(record.UserTimeout);
            text.Append(" ms"u8);
        }

        if (record.Cause == EventCause.Retransmit)
        {
            text.Append(" of unacknowledged data, which keepalive does not probe for"u8);
            AppendSilent(ref text, in record, in clock);
            return;
        }

        uint probes = byTime ? Unanswered(in record) : record.ProbesOut;
        text.Append(" after "u8);
        AppendCount(ref text, probes, " unanswered probe"u8);
        if (!byTime)
            AppendSinceHeard(ref text, in record);
        AppendSilent(ref text, in record, in clock);
    }

    private static void AppendClosed(ref Utf8Cursor text, in EventRecord record)
    {
        if (record.Source == EventSource.Reconciled)
            AppendFound(ref text, [], in record);
        else if (record.Err == 0)
            text.Append("orderly"u8);
        else
            AppendError(ref text, record.Err);
        if ((record.Flags & EventFlags.Counted) == 0)
            return;
        text.Append(", "u8);
        AppendCount(ref text, record.Probes, " probe"u8);
        text.Append(" sent"u8);
        if (record.Probes == 0)
            return;
        text.Append(", "u8);
        text.Append(record.Answered);
        text.Append(" answered"u8);
        if (record.Unanswered == 0)
            return;
        text.Append(", "u8);
        text.Append(record.Unanswered);
        text.Append(" unanswered"u8);
    }

    /// <summary>The count that ends the connection is the kernel's, which lives on where the peer was heard meanwhile.</summary>
    private static void AppendSinceHeard(ref Utf8Cursor text, in EventRecord record)
    {
        if ((record.Flags & EventFlags.Counted) == 0 || record.Unanswered == record.ProbesOut)
            return;
        text.Append(" ("u8);
        text.Append(record.Unanswered);
        text.Append(" since last heard)"u8);
    }

    private static void AppendSilent(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        if ((record.Flags & EventFlags.Silent) == 0)
            return;
        text.Append(", silent "u8);
        ulong tenths = (clock.ToMilliseconds(record.Silent) + 50) / 100;
        text.Append(tenths / 10);
        text.Append('.');
        text.Append(tenths % 10);
        text.Append(" s"u8);
    }

    private static void AppendError(ref Utf8Cursor text, ushort errno)
    {
        ReadOnlySpan<byte> name = Errno.Utf8Name(errno);
        if (!name.IsEmpty)
        {
            text.Append(name);
            return;
        }

        text.Append("errno "u8);
        text.Append(errno);
    }

    private static void AppendCount(ref Utf8Cursor text, uint count, ReadOnlySpan<byte> noun)
    {
        if (count == 0)
            text.Append("no"u8);
        else
            text.Append(count);
        text.Append(noun);
        if (count != 1)
            text.Append('s');
    }

    /// <summary>Timers run on jiffies: tenths are all that means anything.</summary>
    private static void AppendRounded(ref Utf8Cursor text, ulong milliseconds)
    {
        text.AppendThousandths((milliseconds + 50) / 100 * 100);
        text.Append(" s"u8);
    }
}
