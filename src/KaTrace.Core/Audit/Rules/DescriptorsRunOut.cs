using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>A process that will soon be unable to accept or to connect.</summary>
internal sealed class DescriptorsRunOut : AuditRule
{
    public override string Id => "descriptors-run-out";

    public override Severity Severity => Severity.Critical;

    public override string Summary => "a process with TCP sockets comes near its limit of descriptors, or will within a day at the rate that --watch sees";

    public override IEnumerable<Finding> Look(AuditScope scope)
    {
        Dictionary<uint, int> now = SocketsOf(scope.Table), before = scope.Before is null ? [] : SocketsOf(scope.Before);
        foreach (SocketProcess process in scope.Table.Processes)
        {
            uint pid = process.Key.Pid;
            if (scope.Descriptors(pid) is not { } use)
                continue;
            int? growth = scope.Before is null ? null : now.GetValueOrDefault(pid) - before.GetValueOrDefault(pid);
            TimeSpan? left = growth > 0 && scope.Elapsed > TimeSpan.Zero ? Left(use, growth.Value, scope) : null;
            if (use.Share * 100 < scope.Limits.DescriptorsPercent && !(left < scope.Limits.Exhaustion))
                continue;
            yield return new Finding
            {
                Rule = Id,
                Severity = Severity,
                Program = process.Comm,
                Pids = [pid],
                Count = now.GetValueOrDefault(pid),
                Growth = growth,
                Sentence = $"{use.Used:N0} of {use.Limit:N0} descriptors in use, {CountText.Of(now.GetValueOrDefault(pid), "TCP socket")} among them{Forecast(growth, left, scope)}.",
                Remedy = "see which of its connections are silent ('katrace audit --rule silent-without-keepalive,server-without-keepalive'), and raise LimitNOFILE= of its unit or 'ulimit -n' meanwhile.",
            };
        }
    }

    /// <summary>A limit may be so high that no time is long enough.</summary>
    private static TimeSpan Left(DescriptorUse use, int growth, AuditScope scope) =>
        TimeSpan.FromTicks(long.CreateSaturating((use.Limit - use.Used) / (double)growth * scope.Elapsed.Ticks));

    private static string Forecast(int? growth, TimeSpan? left, AuditScope scope) => left is { } time
        ? $"; {growth:N0} more in {TimeText.Of(scope.Elapsed)}, so that none are left in {TimeText.Of(time)}"
        : "";

    private static Dictionary<uint, int> SocketsOf(SocketTable table)
    {
        Dictionary<uint, int> sockets = [];
        foreach (ref readonly SocketHolder holder in table.Holders)
        {
            uint pid = table.Processes[holder.Process].Key.Pid;
            sockets[pid] = sockets.GetValueOrDefault(pid) + 1;
        }

        return sockets;
    }
}
