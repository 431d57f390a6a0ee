using System.Collections;
using System.Globalization;
using System.Text;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>The lines below the table: how many sockets, with and without keepalive, by process; and what stands out.</summary>
internal sealed class ListSummary
{
    private const int MostNamed = 5;
    private static readonly TimeSpan LongSilence = TimeSpan.FromHours(1);

    private readonly SocketTable _table;
    private readonly Dictionary<int, Tally> _byProcess = [];
    private readonly int _sockets;
    private Tally _all;
    private int _listeners;
    private int _pairs;
    private bool _hasSysctl;

    /// <param name="table">Of the rows.</param>
    /// <param name="shown">The rows that the table shows.</param>
    public ListSummary(SocketTable table, ReadOnlySpan<int> shown)
    {
        _table = table;
        _sockets = shown.Length;
        BitArray isShown = new(table.Rows.Length);
        foreach (int index in shown)
        {
            ref readonly SocketRow row = ref table.Rows[index];
            isShown[index] = true;
            Count(in row);
            // The second side that is met makes a pair of both.
            if (row.IsConnected && row.Peer >= 0 && isShown[row.Peer] && table.Rows[row.Peer].IsConnected)
                _pairs++;
        }
    }

    public string Text
    {
        get
        {
            StringBuilder text = new();
            if (_hasSysctl)
                text.AppendLine("* by sysctl of the network namespace, not set on the socket");
            text.Append(CultureInfo.InvariantCulture, $"{Plural(_sockets, "socket")}: {Plural(_all.On + _all.Off - _pairs, "connection")}");
            if (_pairs > 0)
                text.Append(CultureInfo.InvariantCulture, $", {_pairs:n0} with both sides here");
            text.Append(CultureInfo.InvariantCulture, $"; keepalive on {_all.On:n0}, off {_all.Off:n0}");
            if (_listeners > 0)
                text.Append(CultureInfo.InvariantCulture, $"; {_listeners:n0} listening");
            AppendProcesses(text);
            if (StandsOut() is { } sentence)
                text.AppendLine().Append(sentence);
            return text.ToString();
        }
    }

    private void Count(in SocketRow row)
    {
        _listeners += row.State == TcpState.Listen ? 1 : 0;
        const KeepaliveSettings Marked = KeepaliveSettings.Idle | KeepaliveSettings.Intvl | KeepaliveSettings.Cnt;
        _hasSysctl |= row.IsSocket && (row.Own & Marked) != Marked;
        if (!row.IsConnected)
            return;
        bool isSilent = (row.Flags & SocketFlags.Silent) != 0 && _table.Clock.ToSeconds(row.Silent) >= LongSilence.TotalSeconds;
        // With neither, a peer that is gone without a word is never noticed.
        bool isForgotten = !row.KeepaliveOn && row.UserTimeout == 0 && row.KnowsPassing && row.SendQueue == 0;
        Tally counted = new() { On = row.KeepaliveOn ? 1 : 0, Off = row.KeepaliveOn ? 0 : 1, Silent = isForgotten && isSilent ? 1 : 0 };
        _all += counted;
        ReadOnlySpan<SocketHolder> holders = _table.HoldersOf(in row);
        int process = holders.IsEmpty ? -1 : holders[0].Process;
        _byProcess[process] = _byProcess.GetValueOrDefault(process) + counted;
    }

    private void AppendProcesses(StringBuilder text)
    {
        (int Process, Tally Tally)[] most = [.. _byProcess.Select(p => (p.Key, p.Value)).OrderByDescending(p => p.Value.On + p.Value.Off).ThenBy(p => p.Key)];
        if (most.Length == 0)
            return;
        IEnumerable<string> named = most.Take(MostNamed)
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{Name(p.Process)} {p.Tally.On + p.Tally.Off:n0} ({p.Tally.Off:n0} off)"));
        text.AppendLine().Append("by process: ").AppendJoin(", ", named);
        if (most.Length > MostNamed)
            text.Append(CultureInfo.InvariantCulture, $", {Plural(most.Length - MostNamed, "other")}");
    }

    private string? StandsOut()
    {
        if (_all.On + _all.Off == 0)
            return null;
        if (_all.Off == 0)
            return "keepalive is on for every connection shown";
        (int process, Tally tally) = _byProcess.Where(p => p.Key >= 0).DefaultIfEmpty().MaxBy(p => (p.Value.Silent, p.Value.Off, -p.Key));
        if (tally.Off == 0)
            return null;
        string name = Name(process);
        if (tally.Silent > 0)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{name}: {Plural(tally.Silent, "connection")} without keepalive or user timeout silent for more than 1 h: if these peers are gone, nothing will notice");
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"{name} has most connections without keepalive, {tally.Off:n0} of {tally.On + tally.Off:n0}: a peer that goes without a word is not noticed while they are idle");
    }

    private string Name(int process) => process < 0 ? "no process"
        : string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(HostileText.ForTerminal(_table.Processes[process].Comm))}[{_table.Processes[process].Key.Pid}]");

    private static string Plural(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:n0} {noun}{(count == 1 ? "" : "s")}");

    private readonly record struct Tally(int On, int Off, int Silent)
    {
        public static Tally operator +(Tally a, Tally b) => new(a.On + b.On, a.Off + b.Off, a.Silent + b.Silent);
    }
}
