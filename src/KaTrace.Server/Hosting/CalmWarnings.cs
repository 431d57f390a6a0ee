using System.Globalization;

namespace KaTrace.Server.Hosting;

/// <summary>Warnings that a peer can cause as fast as it connects: some a minute are told, and then how many were not, so that it
/// fills no disk. Any thread may warn.</summary>
internal sealed class CalmWarnings(Action<string> warn, TimeProvider time)
{
    public const int AMinute = 20;

    private readonly Lock _lock = new();
    private long _minute = long.MinValue;
    private int _count;

    public void Warn(string warning)
    {
        lock (_lock)
        {
            long minute = time.GetTimestamp() / time.TimestampFrequency / 60;
            if (minute != _minute)
            {
                if (_count > AMinute)
                    warn(string.Create(CultureInfo.InvariantCulture, $"{_count - AMinute:N0} more warnings like these, before the next one"));
                (_minute, _count) = (minute, 0);
            }

            if (++_count <= AMinute)
                warn(warning);
        }
    }
}
