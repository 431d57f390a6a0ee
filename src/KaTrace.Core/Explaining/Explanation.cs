using System.Globalization;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Explaining;

/// <summary>One socket in plain words, as paragraphs with a label each.</summary>
internal sealed class Explanation
{
    private const int MostHolders = 4;

    private readonly HostView _host;
    private readonly List<(string Label, string Text)> _paragraphs = [];

    private Explanation(HostView host) => _host = host;

    /// <summary>Safe for a terminal.</summary>
    public static IReadOnlyList<(string Label, string Text)> Of(in SocketRow row, HostView host)
    {
        Explanation explanation = new(host);
        explanation.Socket(in row);
        explanation.Owners(in row);
        if (row.State is TcpState.TimeWait or TcpState.NewSynRecv)
        {
            explanation.Add("keepalive", row.State == TcpState.TimeWait
                ? "none: the connection is over, and the kernel keeps only what it needs to answer stray segments."
                : "not yet: the handshake is under way, and the kernel keeps no socket for it so far.");
            return explanation._paragraphs;
        }

        explanation.Keepalive(in row);
        explanation.Settings(in row);
        explanation.ToChange(in row);
        explanation.NextProbe(in row);
        explanation.DeadPeer(in row);
        explanation.OtherTools(in row);
        if (row.State == TcpState.Listen)
            explanation.Children(in row);
        else if (row.IsConnected)
            explanation.OtherSide(in row);
        return explanation._paragraphs;
    }

    private void Add(string label, string text) => _paragraphs.Add((label, text));

    private void Socket(in SocketRow row)
    {
        string inode = row.Ino == 0 ? "without a file" : $"inode {row.Ino}";
        string cookie = row.Cookie == 0 ? "" : $", cookie {row.Cookie}";
        string user = row.KnowsUser ? $", made by uid {row.Uid}" : "";
        Add("socket", $"{inode}{cookie}, network namespace {row.Netns}{user}");
    }

    private void Owners(in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = _host.Table.HoldersOf(in row);
        if (holders.IsEmpty)
        {
            Add("owner", Nobody.Of(in row) switch
            {
                "kernel" => "the kernel itself: no process can own it.",
                "orphan" => "none any more: all who held it have closed it, and the kernel ends the connection.",
                "unaccepted" => "none yet: no process has taken it by accept(2).",
                _ => "no process that can be seen holds it.",
            });
            return;
        }

        for (int i = 0; i < Math.Min(holders.Length, MostHolders); i++)
            Add(i == 0 ? "owner" : "and", Owner(holders[i]));
        if (holders.Length > MostHolders)
            Add("and", $"{CountText.Of(holders.Length - MostHolders, "more process", "more processes")} that hold it.");
    }

    private string Owner(SocketHolder holder)
    {
        SocketProcess process = _host.Table.Processes[holder.Process];
        string who = $"{process.Comm}[{process.Key.Pid}]{(holder.Fd >= 0 ? $" fd {holder.Fd}" : " by its MPTCP socket")}";
        if (_host.Programs.Details(process) is not { } details)
            return HostView.Safe(who);
        List<string> parts = [who];
        if (details.User is not null || details.Uid is not null)
            parts.Add($"user {details.User ?? details.Uid!.Value.ToString(CultureInfo.InvariantCulture)}");
        if (details.Unit is not null)
            parts.Add($"unit {details.Unit}");
        if (details.Container is { } container)
            parts.Add($"{container.Runtime ?? "container"} {container.ShortId}");
        if (details.PodUid is not null)
            parts.Add($"pod {details.PodUid}");
        if (details.Runtime is not null)
            parts.Add(details.Runtime);
        string text = string.Join(", ", parts);
        return HostView.Safe(details.CommandLine is { } command ? $"{text}: {command}" : text);
    }

    private void Keepalive(in SocketRow row)
    {
        if (row.State == TcpState.Listen)
        {
            Add("keepalive", row.KeepaliveOn
                ? "on: a listener does not probe, but each connection that it accepts begins with keepalive on."
                : "off: each connection that it accepts begins with keepalive off.");
            return;
        }

        if (!row.IsConnected)
        {
            Add("keepalive", row.KeepaliveOn ? "on, and without effect until the connection is established." : "off, and there is no connection yet that it could watch.");
            return;
        }

        if (row.KeepaliveOn)
        {
            bool byListener = row.Listener >= 0 && _host.Table.Rows[row.Listener].KeepaliveOn;
            Add("keepalive", byListener ? "on. Its listener has it on as well, so it may be inherited." : "on.");
            return;
        }

        string own = (row.Own & (KeepaliveSettings.Idle | KeepaliveSettings.Intvl | KeepaliveSettings.Cnt)) != 0 ? " Times are set on it all the same, and do nothing." : "";
        Add("keepalive", $"off: nothing is sent in silence, so this side cannot find out that the peer is gone.{own}");
    }

    private void Settings(in SocketRow row)
    {
        string userTimeout = row.UserTimeout == 0 ? "no user timeout" : $"user timeout {TimeText.Seconds(TimeSpan.FromMilliseconds(row.UserTimeout))}";
        string off = row.KeepaliveOn ? "" : ", if it were on";
        Add("settings", $"idle {TimeText.Seconds(_host.Time(row.Idle))} ({Origin(in row, KeepaliveSettings.Idle)}), "
            + $"interval {TimeText.Seconds(_host.Time(row.Intvl))} ({Origin(in row, KeepaliveSettings.Intvl)}), "
            + $"count {row.Cnt} ({Origin(in row, KeepaliveSettings.Cnt)}), {userTimeout}{off}");
    }

    private static string Origin(in SocketRow row, KeepaliveSettings setting) => (row.Own & setting) != 0 ? "set on the socket" : "sysctl";

    private void ToChange(in SocketRow row)
    {
        if (row.HolderCount == 0)
            return;
        Knob? knob = _host.KnobOf(in row);
        KnobEffect wanted = row.KeepaliveOn ? KnobEffect.Idle : KnobEffect.On;
        string source = knob is null ? "" : $" See {knob.Source} (looked up {knob.Checked}).";
        Add(row.KeepaliveOn ? "to change it" : "to turn it on", KnobAdvice.Of(knob, wanted) + source);
        if (row.KeepaliveOn && _host.OwnerOf(in row) is { } owner && _host.Programs.Details(owner)?.PodUid is not null)
            Add("in its pod", KnobAdvice.InPod);
    }

    private void NextProbe(in SocketRow row)
    {
        if (!row.IsConnected || !row.KeepaliveOn)
            return;
        string unanswered = row.ProbesOut > 0 && row.PacketsOut == 0 ? $" {CountText.Of(row.ProbesOut, "probe")} unanswered so far." : "";
        string silent = (row.Flags & SocketFlags.Silent) != 0 ? $"; the peer was last heard {TimeText.Of(_host.Time(row.Silent))} ago" : "";
        if (!row.AwaitsProbe && !row.KnowsPassing)
            Add("next probe", $"not known: the timer has run since the socket was last told of{silent}.{unanswered}");
        else if (!row.AwaitsProbe)
            Add("next probe", $"none: the timer is not set{silent}.{unanswered}");
        else if (row.PacketsOut > 0 || row.SendQueue > 0)
            Add("next probe", $"none while data waits for an acknowledgement{silent}: then keepalive leaves it to retransmission.");
        else
            Add("next probe", $"{(row.Next <= 0 ? "due now" : $"in {TimeText.Of(_host.Time((uint)row.Next))}")}, unless the peer is heard before{silent}.{unanswered}");
    }

    private void DeadPeer(in SocketRow row)
    {
        Verdict verdict = Verdict.Of(in row, _host);
        if (verdict.Kind == VerdictKind.NotConnected)
            return;
        string limit = row.UserTimeout > 0 ? "TCP_USER_TIMEOUT" : (row.Flags & SocketFlags.Orphan) != 0 ? "the limit of retransmissions of an orphan (tcp_orphan_retries)" : $"the limit of retransmissions (tcp_retries2 = {_host.Settings.Of(row.Netns).Retries})";
        string unacknowledged = $"{TimeText.Of(verdict.Unacknowledged)} or more after the first retransmission, by {limit}";
        Add("dead peer", verdict.Kind switch
        {
            VerdictKind.Keepalive => $"noticed {Noticed(in row, verdict)}. While data is unacknowledged keepalive waits: then it is noticed {unacknowledged}.",
            VerdictKind.Retransmission => $"data waits for an acknowledgement ({CountText.Of(row.PacketsOut, "segment")} in flight, sent again {CountText.Of(row.Retransmits, "time")}): the connection is given up {unacknowledged}; keepalive has no part in that.",
            VerdictKind.FinWait2 => "both sides are through but for the peer's FIN: the kernel waits for it as long as tcp_fin_timeout says, whether keepalive is on or not.",
            _ => $"never noticed, as long as this side has nothing to send. Once it sends, {unacknowledged}.",
        });
    }

    private string Noticed(in SocketRow row, Verdict verdict)
    {
        DeadPeer dead = verdict.Keepalive;
        string late = $"at most {TimeText.Of(dead.Late)} later, as timers are coarse";
        return dead.ByUserTimeout
            ? $"{TimeText.Of(dead.After)} after it was last heard: TCP_USER_TIMEOUT ({TimeText.Seconds(TimeSpan.FromMilliseconds(row.UserTimeout))}) ends it at the first probe that is due after that, with {dead.Probes} unanswered; the count of {row.Cnt} is ignored ({late})"
            : $"{TimeText.Of(dead.After)} after it was last heard: {TimeText.Seconds(_host.Time(row.Idle))} + {row.Cnt} × {TimeText.Seconds(_host.Time(row.Intvl))} ({late})";
    }

    /// <summary>They show the one timer that runs first, not the option.</summary>
    private void OtherTools(in SocketRow row)
    {
        if (!row.KnowsPassing)
            return;
        ShownTimer shown = ShownTimer.Of(in row);
        Add("netstat, ss", (shown.Kind, row.KeepaliveOn) switch
        {
            (TimerKind.None, true) => "netstat -o prints 'off' and ss -o nothing, as no timer runs: that is not the option.",
            (TimerKind.None, false) => "netstat -o prints 'off' and ss -o nothing, as no timer runs. They would for a listener with keepalive on, too.",
            (TimerKind.Keepalive, true) => "netstat -o and ss -o show the keepalive timer, as it is the only one that runs; of idle, interval and count they know nothing.",
            (TimerKind.Keepalive, false) => "netstat -o and ss -o print 'keepalive', though it is off: the same timer ends an orphan in FIN_WAIT2.",
            (TimerKind.Persist, _) => $"netstat -o prints 'unkn-4' and ss -o 'persist', for the zero window of the peer; {Hidden(in row)}.",
            (TimerKind.TimeWait, _) => "netstat -o and ss -o print 'timewait'.",
            _ => $"netstat -o and ss -o print 'on', for the retransmission timer, not for keepalive; {Hidden(in row)}.",
        });
    }

    private static string Hidden(in SocketRow row) => row.KeepaliveOn ? "that keepalive is on they hide" : "whether keepalive is on they do not say";

    private void OtherSide(in SocketRow row)
    {
        if (row.Peer < 0)
        {
            Add("other side", (row.Flags & SocketFlags.Probed) != 0
                ? $"not on this host, or not to be told. It has keepalive on: an empty segment from before the window came in {TimeText.Of(_host.Time(row.Probed))} ago, as its probes are (a probe of a closed window looks the same, and a segment that came late)."
                : "not on this host, or not to be told: whether it has keepalive on is unknown here, no probe of it came in so far. Probes of either side keep the path awake, but only a side that has keepalive on notices that the other one is gone.");
            return;
        }

        ref readonly SocketRow peer = ref _host.Table.Rows[row.Peer];
        string noticed = Verdict.Of(in peer, _host) is { Kind: VerdictKind.Keepalive } verdict
            ? $"on, idle {TimeText.Seconds(_host.Time(peer.Idle))} ({Origin(in peer, KeepaliveSettings.Idle)}); it notices a dead peer after {TimeText.Of(verdict.Keepalive.After)}"
            : peer.KeepaliveOn ? "on" : "off";
        Add("other side", $"on this host, {_host.NameOf(in peer)}{(peer.Ino == 0 ? "" : $", inode:{peer.Ino}")}: keepalive {noticed}.");
    }

    private void Children(in SocketRow row)
    {
        int children = 0, on = 0;
        foreach (ref readonly SocketRow other in _host.Table.Rows)
        {
            if (other.Listener < 0 || !Equals(in _host.Table.Rows[other.Listener], in row) || !other.IsConnected)
                continue;
            children++;
            on += other.KeepaliveOn ? 1 : 0;
        }

        Add("children", children == 0
            ? "no connection that came in by it is there."
            : $"{CountText.Of(children, "connection")} came in by it, {on:N0} with keepalive on, {children - on:N0} without.");
    }

    private static bool Equals(in SocketRow one, in SocketRow other) => one.Cookie != 0 ? one.Cookie == other.Cookie : one.Ino != 0 && one.Ino == other.Ino;
}
