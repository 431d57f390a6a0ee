using CsCheck;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests;

/// <summary>Records as no kernel would make them: every field at random, odd values as often as usual ones.</summary>
internal static class RandomEvents
{
    private static readonly Gen<Address16> Addresses = Gen.OneOf(
        Gen.Const(default(Address16)),
        Gen.Byte.Array[4].Select(bytes => RawEvent.Address(bytes)),
        Gen.Byte.Array[4].Select(bytes => RawEvent.Address([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, .. bytes])),
        Gen.Byte.Array[16].Select(bytes => RawEvent.Address(bytes)),
        // Many zeros, for the runs that RFC 5952 shortens.
        OneOf<byte>(0, 0, 0, 1).Array[16].Select(bytes => RawEvent.Address(bytes)));

    private static readonly Gen<uint> Numbers = Gen.OneOf(Gen.Const(0u), Gen.UInt[1, 10_000], Gen.UInt);
    private static readonly Gen<ulong> Numbers64 = Gen.OneOf(Gen.Const(0ul), Gen.ULong[1, 10_000], Gen.ULong);
    private static readonly Gen<ushort> Ports = Gen.OneOf(Gen.Const((ushort)0), Gen.UShort);

    /// <summary>Text with all that is awkward in JSON and on terminals.</summary>
    private static readonly Gen<byte[]> Texts = Gen.OneOf(
        Gen.Byte[32, 126].Array[0, 16],
        Gen.Byte.Array[0, 16],
        OneOf("\"", "\\", "\e[31m", "\u202e", "\u2066", "\u2028", "\0", "\x7f", "\u009b", "é", "漢", "😀", "\U000e0041")
            .Array[0, 4].Select(parts => System.Text.Encoding.UTF8.GetBytes(string.Concat(parts))));

    private static readonly Gen<RawEvent> Heads =
        from kind in Gen.Int[1, 11]
        from source in Gen.Byte[0, 9]
        from cpu in Numbers
        from seq in Numbers64
        from time in Gen.ULong[0, long.MaxValue / 2]
        from cookie in Numbers64
        from ino in Numbers64
        from generation in Numbers
        from netns in Numbers
        select new RawEvent
        {
            Kind = (EventKind)kind, Source = (EventSource)source, Cpu = cpu, CpuSeq = seq, TimeNs = time,
            Cookie = cookie, Ino = ino, Generation = generation, Netns = netns,
        };

    private static readonly Gen<RawEvent> Sockets =
        from head in Heads
        from local in Addresses
        from remote in Addresses
        from lport in Ports
        from rport in Ports
        from family in OneOf<byte>(2, 10, 10, 0)
        from state in Gen.Byte[0, 14]
        from oldState in Gen.Byte[0, 14]
        from flags in Gen.Byte
        select head with
        {
            Laddr = local, Raddr = remote, Lport = lport, Rport = rport, Family = family,
            State = (TcpState)state, OldState = (TcpState)oldState, Flags = (EventFlags)flags,
        };

    private static readonly Gen<RawEvent> Settings =
        from socket in Sockets
        from idle in Numbers
        from interval in Numbers
        from userTimeout in Numbers
        from count in Gen.Byte
        from own in Gen.Byte
        from changed in Gen.Byte
        from probesOut in Gen.Byte
        select socket with
        {
            Idle = idle, Intvl = interval, UserTimeout = userTimeout, Cnt = count,
            Own = (KeepaliveSettings)own, Changed = (KeepaliveSettings)changed, ProbesOut = probesOut,
        };

    public static readonly Gen<RawEvent> Records =
        from settings in Settings
        from unanswered in Numbers
        from probes in Numbers
        from silent in Numbers
        from next in Numbers
        from cause in Gen.Byte[0, 9]
        from err in Gen.OneOf(Gen.UShort[0, 140], Gen.UShort)
        from fd in Gen.OneOf(Gen.Const(-1), Gen.Int)
        from rtt in Numbers64
        from answered in Numbers
        from longest in Numbers
        from cgroup in Numbers64
        from notBefore in Numbers64
        from holder in Numbers.Array[4]
        from holders in Gen.UShort[0, 6]
        from holding in Gen.Byte[0, 3]
        select settings with
        {
            Unanswered = unanswered, Probes = probes, Silent = silent, Next = next,
            Cause = (EventCause)cause, Err = err, Fd = fd, Tgid = unanswered, Tid = probes,
            RttNs = rtt, Answered = answered, Longest = longest, CgroupId = cgroup,
            NotBeforeNs = notBefore,
            Holder = RawEvent.Processes(holder), Holders = holders, Holding = (Holding)holding,
        };

    private static readonly Gen<string?> OptionalTexts =
        Gen.OneOf(Gen.Const((string?)null), Texts.Select(text => (string?)HostileText.Decode(text)));

    public static readonly Gen<ProcessIdentity?> Processes = Gen.OneOf(
        Gen.Const((ProcessIdentity?)null),
        from pid in Numbers
        from start in Numbers64
        from comm in Texts
        from details in Gen.OneOf(Gen.Const((ProcessDetails?)null), Details(HostileText.Decode(comm)))
        select (ProcessIdentity?)new ProcessIdentity(new ProcessKey(pid, start), comm, details));

    public static Gen<ProcessDetails?> Details(string comm) =>
        from texts in OptionalTexts.Array[8]
        from uid in Gen.OneOf(Gen.Const((uint?)null), Numbers.Select(number => (uint?)number))
        from contained in Gen.Bool
        select (ProcessDetails?)new ProcessDetails
        {
            Key = default, Comm = comm, Executable = texts[0], CommandLine = texts[1], Uid = uid, User = texts[2],
            Container = contained ? new Container(texts[3], new string('f', 64)) : null,
            PodUid = texts[4], Unit = texts[5], Program = texts[6], Runtime = texts[7],
        };

    public static readonly Gen<KernelClock> Clocks =
        from hz in OneOf<uint>(100, 250, 300, 1000)
        from offset in Gen.Long[-(long.MaxValue / 4), long.MaxValue / 4]
        from whole in OneOf(1, 1_000, 1_000_000, 1_000_000_000)
        select new KernelClock(hz, offset / whole * whole);

    public static readonly Gen<ulong> Sequences = Numbers64;

    public static readonly Gen<Occurrence> Occurrences =
        from sequence in Numbers64
        from count in Gen.OneOf(Gen.UInt[1, 3], Gen.UInt[2, uint.MaxValue])
        from firstNs in Numbers64
        select count == 1 ? sequence : new Occurrence(sequence, count, firstNs);

    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
