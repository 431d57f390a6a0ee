using CsCheck;
using Google.Protobuf;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Filters;

/// <summary>What the kernel decides of the filters: it never hides what they show.</summary>
public sealed class KernelFilterTests
{
    private static readonly Event.Types.Kind[] AllKinds = [.. Enum.GetValues<Event.Types.Kind>().Where(kind => kind != 0)];

    // Few values, so that filters and events meet.
    private static readonly Gen<uint> Ids = Gen.UInt[1, 3];
    private static readonly Gen<uint> Ports = Gen.OneOf(Gen.Const(80u), Gen.Const(443u), Gen.Const(6379u));

    private static readonly Gen<Filter> AnyFilter =
        from kinds in Some(RandomEvents.OneOf(AllKinds))
        from pids in Some(Ids)
        from comms in Rarely(RandomEvents.OneOf("a", "b*"))
        from ports in Some(Ports)
        from localPorts in Some(Ports)
        from remotePorts in Some(Ports)
        from ips in Rarely(RandomEvents.OneOf("10.0.0.0/8", "::/0"))
        from versions in Some(RandomEvents.OneOf(IpVersion.Ipv4, IpVersion.Ipv6))
        from namespaces in Some(Ids)
        from cgroups in Some(Ids.Select(id => (ulong)id))
        from containers in Rarely(RandomEvents.OneOf("7", "abc"))
        from cookies in Rarely(Ids.Select(id => (ulong)id))
        from inodes in Rarely(Ids.Select(id => (ulong)id))
        select new Filter
        {
            Kind = { kinds }, Pid = { pids }, Comm = { comms }, Port = { ports }, LocalPort = { localPorts }, RemotePort = { remotePorts },
            Ip = { ips }, IpVersion = { versions }, Netns = { namespaces }, CgroupId = { cgroups }, Container = { containers },
            Cookie = { cookies }, Inode = { inodes },
        };

    private static readonly Gen<FilterList> AnyFilters =
        from allow in AnyFilter.Array[0, 3]
        from deny in AnyFilter.Where(filter => filter.CalculateSize() > 0).Array[0, 3]
        select new FilterList { AllowList = { allow }, DenyList = { deny } };

    private static readonly Gen<RawEvent> AnyRecord =
        from record in RandomEvents.Records
        from lport in Gen.OneOf(Gen.Const(0u), Ports)
        from rport in Gen.OneOf(Gen.Const(0u), Ports)
        from tgid in Ids
        from isOwned in Gen.Bool
        from comm in RandomEvents.OneOf("a", "b")
        from netns in Ids
        from cgroup in Gen.UInt[0, 3]
        from cookie in Gen.UInt[0, 3]
        from inode in Gen.UInt[0, 3]
        from family in RandomEvents.OneOf<byte>(2, 10)
        from ends in RandomEvents.OneOf("10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "::")
        select record with
        {
            Lport = (ushort)lport, Rport = (ushort)rport, Netns = netns, CgroupId = cgroup, Cookie = cookie, Ino = inode,
            Family = family, Laddr = RawEvent.Address(ends), Raddr = RawEvent.Address(ends),
            Tgid = isOwned ? tgid : 0, Comm = RawEvent.Name(isOwned ? comm : ""),
            Flags = isOwned ? record.Flags | EventFlags.Owner : record.Flags & ~EventFlags.Owner,
        };

    [Theory]
    [InlineData("{}", "{ }")]
    [InlineData("""{"allowList":[{"kind":["TIMEOUT"],"pid":[5],"netns":[7],"cgroupId":["9"]}]}""",
        """{ "allowList": [ { "kind": [ "TIMEOUT" ], "pid": [ 5 ], "netns": [ 7 ], "cgroupId": [ "9" ] } ] }""")]
    [InlineData("""{"allowList":[{"kind":["TIMEOUT"],"comm":["x"],"ip":["10.0.0.0/8"]}]}""", """{ "allowList": [ { "kind": [ "TIMEOUT" ] } ] }""")]
    [InlineData("""{"allowList":[{"comm":["x"]}]}""", "{ }")]
    [InlineData("""{"allowList":[{"comm":["x"]},{"port":[80]}]}""", "{ }")]
    [InlineData("""{"allowList":[{"kind":["ANSWERED"]}]}""", """{ "allowList": [ { "kind": [ "ANSWERED", "PROBE" ] } ] }""")]
    [InlineData("""{"allowList":[{"cookie":["5"],"netns":[7]}]}""", """{ "allowList": [ { "netns": [ 7 ] } ] }""")]
    [InlineData("""{"denyList":[{"inode":["5"],"netns":[7]}]}""", "{ }")]
    [InlineData("""{"denyList":[{"comm":["x"],"port":[80]},{"port":[443]}]}""", """{ "denyList": [ { "port": [ 443 ] } ] }""")]
    [InlineData("""{"denyList":[{"kind":["PROBE"]}]}""", "{ }")]
    [InlineData("""{"denyList":[{"kind":["LOST"]}]}""", "{ }")]
    [InlineData("""{"denyList":[{"kind":["PROBE","ANSWERED","RECOVERED"]}]}""", """{ "denyList": [ { "kind": [ "PROBE", "ANSWERED", "RECOVERED" ] } ] }""")]
    [InlineData("""{"denyList":[{"kind":["PROBE","ARMED","PROBE"]}]}""", """{ "denyList": [ { "kind": [ "ARMED" ] } ] }""")]
    public void The_kernel_decides_all_but_names_addresses_single_sockets_and_probes_whose_answers_are_shown(string filters, string decided) =>
        Assert.Equal(decided, JsonFormatter.Default.Format(KernelFilter.Of(JsonParser.Default.Parse<FilterList>(filters)).Decided));

    [Fact]
    public void Without_filters_there_is_nothing_to_decide()
    {
        Assert.True(KernelFilter.None.IsEmpty);
        Assert.True(KernelFilter.Of(new FilterList()).IsEmpty);
    }

    [Fact]
    public void Of_more_than_64_filters_the_kernel_takes_what_leaves_the_rest_sound()
    {
        Filter[] many = [.. Enumerable.Range(1, 70).Select(port => new Filter { Port = { (uint)port } })];
        KernelFilter denied = KernelFilter.Of(new FilterList { DenyList = { many } });
        KernelFilter allowed = KernelFilter.Of(new FilterList { AllowList = { many } });
        KernelFilter both = KernelFilter.Of(new FilterList { AllowList = { many[..60] }, DenyList = { many[60..] } });

        Assert.Equal((0, 64), (denied.Decided.AllowList.Count, denied.Decided.DenyList.Count));
        Assert.Equal((0, 0), (allowed.Decided.AllowList.Count, allowed.Decided.DenyList.Count));
        Assert.Equal((60, 4), (both.Decided.AllowList.Count, both.Decided.DenyList.Count));
        Assert.Equal(0ul, both.Masks.Allow & both.Masks.Deny);
    }

    [Fact]
    public void What_the_filters_show_the_kernel_makes() =>
        Gen.Select(AnyFilters, AnyRecord).Sample((filters, raw) =>
        {
            if (Shows(filters, raw))
                Assert.True(Makes(KernelFilter.Of(filters), raw));
        });

    [Fact]
    public void What_the_kernel_makes_is_what_the_filters_that_it_decides_show() =>
        Gen.Select(AnyFilters, AnyRecord).Sample((filters, raw) =>
        {
            KernelFilter kernel = KernelFilter.Of(filters);
            Assert.Equal(Shows(kernel.Decided, raw), Makes(kernel, raw));
        });

    [Fact]
    public void Nothing_but_probes_names_addresses_and_single_sockets_is_left_to_user_space() =>
        Gen.Select(AnyFilters, AnyRecord).Sample((filters, raw) =>
        {
            if (raw.Kind != EventKind.Probe && filters.AllowList.Concat(filters.DenyList).All(filter =>
                filter.Comm.Count + filter.Container.Count + filter.Ip.Count + filter.Cookie.Count + filter.Inode.Count == 0))
            {
                Assert.Equal(Shows(filters, raw), Makes(KernelFilter.Of(filters), raw));
            }
        });

    /// <summary>Who looks for answers is told of them by the probe.</summary>
    [Fact]
    public void A_probe_whose_answer_may_be_shown_is_made() =>
        Gen.Select(AnyFilters, AnyRecord).Sample((filters, raw) =>
        {
            if (Shows(filters, raw with { Kind = EventKind.Answered }) || Shows(filters, raw with { Kind = EventKind.Recovered }))
                Assert.True(Makes(KernelFilter.Of(filters), raw with { Kind = EventKind.Probe }));
        });

    private static Gen<T[]> Some<T>(Gen<T> values) => Gen.Frequency((3, Gen.Const(Array.Empty<T>())), (1, values.Array[1, 3]));

    private static Gen<T[]> Rarely<T>(Gen<T> values) => Gen.Frequency((9, Gen.Const(Array.Empty<T>())), (1, values.Array[1, 2]));

    private static bool Shows(FilterList filters, RawEvent raw)
    {
        EventRecord record = raw.ToRecord();
        ProcessIdentity? process = raw.Flags.HasFlag(EventFlags.Owner) ? new(new ProcessKey(raw.Tgid, 0), RecordComm.Of(in record), null) : null;
        return EventFilter.Compile(filters).Matches(in record, process);
    }

    /// <summary>bpf/katrace_filter.h again.</summary>
    private static bool Makes(KernelFilter kernel, RawEvent raw)
    {
        EventRecord record = raw.ToRecord();
        KatraceFilter filter = kernel.Masks;
        ulong match = (filter.Allow | filter.Deny) & filter.Kinds[(int)raw.Kind];
        Narrow(FilterField.Netns, raw.Netns);
        Narrow(FilterField.Port, raw.Lport, raw.Rport);
        Narrow(FilterField.LocalPort, raw.Lport);
        Narrow(FilterField.RemotePort, raw.Rport);
        Narrow(FilterField.Pid, raw.Flags.HasFlag(EventFlags.Owner) ? [raw.Tgid] : []);
        Narrow(FilterField.Cgroup, raw.CgroupId);
        Narrow(FilterField.IpVersion, EndpointView.SpeaksIPv4(in record) ? 4ul : 6ul);
        return (filter.Allow == 0 || (match & filter.Allow) != 0) && (match & filter.Deny) == 0;

        void Narrow(FilterField field, params ulong[] values)
        {
            ulong satisfied = values.Aggregate(0ul, (bits, value) => bits | kernel.Values.GetValueOrDefault((field, value)));
            match &= ~filter.Asks[(int)field] | satisfied;
        }
    }
}
