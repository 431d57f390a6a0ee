using System.Buffers;
using System.Text;
using CsCheck;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Output;

public sealed class CompactEventWriterTests
{
    private const string Prefix = "Aug 21 10:46:34.123 redis-server[520] 10.0.0.5:6379 ";

    [Fact]
    public void A_probe_says_how_many_went_unanswered_how_long_the_peer_is_silent_and_when_the_next_goes_out() =>
        Assert.Equal(
            $"{Prefix}-> 10.0.0.9:51812 PROBE      2/9 unanswered, silent 75.0 s, next in 75 s",
            Line(Sample.Probe));

    [Fact]
    public void A_probe_says_both_counts_where_the_peer_was_heard_but_the_kernel_counts_on() =>
        AssertEnds("4/9 unanswered (1 since last heard), silent 75.0 s, next in 75 s", Sample.Probe with { ProbesOut = 4, Unanswered = 1 });

    [Fact]
    public void A_probe_under_a_user_timeout_shows_no_limit_as_the_kernel_ignores_the_count() =>
        AssertEnds("2 unanswered, user timeout 2.5 s, silent 75.0 s, next in 75 s", Sample.Probe with { UserTimeout = 2500 });

    [Fact]
    public void A_probe_of_a_socket_that_is_not_followed_shows_the_kernels_count() =>
        AssertEnds(
            "2/9 unanswered, silent 75.0 s, next in 75 s",
            Sample.Probe with { Flags = Sample.Probe.Flags & ~EventFlags.Counted, Unanswered = 0 });

    [Fact]
    public void Jiffies_are_rounded_to_tenths_of_a_second() =>
        AssertEnds("silent 74.9 s, next in 0.3 s", Sample.Probe with { Silent = 75 * Sample.Hz - 22, Next = 75 });

    [Fact]
    public void An_answer_is_known_to_a_jiffy_unless_its_segment_was_seen()
    {
        AssertEnds("by ACK, within 0.004 s", Sample.Answered);
        AssertEnds("by ACK, after 1.234 ms", Sample.Answered with { Source = EventSource.Segment });
    }

    [Fact]
    public void Enabled_says_which_settings_are_the_sysctls() =>
        AssertEnds("by setsockopt, fd 7 (idle 60 s, interval 75 s (sysctl), count 9 (sysctl))", Sample.Enabled);

    [Fact]
    public void Enabled_names_the_user_timeout_instead_of_the_count_that_it_overrides() =>
        AssertEnds(
            "by setsockopt, fd 7 (idle 60 s, interval 75 s (sysctl), user timeout 30 s)",
            Sample.Enabled with { UserTimeout = 30_000, Own = KeepaliveSettings.Idle | KeepaliveSettings.UserTimeout });

    [Fact]
    public void Enabled_by_inheritance_names_the_listener() =>
        AssertEnds(
            "inherited from the listener on port 6379 (idle 60 s, interval 75 s (sysctl), count 9 (sysctl))",
            Sample.Enabled with { Cause = EventCause.Inherited, Fd = -1 });

    [Fact]
    public void Disabled_names_the_descriptor() => AssertEnds("DISABLED   by setsockopt, fd 7", Sample.Disabled);

    [Fact]
    public void What_no_hook_saw_says_how_it_was_found_and_how_old_it_may_be() =>
        AssertEnds(
            "ENABLED    found by snapshot, at most 9.8 s old (idle 60 s, interval 75 s (sysctl), count 9 (sysctl))", Found(Sample.Enabled));

    [Fact]
    public void What_was_found_and_cannot_be_dated_says_no_age() =>
        AssertEnds("DISABLED   found by snapshot", Found(Sample.Disabled) with { NotBeforeNs = 0 });

    [Fact]
    public void A_setting_that_was_found_changed_says_so() =>
        AssertEnds("CONFIGURED idle 60 s, count 3, found by snapshot, at most 9.8 s old", Found(Sample.Configured));

    [Fact]
    public void A_socket_that_was_found_gone_says_so_and_sums_up() =>
        AssertEnds("CLOSED     found by snapshot, at most 9.8 s old, 12 probes sent, 12 answered", Found(Sample.Closed));

    [Fact]
    public void What_the_kernel_turned_on_for_itself_and_was_found_says_both() =>
        AssertEnds(
            "ENABLED    by the kernel, found by snapshot, at most 9.8 s old (idle 60 s, interval 75 s (sysctl), count 9 (sysctl))",
            Found(Sample.Enabled) with { Cause = EventCause.Kernel });

    [Theory]
    [InlineData("redis-server[520] ", new uint[] { 520 }, 1, 0)]
    [InlineData("redis-server[520] (+2 more) ", new uint[] { 519, 520, 521 }, 3, 0)]
    [InlineData("redis-server[520] (+6 more) ", new uint[] { 1, 2, 3, 4 }, 7, 0)] // one of those without a name
    [InlineData("redis-server[520] (exited) ", new uint[] { }, 0, 1)]
    [InlineData("redis-server[520] (exited, +1 more) ", new uint[] { 700 }, 1, 1)]
    public void The_owner_is_followed_by_what_has_become_of_it_and_how_many_others_there_are(string expected, uint[] pids, int holders, byte holding) =>
        Assert.Contains(
            $" {expected}10.0.0.5",
            Line(Sample.Probe with { Holder = RawEvent.Processes(pids), Holders = (ushort)holders, Holding = (Holding)holding }),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("kernel", (byte)EventFlags.Kernel, 0, (byte)TcpState.Established)]
    [InlineData("unaccepted", (byte)EventFlags.NoFile, 0, (byte)TcpState.Established)]
    [InlineData("orphan", (byte)EventFlags.NoFile, (byte)Holding.Orphan, (byte)TcpState.FinWait1)]
    [InlineData("-", (byte)EventFlags.NoFile, 0, (byte)TcpState.Close)]
    [InlineData("-", 0, 0, (byte)TcpState.Established)]
    public void A_socket_without_owner_says_why_where_that_is_known(string expected, byte flags, byte holding, byte state) =>
        Assert.Contains(
            $" {expected} 10.0.0.5",
            Line(Sample.Probe with { Flags = (EventFlags)flags, Holding = (Holding)holding, State = (TcpState)state }, process: null),
            StringComparison.Ordinal);

    [Fact]
    public void Configured_lists_what_changed() => AssertEnds("CONFIGURED idle 60 s, count 3", Sample.Configured);

    [Fact]
    public void Configured_tells_that_settings_do_nothing_while_keepalive_is_off() =>
        AssertEnds(
            "CONFIGURED interval 75 s, no user timeout (keepalive is off)",
            Sample.Configured with
            {
                Changed = KeepaliveSettings.Intvl | KeepaliveSettings.UserTimeout,
                Flags = Sample.Configured.Flags & ~EventFlags.Keepalive,
            });

    [Fact]
    public void Armed_says_when_the_first_probe_goes_out() => AssertEnds("ARMED      first probe in 60 s", Sample.Armed);

    [Fact]
    public void A_timeout_names_error_and_probes() =>
        AssertEnds("-> 10.0.0.9:51812 TIMEOUT    ETIMEDOUT after 3 unanswered probes, silent 4.1 s", Sample.Timeout);

    [Fact]
    public void A_timeout_by_user_timeout_names_it() =>
        AssertEnds(
            "ETIMEDOUT by TCP_USER_TIMEOUT 2500 ms after 1 unanswered probe, silent 4.1 s",
            Sample.Timeout with { Cause = EventCause.UserTimeout, UserTimeout = 2500, Unanswered = 1 });

    [Fact]
    public void An_orderly_end_says_so_with_the_probes_sent() =>
        AssertEnds("<> 10.0.0.9:51812 CLOSED     orderly, 12 probes sent, 12 answered", Sample.Closed);

    [Fact]
    public void A_reset_is_named_with_what_went_unanswered() =>
        AssertEnds("CLOSED     ECONNRESET, 1 probe sent, 0 answered, 1 unanswered", Sample.Closed with { Err = 104, Probes = 1, Answered = 0, Unanswered = 1 });

    [Fact]
    public void An_error_without_a_name_is_a_number() =>
        AssertEnds("CLOSED     errno 999, no probes sent", Sample.Closed with { Err = 999, Probes = 0 });

    [Fact]
    public void Ends_of_IPv6_are_in_brackets_and_mapped_ones_are_IPv4()
    {
        Assert.Contains(" [2001:db8::5]:6379 -> [2001:db8::9]:51812 ", Line(Sample.Probe.OverIPv6()), StringComparison.Ordinal);
        Assert.Contains(" 10.0.0.5:6379 -> 10.0.0.9:51812 ", Line(Sample.Probe.OverMappedIPv4()), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_process_is_a_dash_and_an_unbound_socket_its_inode() =>
        Assert.StartsWith(
            "Aug 21 10:46:34.123 - socket:[34567] ENABLED ",
            Line(Sample.Enabled with { Laddr = default, Raddr = default, Lport = 0, Rport = 0 }, process: null));

    [Theory]
    [InlineData(Lost.Types.Place.KernelRing, 1234, "LOST 1,234 events (kernel ring full)")]
    [InlineData(Lost.Types.Place.Identity, 1, "LOST 1 event (socket reused meanwhile)")]
    [InlineData(Lost.Types.Place.SocketTable, 2, "LOST track of a socket 2 times (socket table full: owners, probe counts and answers are unknown; see --max-sockets)")]
    internal void A_notice_of_loss_says_what_and_why(Lost.Types.Place place, ulong count, string expected) =>
        Assert.EndsWith(expected, Written(Writer, writer => writer.WriteLost(place, count, 1, 1, Sample.Clock)));

    [Fact]
    public void An_event_that_stands_for_several_says_how_many_and_within_which_time()
    {
        EventRecord record = Sample.Probe.ToRecord();

        Assert.EndsWith(", the last of 37 within 9.5s", Written(Writer, writer => writer.Write(in record, Sample.Redis, new Occurrence(7, 37, record.TimeNs - 9_500_000_000), Sample.Clock)));
    }

    [Fact]
    public void Colour_marks_a_probe_only_from_the_second_unanswered_on_and_keeps_the_columns()
    {
        Assert.Contains("\e[33mPROBE\e[0m      2/9", Line(Sample.Probe, color: true), StringComparison.Ordinal);
        Assert.Contains(" PROBE      1/9", Line(Sample.Probe with { ProbesOut = 1, Unanswered = 1 }, color: true), StringComparison.Ordinal);
        Assert.Contains("\e[31mTIMEOUT\e[0m    ETIMEDOUT", Line(Sample.Timeout, color: true), StringComparison.Ordinal);
        Assert.StartsWith("\e[2mAug 21 10:46:34.123\e[0m ", Line(Sample.Timeout, color: true));
    }

    [Fact]
    public void Hostile_names_and_arguments_never_reach_the_terminal_raw()
    {
        ProcessIdentity hostile = Sample.Process(1, 1, "\e[2Jx\u202e"u8, "a\nb\u0085\u2066\x7f");
        string line = Line(Sample.Probe, hostile, wide: true);
        Assert.Contains(@" \x1b[2Jx\u{202e}[1] ", line, StringComparison.Ordinal);
        Assert.EndsWith(@" cmd=a\x0ab\u{85}\u{2066}\x7f", line);
    }

    [Fact]
    public void Any_record_gives_one_safe_line() =>
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, RandomEvents.Clocks).Sample(
            (raw, process, clock) =>
            {
                EventRecord record = raw.ToRecord();
                string line = Written(
                    output => new CompactEventWriter(output, TimeFormat.RFC3339Nano, TimeZoneInfo.Utc, wide: true),
                    writer => writer.Write(in record, process, 1, in clock));
                SafeText.AssertSafe(Encoding.UTF8.GetBytes(line));
            },
            iter: 2_000);

    [Fact]
    public void Writing_an_event_allocates_nothing()
    {
        EventRecord record = Sample.Enabled.OverIPv6().ToRecord();
        ArrayBufferWriter<byte> output = new(8192);
        CompactEventWriter writer = new(output, TimeFormat.StampMilli, TimeZoneInfo.Local, color: true, wide: true);
        Allocation.AssertNone(() =>
        {
            output.ResetWrittenCount();
            writer.Write(in record, Sample.Redis, 1, Sample.Clock);
            writer.WriteLost(Lost.Types.Place.KernelRing, 1, 1, 2, Sample.Clock);
        });
    }

    private static RawEvent Found(RawEvent raw) => raw with
    {
        Source = EventSource.Reconciled, Cause = EventCause.None, Fd = -1, Tid = 0, NotBeforeNs = raw.TimeNs - 9_800_000_000,
    };

    private static void AssertEnds(string expected, RawEvent raw) => Assert.EndsWith(expected, Line(raw));

    private static string Line(RawEvent raw, bool color = false) => Line(raw, Sample.Redis, color);

    private static string Line(RawEvent raw, ProcessIdentity? process, bool color = false, bool wide = false)
    {
        EventRecord record = raw.ToRecord();
        return Written(
            output => new CompactEventWriter(output, TimeFormat.StampMilli, TimeZoneInfo.Utc, color, wide),
            writer => writer.Write(in record, process, 1, Sample.Clock));
    }

    private static CompactEventWriter Writer(IBufferWriter<byte> output) => new(output, TimeFormat.StampMilli, TimeZoneInfo.Utc);

    private static string Written(Func<IBufferWriter<byte>, IEventWriter> create, Action<IEventWriter> write)
    {
        ArrayBufferWriter<byte> output = new();
        write(create(output));
        Assert.Equal((byte)'\n', output.WrittenSpan[^1]);
        return Encoding.UTF8.GetString(output.WrittenSpan[..^1]);
    }
}
