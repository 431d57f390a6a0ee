using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>A timer as <c>ss -o</c> writes it: "keepalive,1min59sec,0".</summary>
internal static class SsTimerText
{
    public static void Append(ref Utf8Cursor text, ShownTimer timer, KernelClock clock)
    {
        if (timer.Kind == TimerKind.None)
        {
            text.Append('-');
            return;
        }

        text.Append(timer.Kind switch
        {
            TimerKind.Retransmit => "on,"u8,
            TimerKind.Keepalive => "keepalive,"u8,
            TimerKind.TimeWait => "timewait,"u8,
            _ => "persist,"u8,
        });
        AppendTime(ref text, clock.ToMilliseconds((uint)Math.Max(timer.Jiffies, 0)));
        text.Append(',');
        text.Append(timer.Count);
    }

    /// <summary>Seconds are left out from ten minutes on, milliseconds from ten seconds on, as ss does.</summary>
    private static void AppendTime(ref Utf8Cursor text, ulong milliseconds)
    {
        ulong minutes = milliseconds / 60_000, seconds = milliseconds / 1000 % 60, rest = milliseconds % 1000;
        if (minutes > 0)
        {
            text.Append(minutes);
            text.Append("min"u8);
            rest = 0;
            if (minutes > 9)
                seconds = 0;
        }

        if (seconds > 9)
            rest = 0;
        if (seconds > 0)
        {
            text.Append(seconds);
            text.Append(rest > 0 ? "."u8 : "sec"u8);
        }

        if (rest > 0)
        {
            text.AppendPadded((uint)rest, 3);
            text.Append(seconds > 0 ? "sec"u8 : "ms"u8);
        }
    }
}
