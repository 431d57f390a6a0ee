using System.Globalization;
using KaTrace.Events;

namespace KaTrace.Benchmarks.Readers;

/// <summary>What every reader does with a record, the peers in <c>peers/tally.h</c> too: reads four fields of its three cache
/// lines.</summary>
internal sealed class Tally
{
    private ulong _records;
    private ulong _sum;

    public void Clear() => (_records, _sum) = (0, 0);

    /// <summary>The line that a reader answers with.</summary>
    public string Line(long cpuNs) => string.Create(CultureInfo.InvariantCulture, $"{_records} {_sum} {cpuNs}");

    /// <summary>A struct, for which the pipeline is compiled anew: its calls are then direct.</summary>
    public readonly struct Sink(Tally tally) : IEventSink
    {
        public void OnEvent(in EventRecord record)
        {
            tally._records++;
            tally._sum += record.TimeNs + record.Cookie + record.Lport + record.Tgid;
        }

        public void OnBatchEnd()
        {
        }
    }
}
